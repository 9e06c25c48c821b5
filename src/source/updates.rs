//! Tables whose rows are updated: their values are read as they are today, also at cutoffs before they were written.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, PgSqlErrorCode};

use crate::catalog::Definition;
use crate::error::listed;
use crate::error::{Error, not_null};
use crate::pg::sql;

/// One update in this many rows is worth a warning; fewer are corrections.
const ONE_IN: i64 = 100;

pub const HINT: &str = "Leave out with the option ignore what is written later, or read a history of it: add_profiles with valid_from_column, or a row for each change.";

/// A table whose rows are updated.
pub struct Updated {
    pub table: String,
    pub updates: i64,
    pub rows: i64,
}

/// The updated tables under the sources of a model, each once. Profile sources with a date say themselves since when
/// a row holds.
pub fn find(definition: &Definition) -> Result<Vec<Updated>, Error> {
    let events = definition.events.iter();
    let events = events.map(|source| (&source.schema, &source.relation));
    let undated = definition
        .profiles
        .iter()
        .filter(|source| source.valid_from_column.is_none());
    let undated = undated.map(|source| (&source.schema, &source.relation));
    let mut found: Vec<Updated> = Vec::new();
    for (schema, relation) in events.chain(undated) {
        for updated in under(schema, relation)? {
            let is_new = found.iter().all(|known| known.table != updated.table);
            if is_new && updated.updates.saturating_mul(ONE_IN) >= updated.rows {
                found.push(updated);
            }
        }
    }
    Ok(found)
}

/// The tables with updates that a relation reads: itself, its partitions, and those below a view. Statistics that this
/// session has not handed on yet count too.
fn under(schema: &str, relation: &str) -> Result<Vec<Updated>, Error> {
    let query = "WITH RECURSIVE below (oid) AS (
            SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = $1::pg_catalog.name AND c.relname = $2::pg_catalog.name
            UNION SELECT next.oid FROM below b CROSS JOIN LATERAL (
                SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = b.oid
                UNION ALL SELECT d.refobjid FROM pg_catalog.pg_rewrite w
                JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
                    AND d.objid = w.oid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                WHERE w.ev_class = b.oid AND w.ev_type = '1') next (oid))
        SELECT t.name, t.updates, t.rows FROM (
            SELECT pg_catalog.format('%s.%s', n.nspname, c.relname) AS name,
                pg_catalog.pg_stat_get_tuples_updated(c.oid) + pg_catalog.pg_stat_get_xact_tuples_updated(c.oid) AS updates,
                GREATEST(c.reltuples::pg_catalog.int8, pg_catalog.pg_stat_get_tuples_inserted(c.oid)
                    + pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid)) AS rows
            FROM below b JOIN pg_catalog.pg_class c ON c.oid = b.oid AND c.relkind = 'r'
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace) t
        WHERE t.updates > 0 ORDER BY t.name COLLATE pg_catalog.\"C\"";
    sql::rows(query, &[schema.into(), relation.into()], |row| {
        Ok(Updated {
            table: not_null(row.get(1)?)?,
            updates: not_null(row.get(2)?)?,
            rows: not_null(row.get(3)?)?,
        })
    })
}

/// Says in one NOTICE which tables are updated, if any are.
pub fn notice(definition: &Definition) -> Result<(), Error> {
    let tables: Vec<String> = find(definition)?.iter().map(Updated::words).collect();
    if tables.is_empty() {
        return Ok(());
    }
    ErrorReport::new(
        PgSqlErrorCode::ERRCODE_SUCCESSFUL_COMPLETION,
        format!(
            "model \"{}\" reads tables whose rows are updated: {}",
            definition.name,
            listed(&tables)
        ),
        "train",
    )
    .set_detail(
        "Values as they are today are used at every cutoff, also those that were written after it.",
    )
    .set_hint(HINT)
    .report(PgLogLevel::NOTICE);
    Ok(())
}

impl Updated {
    /// "public.orders (1200 updates, 1500 rows)".
    fn words(&self) -> String {
        let Self {
            table,
            updates,
            rows,
        } = self;
        let times = if *updates == 1 { "update" } else { "updates" };
        format!("{table} ({updates} {times}, {rows} rows)")
    }
}
