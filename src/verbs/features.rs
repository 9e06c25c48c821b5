//! features: the point-in-time matrix, for anyone who wants it elsewhere.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::pg_sys::{self, Datum};
use pgrx::prelude::*;
use propensity::features::Feature;
use propensity::features::schema::Schema;
use propensity::model::Model;
use propensity::time::Micros;

use crate::catalog::args;
use crate::catalog::held;
use crate::catalog::instant;
use crate::catalog::owner::as_owner;
use crate::catalog::version;
use crate::catalog::{self, Definition};
use crate::error::Error;
use crate::feed::Feed;
use crate::pg::memory::{GiveBack, poll};
use crate::pg::rows::{Rows, Text};
use crate::verbs::notice;

/// The types of its columns.
const COLUMNS: [pg_sys::Oid; 4] = [
    pg_sys::TEXTOID,
    pg_sys::TEXTOID,
    pg_sys::FLOAT8OID,
    pg_sys::TEXTOID,
];

/// Written out because the rows go to PostgreSQL's own tuplestore, which pgrx knows nothing of.
#[pg_extern(sql = r#"
CREATE FUNCTION features(model text, as_of timestamptz DEFAULT NULL)
RETURNS TABLE (profile text, feature text, value double precision, category text)
STABLE PARALLEL RESTRICTED
SET search_path TO pg_catalog, pg_temp
LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#)]
fn features(
    model: Option<&str>,
    as_of: Option<TimestampWithTimeZone>,
    call: pg_sys::FunctionCallInfo,
) -> Result<(), ErrorReport> {
    let _memory = GiveBack::new();
    let model = args::required("model", model)?;
    let as_of = instant::as_of(as_of)?;
    // SAFETY: `call` is the call that PostgreSQL makes of this function, which returns a table.
    let mut rows = unsafe { Rows::open(call, COLUMNS) }?;
    held::for_reading(model, |definition| {
        as_owner(definition, || matrix(definition, as_of, &mut rows))
    })?;
    Ok(())
}

/// The model of the active version, if there is one.
fn stored_model(definition: &Definition) -> Result<Option<Model>, Error> {
    let active = catalog::active(definition.id)?;
    active
        .map(|active| version::read(definition, active.stamp))
        .transpose()
}

/// Hands out the features of every eligible profile.
fn matrix(definition: &Definition, as_of: Option<Micros>, rows: &mut Rows<4>) -> Result<(), Error> {
    let stored = stored_model(definition)?;
    let mut feed = Feed::open(definition, stored.as_ref(), as_of)?;
    if as_of.is_none()
        && let Some(span) = feed.span()
    {
        notice::apart(definition, span);
    }
    let (columns, kind) = (Column::all(feed.schema()), feed.key().kind);
    feed.features(&mut |key, row| {
        hand_out(&kind.text(key), &columns, row, rows);
        Ok(())
    })
}

/// Hands out the features of one profile.
fn hand_out(profile: &str, columns: &[Column], row: &[f64], rows: &mut Rows<4>) {
    let key = Text::new(profile);
    for (column, &value) in columns.iter().zip(row) {
        rows.put([
            key.datum(),
            column.name.datum(),
            column.number(value),
            column.category(value),
        ]);
    }
    poll();
}

/// A feature as it is handed out.
struct Column {
    name: Text,
    /// Of a category: what its numbers mean.
    values: Option<Vec<Text>>,
}

impl Column {
    fn all(schema: &Schema) -> Vec<Self> {
        schema.features().iter().map(Self::new).collect()
    }

    fn new(feature: &Feature) -> Self {
        let texts = |values: &Vec<String>| values.iter().map(|value| Text::new(value)).collect();
        Self {
            name: Text::new(&feature.name),
            values: feature.values.as_ref().map(texts),
        }
    }

    fn number(&self, value: f64) -> Option<Datum> {
        (self.values.is_none() && !value.is_nan()).then(|| Datum::from(value.to_bits()))
    }

    fn category(&self, value: f64) -> Option<Datum> {
        let values = self.values.as_ref().filter(|_| !value.is_nan())?;
        values.get(value as usize)?.datum()
    }
}
