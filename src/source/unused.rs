//! Columns that nothing is made of.

use propensity::features::schema::LeftOutColumn;

use super::{attribute_columns, event_role, open_events, open_profiles, profile_role};
use crate::catalog::Definition;
use crate::error::Error;
use crate::pg::relation::Column;

/// Columns of the sources that are of types without a role, each once.
pub fn columns(definition: &Definition) -> Result<Vec<LeftOutColumn>, Error> {
    let options = &definition.options;
    let asked = |column: &Column| options.take_as.get(&column.name).copied();
    let mut found = Vec::new();
    let mut add = |column: &Column| {
        let column = LeftOutColumn {
            name: column.name.clone(),
            sql_type: column.type_name.clone(),
        };
        if !found.contains(&column) {
            found.push(column);
        }
    };
    for source in &open_events(definition)? {
        attribute_columns(std::slice::from_ref(source), options)
            .into_iter()
            .filter(|column| event_role(column, asked(column)).is_none())
            .for_each(&mut add);
    }
    for source in &open_profiles(definition)? {
        source
            .attributes()
            .filter(|column| profile_role(column, asked(column)).is_none())
            .for_each(&mut add);
    }
    Ok(found)
}
