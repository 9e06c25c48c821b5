//! Segments: the profiles of the newest run that meet a condition, as a materialized view of the model's owner.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::args::required;
use crate::catalog::{self, Definition, Segment};
use crate::condition;
use crate::error::Error;
use crate::owner::{as_owner, ddl_as_owner};
use crate::relation::{self, Relation, literal, qualified, quote};

/// Columns of the score relation that a segment shows, behind the profile. Those of the run are left out: they change
/// with each scoring, and a refresh would rewrite every row.
const SHOWN: [&str; 5] = ["probability", "score", "percentile", "bucket", "factors"];

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn create_segment(
    segment: Option<&str>,
    model: Option<&str>,
    condition: Option<&str>,
    description: default!(Option<&str>, "NULL"),
) -> Result<String, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.create_segment()");
    let segment = required("segment", segment)?;
    let model = required("model", model)?;
    Ok(create(
        segment,
        model,
        required("condition", condition)?,
        description,
    )?)
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn refresh_segment(segment: Option<&str>) -> Result<i64, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.refresh_segment()");
    let (schema, name) = parse_name(required("segment", segment)?)?;
    let segment = catalog::lock_segment(&schema, &name)?;
    let definition = catalog::load(&segment.model)?;
    Ok(refresh(&definition, &segment)?)
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn drop_segment(segment: Option<&str>) -> Result<String, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.drop_segment()");
    let (schema, name) = parse_name(required("segment", segment)?)?;
    let segment = catalog::lock_segment(&schema, &name)?;
    let definition = catalog::load(&segment.model)?;
    ddl_as_owner(definition.owner_oid, || drop_relation(&segment))?;
    catalog::delete_segment(segment.id)?;
    Ok(format!("{schema}.{name}"))
}

/// Drops the relation of a segment, if nobody did.
pub fn drop_relation(segment: &Segment) -> Result<(), Error> {
    if relation::find(&segment.schema, &segment.name).is_some() {
        Spi::run(&format!(
            "DROP MATERIALIZED VIEW {}",
            qualified(&segment.schema, &segment.name)
        ))?;
    }
    Ok(())
}

/// Refreshes every segment of a model, from its newest scores.
pub fn refresh_all(definition: &Definition) -> Result<(), Error> {
    for segment in catalog::segments_of(definition.id)? {
        refresh(definition, &segment)?;
    }
    Ok(())
}

fn create(
    segment: &str,
    model: &str,
    condition: &str,
    description: Option<&str>,
) -> Result<String, Error> {
    let (schema, name) = parse_name(segment)?;
    let definition = catalog::lock(model)?;
    if relation::find(&schema, &name).is_some() {
        return Err(Error::SegmentExists {
            name: segment.to_owned(),
        });
    }
    let scores = scores(&definition)?;
    let from = from_sql(&definition, &scores)?;
    as_owner(&definition, || {
        condition::check_row("condition", condition, &from)
    })?;
    let profiles = ddl_as_owner(definition.owner_oid, || {
        create_relation((&schema, &name), &scores, &from, condition)?;
        comment((&schema, &name), model, description)?;
        count(&qualified(&schema, &name))
    })?;
    catalog::insert_segment(
        definition.id,
        (&schema, &name),
        condition,
        description,
        profiles,
    )?;
    Ok(format!("{schema}.{name}"))
}

/// Splits `schema.name`. Both are plain, so that what a segment is called is what everybody types.
fn parse_name(segment: &str) -> Result<(String, String), Error> {
    let plain = |name: &str| {
        let mut letters = name.chars();
        let starts = letters
            .next()
            .is_some_and(|first| first == '_' || first.is_ascii_lowercase());
        let goes_on =
            |letter: char| letter == '_' || letter.is_ascii_lowercase() || letter.is_ascii_digit();
        starts && letters.all(goes_on) && name.len() < 64
    };
    match segment.split_once('.') {
        Some((schema, name)) if plain(schema) && plain(name) => {
            Ok((schema.to_owned(), name.to_owned()))
        }
        _ => {
            let found = segment
                .chars()
                .take(60)
                .collect::<String>()
                .escape_debug()
                .to_string();
            Err(Error::SegmentName { found })
        }
    }
}

