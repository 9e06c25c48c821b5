//! Statements on our own tables, which only their owner may touch. Never give them SQL of a user.

use pgrx::Spi;
use pgrx::datum::DatumWithOid;
use pgrx::spi::SpiHeapTupleData;

use crate::catalog::owner::as_catalog;
use crate::error::Error;
use crate::pg::sql;

/// The rows of a query that only reads, so that it runs on a standby and in a parallel query.
pub fn rows<T>(
    query: &'static str,
    arguments: &[DatumWithOid],
    read: impl FnMut(SpiHeapTupleData) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    as_catalog(|| sql::rows(query, arguments, read))
}

/// The first row of a query that only reads, if there is one.
pub fn row<T>(
    query: &'static str,
    arguments: &[DatumWithOid],
    read: impl FnMut(SpiHeapTupleData) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    as_catalog(|| sql::row(query, arguments, read))
}

/// Writes, and returns the first row of what comes back.
pub fn written<T>(
    query: &str,
    arguments: &[DatumWithOid],
    read: impl FnMut(SpiHeapTupleData) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    as_catalog(|| {
        Spi::connect_mut(|client| {
            let mut rows = client.update(query, None, arguments)?;
            rows.next().map(read).transpose()
        })
    })
}

/// Writes.
pub fn run(query: &str, arguments: &[DatumWithOid]) -> Result<(), Error> {
    as_catalog(|| Ok(Spi::run_with_args(query, arguments)?))
}
