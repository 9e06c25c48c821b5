//! check_model: is the data good enough? In plain words, one row per question; nothing is written.

mod overlap;
mod placeholder;
mod unused;

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use propensity::fit::FEWEST;
use propensity::fit::hold_out::CutoffRows;
use propensity::time;

use crate::catalog::Definition;
use crate::catalog::args;
use crate::catalog::held;
use crate::catalog::instant;
use crate::catalog::owner::as_owner;
use crate::error::Error;
use crate::feed::gather::{self, Profiles, TrainingSet};
use crate::feed::span;
use crate::pg::memory::GiveBack;
use crate::pg::progress::{self, Phase, Verb};
use crate::source::{self, updates};

/// With this many rows of each class, nothing has to be simplified (docs/method.md 6).
const ENOUGH: usize = 500;

/// check, required, actual, ok, hint
type Row = (String, String, String, bool, Option<String>);

#[pg_extern(stable, parallel_restricted)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn check_model(
    model: Option<&str>,
) -> Result<
    TableIterator<
        'static,
        (
            name!(check, String),
            name!(required, String),
            name!(actual, String),
            name!(ok, bool),
            name!(hint, Option<String>),
        ),
    >,
    ErrorReport,
> {
    let _memory = GiveBack::new();
    let rows = held::for_reading(args::required("model", model)?, |definition| {
        let _shown = progress::begin(definition.id, &definition.name, Verb::Check);
        progress::phase(Phase::Reading, source::rows_of(definition)?);
        as_owner(definition, || examine(definition))
    })?;
    Ok(TableIterator::new(rows))
}

fn row(check: &str, required: String, actual: String, ok: bool, hint: &str) -> Row {
    (
        check.to_owned(),
        required,
        actual,
        ok,
        (!ok).then(|| hint.to_owned()),
    )
}

fn examine(definition: &Definition) -> Result<Vec<Row>, Error> {
    match gather::gather(definition, None, None, None) {
        Ok(mut gathered) => {
            let all = gathered.cutoffs.len();
            gathered.keep_newest(gathered.wanted(definition));
            let mut rows = answers(definition, &gathered, all)?;
            rows.extend(placeholder::rows(&mut gathered)?);
            rows.extend(unused::rows(definition, &mut gathered)?);
            rows.extend(updated(definition)?);
            Ok(rows)
        }
        Err(Error::NoEvents {
            future, skipped, ..
        }) => Ok(vec![row(
            "events",
            "at least 1 up to now".to_owned(),
            format!("0 ({future} in the future, {skipped} without profile or time)"),
            false,
            "Load events, or check the profile and time columns.",
        )]),
        Err(Error::TooLittleHistory {
            found,
            required,
            apart: far,
            ..
        }) => Ok(vec![history(found, required), apart(far)]),
        Err(error) => Err(error),
    }
}

fn history(found: f64, required: f64) -> Row {
    row(
        "history",
        format!("{required:.0} days (eligible window, at least 30 days, and outcome window)"),
        format!("{found:.0} days"),
        found >= required,
        "Load older events, or use a shorter outcome window.",
    )
}

/// The cutoffs are those that are trained at, the newest of `all` that there are.
fn answers(definition: &Definition, gathered: &TrainingSet, all: usize) -> Result<Vec<Row>, Error> {
    let counts = &gathered.counts;
    let stream = &gathered.stream;
    let window = definition.outcome_window.in_days();
    let eligible = definition.eligible_window.unwrap_or_default().in_days();
    let mut rows = vec![
        row(
            "events",
            "at least 1 up to now".to_owned(),
            stream.summary().counts.events.to_string(),
            true,
            "",
        ),
        history(
            time::days_between(gathered.span.first, gathered.as_of),
            eligible.max(30.0) + window,
        ),
        apart(span::apart(&gathered.span)),
        freshness(gathered, window),
        row(
            "cutoffs",
            "at least 2, to hold out the newest".to_owned(),
            cutoffs(gathered, all)?,
            gathered.cutoffs.len() >= 2,
            "Load older events: with one cutoff a quarter of the profiles is held out instead.",
        ),
    ];
    rows.extend(classes(counts, &definition.outcome_window.words()));
    rows.extend(goal_met(definition, gathered)?);
    rows.push(comes_back(gathered));
    rows.extend(overlap::rows(definition)?);
    rows.extend(base_rate(counts));
    rows.extend(left_out(gathered));
    Ok(rows)
}

/// Whether events lie far from the others, by a wrong clock or a wrong time column.
fn apart(found: Option<String>) -> Row {
    row(
        "events apart from the others",
        "none".to_owned(),
        found.as_deref().unwrap_or("none").to_owned(),
        found.is_none(),
        "They say neither how far back the events reach nor what a run is as of. Correct or delete them if their times are wrong; give an as_of if they are right.",
    )
}

