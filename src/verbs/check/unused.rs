//! What of the sources no features are made of, and why.

use propensity::fit::hold_out;

use super::{Row, row};
use crate::catalog::Definition;
use crate::error::Error;
use crate::error::listed;
use crate::feed::gather::Gathered;
use crate::pg::relation::Column;
use crate::source::{self, event_role, profile_role};
use crate::verbs::notice::{MORE_ROOM, least};

/// A line for columns whose types nothing is made of, and one for what tells least.
pub fn rows(definition: &Definition, gathered: &mut Gathered) -> Result<Vec<Row>, Error> {
    let mut lines = Vec::new();
    let columns = by_type(definition)?;
    if !columns.is_empty() {
        lines.push(row(
            "columns left out",
            "none of a type that nothing is made of".to_owned(),
            listed(&columns),
            false,
            "The option attributes makes something of any type, ignore leaves a column out.",
        ));
    }
    if let Some(found) = tells_least(definition, gathered)? {
        lines.push((
            "left out because others tell more".to_owned(),
            "as little as there is room for".to_owned(),
            found,
            true,
            Some(MORE_ROOM.to_owned()),
        ));
    }
    Ok(lines)
}

/// "duration (tsrange)" of each column that has no role.
fn by_type(definition: &Definition) -> Result<Vec<String>, Error> {
    let options = &definition.options;
    let asked = |column: &Column| options.take_as.get(&column.name).copied();
    let mut found = Vec::new();
    let mut add = |column: &Column| {
        let name = format!("{} ({})", column.name, column.type_name);
        if !found.contains(&name) {
            found.push(name);
        }
    };
    let events = source::open_events(definition)?;
    for source in &events {
        let columns = source::attribute_columns(std::slice::from_ref(source), options);
        let unused = columns
            .into_iter()
            .filter(|column| event_role(column, asked(column)).is_none());
        unused.for_each(&mut add);
    }
    for source in &source::open_profiles(definition)? {
        let unused = source
            .attributes()
            .filter(|column| profile_role(column, asked(column)).is_none());
        unused.for_each(&mut add);
    }
    Ok(found)
}

/// What training would leave out of more types and numbers than there is room for; nothing where it would refuse to
/// train.
fn tells_least(definition: &Definition, gathered: &mut Gathered) -> Result<Option<String>, Error> {
    if gathered.total() == 0 || gathered.refuse_one_class(definition).is_err() {
        return Ok(None);
    }
    let Some(until) = hold_out::oldest_held_out(gathered.counts.clone()) else {
        return Ok(None);
    };
    let (_, left_out) = gathered.learn(definition, until)?;
    Ok(least(&left_out))
}
