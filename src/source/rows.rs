//! How much there is to read.

use pgrx::pg_sys;

use crate::catalog::Definition;
use crate::error::Error;
use crate::pg::{relation, sql};

/// How many rows the event sources of a model have, as far as PostgreSQL has counted them: by the last ANALYZE.
pub fn rows_of(definition: &Definition) -> Result<Option<u64>, Error> {
    let events = definition.events.iter();
    let relations: Vec<pg_sys::Oid> = events
        .filter_map(|source| relation::find(&source.schema, &source.relation))
        .collect();
    let query = "SELECT pg_catalog.sum(c.reltuples)::pg_catalog.int8 FROM pg_catalog.pg_class c
        WHERE c.reltuples > 0 AND (c.relkind IN ('r', 'm', 'f') AND c.oid = ANY ($1)
            OR c.oid IN (SELECT t.relid FROM unnest($1) p (oid), pg_catalog.pg_partition_tree(p.oid) t WHERE t.isleaf))";
    let rows = sql::row(query, &[relations.into()], |row| Ok(row.get::<i64>(1)?))?;
    Ok(rows.flatten().and_then(|rows| u64::try_from(rows).ok()))
}
