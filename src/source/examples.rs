//! The expert's door: a relation of profile, cutoff and optionally outcome takes the place of
//! population, cutoffs and goal (the protocol of RelBench).

use pgrx::Spi;
use pgrx::pg_sys::Oid;
use pgrx::spi::SpiHeapTupleData;

use crate::catalog::Definition;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, PgSqlErrorCode as Code};

use crate::error::Error;
use crate::pg::relation::{Category, Relation, quote};

/// How to read an `examples` relation.
pub struct Examples {
    /// Profile, cutoff and, if it gives the outcomes, label, of the rows that have one.
    pub sql: String,
    /// Whether it gives the outcomes.
    pub labelled: bool,
    /// Its name, for messages.
    pub name: String,
    /// What is to be said of it, in clauses.
    pub remarks: Vec<String>,
}

/// Finds the columns (the profile under the model's name of it or as `profile`, `cutoff`, and `label` if there is one:
/// boolean, or a number that is 0 for a negative) and counts the rows that are of no use.
///
/// # Errors
/// 42703 and 42804 for columns that are not there or of another type, 22023 for labels that contradict one another or
/// are no labels, 55000 if no row can be used.
pub fn open(definition: &Definition, oid: Oid, key_cast: &str) -> Result<Examples, Error> {
    let relation = Relation::open(oid, definition.owner_oid)?;
    let own_name = definition
        .events
        .first()
        .map(|source| source.profile_column.as_str());
    let own_name = own_name.unwrap_or("profile");
    let missing = |column: &'static str| Error::ExampleColumn {
        relation: relation.display(),
        column: if column == "profile" {
            own_name.to_owned()
        } else {
            column.to_owned()
        },
        profile: own_name.to_owned(),
        found: relation
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect(),
    };
    let find = |name: &str| match relation.column(name) {
        Err(Error::UnknownColumn { .. }) => Ok(None),
        found => found.map(Some),
    };
    let profile = match find(own_name)? {
        Some(profile) => profile,
        None => find("profile")?.ok_or_else(|| missing("profile"))?,
    };
    let cutoff = find("cutoff")?.ok_or_else(|| missing("cutoff"))?;
    if !cutoff.category.is_time() {
        let found = &cutoff.type_name;
        let hint = format!("Cast it in a view: {found} to timestamptz.");
        let required = "timestamptz, timestamp or date";
        return Err(wrong(&relation, "cutoff", found, required, hint));
    }
    let label = find("label")?;
    let outcome = match label.map(|label| (label, label.category)) {
        None => "NULL::pg_catalog.bool",
        Some((_, Category::Bool)) => "x.label",
        Some((_, Category::Number)) => "x.label <> 0",
        Some((label, _)) => {
            let hint = "Cast it in a view: label::boolean AS label takes 'true', 'yes', 'on' and '1', and their like.";
            let (found, required) = (&label.type_name, "boolean, or a number that is 0 or 1");
            return Err(wrong(&relation, "label", found, required, hint.to_owned()));
        }
    };
    let odd = match label.map(|label| label.category) {
        Some(Category::Number) => check_numbers(&relation)?,
        _ => None,
    };
    let rows = format!(
        "SELECT x.{}{key_cast} AS profile, {} AS cutoff, {outcome} AS label FROM {} x",
        quote(&profile.name),
        super::time_sql("x", cutoff, &definition.time_zone),
        relation.sql()
    );
    let labelled = label.is_some();
    let mut remarks = audit(&relation, &rows, labelled)?;
    remarks.extend(odd);
    let others = relation.columns.iter().map(|column| column.name.as_str());
    let others: Vec<&str> = others
        .filter(|name| *name != profile.name && *name != "cutoff")
        .collect();
    if !labelled && !others.is_empty() {
        let others = others.join("\", \"");
        remarks.push(format!(
            "without a column \"label\" the goal says the outcomes, not \"{others}\""
        ));
    }
    let (columns, filter) = match labelled {
        true => ("b.profile, b.cutoff, b.label", " WHERE b.label IS NOT NULL"),
        false => ("b.profile, b.cutoff", ""),
    };
    Ok(Examples {
        sql: format!("SELECT {columns} FROM ({rows}) b{filter}"),
        labelled,
        name: relation.display(),
        remarks,
    })
}

