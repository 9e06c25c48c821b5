//! Queries and statements of ours.

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, CString, c_char};

use pgrx::Spi;
use pgrx::datum::DatumWithOid;
use pgrx::pg_sys::{self, Datum};
use pgrx::spi::SpiHeapTupleData;

use crate::error::{Error, not_null};

thread_local! {
    /// Plans of this session by the text of their query. Never freed: they are few, and at the end of the process
    /// there is no server left to free them. PostgreSQL plans again by itself when a relation, a row-level security
    /// policy or the current role changes.
    static PLANS: RefCell<Vec<(&'static str, pg_sys::SPIPlanPtr)>> = const { RefCell::new(Vec::new()) };
    /// The same of queries that are composed, the one used last first. Those past [`MOST_KEPT`] are freed.
    static COMPOSED: RefCell<Vec<(String, pg_sys::SPIPlanPtr)>> = const { RefCell::new(Vec::new()) };
    /// How many of those are running.
    static RUNNING: Cell<usize> = const { Cell::new(0) };
}

/// Plans of composed queries that are kept.
const MOST_KEPT: usize = 32;

/// The rows of a query that only reads, so that it runs on a standby and in a parallel query. Its plan is kept for the
/// session: planning it takes longer than running it.
pub fn rows<T>(
    query: &'static str,
    arguments: &[DatumWithOid],
    read: impl FnMut(SpiHeapTupleData) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    Spi::connect(|_| {
        // SAFETY: looks at the state of the transaction.
        let read_only = unsafe {
            // A transaction that has written must see what it wrote, which takes a new command; a parallel query allows
            // none, and nothing is written in it.
            pg_sys::IsInParallelMode()
                || pg_sys::GetCurrentTransactionIdIfAny() == pg_sys::InvalidTransactionId
        };
        let known = PLANS.with_borrow(|plans| {
            let found = plans.iter().find(|(text, _)| *text == query);
            found.map(|(_, plan)| *plan)
        });
        let plan = match known {
            Some(plan) => plan,
            None => {
                let plan = prepare(query, arguments)?;
                // SAFETY: a plan that was just prepared.
                unsafe { pg_sys::SPI_keepplan(plan) };
                PLANS.with_borrow_mut(|plans| plans.push((query, plan)));
                plan
            }
        };
        execute(plan, arguments, read_only, read)
    })
}

/// The rows of a query that is composed for once, under the snapshot in force, as all reading of a call of ours is.
pub fn rows_once<T>(
    query: &str,
    arguments: &[DatumWithOid],
    read: impl FnMut(SpiHeapTupleData) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    Spi::connect(|_| execute(prepare(query, arguments)?, arguments, true, read))
}

/// Like [`rows_once`], of a query that comes again and again with other arguments.
pub fn rows_kept<T>(
    query: &str,
    arguments: &[DatumWithOid],
    read: impl FnMut(SpiHeapTupleData) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let types: Vec<pg_sys::Oid> = arguments.iter().map(DatumWithOid::oid).collect();
    Spi::connect(|_| with_kept_plan(query, &types, |plan| execute(plan, arguments, true, read)))
}

/// Calls `work` with the plan of a composed query, which is kept for the session and made for any values of its
/// parameters. Within a connection to SPI.
pub fn with_kept_plan<T>(
    query: &str,
    types: &[pg_sys::Oid],
    work: impl FnOnce(pg_sys::SPIPlanPtr) -> Result<T, Error>,
) -> Result<T, Error> {
    /// Goes down again on every way out, an error that unwinds for one.
    struct Running;
    impl Drop for Running {
        fn drop(&mut self) {
            RUNNING.set(RUNNING.get() - 1);
        }
    }
    let known = COMPOSED.with_borrow_mut(|plans| {
        let place = plans.iter().position(|(text, _)| text == query)?;
        plans[..=place].rotate_right(1);
        Some(plans[0].1)
    });
    let plan = match known {
        Some(plan) => plan,
        None => {
            let plan = prepare_typed(query, types, pg_sys::CURSOR_OPT_GENERIC_PLAN as i32)?;
            // SAFETY: a plan that was just prepared.
            unsafe { pg_sys::SPI_keepplan(plan) };
            COMPOSED.with_borrow_mut(|plans| plans.insert(0, (query.to_owned(), plan)));
            plan
        }
    };
    // A query of ours may call a function that comes here again.
    if RUNNING.get() == 0 {
        let past = COMPOSED.with_borrow_mut(|plans| {
            let end = plans.len().min(MOST_KEPT);
            plans.split_off(end)
        });
        for (_, plan) in past {
            // SAFETY: a plan that was kept, and that nobody runs.
            unsafe { pg_sys::SPI_freeplan(plan) };
        }
    }
    RUNNING.set(RUNNING.get() + 1);
    let _running = Running;
    work(plan)
}

/// The rows of a query over the catalog as it is now, not as it was when the statement began: what was locked since
/// may have been altered in between.
pub fn rows_now<T>(
    query: &'static str,
    arguments: &[DatumWithOid],
    read: impl FnMut(SpiHeapTupleData) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    // SAFETY: the snapshot is copied, and popped below; an error of Postgres that unwinds from here aborts the
    // (sub)transaction, which pops it.
    unsafe { pg_sys::PushActiveSnapshot(pg_sys::GetCatalogSnapshot(pg_sys::InvalidOid)) };
    let found = rows(query, arguments, read);
    // SAFETY: as above.
    unsafe { pg_sys::PopActiveSnapshot() };
    found
}

/// The first row of a query, if there is one.
pub fn row<T>(
    query: &'static str,
    arguments: &[DatumWithOid],
    read: impl FnMut(SpiHeapTupleData) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    Ok(rows(query, arguments, read)?.into_iter().next())
}

/// Plans a query, until the connection to SPI ends.
fn prepare(query: &str, arguments: &[DatumWithOid]) -> Result<pg_sys::SPIPlanPtr, Error> {
    let types: Vec<pg_sys::Oid> = arguments.iter().map(DatumWithOid::oid).collect();
    prepare_typed(query, &types, 0)
}

fn prepare_typed(
    query: &str,
    types: &[pg_sys::Oid],
    options: i32,
) -> Result<pg_sys::SPIPlanPtr, Error> {
    let text = CString::new(query).map_err(|_| Error::Internal("a query of ours holds a NUL"))?;
    let (mut types, count) = (types.to_vec(), types.len() as i32);
    // SAFETY: within a connection to SPI; text and types outlive the call.
    let plan =
        unsafe { pg_sys::SPI_prepare_cursor(text.as_ptr(), count, types.as_mut_ptr(), options) };
    if plan.is_null() {
        return Err(Error::Internal("a query of ours cannot be planned"));
    }
    Ok(plan)
}

/// Runs a plan and reads its rows.
fn execute<T>(
    plan: pg_sys::SPIPlanPtr,
    arguments: &[DatumWithOid],
    read_only: bool,
    mut read: impl FnMut(SpiHeapTupleData) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let (mut values, nulls): (Vec<Datum>, Vec<c_char>) = arguments
        .iter()
        .map(|argument| match argument.datum() {
            Some(value) => (value.sans_lifetime(), b' ' as c_char),
            None => (Datum::null(), b'n' as c_char),
        })
        .unzip();
    let mut found = Vec::new();
    // SAFETY: within a connection to SPI; the plan has a parameter of its type for each argument; the rows live until the
    // connection ends, and are only read.
    unsafe {
        pg_sys::SPI_tuptable = std::ptr::null_mut();
        pg_sys::SPI_execute_plan(plan, values.as_mut_ptr(), nulls.as_ptr(), read_only, 0);
        if let Some(table) = pg_sys::SPI_tuptable.as_ref() {
            for at in 0..table.numvals as usize {
                let row = SpiHeapTupleData::new(table.tupdesc, *table.vals.add(at))?;
                found.push(read(not_null(row)?)?);
            }
        }
    }
    Ok(found)
}

/// Runs a statement that we composed ourselves: DDL for what a model produces.
pub fn run(statement: &str) -> Result<(), Error> {
    Ok(Spi::run(statement)?)
}

/// Takes an ACCESS EXCLUSIVE lock on a relation if it is free at once.
pub fn lock_now(relation: pg_sys::Oid) -> bool {
    // SAFETY: a lock by OID; released at the end of the transaction.
    unsafe { pg_sys::ConditionalLockRelationOid(relation, pg_sys::AccessExclusiveLock as i32) }
}

/// A type of this extension, by its name.
pub fn own_type(name: &CStr) -> pg_sys::Oid {
    // SAFETY: look-ups in the catalog by name; zero is no OID.
    unsafe {
        let schema = pg_sys::get_namespace_oid(c"customer_ai_internal".as_ptr(), false);
        let name = Datum::from(name.as_ptr());
        let cache = pg_sys::SysCacheIdentifier::TYPENAMENSP as i32;
        let key = pg_sys::Anum_pg_type_oid as i16;
        pg_sys::GetSysCacheOid(
            cache,
            key,
            name,
            Datum::from(schema),
            Datum::null(),
            Datum::null(),
        )
    }
}
