//! Versions and runs of a model.

use pgrx::datum::{DatumWithOid, TimestampWithTimeZone};
use pgrx::{PgBuiltInOids, pg_sys};
use propensity::event::counts::ReadCounts;
use propensity::time::Micros;

use super::{judged, news, not_null, sql};
use crate::error::Error;
use crate::pg::timestamp;

/// An instant as an argument of a query.
fn instant<'a>(at: Micros) -> DatumWithOid<'a> {
    // SAFETY: a timestamptz is an i64 of microseconds since 2000, passed by value.
    unsafe {
        DatumWithOid::new(
            timestamp::from_micros(at),
            PgBuiltInOids::TIMESTAMPTZOID.value(),
        )
    }
}

/// A value of a query as an instant.
pub(super) fn micros(at: TimestampWithTimeZone) -> Micros {
    timestamp::to_micros(at.into())
}

/// A version that is to be written.
pub struct NewVersion<'a> {
    pub format: i32,
    pub algorithm: &'a str,
    pub as_of: Micros,
    pub cutoffs: &'a [Micros],
    pub rows: i64,
    pub positives: i64,
    /// Area under the ROC curve on the held-out cutoffs, with its 95 % interval; None: not defined.
    pub auc: Option<f64>,
    pub auc_low: Option<f64>,
    pub auc_high: Option<f64>,
    /// JSON.
    pub report: &'a str,
    /// The model in bytes.
    pub document: &'a [u8],
    /// The held-out rows in bytes, if there are any.
    pub judgement: Option<&'a [u8]>,
    /// Scores and values of factors that it learned from, as JSON.
    pub distribution: &'a str,
}

/// Writes a version and returns its number: one more than there ever was, so that a run means one version for ever. The
/// model must be locked.
pub fn insert_version(model_id: i64, new: &NewVersion) -> Result<i32, Error> {
    let query = "INSERT INTO customer_ai.version (model_id, number, format, algorithm, as_of, cutoffs, rows, positives,
            auc, auc_low, auc_high, report, document, definition, judgement, distribution)
        SELECT $1, greatest(max(number), (SELECT max(r.version) FROM customer_ai.run r WHERE r.model_id = $1), 0) + 1, $2, $3, $4,
            (SELECT array_agg(timestamptz 'epoch' + c * interval '1 microsecond' ORDER BY c) FROM unnest($5::bigint[]) c),
            $6, $7, $8, $9, $10, $11::jsonb, $12,
            (SELECT d.definition FROM customer_ai_internal.definition d WHERE d.model_id = $1), $13, $14::jsonb
        FROM customer_ai.version WHERE model_id = $1
        RETURNING number";
    let arguments = [
        model_id.into(),
        new.format.into(),
        new.algorithm.into(),
        instant(new.as_of),
        new.cutoffs.to_vec().into(),
        new.rows.into(),
        new.positives.into(),
        new.auc.into(),
        new.auc_low.into(),
        new.auc_high.into(),
        new.report.into(),
        new.document.into(),
        new.judgement.into(),
        new.distribution.into(),
    ];
    not_null(sql::written(query, &arguments, |row| {
        not_null(row.get(1)?)
    })?)
}

/// A run that is to be written.
pub struct NewRun<'a> {
    /// `train` or `score`.
    pub kind: &'a str,
    pub version: i32,
    pub as_of: Micros,
    pub started_at: Micros,
    pub profiles: i64,
    /// Profiles in the low, medium and high bucket; None for a training.
    pub buckets: Option<[i64; 3]>,
    /// Probabilities at which the next percentile begins; None for a training.
    pub percentiles: Option<&'a [f64]>,
    /// How many rows were read and left out.
    pub counts: &'a ReadCounts,
    /// JSON.
    pub detail: &'a str,
    /// What a scoring is summed up in, as JSON.
    pub figures: Option<&'a str>,
    /// Whether its scores are shown.
    pub published: bool,
}

/// Writes a run that ends now and returns its number.
pub fn insert_run(model_id: i64, new: &NewRun) -> Result<i64, Error> {
    let query = "INSERT INTO customer_ai.run (model_id, kind, version, as_of, started_at, finished_at, profiles,
            low, medium, high, percentiles, skipped, detail, figures, published)
        VALUES ($1, $2, $3, $4, $5, greatest($5, clock_timestamp()), $6, $7, $8, $9, $10, $11::jsonb, $12::jsonb, $13::jsonb, $14)
        RETURNING id";
    let skipped = serde_json::json!({
        "null_profile": new.counts.null_profile,
        "no_time": new.counts.no_time,
        "future": new.counts.future,
        "not_finite": new.counts.not_finite,
        "long_text": new.counts.long_text,
    });
    let bucket = |index: usize| new.buckets.and_then(|buckets| buckets.get(index).copied());
    let arguments = [
        model_id.into(),
        new.kind.into(),
        new.version.into(),
        instant(new.as_of),
        instant(new.started_at),
        new.profiles.into(),
        bucket(0).into(),
        bucket(1).into(),
        bucket(2).into(),
        new.percentiles.map(<[f64]>::to_vec).into(),
        skipped.to_string().into(),
        new.detail.into(),
        new.figures.into(),
        new.published.into(),
    ];
    let run: i64 = not_null(sql::written(query, &arguments, |row| {
        not_null(row.get(1)?)
    })?)?;
    let model = sql::row(
        "SELECT name FROM customer_ai.model WHERE id = $1",
        &[model_id.into()],
        |row| not_null(row.get::<String>(1)?),
    )?;
    news::notify(&serde_json::json!({
        "model": model, "kind": new.kind, "run": run, "version": new.version, "profiles": new.profiles,
    }))?;
    Ok(run)
}

