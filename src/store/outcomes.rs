//! What came true of the profiles of past runs, from the events: counted when their windows have passed, and kept.

use pgrx::datum::{DatumWithOid, TimestampWithTimeZone};
use propensity::cutoff::Cutoff;
use propensity::judge::Judged;
use propensity::model::score::Bucket;
use propensity::time::Micros;

use super::scores::{ScoreRelation, Table, kept_as, profile_name, runs_of};
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

/// What came true of a run.
pub enum Came {
    /// Its window is not over.
    Open,
    /// Its scores are gone.
    NotKept,
    /// Its version predicted something else than what is asked of the events now.
    OtherGoal,
    /// Profiles and positives in the low, medium and high bucket; since when that is known, if it was counted before.
    True([(i64, i64); 3], Option<TimestampWithTimeZone>),
}

/// The probabilities of a run, by what came true of its profiles.
struct Split {
    /// Of each bucket: of the profiles whose outcome is positive, and of those whose is negative.
    buckets: [[Vec<f64>; 2]; 3],
}

impl Split {
    fn counts(&self) -> [(i64, i64); 3] {
        let of = |[positive, negative]: &[Vec<f64>; 2]| {
            (
                (positive.len() + negative.len()) as i64,
                positive.len() as i64,
            )
        };
        self.buckets.each_ref().map(of)
    }

    fn judged(&self, base_rate: f64) -> Result<Judged, Error> {
        let (mut probabilities, mut outcomes) = (Vec::new(), Vec::new());
        for (place, rows) in self
            .buckets
            .iter()
            .flat_map(|bucket| bucket.iter().enumerate())
        {
            probabilities.extend_from_slice(rows);
            outcomes.resize(probabilities.len(), place == 0);
        }
        Ok(Judged::new(&probabilities, &outcomes, base_rate)?)
    }
}

/// The probabilities of a run with what came true in its outcome window, which must be over.
///
/// # Errors
/// 55000 for a run that predicted another goal, is not kept, or whose window is open.
pub fn of_run(definition: &Definition, run: &PastRun) -> Result<Judged, Error> {
    split_one(definition, run)?.judged(run.base_rate)
}

/// The same before it is put together.
///
/// # Errors
/// Those of [`of_run`].
fn split_one(definition: &Definition, run: &PastRun) -> Result<Split, Error> {
    if judged::runs_of_another_goal(definition.id)?.contains(&run.id) {
        return Err(Error::RunOtherGoal {
            model: definition.name.clone(),
            run: run.id,
        });
    }
    let found = as_owner(definition, || {
        let outcomes = Outcomes::open(definition)?;
        let window = window(definition, run.as_of)?;
        let known_until = known_until(definition, &outcomes, window.outcome_until)?;
        gather::check_complete(definition, &window, known_until)?;
        let relation = ScoreRelation::find(definition)?;
        match relation.table() {
            Some(history) => split(definition, &outcomes, history, &window, run),
            None => Ok(None),
        }
    })?;
    match found {
        Some(split) => Ok(split),
        None => Err(Error::RunNotKept {
            model: definition.name.clone(),
            run: run.id,
            history: ScoreRelation::find(definition)?.history_display(),
        }),
    }
}

/// What came true of runs: as it was kept, or else as the events have it now.
pub fn of_runs(definition: &Definition, runs: &[PastRun]) -> Result<Vec<Came>, Error> {
    let kept = judged::counted(definition.id)?;
    let others = judged::runs_of_another_goal(definition.id)?;
    let found = |run: &PastRun| kept.iter().find(|counted| counted.run == run.id);
    let is_other = |run: &PastRun| others.contains(&run.id);
    let open: Vec<PastRun> = runs
        .iter()
        .filter(|run| found(run).is_none() && !is_other(run))
        .copied()
        .collect();
    let mut now = as_owner(definition, || of_runs_now(definition, &open))?.into_iter();
    let came = |run: &PastRun| match found(run) {
        _ if is_other(run) => Came::OtherGoal,
        Some(counted) => Came::True(counted.buckets, Some(counted.at)),
        None => now.next().unwrap_or(Came::NotKept),
    };
    Ok(runs.iter().map(came).collect())
}

/// What came true of runs by the events as they are now, as the owner.
fn of_runs_now(definition: &Definition, runs: &[PastRun]) -> Result<Vec<Came>, Error> {
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    let outcomes = Outcomes::open(definition)?;
    let relation = ScoreRelation::find(definition)?;
    let windows = windows(definition, runs)?;
    // By the clock the others are open, whatever the events say: no reason to look at all of them.
    let now = instant::now();
    let ended = windows.iter().map(|window| window.outcome_until);
    let last = ended.filter(|&end| end <= now).max();
    let known_until = known_until(definition, &outcomes, last.unwrap_or(Micros::MIN))?;
    let came = |(run, window): (&PastRun, &Cutoff)| {
        if window.outcome_until > known_until {
            return Ok(Came::Open);
        }
        let Some(history) = relation.table() else {
            return Ok(Came::NotKept);
        };
        let split = split(definition, &outcomes, history, window, run)?;
        Ok(split.map_or(Came::NotKept, |split| Came::True(split.counts(), None)))
    };
    runs.iter().zip(&windows).map(came).collect()
}

