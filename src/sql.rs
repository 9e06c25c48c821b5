//! Queries and statements of ours.

use std::cell::RefCell;
use std::ffi::CStr;

use pgrx::Spi;
use pgrx::datum::DatumWithOid;
use pgrx::pg_sys::{self, Datum, PgOid};
use pgrx::spi::{OwnedPreparedStatement, SpiClient, SpiHeapTupleData};

use crate::error::Error;

thread_local! {
    /// Plans of this session by the text of their query. Never freed: they are few, and at the end of the process
    /// there is no server left to free them. PostgreSQL plans again by itself when a relation, a row-level security
    /// policy or the current role changes.
    static PLANS: RefCell<Vec<(&'static str, &'static OwnedPreparedStatement)>> = const { RefCell::new(Vec::new()) };
}

/// The rows of a query that only reads, so that it runs on a standby and in a parallel query. Its plan is kept for the
/// session: planning it takes longer than running it.
pub fn rows<T>(
    query: &'static str,
    arguments: &[DatumWithOid],
    read: impl FnMut(SpiHeapTupleData) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    Spi::connect(|client| {
        let plan = plan(client, query, arguments)?;
        client.select(plan, None, arguments)?.map(read).collect()
    })
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

fn plan(
    client: &SpiClient,
    query: &'static str,
    arguments: &[DatumWithOid],
) -> Result<&'static OwnedPreparedStatement, Error> {
    let known = PLANS.with_borrow(|plans| {
        let found = plans.iter().find(|(text, _)| *text == query);
        found.map(|(_, plan)| *plan)
    });
    if let Some(plan) = known {
        return Ok(plan);
    }
    let types: Vec<PgOid> = arguments.iter().map(|a| PgOid::from(a.oid())).collect();
    let plan = Box::leak(Box::new(client.prepare(query, &types)?.keep()));
    PLANS.with_borrow_mut(|plans| plans.push((query, plan)));
    Ok(plan)
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
        let schema = pg_sys::get_namespace_oid(c"customer_ai".as_ptr(), false);
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
