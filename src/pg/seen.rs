//! Which versions of rows of ours a snapshot sees, by an index and without a query: that takes a few microseconds.

use std::ffi::CStr;

use pgrx::pg_sys::{self, Datum, Oid};

/// A version of a row: where it is, and who wrote it. Another content is another version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowVersion {
    pub table: Oid,
    block: u32,
    offset: u16,
    writer: u32,
}

/// Rows of a table of our schema whose bigint columns are so, by an index that begins with them.
pub struct Search<'a> {
    pub table: &'a CStr,
    pub index: &'a CStr,
    pub columns: &'a [(&'a CStr, i64)],
    /// Only the last of them, in the order of the index.
    pub last: bool,
}

impl Search<'_> {
    /// Adds what the active snapshot sees. None if there is no such table, index or column.
    pub fn versions(&self, found: &mut Vec<RowVersion>) -> Option<()> {
        const SHARE: pg_sys::LOCKMODE = pg_sys::AccessShareLock as pg_sys::LOCKMODE;
        // SAFETY: look-ups in the catalog by name; the table is open, and locked against being altered, until the end, and
        // so is its index; a snapshot is active in every function that SQL calls.
        unsafe {
            let schema = pg_sys::get_namespace_oid(c"customer_ai".as_ptr(), true);
            let oid = pg_sys::get_relname_relid(self.table.as_ptr(), schema);
            let table = pg_sys::try_relation_open(oid, SHARE);
            if table.is_null() {
                return None;
            }
            let index = pg_sys::get_relname_relid(self.index.as_ptr(), schema);
            let mut keys = self.keys(oid);
            let complete = index != pg_sys::InvalidOid && keys.len() == self.columns.len();
            if complete {
                let (count, keys) = (keys.len() as i32, keys.as_mut_ptr());
                let snapshot = pg_sys::GetActiveSnapshot();
                let mut add = |row: pg_sys::HeapTuple| found.push(version(oid, row));
                if self.last {
                    let index = pg_sys::index_open(index, SHARE);
                    let scan =
                        pg_sys::systable_beginscan_ordered(table, index, snapshot, count, keys);
                    let backward = pg_sys::ScanDirection::BackwardScanDirection;
                    let row = pg_sys::systable_getnext_ordered(scan, backward);
                    if !row.is_null() {
                        add(row);
                    }
                    pg_sys::systable_endscan_ordered(scan);
                    pg_sys::index_close(index, SHARE);
                } else {
                    let scan =
                        pg_sys::systable_beginscan(table, index, true, snapshot, count, keys);
                    loop {
                        let row = pg_sys::systable_getnext(scan);
                        if row.is_null() {
                            break;
                        }
                        add(row);
                    }
                    pg_sys::systable_endscan(scan);
                }
            }
            pg_sys::relation_close(table, SHARE);
            complete.then_some(())
        }
    }

    /// The columns that there are, each to be equal to its value.
    ///
    /// # Safety
    ///
    /// On the main thread, in a transaction.
    unsafe fn keys(&self, table: Oid) -> Vec<pg_sys::ScanKeyData> {
        let key = |&(column, value): &(&CStr, i64)| {
            // SAFETY: a look-up in the catalog; int8eq compares two bigints, which are passed by value.
            unsafe {
                let mut key = pg_sys::ScanKeyData::default();
                let place = pg_sys::get_attnum(table, column.as_ptr());
                let is_bigint = place > 0 && pg_sys::get_atttype(table, place) == pg_sys::INT8OID;
                pg_sys::ScanKeyEntryInitialize(
                    &raw mut key,
                    0,
                    place,
                    pg_sys::BTEqualStrategyNumber as pg_sys::StrategyNumber,
                    pg_sys::InvalidOid,
                    pg_sys::InvalidOid,
                    Oid::from_u32(pg_sys::F_INT8EQ),
                    Datum::from(value),
                );
                is_bigint.then_some(key)
            }
        };
        self.columns.iter().filter_map(key).collect()
    }
}

/// # Safety
///
/// A row of a table.
unsafe fn version(table: Oid, row: pg_sys::HeapTuple) -> RowVersion {
    // SAFETY: by contract.
    let (place, writer) = unsafe { ((*row).t_self, (*(*row).t_data).t_choice.t_heap.t_xmin) };
    RowVersion {
        table,
        block: u32::from(place.ip_blkid.bi_hi) << 16 | u32::from(place.ip_blkid.bi_lo),
        offset: place.ip_posid,
        writer: writer.into_inner(),
    }
}

/// Whether the transaction has written, so that a query of ours takes a new command and a new snapshot.
pub fn has_written() -> bool {
    // SAFETY: looks at the state of the transaction.
    unsafe {
        !pg_sys::IsInParallelMode()
            && pg_sys::GetCurrentTransactionIdIfAny() != pg_sys::InvalidTransactionId
    }
}

/// Does something under the snapshot that a query of ours would have.
pub fn as_query<T>(work: impl FnOnce() -> T) -> T {
    if !has_written() {
        return work();
    }
    // SAFETY: the snapshot is copied, and popped below; an error of Postgres that unwinds from here aborts the
    // (sub)transaction, which pops it.
    unsafe {
        pg_sys::CommandCounterIncrement();
        pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
    }
    let done = work();
    // SAFETY: as above.
    unsafe { pg_sys::PopActiveSnapshot() };
    done
}
