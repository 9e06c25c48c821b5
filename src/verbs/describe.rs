//! describe_features: what the columns of the matrix are called, in words, and what there are none of.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use propensity::features::schema::LeftOut;

use crate::catalog;
use crate::catalog::args;
use crate::catalog::version;

/// A row: the name, label, factor and unit of a feature; or what is left out, and why.
type Row = (
    String,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
);

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
            name!(factor, Option<String>),
            name!(unit, Option<String>),
            name!(left_out, Option<String>),
        ),
    >,
    ErrorReport,
> {
    let definition = catalog::load(args::required("model", model)?)?;
    let features = version::with_active(&definition, |_, scorer| {
        Ok(scorer.factors().words().to_vec())
    })?;
    let left_out = version::left_out(&definition)?;
    let features = features.into_iter().map(|feature| {
        let (factor, unit) = (feature.factor, feature.unit.name().to_owned());
        (feature.name, feature.label, Some(factor), Some(unit), None)
    });
    Ok(TableIterator::new(features.chain(reasons(left_out))))
}

/// What there are no features of, and why.
fn reasons(left_out: LeftOut) -> impl Iterator<Item = Row> {
    const LEAST: &str = "others tell more";
    let row =
        |name: String, label: String, why: &str| (name, label, None, None, Some(why.to_owned()));
    let number = |name: &String| format!("number {name}");
    let mut rows: Vec<Row> = Vec::new();
    for column in left_out.columns {
        let why = format!("nothing is made of type {}", column.sql_type);
        rows.push(row(
            column.name.clone(),
            format!("column {}", column.name),
            &why,
        ));
    }
    for name in left_out.identifiers {
        let label = number(&name);
        rows.push(row(name, label, "an identifier by what it holds"));
    }
    for name in left_out.numbers {
        let label = number(&name);
        rows.push(row(name, label, LEAST));
    }
    for name in left_out.pairs {
        let label = format!("{} of one event type", number(&name));
        rows.push(row(name, label, LEAST));
    }
    for name in left_out.types {
        let label = format!("event type {name}");
        rows.push(row(
            name,
            label,
            "others tell more; it counts with the rest",
        ));
    }
    rows.into_iter()
}
