//! What the planner would do with a query.

use std::ffi::CString;

use pgrx::Spi;
use pgrx::pg_sys::{self, NodeTag, Oid, Plan};

use crate::condition::pointers;
use crate::error::Error;
use crate::sql;

/// Whether this database has a foreign table: without one there is no need to ask the planner.
pub fn has_foreign_tables() -> Result<bool, Error> {
    let query = "SELECT true FROM pg_catalog.pg_foreign_table LIMIT 1";
    Ok(sql::row(query, &[], |_| Ok(()))?.is_some())
}

/// Whether queries with an aggregate read from other servers, and send the aggregate to all of them.
pub fn are_shipped(queries: &[String], types: &[Oid]) -> Result<bool, Error> {
    let mut scans = Scans::default();
    for query in queries {
        scans.look_at(query, types)?;
    }
    Ok(scans.shipped > 0 && scans.rows == 0)
}

/// Foreign scans of a plan.
#[derive(Default)]
struct Scans {
    /// Those that fetch what the other server has joined or aggregated.
    shipped: usize,
    /// Those that fetch a table row by row.
    rows: usize,
}

impl Scans {
    /// Counts in the plan of a query.
    fn look_at(&mut self, sql: &str, types: &[Oid]) -> Result<(), Error> {
        let text = CString::new(sql).map_err(|_| propensity::Error::BadRecord)?;
        let mut types = types.to_vec();
        Spi::connect(|_| {
            // SAFETY: within an SPI connection; the plan is held while it is looked at.
            unsafe {
                let plan =
                    pg_sys::SPI_prepare(text.as_ptr(), types.len() as i32, types.as_mut_ptr());
                let cached = pg_sys::SPI_plan_get_cached_plan(plan);
                if let Some(cached) = cached.as_ref() {
                    for statement in pointers::<pg_sys::PlannedStmt>(cached.stmt_list) {
                        self.visit((**statement).planTree);
                        pointers((**statement).subplans)
                            .iter()
                            .for_each(|plan| self.visit(*plan));
                    }
                }
                if !cached.is_null() {
                    pg_sys::ReleaseCachedPlan(cached, std::ptr::null_mut());
                }
                pg_sys::SPI_freeplan(plan);
            }
        });
        Ok(())
    }

    /// Counts in a plan and all plans under it. Plans are as deep as queries are nested.
    unsafe fn visit(&mut self, plan: *mut Plan) {
        // SAFETY: nodes are cast by their tags.
        unsafe {
            if plan.is_null() {
                return;
            }
            let under = match (*plan).type_ {
                NodeTag::T_ForeignScan => {
                    let is_table = (*plan.cast::<pg_sys::Scan>()).scanrelid > 0;
                    self.rows += usize::from(is_table);
                    self.shipped += usize::from(!is_table);
                    &[]
                }
                NodeTag::T_Append => pointers((*plan.cast::<pg_sys::Append>()).appendplans),
                NodeTag::T_MergeAppend => {
                    pointers((*plan.cast::<pg_sys::MergeAppend>()).mergeplans)
                }
                NodeTag::T_SubqueryScan => {
                    self.visit((*plan.cast::<pg_sys::SubqueryScan>()).subplan);
                    &[]
                }
                _ => &[],
            };
            under.iter().for_each(|plan| self.visit(*plan));
            self.visit((*plan).lefttree);
            self.visit((*plan).righttree);
        }
    }
}
