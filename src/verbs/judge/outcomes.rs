//! What came true of the profiles of a past run, from the events.

use pgrx::datum::{DatumWithOid, TimestampWithTimeZone};
use propensity::cutoff::Cutoff;
use propensity::judge::Judged;
use propensity::model::score::Bucket;
use propensity::time::Micros;

use super::run::ALL;
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
use crate::store::scores::{ScoreRelation, Table, kept_as, profile_name, runs_of};

/// The probabilities of a run with what came true in its outcome window, which must be over.
///
/// # Errors
/// 55000 for a run that predicted another goal, is not kept, or whose window is open.
pub fn of_run(definition: &Definition, run: &PastRun) -> Result<Judged, Error> {
    if judged::runs_of_another_goal(definition.id)?.contains(&run.id) {
        return Err(Error::RunOtherGoal {
            model: definition.name.clone(),
            run: run.id,
        });
    }
    let [positive, negative] = as_owner(definition, || {
        let outcomes = Outcomes::open(definition)?;
        let window = window(definition, run.as_of)?;
        let known_until = known_until(definition, &outcomes, window.outcome_until)?;
        gather::check_complete(definition, &window, known_until)?;
        probabilities(
            definition,
            &outcomes,
            &window,
            kept_as(run.id, run.published),
        )
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

/// What came true of a run.
pub enum Came {
    /// Its window is not over.
    Open,
    /// Its scores are gone.
    NotKept,
    /// Its version predicted something else than what is asked of the events now.
    OtherGoal,
    /// Profiles and positives in the low, medium and high bucket.
    True([(i64, i64); 3]),
}

/// What came true of runs with their windows, as the owner.
pub fn of_runs(
    definition: &Definition,
    runs: &[i64],
    windows: &[Cutoff],
) -> Result<Vec<Came>, Error> {
    let outcomes = Outcomes::open(definition)?;
    let relation = ScoreRelation::find(definition)?;
    let kept = match relation.table() {
        Some(history) => runs_of(history.oid)?
            .into_iter()
            .map(|(run, _)| run)
            .collect(),
        None => Vec::new(),
    };
    let last = windows.iter().map(|window| window.outcome_until).max();
    let known_until = match last {
        Some(last) => known_until(definition, &outcomes, last)?,
        None => Micros::MIN,
    };
    let came = |(&run, window): (&i64, &Cutoff)| {
        if window.outcome_until > known_until {
            return Ok(Came::Open);
        }
        match relation.table().filter(|_| kept.contains(&run)) {
            Some(history) => by_bucket(definition, &outcomes, history, window, run),
            None => Ok(Came::NotKept),
        }
    };
    runs.iter().zip(windows).map(came).collect()
}

/// What came true of a run, by bucket.
fn by_bucket(
    definition: &Definition,
    outcomes: &Outcomes,
    history: &Table,
    window: &Cutoff,
    run: i64,
) -> Result<Came, Error> {
    let found = outcomes.found(window.at)?;
    let query = format!(
        "SELECT h.bucket, pg_catalog.count(*), \
         pg_catalog.count(*) FILTER (WHERE (g.profile IS NOT NULL) = $3) \
         FROM {} h LEFT JOIN ({}) g ON g.profile = h.{} WHERE h.run = $4 GROUP BY h.bucket",
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
            let bucket: String = not_null(row.get(1)?)?;
            let counts: (i64, i64) = (not_null(row.get(2)?)?, not_null(row.get(3)?)?);
            Ok((bucket, counts))
        })
    })?;
    let of = |bucket: Bucket| {
        let found = rows.iter().find(|(name, _)| name == bucket.name());
        found.map_or((0, 0), |(_, counts)| *counts)
    };
    Ok(Came::True(ALL.map(of)))
}

/// Two buckets, of which none is for those who are in one run only, and how many profiles went from the first to the other.
type Moved = (Option<String>, Option<String>, i64);

/// How many profiles went from which bucket to which between two runs, as the caller may read them; none is for those who
/// are in one of them only.
pub fn moved(definition: &Definition, from: i64, to: i64) -> Result<Vec<Moved>, Error> {
    let relation = ScoreRelation::find(definition)?;
    let kept = match relation.table() {
        Some(history) => runs_of(history.oid)?,
        None => Vec::new(),
    };
    let table = |run: i64| match kept.iter().find(|(known, _)| known.abs() == run) {
        Some((_, table)) => Ok(table.sql()),
        None => Err(Error::RunNotKept {
            model: definition.name.clone(),
            run,
            history: relation.history_display(),
        }),
    };
    let (before, after) = (table(from)?, table(to)?);
    let profile = match relation.table() {
        Some(history) => quote(&profile_column(history)?),
        None => return Ok(Vec::new()),
    };
    let query = format!(
        "SELECT b.bucket, a.bucket, pg_catalog.count(*) FROM {before} b FULL JOIN {after} a ON a.{profile} = b.{profile} \
         GROUP BY 1, 2 ORDER BY pg_catalog.array_position('{{low,medium,high}}', b.bucket), \
         pg_catalog.array_position('{{low,medium,high}}', a.bucket)"
    );
    jit::without(|| {
        sql::rows_once(&query, &[], |row| {
            Ok((row.get(1)?, row.get(2)?, not_null(row.get(3)?)?))
        })
    })
}

/// The column of a history that has the profile: the first one.
pub fn profile_column(history: &Table) -> Result<String, Error> {
    let query = "SELECT a.attname::pg_catalog.text FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum LIMIT 1";
    not_null(sql::row(query, &[history.oid.into()], |row| {
        not_null(row.get(1)?)
    })?)
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