/// "12 from 2024-06-01 00:00:00+00 to 2025-05-01 00:00:00+00", or "the newest 4 of 12 from ...".
fn cutoffs(gathered: &TrainingSet, all: usize) -> Result<String, Error> {
    let used = gathered.cutoffs.len();
    let count = if used < all {
        format!("the newest {used} of {all}")
    } else {
        used.to_string()
    };
    let (Some(first), Some(last)) = (gathered.cutoffs.first(), gathered.cutoffs.last()) else {
        return Ok(count);
    };
    let (first, last) = (
        instant::from_micros(first.at)?,
        instant::from_micros(last.at)?,
    );
    Ok(format!("{count} from {first} to {last}"))
}

fn freshness(gathered: &TrainingSet, window: f64) -> Row {
    let age = time::days_between(gathered.span.last, instant::now());
    row(
        "freshness",
        format!("newest event at most {window:.0} days old"),
        format!("{age:.0} days"),
        age <= window,
        "Predictions are made as of the newest event; load newer events to predict from now.",
    )
}

/// What there is of a goal that nobody meets, or everybody.
fn goal_met(definition: &Definition, gathered: &TrainingSet) -> Result<Option<Row>, Error> {
    match gathered.refuse_one_class(definition) {
        Ok(()) => Ok(None),
        Err(Error::OneClass { goal, window, .. }) => Ok(Some(row(
            "goal",
            format!("met by some and not by others in the {window} after a cutoff"),
            goal,
            false,
            "Change the goal or the outcome window.",
        ))),
        Err(error) => Err(error),
    }
}

/// Whether profiles come back: of who has one event only nothing can be learned.
fn comes_back(gathered: &TrainingSet) -> Row {
    let Profiles { all, singles } = gathered.profiles;
    row(
        "profiles with more than one event",
        "more than 1 in 20".to_owned(),
        format!("{} of {all}", all - singles),
        !gathered.profiles.come_once(),
        "Check profile_column: it may name the event and not who comes back.",
    )
}

fn classes(counts: &[CutoffRows], window: &str) -> Vec<Row> {
    let total: usize = counts.iter().map(|count| count.rows).sum();
    let positives: usize = counts.iter().map(|count| count.positives).sum();
    let newest = counts.last().map_or(0, |count| count.rows);
    let class = |name: &str, found: usize, hint: &str| {
        row(
            name,
            format!("{FEWEST} (better {ENOUGH})"),
            found.to_string(),
            found >= FEWEST,
            hint,
        )
    };
    vec![
        row(
            "eligible profiles at the newest cutoff",
            "at least 1".to_owned(),
            newest.to_string(),
            newest > 0,
            "Widen the eligible condition or its window.",
        ),
        class(
            "positive examples",
            positives,
            &format!(
                "Use a longer outcome window than {window} or a more frequent goal, or load older events."
            ),
        ),
        class(
            "negative examples",
            total - positives,
            &format!(
                "Use a shorter outcome window than {window} or a rarer goal: nearly everybody meets this one."
            ),
        ),
    ]
}

/// A line for each table whose rows are updated.
fn updated(definition: &Definition) -> Result<Vec<Row>, Error> {
    let found = updates::find(definition)?;
    let line = |table: &updates::Updated| {
        row(
            &format!("updated rows of \"{}\"", table.table),
            "fewer than 1 in 100, as values of today are used at every cutoff".to_owned(),
            format!("{} updates of {} rows", table.updates, table.rows),
            false,
            updates::HINT,
        )
    };
    Ok(found.iter().map(line).collect())
}

/// Whether the base rate holds still between cutoffs (docs/method.md 5).
fn base_rate(counts: &[CutoffRows]) -> Option<Row> {
    let rates = counts.iter().filter(|count| count.rows >= 100);
    let rates: Vec<f64> = rates
        .map(|count| count.positives as f64 / count.rows as f64)
        .collect();
    let low = rates.iter().copied().reduce(f64::min)?;
    let high = rates.iter().copied().reduce(f64::max)?;
    // Of what is rare a tenth of a percent says nothing.
    let decimals = if high < 0.01 { 3 } else { 1 };
    Some(row(
        "base rate between cutoffs",
        "differs at most 1.5 times".to_owned(),
        format!(
            "{:.decimals$} % to {:.decimals$} %",
            100.0 * low,
            100.0 * high
        ),
        high <= 1.5 * low,
        "Ranking is little affected, but probabilities may be off: compare expected and actual rates.",
    ))
}

fn left_out(gathered: &TrainingSet) -> Vec<Row> {
    let counts = &gathered.stream.summary().counts;
    let none = |check: &str, found: u64, hint: &str| {
        row(check, "0".to_owned(), found.to_string(), found == 0, hint)
    };
    vec![
        none(
            "rows without a profile",
            counts.null_profile,
            "They are left out.",
        ),
        none(
            "rows without a time",
            counts.no_time,
            "They are left out: their time is NULL or infinite.",
        ),
        none(
            "events in the future",
            counts.future,
            "They are left out until their time comes.",
        ),
        none(
            "values that are not finite",
            counts.not_finite,
            "They are taken as missing.",
        ),
    ]
}
