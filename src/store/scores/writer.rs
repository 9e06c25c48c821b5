//! Writes rows into a new table with heap_multi_insert: three times faster than INSERT, with half
//! the WAL (nothing reads the table before the transaction commits).

use std::ffi::CStr;

use pgrx::PgTupleDesc;
use pgrx::pg_sys::{self, Datum, Oid};

use super::table::Table;
use crate::error::Error;
use crate::pg::memory::poll;
use crate::pg::progress;
use crate::pg::relation;

/// Rows handed to the heap at once.
const BATCH: usize = 1000;

/// Fills one table with rows of `N` values; this transaction has created it, and nobody else sees it.
pub struct Writer<const N: usize> {
    relation: pg_sys::Relation,
    /// Where each value of a row goes.
    places: [usize; N],
    slots: Vec<*mut pg_sys::TupleTableSlot>,
    filled: usize,
    bulk: pg_sys::BulkInsertState,
    /// Memory of the values of one batch.
    context: pg_sys::MemoryContext,
}

impl<const N: usize> Writer<N> {
    /// Opens the table, for values of these columns and types. All others of it are NULL.
    ///
    /// # Errors
    /// 42804 and 55000 if the table is not made for such rows: a datum of another type is an address or a number.
    pub fn open(table: &Table, columns: [(&str, Oid); N]) -> Result<Self, Error> {
        // SAFETY: the table exists and stays: this transaction holds it exclusively.
        let relation = unsafe { pg_sys::table_open(table.oid, pg_sys::RowExclusiveLock as i32) };
        let mut places = [0; N];
        // SAFETY: copies the descriptor of an open relation.
        let attributes = unsafe { PgTupleDesc::from_pg_copy((*relation).rd_att) };
        for (place, (name, type_oid)) in places.iter_mut().zip(columns) {
            *place = find(table, &attributes, name, type_oid)?;
        }
        let must = |(place, attribute): &(usize, &pg_sys::FormData_pg_attribute)| {
            let empty =
                attribute.attisdropped || !attribute.attnotnull && attribute.attgenerated == 0;
            !places.contains(place) && !empty
        };
        if let Some((_, attribute)) = attributes.iter().enumerate().find(must) {
            return Err(Error::HistoryAltered {
                relation: table.display(),
                found: format!("the column {}", relation::quote(&name(attribute))),
                required: "none besides those of the scores that cannot be left NULL".to_owned(),
                hint: "Drop it from the score history, and score again.".to_owned(),
            });
        }
        // SAFETY: allocates in the current memory context, which outlives the writer.
        unsafe {
            Ok(Self {
                relation,
                places,
                slots: Vec::with_capacity(BATCH),
                filled: 0,
                bulk: pg_sys::GetBulkInsertState(),
                context: pg_sys::AllocSetContextCreateInternal(
                    pg_sys::CurrentMemoryContext,
                    c"customer_ai score rows".as_ptr(),
                    0,
                    8 * 1024,
                    8 * 1024 * 1024,
                ),
            })
        }
    }

    /// Adds a row of not-NULL values, one per column; `make` builds them in the batch's memory.
    pub fn write(&mut self, make: impl FnOnce() -> [Datum; N]) {
        // SAFETY: the slot has as many values as the table has columns, and the places are among them.
        unsafe {
            if self.filled == self.slots.len() {
                self.slots.push(pg_sys::MakeSingleTupleTableSlot(
                    (*self.relation).rd_att,
                    &raw const pg_sys::TTSOpsVirtual,
                ));
            }
            let slot = self.slots[self.filled];
            let columns = (*(*self.relation).rd_att).natts as usize;
            let nulls = std::slice::from_raw_parts_mut((*slot).tts_isnull, columns);
            let values = std::slice::from_raw_parts_mut((*slot).tts_values, columns);
            nulls.fill(true);
            let outer = pg_sys::MemoryContextSwitchTo(self.context);
            for (&place, value) in self.places.iter().zip(make()) {
                nulls[place] = false;
                values[place] = value;
            }
            pg_sys::MemoryContextSwitchTo(outer);
            pg_sys::ExecStoreVirtualTuple(slot);
        }
        self.filled += 1;
        if self.filled == BATCH {
            self.flush();
        }
    }

    fn flush(&mut self) {
        progress::add(self.filled as u64);
        poll();
        // SAFETY: the first `filled` slots hold rows; their memory is ours until the reset.
        unsafe {
            let outer = pg_sys::MemoryContextSwitchTo(self.context);
            pg_sys::heap_multi_insert(
                self.relation,
                self.slots.as_mut_ptr(),
                self.filled as i32,
                pg_sys::GetCurrentCommandId(true),
                pg_sys::TABLE_INSERT_SKIP_FSM as i32,
                self.bulk,
            );
            pg_sys::MemoryContextSwitchTo(outer);
            for slot in &self.slots[..self.filled] {
                clear(*slot);
            }
            pg_sys::MemoryContextReset(self.context);
        }
        self.filled = 0;
    }

    /// Writes what is left and closes the table, keeping its lock.
    pub fn finish(mut self) {
        self.flush();
        // SAFETY: everything was made in `open` and `write`, and is closed once.
        unsafe {
            for slot in &self.slots {
                pg_sys::ExecDropSingleTupleTableSlot(*slot);
            }
            pg_sys::FreeBulkInsertState(self.bulk);
            pg_sys::table_close(self.relation, pg_sys::NoLock as i32);
            pg_sys::MemoryContextDelete(self.context);
            pg_sys::CommandCounterIncrement();
        }
    }
}

/// Where the column of a name is, which must be of this type.
fn find(
    table: &Table,
    attributes: &PgTupleDesc,
    wanted: &str,
    type_oid: Oid,
) -> Result<usize, Error> {
    let is_it = |attribute: &pg_sys::FormData_pg_attribute| {
        !attribute.attisdropped && name(attribute) == wanted
    };
    let wrong = |found: String| {
        Error::HistoryType {
        relation: table.display(),
        column: wanted.to_owned(),
        found,
        required: relation::type_name(type_oid),
        hint: "Undo what was done to the score history, or rename it and drop its view; then score again.".to_owned(),
    }
    };
    let Some((place, found)) = attributes
        .iter()
        .enumerate()
        .find(|(_, attribute)| is_it(attribute))
    else {
        return Err(wrong("no such column".to_owned()));
    };
    let (mut length, mut by_value) = (0, false);
    // SAFETY: a look-up in the catalog by OID.
    unsafe { pg_sys::get_typlenbyval(type_oid, &raw mut length, &raw mut by_value) };
    if found.atttypid == type_oid && (found.attlen, found.attbyval) == (length, by_value) {
        Ok(place)
    } else {
        Err(wrong(relation::type_name(found.atttypid)))
    }
}

fn name(attribute: &pg_sys::FormData_pg_attribute) -> String {
    // SAFETY: a name ends with a zero.
    unsafe { CStr::from_ptr(attribute.attname.data.as_ptr()) }
        .to_string_lossy()
        .into_owned()
}

/// Empties a virtual slot, as ExecClearTuple, a static inline function of the server, does.
unsafe fn clear(slot: *mut pg_sys::TupleTableSlot) {
    // SAFETY: by contract.
    unsafe {
        if let Some(clear) = (*(*slot).tts_ops).clear {
            clear(slot);
        }
    }
}
