//! Statements of ours that write: DDL for what a model produces.

use pgrx::Spi;
use pgrx::pg_sys;

use crate::error::Error;

/// Runs a statement that we composed ourselves.
pub fn run(statement: &str) -> Result<(), Error> {
    Ok(Spi::run(statement)?)
}

/// Takes an ACCESS EXCLUSIVE lock on a relation if it is free at once.
pub fn lock_now(relation: pg_sys::Oid) -> bool {
    // SAFETY: a lock by OID; released at the end of the transaction.
    unsafe { pg_sys::ConditionalLockRelationOid(relation, pg_sys::AccessExclusiveLock as i32) }
}
