//! Takes the rows of pushed-down queries from the executor: a profile and what is answered about it.

use pgrx::pg_sys::{Datum, TupleDesc};

use crate::error::Error;
use crate::pg::datum::BytesKind;
use crate::pg::execute::Sink;

/// Gets the key of a profile and what is answered, each unless it is NULL or missing.
pub type Visitor<'a> = dyn FnMut(Option<&[u8]>, [Option<Datum>; 2]) -> Result<(), Error> + 'a;

/// Has a visitor take rows whose columns are the profile and one or two answers.
pub struct AnswerSink<'a> {
    pub key: BytesKind,
    pub visit: &'a mut Visitor<'a>,
}

impl Sink for AnswerSink<'_> {
    fn begin(&mut self, columns: TupleDesc) -> Result<(), Error> {
        // SAFETY: the executor's descriptor of the query's columns.
        unsafe { self.key.check_first(columns) }
    }

    fn take(&mut self, values: &[Datum], nulls: &[bool]) -> Result<(), Error> {
        let value = |column: usize| match (values.get(column), nulls.get(column)) {
            (Some(value), Some(false)) => Some(*value),
            _ => None,
        };
        let answers = [value(1), value(2)];
        match value(0) {
            None => (self.visit)(None, answers),
            // SAFETY: the kind was taken from the type of the key column.
            Some(key) => unsafe { self.key.read(key, |key| (self.visit)(Some(key), answers)) },
        }
    }
}
