//! features: the point-in-time matrix, for anyone who wants it elsewhere.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use propensity::features::Features;
use propensity::model::Model;
use propensity::schema::Schema;
use propensity::time::Micros;

use crate::args;
use crate::catalog::{self, Definition};
use crate::error::Error;
use crate::gather;
use crate::instant;
use crate::memory::poll;
use crate::owner::as_owner;
use crate::stream::Stream;

type Row = (String, String, Option<f64>, Option<String>);

#[pg_extern(stable, parallel_restricted)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn features(
    model: Option<&str>,
    as_of: default!(Option<TimestampWithTimeZone>, "NULL"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(profile, String),
            name!(feature, String),
            name!(value, Option<f64>),
            name!(category, Option<String>),
        ),
    >,
    ErrorReport,
> {
    let definition = catalog::load(args::required("model", model)?)?;
    let as_of = instant::as_of(as_of)?;
    let rows = as_owner(&definition, || matrix(&definition, as_of))?;
    Ok(TableIterator::new(rows))
}

/// The schema of the active version, if there is one.
fn stored_schema(definition: &Definition) -> Result<Option<Schema>, Error> {
    let Some(active) = catalog::active(definition.id)? else {
        return Ok(None);
    };
    let model = Model::decode(&catalog::document(active.stamp)?).map_err(|error| Error::Model {
        model: definition.name.clone(),
        error,
    })?;
    Ok(Some(model.schema))
}

fn matrix(definition: &Definition, as_of: Option<Micros>) -> Result<Vec<Row>, Error> {
    let stored = stored_schema(definition)?;
    let mut stream = Stream::open(definition, stored.as_ref())?;
    stream.read_events(as_of.unwrap_or_else(instant::now), None)?;
    stream.read_attributes(None)?;
    let as_of = as_of.unwrap_or(stream.last);
    let cutoffs = instant::windows(definition, &[as_of])?;
    gather::mark(&mut stream, definition, &cutoffs, false)?;
    let schema = match stored {
        Some(schema) => schema,
        None => gather::learn(&mut stream, definition, as_of)?,
    };
    let rules = gather::rules(definition);
    let described = schema.features();
    let mut features = Features::new(&schema, stream.dictionaries());
    let mut row = vec![0.0; features.len()];
    let kind = stream.key().kind;
    let mut rows: Vec<Row> = Vec::new();
    stream.walk(&mut |profile| {
        if !rules.eligible(profile, &cutoffs[0]) {
            return Ok(());
        }
        features.start();
        features.row(profile, as_of, &mut row, &mut poll)?;
        let key = kind.text(profile.key);
        rows.try_reserve(row.len())
            .map_err(propensity::Error::from)?;
        for (feature, &value) in described.iter().zip(&row) {
            let category = feature
                .values
                .as_ref()
                .and_then(|values| values.get(value as usize));
            let category = category.filter(|_| !value.is_nan()).cloned();
            let number = (feature.values.is_none() && !value.is_nan()).then_some(value);
            rows.push((key.clone(), feature.name.clone(), number, category));
        }
        Ok(())
    })?;
    Ok(rows)
}
