//! The query of a parallel reading.

use std::ffi::CString;

use pgrx::Spi;
use pgrx::pg_sys::{self, Datum};

use super::collector::Report;
use crate::aggregate::with_bytes;
use crate::error::Error;
use crate::pg::execute::param_list;
use crate::pg::plan;
use crate::pg::sql;

/// Runs a query whose answer are reports, if the planner takes parallel workers for it; `begin` then
/// gives its parameter, none if it is not to run after all.
pub fn run(
    query: &str,
    begin: impl FnOnce() -> Result<Option<Datum>, Error>,
) -> Result<Option<Vec<Report>>, Error> {
    let text = CString::new(query).map_err(|_| Error::Internal("a query of ours holds a NUL"))?;
    let job_type = sql::own_type(c"job");
    let mut types = [job_type];
    Spi::connect(|_| {
        // SAFETY: within an SPI connection; the plan and its answer live in its memory; errors of
        // the query unwind as PostgreSQL errors.
        unsafe {
            // A generic plan is planned once, to ask it and to run it.
            let cursor = pg_sys::CURSOR_OPT_PARALLEL_OK | pg_sys::CURSOR_OPT_GENERIC_PLAN;
            let plan =
                pg_sys::SPI_prepare_cursor(text.as_ptr(), 1, types.as_mut_ptr(), cursor as i32);
            if plan.is_null() || !is_parallel(plan) {
                return Ok(None);
            }
            let Some(job) = begin()? else {
                return Ok(None);
            };
            let options = pg_sys::SPIExecuteOptions {
                params: param_list(&[(job_type, Some(job))]),
                read_only: true,
                ..Default::default()
            };
            pg_sys::SPI_execute_plan_extended(plan, &raw const options);
            answer().map(Some)
        }
    })
}

/// Whether a plan uses parallel workers.
unsafe fn is_parallel(plan: pg_sys::SPIPlanPtr) -> bool {
    let mut parallel = false;
    // SAFETY: a plan of this connection.
    unsafe {
        plan::each_statement(plan, &mut |statement| {
            parallel |= statement.parallelModeNeeded
        });
    }
    parallel
}

/// The reports in the one row that SPI holds; none if no process had any rows.
unsafe fn answer() -> Result<Vec<Report>, Error> {
    // SAFETY: the query has one row of one bytea.
    unsafe {
        let table = &*pg_sys::SPI_tuptable;
        let mut is_null = true;
        let bytes = pg_sys::SPI_getbinval(*table.vals, table.tupdesc, 1, &mut is_null);
        if is_null {
            return Ok(Vec::new());
        }
        with_bytes(bytes, |bytes| serde_json::from_slice(bytes))
            .map_err(|_| Error::Internal("a report of parallel workers cannot be read"))
    }
}
