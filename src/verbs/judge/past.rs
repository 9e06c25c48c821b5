//! Runs of the past: what was expected, what came true, and how profiles moved from one to another.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use propensity::judge::Figures;
use propensity::learn::metrics::wilson;
use propensity::model::score::Bucket;

use crate::catalog::judged::{self, PastRun, Scored, parsed};
use crate::catalog::{Definition, Turn, args, held, instant};
use crate::error::Error;
use crate::store::migration;
use crate::store::outcomes::{self, Came};

/// run, version, as_of, window_ends, bucket, profiles, expected, expected_rate, actual, actual_rate, low, high, state, counted_at
type Row = (
    i64,
    i32,
    TimestampWithTimeZone,
    TimestampWithTimeZone,
    String,
    i64,
    Option<f64>,
    Option<f64>,
    Option<i64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    String,
    Option<TimestampWithTimeZone>,
);

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn performance(
    model: Option<&str>,
) -> Result<
    TableIterator<
        'static,
        (
            name!(run, i64),
            name!(version, i32),
            name!(as_of, TimestampWithTimeZone),
            name!(window_ends, TimestampWithTimeZone),
            name!(bucket, String),
            name!(profiles, i64),
            name!(expected, Option<f64>),
            name!(expected_rate, Option<f64>),
            name!(actual, Option<i64>),
            name!(actual_rate, Option<f64>),
            name!(low, Option<f64>),
            name!(high, Option<f64>),
            name!(state, String),
            name!(counted_at, Option<TimestampWithTimeZone>),
        ),
    >,
    ErrorReport,
> {
    let model = args::required("model", model)?;
    let rows = held::for_reading(model, performed)?;
    Ok(TableIterator::new(rows))
}

fn performed(definition: &Definition) -> Result<Vec<Row>, Error> {
    let runs = judged::all_scored(definition.id)?;
    if runs.is_empty() {
        return Err(Error::NotScored {
            model: definition.name.clone(),
        });
    }
    let ends: Vec<_> = runs.iter().map(|run| run.as_of).collect();
    let windows = instant::windows(definition, &ends)?;
    let came = outcomes::of_runs(definition, &judged::scoring_runs(definition.id)?)?;
    let mut rows = Vec::new();
    for ((run, window), came) in runs.iter().zip(&windows).zip(came) {
        rows.extend(of_run(definition, run, window.outcome_until, &came)?);
    }
    Ok(rows)
}

/// The rows of a run, one for each bucket.
fn of_run(
    definition: &Definition,
    run: &Scored,
    window_ends: propensity::time::Micros,
    came: &Came,
) -> Result<Vec<Row>, Error> {
    let figures = run.figures.as_deref().map(parsed::<Figures>).transpose()?;
    let expected = figures.map(|figures| figures.buckets(definition.options.buckets));
    let (as_of, ends) = (
        instant::from_micros(run.as_of)?,
        instant::from_micros(window_ends)?,
    );
    let row = |(place, bucket): (usize, Bucket)| {
        let profiles = run.buckets[place];
        let expected = expected.map(|sums| sums[place].expected);
        let (state, found, counted_at) = match came {
            Came::Open => ("the window is open", None, None),
            Came::NotKept => ("the scores are not kept", None, None),
            Came::OtherGoal => ("the goal was another one", None, None),
            Came::True(buckets, at) => ("the window has passed", Some(buckets[place]), *at),
        };
        let rate = found
            .filter(|&(rows, _)| rows > 0)
            .map(|(rows, positives)| wilson(positives as usize, rows as usize));
        (
            run.id,
            run.version,
            as_of,
            ends,
            bucket.name().to_owned(),
            profiles,
            expected,
            expected
                .filter(|_| profiles > 0)
                .map(|expected| expected / profiles as f64),
            found.map(|(_, positives)| positives),
            rate.map(|rate| rate.value),
            rate.map(|rate| rate.low),
            rate.map(|rate| rate.high),
            state.to_owned(),
            counted_at,
        )
    };
    Ok(Bucket::ALL.into_iter().enumerate().map(row).collect())
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn count_outcomes(
    model: Option<&str>,
    run: default!(Option<i64>, "NULL"),
) -> Result<SetOfIterator<'static, i64>, ErrorReport> {
    crate::catalog::refuse_read_only(c"customer_ai.count_outcomes()");
    let model = args::required("model", model)?;
    let counted = held::for_writing(model, Turn::Scores, |definition| match run {
        Some(run) => {
            let run = known(definition, run)?;
            Ok(vec![outcomes::count_again(definition, &run)?])
        }
        None => outcomes::count(definition, None),
    })?;
    Ok(SetOfIterator::new(counted))
}

/// The scoring run of that number.
fn known(definition: &Definition, run: i64) -> Result<PastRun, Error> {
    let runs = judged::scoring_runs(definition.id)?;
    let found = runs.iter().find(|known| known.id == run).copied();
    found.ok_or_else(|| Error::UnknownRun {
        model: definition.name.clone(),
        run,
        runs: runs.iter().map(|run| run.id).collect(),
    })
}

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn migration(
    model: Option<&str>,
    from_run: default!(Option<i64>, "NULL"),
    to_run: default!(Option<i64>, "NULL"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(from_bucket, Option<String>),
            name!(to_bucket, Option<String>),
            name!(profiles, i64),
            name!(share, Option<f64>),
            name!(from_run, i64),
            name!(to_run, i64),
        ),
    >,
    ErrorReport,
> {
    let model = args::required("model", model)?;
    let definition = crate::catalog::load(model)?;
    let (from, to) = both(&definition, from_run, to_run)?;
    let counts = migration::between(&definition, from, to)?;
    let all: i64 = counts.iter().map(|(_, _, profiles)| profiles).sum();
    let rows = counts.into_iter().map(move |(before, now, profiles)| {
        let share = (all > 0).then(|| profiles as f64 / all as f64);
        (before, now, profiles, share, from, to)
    });
    Ok(TableIterator::new(rows))
}

/// Two runs of a model: unless they are given, the newest and the one before it.
fn both(definition: &Definition, from: Option<i64>, to: Option<i64>) -> Result<(i64, i64), Error> {
    let runs = judged::scoring_runs(definition.id)?;
    let ids: Vec<i64> = runs.iter().map(|run| run.id).collect();
    let unknown = |run: i64| Error::UnknownRun {
        model: definition.name.clone(),
        run,
        runs: ids.clone(),
    };
    if let Some(&run) = [from, to].iter().flatten().find(|run| !ids.contains(run)) {
        return Err(unknown(run));
    }
    let shown: Vec<i64> = runs
        .iter()
        .filter(|run| run.published)
        .map(|run| run.id)
        .collect();
    let newest = to.or(shown.last().copied());
    let to = newest.ok_or_else(|| Error::NotScored {
        model: definition.name.clone(),
    })?;
    let before = shown.iter().rev().find(|&&run| run < to).copied();
    match from.or(before) {
        Some(from) => Ok((from, to)),
        None => Err(Error::OneRun {
            model: definition.name.clone(),
            run: to,
        }),
    }
}
