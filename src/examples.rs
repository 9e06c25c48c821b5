//! The expert's door: a relation of profile, cutoff and optionally outcome takes the place of
//! population, cutoffs and goal (the protocol of RelBench).

use pgrx::pg_sys::Oid;

use crate::catalog::Definition;
use crate::error::Error;
use crate::instant;
use crate::relation::{Category, Relation, quote};

/// How to read an `examples` relation.
pub struct Examples {
    pub sql: String,
    /// Whether it gives the outcomes.
    pub labelled: bool,
    /// Its name, for messages.
    pub name: String,
}

/// Finds the columns: the profile under its own name or as `profile`, `cutoff`, and `label` if
/// there is one (boolean, or a number that is not 0 for a positive).
pub fn open(definition: &Definition, oid: Oid, key_type: &str) -> Result<Examples, Error> {
    let relation = Relation::open(oid, definition.owner_oid)?;
    let own_name = &definition.events[0].profile_column;
    let profile = relation
        .column(own_name)
        .or_else(|_| relation.column("profile"))?;
    let cutoff = relation.column("cutoff")?;
    if !cutoff.category.is_time() {
        return Err(wrong(
            &relation,
            "cutoff",
            &cutoff.type_name,
            "timestamptz, timestamp or date",
        ));
    }
    let label = match relation.column("label") {
        Err(Error::UnknownColumn { .. }) => None,
        found => Some(found?),
    };
    let outcome = match label.map(|label| (label, label.category)) {
        None => String::new(),
        Some((_, Category::Bool)) => ", x.label".to_owned(),
        Some((_, Category::Number)) => ", x.label <> 0".to_owned(),
        Some((label, _)) => {
            return Err(wrong(
                &relation,
                "label",
                &label.type_name,
                "boolean or a number",
            ));
        }
    };
    Ok(Examples {
        sql: format!(
            "SELECT x.{}::{key_type}, {}{outcome} FROM {} x",
            quote(&profile.name),
            instant::sql("x", cutoff, &definition.time_zone),
            relation.sql()
        ),
        labelled: label.is_some(),
        name: relation.display(),
    })
}

fn wrong(relation: &Relation, column: &str, found: &str, required: &'static str) -> Error {
    Error::ColumnType {
        relation: relation.display(),
        column: column.to_owned(),
        found: found.to_owned(),
        required,
        hint: format!(
            "Use a view of \"{}\" that casts \"{column}\".",
            relation.display()
        ),
    }
}
