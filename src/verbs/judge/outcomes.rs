//! What came true of the profiles of a past run, from the events.

use pgrx::datum::{DatumWithOid, TimestampWithTimeZone};
use propensity::cutoff::Cutoff;
use propensity::judge::Judged;
use propensity::time::Micros;

use crate::catalog::judged::{self, PastRun};
use crate::catalog::owner::as_owner;
use crate::catalog::{self, Definition, instant};
use crate::error::{Error, not_null};
use crate::feed::gather;
use crate::feed::stream::Key;
use crate::pg::jit;
use crate::pg::relation::quote;
use crate::pg::sql;
use crate::source::outcomes::Outcomes;
use crate::verbs::score::{ScoreRelation, profile_name};

/// The probabilities of a run with what came true in its outcome window, which must be over.
pub fn of_run(definition: &Definition, run: &PastRun) -> Result<Judged, Error> {
    let [positive, negative] = as_owner(definition, || {
        let outcomes = Outcomes::open(definition)?;
        let window = window(definition, run.as_of)?;
        let known_until = known_until(definition, &outcomes, window.outcome_until)?;
        gather::check_complete(definition, &window, known_until)?;
        probabilities(definition, &outcomes, &window, run.id)
    })?;
    if positive.is_empty() && negative.is_empty() {
        return Err(Error::RunNotKept {
            model: definition.name.clone(),
            run: run.id,
            history: ScoreRelation::find(definition)?.history_display(),
        });
    }
    let outcomes: Vec<bool> = positive
        .iter()
        .map(|_| true)
        .chain(negative.iter().map(|_| false))
        .collect();
    let probabilities = [positive, negative].concat();
    Ok(Judged::new(&probabilities, &outcomes, run.base_rate)?)
}

/// The windows of the model at an instant.
fn window(definition: &Definition, at: Micros) -> Result<Cutoff, Error> {
    let windows = instant::windows(definition, &[at])?;
    windows
        .into_iter()
        .next()
        .ok_or(Error::Internal("an instant has no windows"))
}

/// Until when events are known: what a run looked back from, or the newest event. Looks no further than is asked.
fn known_until(
    definition: &Definition,
    outcomes: &Outcomes,
    required: Micros,
) -> Result<Micros, Error> {
    let by_runs = judged::newest_as_of(definition.id)?.unwrap_or(Micros::MIN);
    if by_runs >= required {
        return Ok(by_runs);
    }
    let behind = catalog::events_behind(definition.id)?;
    let behind = behind.unwrap_or((Micros::MAX, Micros::MAX));
    let arguments = [instant::now(), behind.0, behind.1].map(argument);
    let newest = sql::rows_once(&outcomes.newest(), &arguments, |row| {
        Ok(row
            .get::<TimestampWithTimeZone>(1)?
            .and_then(instant::to_micros))
    })?;
    let newest = newest.into_iter().flatten().next();
    Ok(newest.unwrap_or(Micros::MIN).max(by_runs))
}

/// An instant as an argument of a query; what is later than any is infinite.
fn argument<'a>(at: Micros) -> DatumWithOid<'a> {
    instant::from_micros(at)
        .unwrap_or_else(|_| TimestampWithTimeZone::positive_infinity())
        .into()
}

/// The probabilities of a run of the profiles whose outcome is positive, and of those whose is negative.
fn probabilities(
    definition: &Definition,
    outcomes: &Outcomes,
    window: &Cutoff,
    run: i64,
) -> Result<[Vec<f64>; 2], Error> {
    let relation = ScoreRelation::find(definition)?;
    let Some(history) = relation.table() else {
        return Ok([Vec::new(), Vec::new()]);
    };
    let found = outcomes.found(window.at)?;
    let query = format!(
        "SELECT pg_catalog.array_agg(s.probability) FILTER (WHERE s.positive), \
         pg_catalog.array_agg(s.probability) FILTER (WHERE NOT s.positive) \
         FROM (SELECT h.probability, (g.profile IS NOT NULL) = $3 AS positive \
         FROM {} h LEFT JOIN ({}) g ON g.profile = h.{} WHERE h.run = $4) s",
        history.sql(),
        found.sql,
        quote(&profile_name(&Key::of(definition)?)),
    );
    let arguments = [
        argument(window.at),
        argument(window.outcome_until),
        found.positive.into(),
        run.into(),
    ];
    let rows = jit::without(|| {
        sql::rows_once(&query, &arguments, |row| {
            let of = |place| Ok::<_, Error>(row.get::<Vec<f64>>(place)?.unwrap_or_default());
            Ok([of(1)?, of(2)?])
        })
    })?;
    not_null(rows.into_iter().next())
}
