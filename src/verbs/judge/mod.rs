//! How good a model is, as data for tables and charts: of the rows held out of a training, or of a past run.

mod past;
mod profile;
mod run;
pub mod subject;
mod version;

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use propensity::judge::Stakes;

use crate::catalog::args;
use crate::error::Error;
use subject::Subject;

/// What a call asks about.
fn subject(model: Option<&str>, version: Option<i32>, run: Option<i64>) -> Result<Subject, Error> {
    subject::find(args::required("model", model)?, version, run)
}

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn evaluate(
    model: Option<&str>,
    version: default!(Option<i32>, "NULL"),
    run: default!(Option<i64>, "NULL"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(metric, String),
            name!(value, f64),
            name!(low, Option<f64>),
            name!(high, Option<f64>),
            name!(judged_on, String),
        ),
    >,
    ErrorReport,
> {
    let Subject { judged, on, rules } = subject(model, version, run)?;
    let measures = judged.evaluate().map_err(Error::from)?;
    Ok(TableIterator::new(measures.into_iter().chain(rules).map(
        move |measure| {
            let (low, high) = measure.ends.unzip();
            let metric = measure.metric.to_owned();
            (metric, measure.value, low, high, on.clone())
        },
    )))
}

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn gains(
    model: Option<&str>,
    version: default!(Option<i32>, "NULL"),
    run: default!(Option<i64>, "NULL"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(tenth, i32),
            name!(profiles, i64),
            name!(expected, f64),
            name!(positives, i64),
            name!(rate, Option<f64>),
            name!(lift, Option<f64>),
            name!(captured, Option<f64>),
            name!(judged_on, String),
        ),
    >,
    ErrorReport,
> {
    let Subject { judged, on, .. } = subject(model, version, run)?;
    let tenths = judged.gains().into_iter().map(move |tenth| {
        (
            tenth.tenth as i32,
            tenth.profiles as i64,
            tenth.expected,
            tenth.positives as i64,
            tenth.rate,
            tenth.lift,
            tenth.captured,
            on.clone(),
        )
    });
    Ok(TableIterator::new(tenths))
}

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn roc(
    model: Option<&str>,
    version: default!(Option<i32>, "NULL"),
    run: default!(Option<i64>, "NULL"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(probability, Option<f64>),
            name!(false_positive_rate, f64),
            name!(true_positive_rate, f64),
            name!(judged_on, String),
        ),
    >,
    ErrorReport,
> {
    let Subject { judged, on, .. } = subject(model, version, run)?;
    let points = judged.roc().into_iter().map(move |point| {
        (
            point.probability,
            point.false_positive_rate,
            point.true_positive_rate,
            on.clone(),
        )
    });
    Ok(TableIterator::new(points))
}

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn calibration(
    model: Option<&str>,
    version: default!(Option<i32>, "NULL"),
    run: default!(Option<i64>, "NULL"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(bin, i32),
            name!(profiles, i64),
            name!(from_probability, f64),
            name!(to_probability, f64),
            name!(expected, f64),
            name!(actual, f64),
            name!(low, f64),
            name!(high, f64),
            name!(judged_on, String),
        ),
    >,
    ErrorReport,
> {
    let Subject { judged, on, .. } = subject(model, version, run)?;
    let bins = judged.calibration().into_iter().map(move |bin| {
        (
            bin.bin as i32,
            bin.profiles as i64,
            bin.between.0,
            bin.between.1,
            bin.expected,
            bin.actual.value,
            bin.actual.low,
            bin.actual.high,
            on.clone(),
        )
    });
    Ok(TableIterator::new(bins))
}

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn thresholds(
    model: Option<&str>,
    version: default!(Option<i32>, "NULL"),
    run: default!(Option<i64>, "NULL"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(score, i16),
            name!(profiles, i64),
            name!(reach, f64),
            name!(positives, i64),
            name!(captured, Option<f64>),
            name!(precision, Option<f64>),
            name!(wasted, i64),
            name!(judged_on, String),
        ),
    >,
    ErrorReport,
> {
    let Subject { judged, on, .. } = subject(model, version, run)?;
    let thresholds = judged.thresholds().into_iter().map(move |threshold| {
        (
            threshold.score,
            threshold.profiles as i64,
            threshold.reach,
            threshold.positives as i64,
            threshold.captured,
            threshold.precision,
            threshold.wasted() as i64,
            on.clone(),
        )
    });
    Ok(TableIterator::new(thresholds))
}

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn best_threshold(
    model: Option<&str>,
    cost: Option<f64>,
    gain: Option<f64>,
    version: default!(Option<i32>, "NULL"),
    run: default!(Option<i64>, "NULL"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(score, Option<i16>),
            name!(break_even, f64),
            name!(profiles, i64),
            name!(reach, f64),
            name!(positives, i64),
            name!(captured, Option<f64>),
            name!(precision, Option<f64>),
            name!(wasted, i64),
            name!(profit, f64),
            name!(profit_of_all, f64),
            name!(judged_on, String),
        ),
    >,
    ErrorReport,
> {
    let stakes = Stakes {
        cost: amount("cost", cost, 0.0)?,
        gain: amount("gain", gain, f64::MIN_POSITIVE)?,
    };
    let Subject { judged, on, .. } = subject(model, version, run)?;
    let best = judged.best_threshold(stakes);
    let all = judged.thresholds().first().copied();
    let profit = best.map_or(0.0, |best| stakes.profit(&best));
    let row = (
        best.map(|best| best.score),
        stakes.break_even(),
        best.map_or(0, |best| best.profiles as i64),
        best.map_or(0.0, |best| best.reach),
        best.map_or(0, |best| best.positives as i64),
        best.map_or(Some(0.0), |best| best.captured),
        best.and_then(|best| best.precision),
        best.map_or(0, |best| best.wasted() as i64),
        profit,
        all.map_or(0.0, |all| stakes.profit(&all)),
        on,
    );
    Ok(TableIterator::once(row))
}

/// What something costs or brings: a finite number, at least so much.
fn amount(argument: &'static str, given: Option<f64>, least: f64) -> Result<f64, Error> {
    let amount = args::required(argument, given)?;
    if amount.is_finite() && amount >= least {
        return Ok(amount);
    }
    let required = if least > 0.0 {
        "a number above zero"
    } else {
        "a number, not below zero"
    };
    Err(Error::Argument {
        argument,
        found: amount.to_string(),
        required: required.to_owned(),
        hint: "Give in one currency what reaching a profile costs and what a positive outcome brings: cost => 0.5, gain => 20.".to_owned(),
    })
}
