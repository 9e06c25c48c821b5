//! Work whose failure is not to end the transaction: what it did is undone, and the caller goes on.

use std::panic::AssertUnwindSafe;

use pgrx::pg_sys::panic::{CaughtError, ErrorReportWithLevel};
use pgrx::{PgSqlErrorCode as Code, PgTryBuilder, pg_sys};

use crate::error::Error;

/// What went wrong, in words.
pub struct Failure {
    /// The message, with its DETAIL.
    pub text: String,
}

/// Does something in a subtransaction.
///
/// A cancelled query and a transaction that has to be repeated are not failures of the work: they end the whole.
pub fn attempt<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Failure> {
    // SAFETY: what every procedural language does to catch an error: the subtransaction ends on both ways, and memory
    // context and resource owner are those of before.
    unsafe {
        let (context, owner) = (pg_sys::CurrentMemoryContext, pg_sys::CurrentResourceOwner);
        pg_sys::BeginInternalSubTransaction(std::ptr::null());
        pg_sys::MemoryContextSwitchTo(context);
        // SPI takes a subtransaction that has written nothing yet for one that only reads, and shows it what the
        // statement began with: let that be what there is now.
        pg_sys::CommandCounterIncrement();
        pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
        let result = PgTryBuilder::new(AssertUnwindSafe(|| {
            Ok(work().unwrap_or_else(|error| error.throw()))
        }))
        .catch_others(Err)
        .execute();
        if result.is_ok() {
            pg_sys::PopActiveSnapshot();
            pg_sys::ReleaseCurrentSubTransaction();
        } else {
            pg_sys::RollbackAndReleaseCurrentSubTransaction();
        }
        pg_sys::MemoryContextSwitchTo(context);
        pg_sys::CurrentResourceOwner = owner;
        result.map_err(|caught: CaughtError| match &caught {
            CaughtError::PostgresError(found) | CaughtError::ErrorReport(found)
                if !ends_all(found) =>
            {
                Failure::of(found)
            }
            // The subtransaction is over: left open, it would be taken for one of the client's.
            _ => caught.rethrow(),
        })
    }
}

impl Failure {
    fn of(found: &ErrorReportWithLevel) -> Self {
        let detail = found.detail().map(|detail| format!(" {detail}"));
        Self {
            text: format!("{}.{}", found.message(), detail.unwrap_or_default()),
        }
    }
}

fn ends_all(found: &ErrorReportWithLevel) -> bool {
    matches!(
        found.sql_error_code(),
        Code::ERRCODE_QUERY_CANCELED
            | Code::ERRCODE_ADMIN_SHUTDOWN
            | Code::ERRCODE_CRASH_SHUTDOWN
            | Code::ERRCODE_T_R_SERIALIZATION_FAILURE
    )
}
