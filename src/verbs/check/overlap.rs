//! Whether the sources of a model speak of the same profiles: keys of another kind may be of the same type.

use pgrx::Spi;

use super::{Row, row};
use crate::catalog::Definition;
use crate::error::{Error, not_null};
use crate::pg::relation::{Relation, quote};
use crate::source;

/// Of this many profiles of a source one must be known to the other.
const ONE_IN: i64 = 10;

/// A line for each source but the first.
pub fn rows(definition: &Definition) -> Result<Vec<Row>, Error> {
    let sources = source::open_events(definition)?;
    let mut keys = sources.iter().map(|events| {
        let source = &events.source;
        let filter = source.where_sql.as_deref();
        keys(&events.relation, &source.profile_column, filter)
    });
    let names = definition.events.iter();
    let mut names = names.map(|source| format!("{}.{}", source.schema, source.relation));
    let (Some(first), Some(first_name)) = (keys.next(), names.next()) else {
        return Ok(Vec::new());
    };
    let mut lines = Vec::new();
    for (keys, name) in keys.zip(names) {
        let check = format!("profiles of \"{name}\" with events in \"{first_name}\"");
        lines.push(line(&check, &keys, &first)?);
    }
    for profiles in source::open_profiles(definition)? {
        let known = keys_of(&profiles.relation, &profiles.source.profile_column);
        let name = profiles.relation.display();
        let check = format!("profiles of \"{first_name}\" with attributes in \"{name}\"");
        lines.push(line(&check, &first, &known)?);
    }
    Ok(lines)
}

fn keys_of(relation: &Relation, column: &str) -> String {
    keys(relation, column, None)
}

/// The different profiles of a relation, as texts: equal ones are equal whatever the width of a number.
fn keys(relation: &Relation, column: &str, filter: Option<&str>) -> String {
    let column = quote(column);
    let filter = filter.map_or_else(String::new, |filter| format!(" AND ({filter}\n)"));
    format!(
        "(SELECT DISTINCT r.{column}::pg_catalog.text COLLATE pg_catalog.\"C\" AS key FROM {} r WHERE r.{column} IS NOT NULL{filter})",
        relation.sql()
    )
}

/// How many of some profiles others know.
fn line(check: &str, keys: &str, others: &str) -> Result<Row, Error> {
    let query = format!(
        "SELECT pg_catalog.count(*), pg_catalog.count(o.key) FROM {keys} k LEFT JOIN {others} o ON o.key = k.key"
    );
    let (all, known) = Spi::connect(|client| {
        let row = client.select(query.as_str(), Some(1), &[])?.first();
        let count = |value: Option<i64>| not_null(value);
        Ok::<_, Error>((count(row.get(1)?)?, count(row.get(2)?)?))
    })?;
    Ok(row(
        check,
        format!("at least 1 in {ONE_IN}"),
        format!("{known} of {all}"),
        known.saturating_mul(ONE_IN) >= all,
        "Check profile_column: the keys of both must mean the same. customer_ai.remove_events and remove_profiles take a source out.",
    ))
}
