//! describe_features: what the columns of the matrix are called, in words.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::catalog;
use crate::catalog::args;
use crate::catalog::version;

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn describe_features(
    model: Option<&str>,
) -> Result<
    TableIterator<
        'static,
        (
            name!(feature, String),
            name!(label, String),
            name!(factor, String),
            name!(unit, String),
        ),
    >,
    ErrorReport,
> {
    let definition = catalog::load(args::required("model", model)?)?;
    let features = version::with_active(&definition, |_, scorer| {
        Ok(scorer.model().schema.features())
    })?;
    Ok(TableIterator::new(features.into_iter().map(|feature| {
        let unit = feature.unit.name().to_owned();
        (feature.name, feature.label, feature.factor, unit)
    })))
}
