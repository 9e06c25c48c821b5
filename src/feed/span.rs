//! When the events of a model are, in words: which few lie apart from the others.

use propensity::event::counts::ReadCounts;
use propensity::event::spread::{Span, Spread, Stretch};
use propensity::time::{self, DAY, Micros};

use crate::catalog::Definition;
use crate::catalog::instant;
use crate::error::Error;

/// When the bulk of the events is: none of it is further from the rest than the outcome window is long, and hardly any
/// event is left out.
pub fn of(definition: &Definition, spread: &Spread) -> Result<Span, Error> {
    let window = definition.outcome_window.in_days();
    Ok(spread.span((window * DAY as f64) as Micros))
}

/// The events that lie apart, each of the two ends in a clause; nothing if there are none.
pub fn apart(span: &Span) -> Option<String> {
    let before = span
        .before
        .map(|apart| (apart, "before", apart.last, span.first));
    let behind = span
        .behind
        .map(|apart| (apart, "after", span.last, apart.first));
    let clauses = [before, behind].into_iter().flatten();
    let clauses = clauses.map(|(apart, side, from, to)| {
        let distance = distance(time::days_between(from, to));
        format!("{} {distance} {side} the others", events(&apart))
    });
    clauses.reduce(|clauses, clause| format!("{clauses}; {clause}"))
}

/// How many events there are, and when.
fn events(apart: &Stretch) -> String {
    let (first, last) = (instant::text(apart.first), instant::text(apart.last));
    match apart.events {
        1 => format!("1 event at {first} lies"),
        events if apart.first == apart.last => format!("{events} events at {first} lie"),
        events => format!("{events} events from {first} to {last} lie"),
    }
}

fn distance(days: f64) -> String {
    const YEAR: f64 = 365.25;
    if days < 2.0 * YEAR {
        format!("{days:.0} days")
    } else {
        format!("{:.0} years", (days / YEAR).floor())
    }
}

/// The events that lie behind the others as part of a run's detail, for predictions to know.
pub fn behind(span: Option<&Span>) -> serde_json::Value {
    let behind = span.and_then(|span| span.behind);
    serde_json::json!(behind.map(|apart| (apart.first, apart.last)))
}

/// The error when everything was left out; `newest` is the time of the newest event, if that is known.
pub fn no_events(definition: &Definition, counts: &ReadCounts, newest: Option<Micros>) -> Error {
    Error::NoEvents {
        model: definition.name.clone(),
        future: counts.future,
        skipped: counts.null_profile + counts.no_time,
        newest: newest.and_then(|newest| Some(instant::from_micros(newest).ok()?.to_string())),
    }
}
