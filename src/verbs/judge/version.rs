//! What a training found out: which factors count, which are suspected of telling the outcome, and how far what is scored now
//! is from it.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use propensity::fit::Warning;
use propensity::judge::{Distribution, drift};
use propensity::model::factor::Importance;

use super::run::charted;
use crate::catalog::judged::{self, parsed};
use crate::catalog::version::{calling, unknown_version, version_of};
use crate::catalog::{self, Definition, args};
use crate::error::Error;

/// A part of the report of a version, as JSON.
fn report(
    definition: &Definition,
    version: Option<i32>,
    part: &'static str,
) -> Result<(i32, String), Error> {
    let version = version_of(definition, version)?;
    match judged::report(definition.id, version, part)? {
        Some(report) => Ok((version, report)),
        None => Err(unknown_version(definition, version)?),
    }
}

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn importance(
    model: Option<&str>,
    version: default!(Option<i32>, "NULL"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(rank, i32),
            name!(factor, String),
            name!(mean_absolute_impact, f64),
            name!(share, Option<f64>),
            name!(version, i32),
        ),
    >,
    ErrorReport,
> {
    let definition = catalog::load(args::required("model", model)?)?;
    let (version, report) = report(&definition, version, "importance")?;
    let factors: Vec<Importance> = parsed(&report)?;
    let calling = calling(&definition, version)?;
    let all: f64 = factors
        .iter()
        .map(|factor| factor.mean_absolute_impact)
        .sum();
    let rows = factors.into_iter().enumerate().map(move |(rank, found)| {
        let size = found.mean_absolute_impact;
        let share = (all > 0.0).then(|| size / all);
        let factor = calling.factor(found.factor);
        (rank as i32 + 1, factor, size, share, version)
    });
    Ok(TableIterator::new(rows))
}

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn leaks(
    model: Option<&str>,
    version: default!(Option<i32>, "NULL"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(factor, String),
            name!(feature, String),
            name!(auc, f64),
            name!(next_auc, f64),
            name!(warning, String),
            name!(version, i32),
        ),
    >,
    ErrorReport,
> {
    let definition = catalog::load(args::required("model", model)?)?;
    let (version, report) = report(&definition, version, "warnings")?;
    let calling = calling(&definition, version)?;
    let warnings: Vec<serde_json::Value> = parsed(&report)?;
    // Warnings that this program does not know are none of leaks.
    let known = warnings
        .into_iter()
        .filter_map(|warning| serde_json::from_value(warning).ok());
    let rows = known.filter_map(move |warning: Warning| {
        let sentence = warning.to_string();
        match warning {
            Warning::SuspectedLeak {
                feature,
                factor,
                auc,
                next_auc,
            } => Some((
                calling.factor(factor),
                calling.label(feature),
                auc,
                next_auc,
                sentence,
                version,
            )),
            _ => None,
        }
    });
    Ok(TableIterator::new(rows.collect::<Vec<_>>()))
}

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn drift(
    model: Option<&str>,
    run: default!(Option<i64>, "NULL"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(kind, String),
            name!(name, String),
            name!(stability_index, Option<f64>),
            name!(level, String),
            name!(warning, Option<String>),
            name!(training_rows, i64),
            name!(profiles, i64),
            name!(version, i32),
            name!(run, i64),
        ),
    >,
    ErrorReport,
> {
    let definition = catalog::load(args::required("model", model)?)?;
    let charted = charted(&definition, run)?;
    let version = charted.run.version;
    let Some(training) = judged::distribution(definition.id, version)? else {
        Err(unknown_version(&definition, version)?)?
    };
    let training: Distribution = parsed(&training)?;
    let calling = calling(&definition, version)?;
    let rows = training.scores.iter().sum::<u64>();
    let profiles = charted.figures.all().profiles;
    let found = drift::drift(&training, &charted.figures);
    let rows = found.into_iter().map(move |found| {
        let kind = if found.factor.is_some() {
            "factor"
        } else {
            "score"
        };
        let name = found
            .factor
            .map_or_else(|| "score".to_owned(), |factor| calling.factor(factor));
        let index = found.index;
        let (level, warning) = judged_drift(&name, index);
        (
            kind.to_owned(),
            name,
            index,
            level.to_owned(),
            warning,
            rows as i64,
            profiles as i64,
            version,
            charted.run.id,
        )
    });
    Ok(TableIterator::new(rows))
}

/// What a stability index means, and what there is to be warned of.
fn judged_drift(name: &str, index: Option<f64>) -> (&'static str, Option<String>) {
    match index {
        None => ("unknown", None),
        Some(index) if index < drift::SHIFTED => ("stable", None),
        Some(index) if index < drift::DRIFTED => ("shifted", None),
        Some(index) => {
            let warning = format!(
                "\"{name}\" is far from what the version learned from (stability index {index:.2}, above {}): look at the data, and train again if it is right",
                drift::DRIFTED
            );
            ("drifted", Some(warning))
        }
    }
}