/// A scoring run.
#[derive(Clone, Debug)]
pub struct Run {
    pub id: i64,
    pub as_of: Micros,
    /// Profiles scored.
    pub profiles: i64,
    /// The cut points of its percentiles.
    pub percentiles: Vec<f64>,
}

/// The newest scoring run of a model whose scores are shown. Only reads.
pub fn last_score_run(model_id: i64) -> Result<Option<Run>, Error> {
    let query = "SELECT r.as_of, r.percentiles, r.profiles, r.id
        FROM customer_ai.run r JOIN customer_ai.model m ON m.id = r.model_id AND m.owner = r.owner
        WHERE r.model_id = $1 AND r.kind = 'score' AND r.published ORDER BY r.id DESC LIMIT 1";
    sql::row(query, &[model_id.into()], |row| {
        Ok(Run {
            as_of: micros(not_null(row.get(1)?)?),
            percentiles: row.get(2)?.unwrap_or_default(),
            profiles: not_null(row.get(3)?)?,
            id: not_null(row.get(4)?)?,
        })
    })
}

/// Whether a model was scored before a run. Only reads.
pub fn has_scored_before(model_id: i64, run: i64) -> Result<bool, Error> {
    let query = "SELECT FROM customer_ai.run r JOIN customer_ai.model m ON m.id = r.model_id AND m.owner = r.owner
        WHERE r.model_id = $1 AND r.kind = 'score' AND r.id < $2 LIMIT 1";
    Ok(sql::row(query, &[model_id.into(), run.into()], |_| Ok(()))?.is_some())
}

/// Whether any of these runs is of the model. Only reads.
pub fn has_any_run(model_id: i64, runs: Vec<i64>) -> Result<bool, Error> {
    let query = "SELECT FROM customer_ai.run r JOIN customer_ai.model m ON m.id = r.model_id AND m.owner = r.owner
        WHERE r.model_id = $1 AND r.id = ANY ($2) LIMIT 1";
    Ok(sql::row(query, &[model_id.into(), runs.into()], |_| Ok(()))?.is_some())
}

/// From when to when events lie behind the others, as the newest run found. Only reads.
pub fn events_behind(model_id: i64) -> Result<Option<(Micros, Micros)>, Error> {
    let query = "SELECT (r.detail -> 'behind' ->> 0)::bigint, (r.detail -> 'behind' ->> 1)::bigint
        FROM customer_ai.run r JOIN customer_ai.model m ON m.id = r.model_id AND m.owner = r.owner
        WHERE r.model_id = $1 ORDER BY r.id DESC LIMIT 1";
    let found = sql::row(query, &[model_id.into()], |row| {
        Ok(row.get::<i64>(1)?.zip(row.get::<i64>(2)?))
    })?;
    Ok(found.flatten())
}

/// What tells a version's stored bytes from all others: its identity, which is never used twice
/// even if its transaction rolled back, and the writer of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub id: i64,
    pub writer: i64,
}

/// The active version of a model.
#[derive(Clone, Copy, Debug)]
pub struct Active {
    pub number: i32,
    pub stamp: Stamp,
    /// What it was trained as of.
    pub as_of: Micros,
}

/// The active version, if there is one. Only reads.
pub fn active(model_id: i64) -> Result<Option<Active>, Error> {
    let query = "SELECT v.number, v.id, v.xmin::text::bigint, v.as_of
        FROM customer_ai.model m
        JOIN customer_ai.version v ON v.model_id = m.id AND v.number = m.active_version AND v.owner = m.owner
        WHERE m.id = $1";
    sql::row(query, &[model_id.into()], |row| {
        Ok(Active {
            number: not_null(row.get(1)?)?,
            stamp: Stamp {
                id: not_null(row.get(2)?)?,
                writer: not_null(row.get(3)?)?,
            },
            as_of: micros(not_null(row.get(4)?)?),
        })
    })
}

/// The parts of the definition that a version was not trained on. Only reads.
pub fn altered_since(model_id: i64, version: Stamp) -> Result<Vec<String>, Error> {
    let query = "SELECT n.name
        FROM customer_ai.version v JOIN customer_ai_internal.definition d ON d.model_id = v.model_id
        CROSS JOIN LATERAL jsonb_object_keys(d.definition) n (name)
        WHERE v.id = $2 AND d.model_id = $1 AND v.definition ? n.name
            AND v.definition -> n.name <> d.definition -> n.name
        ORDER BY n.name";
    sql::rows(query, &[model_id.into(), version.id.into()], |row| {
        not_null(row.get(1)?)
    })
}

