//! Takes the rows of the stream's queries from the executor into partitions.

use pgrx::pg_sys::{Datum, TupleDesc};

use super::intake::{Intake, Rows};
use crate::error::Error;
use crate::pg::execute::Sink;
use crate::pg::memory::RowPoll;

/// Has an intake take rows of one kind.
pub struct IntakeSink<'a> {
    rows: Rows,
    intake: &'a mut Intake,
    pub received: RowPoll,
}

impl<'a> IntakeSink<'a> {
    pub fn new(rows: Rows, intake: &'a mut Intake) -> Self {
        Self {
            rows,
            intake,
            received: RowPoll::default(),
        }
    }
}

impl Sink for IntakeSink<'_> {
    fn begin(&mut self, columns: TupleDesc) -> Result<(), Error> {
        if !self.rows.has_key() {
            return Ok(());
        }
        // SAFETY: the executor's descriptor of the query's columns.
        unsafe { self.intake.key.check_first(columns) }
    }

    #[inline]
    fn take(&mut self, values: &[Datum], nulls: &[bool]) -> Result<(), Error> {
        self.received.row();
        let ([first, values @ ..], [is_null, nulls @ ..]) = (values, nulls) else {
            return Ok(());
        };
        let first = (!is_null).then_some(*first);
        Ok(self.intake.take(&mut self.rows, first, (values, nulls))?)
    }
}