/// Counts what came true of the runs whose windows have passed and of which that is not known yet, and keeps it. Returns
/// the runs. Who knows the time of the `newest` event saves a look at all of them.
pub fn count(definition: &Definition, newest: Option<Micros>) -> Result<Vec<i64>, Error> {
    let kept = judged::counted(definition.id)?;
    let mut runs = judged::scoring_runs(definition.id)?;
    let others = judged::runs_of_another_goal(definition.id)?;
    runs.retain(|run| {
        kept.iter().all(|counted| counted.run != run.id) && !others.contains(&run.id)
    });
    let found = as_owner(definition, || split_past(definition, &runs, newest))?;
    found
        .into_iter()
        .map(|(run, split)| keep(definition, &run, &split))
        .collect()
}

/// Counts what came true of a run, whether that was known or not, and keeps it. Returns the run.
pub fn count_again(definition: &Definition, run: &PastRun) -> Result<i64, Error> {
    keep(definition, run, &split_one(definition, run)?)
}

fn keep(definition: &Definition, run: &PastRun, split: &Split) -> Result<i64, Error> {
    let judgement = split.judged(run.base_rate)?.encode_exact()?;
    judged::keep_counted(definition.id, run.id, split.counts(), &judgement)?;
    Ok(run.id)
}

/// Those of the runs whose windows have passed and whose scores are kept, as the owner.
fn split_past(
    definition: &Definition,
    runs: &[PastRun],
    newest: Option<Micros>,
) -> Result<Vec<(PastRun, Split)>, Error> {
    let relation = ScoreRelation::find(definition)?;
    let Some(history) = relation.table() else {
        return Ok(Vec::new());
    };
    let kept: Vec<i64> = runs_of(history.oid)?
        .into_iter()
        .map(|(run, _)| run)
        .collect();
    let mut runs = runs.to_vec();
    runs.retain(|run| kept.contains(&kept_as(run.id, run.published)));
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    let outcomes = Outcomes::open(definition)?;
    let windows = windows(definition, &runs)?;
    // Windows that end later are open still, whatever the events say.
    let first = windows.iter().map(|window| window.outcome_until).min();
    let known_until = match newest {
        Some(newest) => judged::newest_as_of(definition.id)?.map_or(newest, |run| run.max(newest)),
        None => known_until(definition, &outcomes, first.unwrap_or(Micros::MIN))?,
    };
    let mut found = Vec::new();
    for (run, window) in runs.iter().zip(&windows) {
        if window.outcome_until <= known_until {
            let split = split(definition, &outcomes, history, window, run)?;
            found.extend(split.map(|split| (*run, split)));
        }
    }
    Ok(found)
}

/// The windows of the model at the instants of runs.
fn windows(definition: &Definition, runs: &[PastRun]) -> Result<Vec<Cutoff>, Error> {
    let instants: Vec<Micros> = runs.iter().map(|run| run.as_of).collect();
    instant::windows(definition, &instants)
}

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
    let newest = jit::without(|| {
        sql::rows_once(&outcomes.newest(), &arguments, |row| {
            Ok(row
                .get::<TimestampWithTimeZone>(1)?
                .and_then(instant::to_micros))
        })
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

/// The probabilities of a run, by what came true; none if it has no rows any more.
fn split(
    definition: &Definition,
    outcomes: &Outcomes,
    history: &Table,
    window: &Cutoff,
    run: &PastRun,
) -> Result<Option<Split>, Error> {
    let found = outcomes.found(window.at)?;
    let query = format!(
        "SELECT h.bucket, (g.profile IS NOT NULL) = $3, pg_catalog.array_agg(h.probability) \
         FROM {} h LEFT JOIN ({}) g ON g.profile = h.{} WHERE h.run = $4 GROUP BY 1, 2",
        history.sql(),
        found.sql,
        quote(&profile_name(&Key::of(definition)?)),
    );
    let arguments = [
        argument(window.at),
        argument(window.outcome_until),
        found.positive.into(),
        kept_as(run.id, run.published).into(),
    ];
    let mut split = Split {
        buckets: Default::default(),
    };
    let rows = jit::without(|| {
        sql::rows_once(&query, &arguments, |row| {
            let bucket: String = not_null(row.get(1)?)?;
            let is_positive: bool = not_null(row.get(2)?)?;
            let rows: Vec<f64> = not_null(row.get(3)?)?;
            let place = Bucket::ALL.iter().position(|known| known.name() == bucket);
            if let Some(place) = place {
                split.buckets[place][usize::from(!is_positive)] = rows;
            }
            Ok(())
        })
    })?;
    Ok((!rows.is_empty()).then_some(split))
}
