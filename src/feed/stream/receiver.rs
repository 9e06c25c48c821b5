//! The DestReceiver: takes the rows of the stream's query from the executor, without copying a tuple.

use std::ffi::c_int;

use pgrx::pg_sys::{self, Datum, DestReceiver, TupleDesc, TupleTableSlot};
use pgrx::prelude::*;

use super::intake::{Intake, Rows};
use crate::error::Error;
use crate::pg::memory::RowPoll;

/// A DestReceiver with its state behind it, as PostgreSQL's own are built.
#[repr(C)]
pub struct Receiver<'a> {
    callbacks: DestReceiver,
    rows: Rows,
    intake: &'a mut Intake,
    pub received: RowPoll,
    pub failed: Option<Error>,
}

impl<'a> Receiver<'a> {
    pub fn new(rows: Rows, intake: &'a mut Intake) -> Self {
        let callbacks = DestReceiver {
            receiveSlot: Some(receive_slot),
            rStartup: Some(startup),
            rShutdown: Some(shutdown),
            rDestroy: Some(shutdown),
            // Any destination that the executor sends rows to; SPI takes ours as it is.
            mydest: pg_sys::CommandDest::DestTuplestore,
        };
        Self {
            callbacks,
            rows,
            intake,
            received: RowPoll::default(),
            failed: None,
        }
    }

    /// The part that PostgreSQL sees.
    pub fn as_dest(&mut self) -> *mut DestReceiver {
        &raw mut self.callbacks
    }

    /// Takes one row. An error is kept for the caller and ends the query.
    fn receive(&mut self, values: &[Datum], nulls: &[bool]) -> bool {
        if self.failed.is_some() {
            return false;
        }
        self.received.row();
        let ([first, values @ ..], [is_null, nulls @ ..]) = (values, nulls) else {
            return true;
        };
        let first = (!is_null).then_some(*first);
        match self.intake.take(&mut self.rows, first, (values, nulls)) {
            Ok(()) => true,
            Err(error) => {
                self.failed = Some(error.into());
                false
            }
        }
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn receive_slot(
    slot: *mut TupleTableSlot,
    dest: *mut DestReceiver,
) -> bool {
    // SAFETY: `dest` is the first field of a Receiver that outlives the query; the slot is the
    // executor's and holds `natts` columns once they are deformed.
    unsafe {
        let receiver = &mut *dest.cast::<Receiver>();
        let columns = (*(*slot).tts_tupleDescriptor).natts;
        if i32::from((*slot).tts_nvalid) < columns {
            pg_sys::slot_getsomeattrs_int(slot, columns);
        }
        let values = std::slice::from_raw_parts((*slot).tts_values, columns as usize);
        let nulls = std::slice::from_raw_parts((*slot).tts_isnull, columns as usize);
        receiver.receive(values, nulls)
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn startup(dest: *mut DestReceiver, _operation: c_int, rows: TupleDesc) {
    // SAFETY: `dest` is the first field of a Receiver that outlives the query, and `rows` are the columns of that.
    unsafe {
        let receiver = &mut *dest.cast::<Receiver>();
        if receiver.rows.has_key() {
            receiver.failed = receiver.intake.key.check_first(rows).err();
        }
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn shutdown(_dest: *mut DestReceiver) {}
