//! alter_segment: another condition, size, description or name, with rights, indexes and memory kept.

use std::ffi::CStr;

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use super::limit;
use crate::catalog::args::required;
use crate::catalog::held;
use crate::catalog::owner::{ddl_as_owner, defining};
use crate::catalog::{self, Definition, Limit, Segment, Turn};
use crate::error::Error;
use crate::pg::attempt::attempt;
use crate::pg::relation::{qualified, quote};
use crate::pg::sql;
use crate::store::scores::names;
use crate::store::scores::remake::{self, Reader};
use crate::store::segments::{
    Sight, comment, create_sql, find_ours, kind_sql, memory, parse_name, relation_sql,
};

/// What is to be another; NULL stays as it is.
struct Change<'a> {
    condition: Option<&'a str>,
    description: Option<&'a str>,
    names: Option<(String, String)>,
    limit: Option<Limit>,
}

/// Without a SET clause, which would hide the caller's search_path: it is pinned within.
#[pg_extern(volatile, parallel_unsafe)]
fn alter_segment(
    segment: Option<&str>,
    condition: default!(Option<&str>, "NULL"),
    description: default!(Option<&str>, "NULL"),
    new_name: default!(Option<&str>, "NULL"),
    top: default!(Option<i64>, "NULL"),
    top_percent: default!(Option<f64>, "NULL"),
) -> Result<String, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.alter_segment()");
    let (schema, name) = parse_name(required("segment", segment)?)?;
    let change = Change {
        condition,
        description,
        names: new_name.map(parse_name).transpose()?,
        limit: limit(top, top_percent)?,
    };
    Ok(defining(|path| {
        let known = catalog::known_segment(&schema, &name)?;
        held::for_writing(&known.model, Turn::Scores, |definition| {
            // The model is held first, as score does, so that neither waits for the other.
            let segment = catalog::lock_segment(&known.schema, &known.name)?;
            alter(definition, segment, &change, path)
        })
    })?)
}

fn alter(
    definition: &Definition,
    mut segment: Segment,
    change: &Change,
    path: &CStr,
) -> Result<String, Error> {
    find_ours(definition, &segment)?;
    if change.condition.is_some() || change.limit.is_some() {
        let mut sight = Sight::of(definition)?;
        sight.segment = Some(segment.id);
        if let Some(condition) = change.condition {
            segment.condition_sql = sight.define(definition, condition, path)?;
            segment.condition = condition.to_owned();
        }
        segment.limit = change.limit.unwrap_or(segment.limit);
        let query = sight.query(definition, &segment.condition_sql, segment.limit)?;
        memory::remember(definition, &segment, || {
            remake(definition, &segment, &query)
        })?;
    }
    if let Some(description) = change.description {
        segment.description = (!description.is_empty()).then(|| description.to_owned());
        let (relation, live) = (relation_sql(&segment), segment.live);
        ddl_as_owner(definition.owner_oid, || {
            comment(
                &relation,
                live,
                &definition.name,
                segment.description.as_deref(),
            )
        })?;
    }
    if let Some(names) = &change.names {
        rename(definition, &mut segment, names)?;
    }
    catalog::update_segment(&segment)?;
    catalog::remember(definition.id, definition.owner_oid)?;
    Ok(segment.display())
}

/// Drops the relation and makes it again with another query, and with all else that it had.
fn remake(definition: &Definition, segment: &Segment, query: &str) -> Result<(), Error> {
    let oid = find_ours(definition, segment)?;
    let Some(table) = remake::table(oid)? else {
        return Ok(());
    };
    let mut reader = Reader::look(&table)?;
    if let Err(failure) = attempt(|| reader.drop()) {
        return Err(Error::SegmentNeeded {
            name: segment.display(),
            reason: failure.text,
        });
    }
    reader.set_create(create_sql(&relation_sql(segment), segment.live, query));
    reader.make()
}

fn rename(
    definition: &Definition,
    segment: &mut Segment,
    (schema, name): &(String, String),
) -> Result<(), Error> {
    if (&segment.schema, &segment.name) == (schema, name) {
        return Ok(());
    }
    if names::found(schema, name)?.is_some() || catalog::find_segment(schema, name)?.is_some() {
        return Err(Error::SegmentExists {
            name: format!("{schema}.{name}"),
        });
    }
    let kind = kind_sql(segment.live);
    ddl_as_owner(definition.owner_oid, || {
        if segment.schema != *schema {
            sql::run(&format!(
                "ALTER {kind} {} SET SCHEMA {}",
                relation_sql(segment),
                quote(schema)
            ))?;
        }
        if segment.name != *name {
            sql::run(&format!(
                "ALTER {kind} {} RENAME TO {}",
                qualified(schema, &segment.name),
                quote(name)
            ))?;
        }
        Ok(())
    })?;
    (segment.schema, segment.name) = (schema.clone(), name.clone());
    Ok(())
}
