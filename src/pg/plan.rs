//! What the planner would do with a query.

use std::ffi::CString;
use std::ptr::null_mut;

use pgrx::Spi;
use pgrx::pg_sys::{self, Oid, PlannedStmt, SPIPlanPtr};

use crate::error::Error;
use crate::pg::list::pointers;

/// Has the planner plan a query that has parameters of these types, and looks at what it says.
pub fn look_at(sql: &str, types: &[Oid], look: &mut dyn FnMut(&PlannedStmt)) -> Result<(), Error> {
    let text = CString::new(sql).map_err(|_| Error::Internal("a query of ours holds a NUL"))?;
    let mut types = types.to_vec();
    Spi::connect(|_| {
        // SAFETY: within an SPI connection.
        unsafe {
            let plan = pg_sys::SPI_prepare(text.as_ptr(), types.len() as i32, types.as_mut_ptr());
            if !plan.is_null() {
                each_statement(plan, look);
                pg_sys::SPI_freeplan(plan);
            }
        }
    });
    Ok(())
}

/// Shows the statements of a prepared plan, as they are if they need no replanning.
///
/// # Safety
/// A plan of this SPI connection.
pub unsafe fn each_statement(plan: SPIPlanPtr, look: &mut dyn FnMut(&PlannedStmt)) {
    // SAFETY: the plan is held while it is looked at.
    unsafe {
        let cached = pg_sys::SPI_plan_get_cached_plan(plan);
        if let Some(held) = cached.as_ref() {
            for &statement in pointers::<PlannedStmt>(held.stmt_list) {
                look(&*statement);
            }
            pg_sys::ReleaseCachedPlan(cached, null_mut());
        }
    }
}

/// How many rows the planner expects of a query without parameters.
pub fn expected_rows(sql: &str) -> Result<f64, Error> {
    let mut rows = 0.0;
    look_at(sql, &[], &mut |statement| {
        // SAFETY: a statement that was planned has a plan, unless it is a utility statement.
        rows += unsafe { statement.planTree.as_ref() }.map_or(0.0, |plan| plan.plan_rows);
    })?;
    Ok(rows)
}
