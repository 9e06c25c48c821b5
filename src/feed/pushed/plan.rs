//! Whether the planner sends queries to other servers.

use pgrx::pg_sys::{self, NodeTag, Oid, Plan, PlannedStmt};

use crate::error::Error;
use crate::pg::list::pointers;
use crate::pg::plan;
use crate::pg::sql;

/// Whether this database has a foreign table: without one there is no need to ask the planner.
pub fn has_foreign_tables() -> Result<bool, Error> {
    let query = "SELECT true FROM pg_catalog.pg_foreign_table LIMIT 1";
    Ok(sql::row(query, &[], |_| Ok(()))?.is_some())
}

/// Whether queries with an aggregate read from other servers, and send the aggregate to all of them.
pub fn are_shipped(queries: &[String], types: &[Oid]) -> Result<bool, Error> {
    let mut scans = Scans::default();
    for query in queries {
        plan::look_at(query, types, &mut |statement| scans.add(statement))?;
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
    /// Counts in a statement.
    fn add(&mut self, statement: &PlannedStmt) {
        // SAFETY: its plans are held while they are looked at.
        unsafe {
            self.visit(statement.planTree);
            pointers(statement.subplans)
                .iter()
                .for_each(|plan| self.visit(*plan));
        }
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
