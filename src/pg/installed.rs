//! Whether the extension in this database is of the version of this library. A new library may be there before ALTER
//! EXTENSION UPDATE: functions of the older version must not call into it, their arguments and rows may be others.

use pgrx::pg_sys;

use super::sql;
use crate::error::Error;

const LIBRARY: &str = env!("CARGO_PKG_VERSION");

/// Asked when a backend loads the library, once.
///
/// # Errors
/// 55000 with both versions, unless the extension is just being created or updated.
pub fn check() -> Result<(), Error> {
    // SAFETY: reads variables of the backend. Preloaded, there is no catalog to ask; workers do what their leader may; and
    // pg_upgrade makes the functions of a version that it does not call.
    let may_ask = unsafe {
        pg_sys::IsTransactionState()
            && pg_sys::ActiveSnapshotSet()
            && !pg_sys::creating_extension
            && !pg_sys::IsBinaryUpgrade
            && pg_sys::ParallelWorkerNumber < 0
    };
    if !may_ask {
        return Ok(());
    }
    let query = "SELECT e.extversion FROM pg_catalog.pg_extension e
        WHERE e.extname OPERATOR(pg_catalog.=) 'customer_ai'";
    match sql::row(query, &[], |row| Ok(row.get::<String>(1)?))?.flatten() {
        Some(found) if found != LIBRARY => Err(Error::OtherVersion {
            found,
            library: LIBRARY,
        }),
        _ => Ok(()),
    }
}