/// The score relation.
///
/// # Errors
/// 55000 before the first scoring.
fn scores(definition: &Definition) -> Result<Relation, Error> {
    match relation::find(&definition.scores_schema, &definition.scores_name) {
        Some(oid) => Relation::open(oid, definition.owner_oid),
        None => Err(Error::NotScored {
            model: definition.name.clone(),
        }),
    }
}

/// What a condition sees: the score relation, and of each profile source the row in force now.
fn from_sql(definition: &Definition, scores: &Relation) -> Result<String, Error> {
    let key = scores
        .columns
        .first()
        .map(|column| quote(&column.name))
        .unwrap_or_default();
    let mut seen: Vec<String> = scores
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    let (mut items, mut joins) = (vec!["s.*".to_owned()], String::new());
    for (index, profiles) in relation::open_profiles(definition)?.iter().enumerate() {
        let mut columns = Vec::new();
        for column in profiles.columns() {
            if !seen.contains(&column.name) {
                seen.push(column.name.clone());
                items.push(format!("p{index}.{}", quote(&column.name)));
                columns.push(format!("r.{}", quote(&column.name)));
            }
        }
        let newest =
            profiles
                .source
                .valid_from_column
                .as_ref()
                .map_or_else(String::new, |column| {
                    let column = quote(column);
                    format!(" AND r.{column} <= pg_catalog.now() ORDER BY r.{column} DESC")
                });
        joins.push_str(&format!(
            " LEFT JOIN LATERAL (SELECT {} FROM {} r WHERE r.{} = s.{key}{newest} LIMIT 1) p{index} ON true",
            columns.join(", "),
            profiles.relation.sql(),
            quote(&profiles.source.profile_column),
        ));
    }
    Ok(format!(
        "(SELECT {} FROM {} s{joins}) e",
        items.join(", "),
        scores.sql()
    ))
}

/// Postgres itself runs the query of a materialized view in a security-restricted operation.
fn create_relation(
    (schema, name): (&str, &str),
    scores: &Relation,
    from: &str,
    condition: &str,
) -> Result<(), Error> {
    let Some(profile) = scores.columns.first().map(|column| quote(&column.name)) else {
        return Err(Error::UnknownRelation {
            relation: scores.display(),
        });
    };
    let segment = qualified(schema, name);
    Spi::run(&format!(
        "CREATE MATERIALIZED VIEW {segment} AS SELECT {profile}, {} FROM {from} WHERE ({condition}\n)",
        SHOWN.join(", ")
    ))?;
    Ok(Spi::run(&format!(
        "CREATE UNIQUE INDEX ON {segment} ({profile})"
    ))?)
}

/// A materialized view is a copy: whoever may read it sees every row of it.
fn comment(
    (schema, name): (&str, &str),
    model: &str,
    description: Option<&str>,
) -> Result<(), Error> {
    let description = description
        .map(|text| format!("{text}; "))
        .unwrap_or_default();
    let text = format!(
        "{description}segment of customer_ai model {model}: a copy that does not honour row-level security"
    );
    let segment = qualified(schema, name);
    Ok(Spi::run(&format!(
        "COMMENT ON MATERIALIZED VIEW {segment} IS {}",
        literal(&text)
    ))?)
}

fn count(segment: &str) -> Result<i64, Error> {
    let query = format!("SELECT pg_catalog.count(*) FROM {segment}");
    let profiles = Spi::connect(|client| {
        client
            .select(query.as_str(), Some(1), &[])?
            .first()
            .get_one::<i64>()
    })?;
    Ok(profiles.unwrap_or(0))
}

/// Refreshes a segment and returns its size. Readers are not blocked, unless its unique index was dropped.
///
/// # Errors
/// 42P01 when its relation was dropped or renamed.
fn refresh(definition: &Definition, segment: &Segment) -> Result<i64, Error> {
    let name = qualified(&segment.schema, &segment.name);
    let profiles = ddl_as_owner(definition.owner_oid, || {
        let Some(oid) = relation::find(&segment.schema, &segment.name) else {
            return Err(Error::UnknownRelation {
                relation: format!("{}.{}", segment.schema, segment.name),
            });
        };
        let concurrently = if relation::is_keyed(oid)? {
            "CONCURRENTLY "
        } else {
            ""
        };
        Spi::run(&format!("REFRESH MATERIALIZED VIEW {concurrently}{name}"))?;
        count(&name)
    })?;
    catalog::set_refreshed(segment.id, profiles)?;
    Ok(profiles)
}
