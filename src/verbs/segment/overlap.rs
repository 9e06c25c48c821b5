//! segment_overlap: how many profiles two segments have in common.

use pgrx::Spi;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::catalog::args::required;
use crate::catalog::owner::as_owner;
use crate::catalog::{self, Definition, Segment};
use crate::error::{Error, not_null};
use crate::pg::relation::{self, quote};
use crate::store::segments::{find_ours, parse_name, relation_sql};

/// Profiles of both, of the first alone, of the second alone, and what share of all of them is in both.
type Row = (i64, i64, i64, Option<f64>);

#[pg_extern(stable, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn segment_overlap(
    segment: Option<&str>,
    other: Option<&str>,
) -> Result<
    TableIterator<
        'static,
        (
            name!(both, i64),
            name!(only_segment, i64),
            name!(only_other, i64),
            name!(share, Option<f64>),
        ),
    >,
    ErrorReport,
> {
    let named = |argument, name| {
        let (schema, name) = parse_name(required(argument, name)?)?;
        catalog::known_segment(&schema, &name)
    };
    let row = overlap(&named("segment", segment)?, &named("other", other)?)?;
    Ok(TableIterator::once(row))
}

fn overlap(segment: &Segment, other: &Segment) -> Result<Row, Error> {
    let (first, second) = (catalog::load(&segment.model)?, catalog::load(&other.model)?);
    // With the rights of the owner: a live segment is code. One who may read both is asked for nothing more.
    if first.owner_oid != second.owner_oid {
        return Err(Error::Argument {
            argument: "other",
            found: "a segment of another owner".to_owned(),
            required: "a segment of a model of the same owner".to_owned(),
            hint: "Both are ordinary relations: join them by their keys.".to_owned(),
        });
    }
    let keys = [keys(&first, segment)?, keys(&second, other)?];
    let query = format!(
        "SELECT pg_catalog.count(a.k) FILTER (WHERE b.k IS NOT NULL), pg_catalog.count(a.k) FILTER (WHERE b.k IS NULL),
            pg_catalog.count(*) FILTER (WHERE a.k IS NULL),
            pg_catalog.count(a.k) FILTER (WHERE b.k IS NOT NULL)::pg_catalog.float8 / NULLIF(pg_catalog.count(*), 0)
        FROM ({}) a FULL JOIN ({}) b ON a.k = b.k",
        keys[0], keys[1]
    );
    as_owner(&first, || {
        Spi::connect(|client| {
            let row = client.select(query.as_str(), None, &[])?.first();
            Ok((
                not_null(row.get(1)?)?,
                not_null(row.get(2)?)?,
                not_null(row.get(3)?)?,
                row.get(4)?,
            ))
        })
    })
}

/// The profiles of a segment, as texts: models have keys of many types.
fn keys(definition: &Definition, segment: &Segment) -> Result<String, Error> {
    let oid = find_ours(definition, segment)?;
    let key = not_null(relation::first_column(oid)?)?;
    Ok(format!(
        "SELECT {}::pg_catalog.text AS k FROM {}",
        quote(&key),
        relation_sql(segment)
    ))
}
