//! What of the sources no features are made of, and why.

use propensity::features::schema::LeftOut;
use propensity::fit::hold_out;

use super::{Row, row};
use crate::catalog::Definition;
use crate::error::Error;
use crate::error::listed;
use crate::feed::gather::TrainingSet;
use crate::source;
use crate::verbs::notice::{self, AMOUNT, MORE_ROOM, least};

/// A line for columns whose types nothing is made of, and one for what tells least.
pub fn rows(definition: &Definition, gathered: &mut TrainingSet) -> Result<Vec<Row>, Error> {
    let mut lines = Vec::new();
    let columns = notice::typed(&source::unused::columns(definition)?);
    if !columns.is_empty() {
        lines.push(row(
            "columns left out",
            "none of a type that nothing is made of".to_owned(),
            listed(&columns),
            false,
            "The option attributes makes something of any type, ignore leaves a column out.",
        ));
    }
    let Some(left_out) = of_training(definition, gathered)? else {
        return Ok(lines);
    };
    if !left_out.identifiers.is_empty() {
        lines.push(row(
            "numbers taken for identifiers",
            "none that are whole and hardly ever alike".to_owned(),
            listed(&left_out.identifiers),
            true,
            AMOUNT,
        ));
    }
    if let Some(found) = least(&left_out) {
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

/// What training would leave out; nothing where it would refuse to train.
fn of_training(
    definition: &Definition,
    gathered: &mut TrainingSet,
) -> Result<Option<LeftOut>, Error> {
    if gathered.total() == 0 || gathered.refuse_one_class(definition).is_err() {
        return Ok(None);
    }
    let Some(until) = hold_out::oldest_held_out(gathered.counts.clone()) else {
        return Ok(None);
    };
    let (_, left_out) = gathered.learn(definition, until)?;
    Ok(Some(left_out))
}