/// Refuses numbers that are no labels, as -1 is that some write for a negative; says how many are not 0 or 1.
fn check_numbers(relation: &Relation) -> Result<Option<String>, Error> {
    let query = format!(
        "SELECT pg_catalog.min(x.label) FILTER (WHERE x.label < 0 OR x.label::pg_catalog.float8 = 'NaN')::pg_catalog.text, \
            pg_catalog.count(*) FILTER (WHERE x.label < 0 OR x.label::pg_catalog.float8 = 'NaN'), \
            pg_catalog.count(*) FROM {} x WHERE x.label NOT IN (0, 1)",
        relation.sql()
    );
    let odd = first(&query, |row| {
        let count = |place| Ok::<_, Error>(row.get::<i64>(place)?.unwrap_or(0));
        Ok((row.get::<String>(1)?, count(2)?, count(3)?))
    })?;
    match odd {
        Some((Some(label), rows, _)) => Err(Error::ExampleLabels {
            relation: relation.display(),
            found: format!("{rows} labels that are negative or no number, for example {label}"),
            required: "boolean, or a number: 0 for a negative, 1 for a positive",
        }),
        Some((None, _, odd @ 1..)) => Ok(Some(format!(
            "{odd} labels are neither 0 nor 1 and count as positive"
        ))),
        _ => Ok(None),
    }
}

/// Counts rows without a label, and rows that are there more than once.
fn audit(relation: &Relation, rows: &str, labelled: bool) -> Result<Vec<String>, Error> {
    let query = format!(
        "SELECT pg_catalog.sum(g.rows)::int8, pg_catalog.sum(g.labels)::int8, \
            pg_catalog.sum(greatest((CASE WHEN {labelled} THEN g.labels ELSE g.rows END) - 1, 0))::int8, \
            pg_catalog.count(*) FILTER (WHERE g.positive <> g.unanimous), \
            pg_catalog.min(pg_catalog.format('profile \"%s\" at %s', g.profile, g.cutoff)) FILTER (WHERE g.positive <> g.unanimous) \
        FROM (SELECT b.profile, b.cutoff, pg_catalog.count(*) AS rows, pg_catalog.count(b.label) AS labels, \
            pg_catalog.bool_or(b.label) AS positive, pg_catalog.bool_and(b.label) AS unanimous \
            FROM ({rows}) b WHERE b.profile IS NOT NULL AND b.cutoff IS NOT NULL GROUP BY b.profile, b.cutoff) g"
    );
    let counts = first(&query, |row| {
        let count = |place| Ok::<_, Error>(row.get::<i64>(place)?.unwrap_or(0));
        Ok((
            count(1)?,
            count(2)?,
            count(3)?,
            count(4)?,
            row.get::<String>(5)?,
        ))
    })?;
    let Some((rows, labels, repeated, contradicting, example)) = counts else {
        return Ok(Vec::new());
    };
    if let Some(example) = example {
        return Err(Error::ExampleLabels {
            relation: relation.display(),
            found: format!(
                "{contradicting} profiles and cutoffs with a positive and a negative label, for example {example}"
            ),
            required: "one label for each profile and cutoff",
        });
    }
    let mut remarks = Vec::new();
    if labelled && labels < rows {
        if labels == 0 {
            return Err(Error::NoExamples {
                relation: relation.display(),
                found: format!("{rows} rows, none with a label"),
            });
        }
        remarks.push(format!(
            "{} of {rows} rows have no label and are left out",
            rows - labels
        ));
    }
    if repeated > 0 {
        remarks.push(format!(
            "{repeated} rows repeat others and do not count again"
        ));
    }
    Ok(remarks)
}

fn first<T>(
    query: &str,
    read: impl Fn(SpiHeapTupleData) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    Spi::connect(|client| {
        client
            .select(query, Some(1), &[])?
            .map(read)
            .next()
            .transpose()
    })
}

fn wrong(
    relation: &Relation,
    column: &str,
    found: &str,
    required: &'static str,
    hint: String,
) -> Error {
    Error::ColumnType {
        relation: relation.display(),
        column: column.to_owned(),
        found: found.to_owned(),
        required,
        hint,
    }
}

/// Says in one NOTICE what was found odd in an `examples` relation, if anything was.
pub fn notice(relation: &str, remarks: &[String]) {
    if remarks.is_empty() {
        return;
    }
    ErrorReport::new(
        Code::ERRCODE_SUCCESSFUL_COMPLETION,
        format!("examples of \"{relation}\": {}", remarks.join("; ")),
        "train",
    )
    .report(PgLogLevel::NOTICE);
}