/// Parts of a definition that say what is predicted.
const PREDICTED: [&str; 3] = ["goal", "occurs", "outcome_window"];

/// Whether a version predicts something else than the definition now says. Only reads.
pub fn predicts_other(model_id: i64, version: Stamp) -> Result<bool, Error> {
    let altered = altered_since(model_id, version)?;
    Ok(altered
        .iter()
        .any(|part| PREDICTED.contains(&part.as_str())))
}

/// What was recorded of a version when it was trained: its AUC with the lower end of the interval, and its warnings
/// as JSON. Only reads.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub auc: Option<f64>,
    pub auc_low: Option<f64>,
    pub warnings: String,
}

/// What was recorded of a version. Only reads.
pub fn recorded(version: Stamp) -> Result<Recorded, Error> {
    let query = "SELECT auc, auc_low, coalesce((report -> 'warnings')::text, '[]')
        FROM customer_ai.version WHERE id = $1";
    not_null(sql::row(query, &[version.id.into()], |row| {
        Ok(Recorded {
            auc: row.get(1)?,
            auc_low: row.get(2)?,
            warnings: not_null(row.get(3)?)?,
        })
    })?)
}

/// What a version has no features of, as JSON of its report. Only reads.
pub fn left_out(version: Stamp) -> Result<String, Error> {
    let query = "SELECT coalesce((report -> 'left_out')::text, '{}') FROM customer_ai.version WHERE id = $1";
    not_null(sql::row(query, &[version.id.into()], |row| {
        not_null(row.get(1)?)
    })?)
}

/// The bytes of a version. Only reads.
pub fn document(version: Stamp) -> Result<Vec<u8>, Error> {
    let query = "SELECT document FROM customer_ai.version WHERE id = $1";
    not_null(sql::row(query, &[version.id.into()], |row| {
        not_null(row.get(1)?)
    })?)
}

/// The bytes of the version of that number, if there is one. Only reads.
pub fn document_of(model_id: i64, version: i32) -> Result<Option<Vec<u8>>, Error> {
    let query = "SELECT v.document
        FROM customer_ai.version v JOIN customer_ai.model m ON m.id = v.model_id AND m.owner = v.owner
        WHERE v.model_id = $1 AND v.number = $2";
    sql::row(query, &[model_id.into(), version.into()], |row| {
        not_null(row.get(1)?)
    })
}

/// Scoring runs older than the newest `keep` of those that are shown, or of those that are not, that no running snapshot can
/// take for the newest one. The last run of each quarter of an outcome window stays until its own window is over: without the
/// scores nobody could count what came true of it, and of a window that is longer than `keep` runs nothing ever would be.
pub fn superseded_runs(model_id: i64, keep: usize) -> Result<Vec<i64>, Error> {
    let query = "SELECT s.id, s.successor
        FROM (SELECT r.id, lag(r.xmin::text::bigint) OVER w AS successor, row_number() OVER w AS place,
                row_number() OVER (PARTITION BY r.published, r.id = ANY ($3),
                    floor(extract(epoch FROM r.as_of) * 4 / extract(epoch FROM m.outcome_window)) ORDER BY r.id DESC) = 1
                AND r.id <> ALL ($3) AND (r.as_of AT TIME ZONE m.time_zone + m.outcome_window) AT TIME ZONE m.time_zone > max(r.as_of) OVER ()
                AND NOT EXISTS (SELECT FROM customer_ai.outcome o
                    WHERE o.run_id = r.id AND o.owner = m.owner AND o.counted_at >= m.altered_at) AS awaited
            FROM customer_ai.run r JOIN customer_ai.model m ON m.id = r.model_id AND m.owner = r.owner
            WHERE r.model_id = $1 AND r.kind = 'score' WINDOW w AS (PARTITION BY r.published ORDER BY r.id DESC)) s
        WHERE s.place > $2 AND NOT s.awaited ORDER BY s.id DESC";
    let keep = i64::try_from(keep).unwrap_or(i64::MAX);
    let others = judged::runs_of_another_goal(model_id)?;
    // SAFETY: looks at the running transactions; without a relation, at those of all databases.
    let horizon = unsafe { pg_sys::GetOldestNonRemovableTransactionId(std::ptr::null_mut()) };
    let arguments = [model_id.into(), keep.into(), others.into()];
    let runs = sql::rows(query, &arguments, |row| {
        let successor = row.get::<i64>(2)?.unwrap_or(0) as u32;
        Ok((not_null(row.get::<i64>(1)?)?, successor))
    })?;
    let settled = |successor: u32| {
        let successor = pg_sys::TransactionId::from_inner(successor);
        // SAFETY: compares two numbers.
        unsafe { pg_sys::TransactionIdPrecedes(successor, horizon) }
    };
    let settled = runs
        .into_iter()
        .filter(|&(_, successor)| settled(successor));
    Ok(settled.map(|(run, _)| run).collect())
}
