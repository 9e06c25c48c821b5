//! The DestReceiver of pushed-down queries: rows of a profile and what is answered about it.

use std::ffi::c_int;

use pgrx::pg_sys::{self, Datum, DestReceiver, TupleDesc, TupleTableSlot};
use pgrx::prelude::*;

use crate::error::Error;
use crate::feed::stream::{Param, execute_into};
use crate::pg::datum::BytesKind;

/// Gets the key of a profile and what is answered, each unless it is NULL or missing.
pub type Visitor<'a> = dyn FnMut(Option<&[u8]>, [Option<Datum>; 2]) -> Result<(), Error> + 'a;

/// A DestReceiver with its state behind it, as PostgreSQL's own are built.
#[repr(C)]
pub struct Receiver<'a> {
    callbacks: DestReceiver,
    key: BytesKind,
    visit: &'a mut Visitor<'a>,
    failed: Option<Error>,
}

impl<'a> Receiver<'a> {
    pub fn new(key: BytesKind, visit: &'a mut Visitor<'a>) -> Self {
        let callbacks = DestReceiver {
            receiveSlot: Some(receive_answer),
            rStartup: Some(begin_answers),
            rShutdown: Some(end_answers),
            rDestroy: Some(end_answers),
            mydest: pg_sys::CommandDest::DestTuplestore,
        };
        Self {
            callbacks,
            key,
            visit,
            failed: None,
        }
    }

    /// Runs a query whose columns are the profile and one or two answers.
    pub fn run(&mut self, sql: &str, params: &[Param]) -> Result<(), Error> {
        execute_into(sql, params, &raw mut self.callbacks)?;
        self.failed.take().map_or(Ok(()), Err)
    }

    /// Takes one row. An error is kept for the caller and ends the query.
    fn receive(&mut self, key: Option<Datum>, answers: [Option<Datum>; 2]) -> bool {
        if self.failed.is_some() {
            return false;
        }
        let visited = match key {
            None => (self.visit)(None, answers),
            // SAFETY: the kind was taken from the type of the key column.
            Some(key) => unsafe { self.key.read(key, |key| (self.visit)(Some(key), answers)) },
        };
        self.failed = visited.err();
        self.failed.is_none()
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn receive_answer(
    slot: *mut TupleTableSlot,
    dest: *mut DestReceiver,
) -> bool {
    // SAFETY: `dest` is the first field of a Receiver that outlives the query; the slot is the executor's and holds
    // its columns once they are deformed.
    unsafe {
        let columns = (*(*slot).tts_tupleDescriptor).natts;
        if i32::from((*slot).tts_nvalid) < columns {
            pg_sys::slot_getsomeattrs_int(slot, columns);
        }
        let value = |column: usize| {
            let is_null = column >= columns as usize || *(*slot).tts_isnull.add(column);
            (!is_null).then(|| *(*slot).tts_values.add(column))
        };
        (*dest.cast::<Receiver>()).receive(value(0), [value(1), value(2)])
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn begin_answers(
    dest: *mut DestReceiver,
    _operation: c_int,
    rows: TupleDesc,
) {
    // SAFETY: `dest` is the first field of a Receiver that outlives the query, and `rows` are the columns of that.
    unsafe {
        let receiver = &mut *dest.cast::<Receiver>();
        receiver.failed = receiver.key.check_first(rows).err();
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn end_answers(_dest: *mut DestReceiver) {}
