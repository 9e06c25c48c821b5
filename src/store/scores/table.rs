//! Tables of runs, wherever they are.

use pgrx::pg_sys::Oid;

use crate::error::{Error, not_null};
use crate::pg::relation::qualified;
use crate::pg::sql;

/// A table, wherever it is.
#[derive(Clone, Debug)]
pub struct Table {
    pub oid: Oid,
    pub schema: String,
    pub name: String,
}

impl Table {
    /// Its name in SQL.
    pub fn sql(&self) -> String {
        qualified(&self.schema, &self.name)
    }

    /// Its name for a message.
    pub fn display(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }
}

pub fn table(oid: Oid) -> Result<Option<Table>, Error> {
    let query = "SELECT n.nspname::pg_catalog.text, c.relname::pg_catalog.text
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1";
    sql::row(query, &[oid.into()], |row| {
        Ok(Table {
            oid,
            schema: not_null(row.get(1)?)?,
            name: not_null(row.get(2)?)?,
        })
    })
}

/// The partitioned tables that a view reads; none of what is no view.
pub fn partitioned_under(view: Oid) -> Result<Vec<Oid>, Error> {
    let query = "SELECT DISTINCT c.oid FROM pg_catalog.pg_class v
        JOIN pg_catalog.pg_rewrite w ON w.ev_class = v.oid
        JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = w.oid
            AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        JOIN pg_catalog.pg_class c ON c.oid = d.refobjid AND c.relkind = 'p'
        WHERE v.oid = $1 AND v.relkind = 'v' ORDER BY 1";
    sql::rows(query, &[view.into()], |row| not_null(row.get(1)?))
}

/// The runs that a history holds, each with its table; with a minus those that are not shown.
pub fn runs_of(history: Oid) -> Result<Vec<(i64, Table)>, Error> {
    let query = "SELECT b.run::pg_catalog.int8, c.oid, n.nspname::pg_catalog.text, c.relname::pg_catalog.text
        FROM pg_catalog.pg_inherits i
        JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL (SELECT pg_catalog.substring(pg_catalog.pg_get_expr(c.relpartbound, c.oid),
            '^FOR VALUES IN \\(''?(-?[0-9]{1,19})''?\\)$')::pg_catalog.numeric AS run) b
        WHERE i.inhparent = $1 AND b.run BETWEEN -9223372036854775807 AND 9223372036854775807 ORDER BY 1";
    sql::rows(query, &[history.into()], |row| {
        Ok((
            not_null(row.get(1)?)?,
            Table {
                oid: not_null(row.get(2)?)?,
                schema: not_null(row.get(3)?)?,
                name: not_null(row.get(4)?)?,
            },
        ))
    })
}
