//! Conditions of a model, as they are kept.

use pgrx::spi::SpiHeapTupleData;

use super::not_null;
use crate::error::Error;

/// A condition that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// As the user wrote it, to be read.
    pub text: String,
    /// What runs: one expression in which every name is qualified, so that it means the same under the pinned
    /// search_path as the text meant under that of who defined it. `e` is what conditions see, `c.cutoff` the cutoff.
    pub sql: String,
    /// With an aggregate it is about the events of a window, without about one event.
    pub aggregate: bool,
}

/// Reads a condition from its columns, if there is one.
pub(super) fn read_condition(
    row: &SpiHeapTupleData,
    [text, sql, aggregate]: [usize; 3],
) -> Result<Option<Condition>, Error> {
    let Some(text) = row.get(text)? else {
        return Ok(None);
    };
    Ok(Some(Condition {
        text,
        sql: not_null(row.get(sql)?)?,
        aggregate: not_null(row.get(aggregate)?)?,
    }))
}
