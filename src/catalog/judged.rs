//! What versions and runs are judged by.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::spi::SpiHeapTupleData;
use propensity::judge::drift;
use propensity::time::Micros;

use super::history::micros;
use super::{not_null, sql};
use crate::error::Error;

/// How good a version was, as it was kept with it.
pub struct Kept {
    /// The held-out rows; none if too few rows were there to hold any out.
    pub judgement: Option<Vec<u8>>,
    /// What the report says of them, as JSON.
    pub hold_out: String,
}

/// What was kept of a version of a model, if there is one of that number. Only reads.
pub fn kept(model_id: i64, version: i32) -> Result<Option<Kept>, Error> {
    let query = "SELECT v.judgement, coalesce((v.report -> 'hold_out')::text, 'null')
        FROM customer_ai.version v JOIN customer_ai.model m ON m.id = v.model_id AND m.owner = v.owner
        WHERE v.model_id = $1 AND v.number = $2";
    sql::row(query, &[model_id.into(), version.into()], |row| {
        Ok(Kept {
            judgement: row.get(1)?,
            hold_out: not_null(row.get(2)?)?,
        })
    })
}

/// A scoring run of the past.
#[derive(Clone, Copy, Debug)]
pub struct PastRun {
    pub id: i64,
    pub published: bool,
    pub as_of: Micros,
    /// Share of positive examples that the scores are relative to.
    pub base_rate: f64,
}

/// The scoring runs of a model, oldest first. Only reads.
pub fn scoring_runs(model_id: i64) -> Result<Vec<PastRun>, Error> {
    let query = "SELECT r.id, r.as_of, (r.detail ->> 'base_rate')::float8, r.published
        FROM customer_ai.run r JOIN customer_ai.model m ON m.id = r.model_id AND m.owner = r.owner
        WHERE r.model_id = $1 AND r.kind = 'score' ORDER BY r.id";
    sql::rows(query, &[model_id.into()], |row| {
        Ok(PastRun {
            id: not_null(row.get(1)?)?,
            as_of: micros(not_null(row.get(2)?)?),
            base_rate: not_null(row.get(3)?)?,
            published: not_null(row.get(4)?)?,
        })
    })
}

/// The newest instant that a run of a model was as of: events are known until then, at least. Only reads.
pub fn newest_as_of(model_id: i64) -> Result<Option<Micros>, Error> {
    let query = "SELECT max(r.as_of)
        FROM customer_ai.run r JOIN customer_ai.model m ON m.id = r.model_id AND m.owner = r.owner
        WHERE r.model_id = $1";
    let newest = sql::row(query, &[model_id.into()], |row| {
        Ok(row.get::<TimestampWithTimeZone>(1)?.map(micros))
    })?;
    Ok(newest.flatten())
}

/// The scoring runs of a model that predicted something else than the definition now says, so that what came true by it says
/// nothing of them. Where the version is gone, so is what it predicted, if the model was altered since. Only reads.
pub fn runs_of_another_goal(model_id: i64) -> Result<Vec<i64>, Error> {
    let query = "SELECT r.id
        FROM customer_ai.run r JOIN customer_ai.model m ON m.id = r.model_id AND m.owner = r.owner
        JOIN customer_ai_internal.definition d ON d.model_id = m.id
        LEFT JOIN customer_ai.version v ON v.model_id = m.id AND v.owner = m.owner AND v.number = r.version
        WHERE r.model_id = $1 AND r.kind = 'score' AND CASE
            WHEN v.id IS NULL THEN m.altered_at > r.finished_at
            ELSE EXISTS (SELECT FROM unnest('{goal,occurs,outcome_window}'::text[]) p (part)
                WHERE v.definition -> p.part <> d.definition -> p.part) END";
    sql::rows(query, &[model_id.into()], |row| not_null(row.get(1)?))
}

/// A scoring run with what it was summed up in.
pub struct Scored {
    pub id: i64,
    pub version: i32,
    pub as_of: Micros,
    pub profiles: i64,
    /// Profiles in the low, medium and high bucket.
    pub buckets: [i64; 3],
    /// JSON; none of a run of version 0.1.0 of the extension, which did not sum up.
    pub figures: Option<String>,
}

fn read_scored(row: &SpiHeapTupleData) -> Result<Scored, Error> {
    Ok(Scored {
        id: not_null(row.get(1)?)?,
        version: not_null(row.get(2)?)?,
        as_of: micros(not_null(row.get(3)?)?),
        profiles: not_null(row.get(4)?)?,
        buckets: [
            not_null(row.get(5)?)?,
            not_null(row.get(6)?)?,
            not_null(row.get(7)?)?,
        ],
        figures: row.get(8)?,
    })
}

/// The scoring run of that number, or the newest one whose scores are shown. Only reads.
pub fn scored(model_id: i64, run: Option<i64>) -> Result<Option<Scored>, Error> {
    let query = "SELECT r.id, r.version, r.as_of, r.profiles, r.low, r.medium, r.high, r.figures::text
        FROM customer_ai.run r JOIN customer_ai.model m ON m.id = r.model_id AND m.owner = r.owner
        WHERE r.model_id = $1 AND r.kind = 'score' AND (r.id = $2 OR $2 IS NULL AND r.published) ORDER BY r.id DESC LIMIT 1";
    sql::row(query, &[model_id.into(), run.into()], |row| {
        read_scored(&row)
    })
}

/// All scoring runs of a model, oldest first. Only reads.
pub fn all_scored(model_id: i64) -> Result<Vec<Scored>, Error> {
    let query =
        "SELECT r.id, r.version, r.as_of, r.profiles, r.low, r.medium, r.high, r.figures::text
        FROM customer_ai.run r JOIN customer_ai.model m ON m.id = r.model_id AND m.owner = r.owner
        WHERE r.model_id = $1 AND r.kind = 'score' ORDER BY r.id";
    sql::rows(query, &[model_id.into()], |row| read_scored(&row))
}

/// What a version learned from, in bins, as JSON; none if there is no such version. Only reads.
pub fn distribution(model_id: i64, version: i32) -> Result<Option<String>, Error> {
    let query = "SELECT coalesce(v.distribution, '{\"scores\": [], \"factors\": []}')::text
        FROM customer_ai.version v JOIN customer_ai.model m ON m.id = v.model_id AND m.owner = v.owner
        WHERE v.model_id = $1 AND v.number = $2";
    sql::row(query, &[model_id.into(), version.into()], |row| {
        not_null(row.get(1)?)
    })
}

/// A part of the report of a version as JSON, none if there is no such version. Only reads.
pub fn report(model_id: i64, version: i32, part: &str) -> Result<Option<String>, Error> {
    let query = "SELECT coalesce((v.report -> $3)::text, '[]')
        FROM customer_ai.version v JOIN customer_ai.model m ON m.id = v.model_id AND m.owner = v.owner
        WHERE v.model_id = $1 AND v.number = $2";
    sql::row(
        query,
        &[model_id.into(), version.into(), part.into()],
        |row| not_null(row.get(1)?),
    )
}

/// A document that we wrote.
pub fn parsed<T: serde::de::DeserializeOwned>(json: &str) -> Result<T, Error> {
    Ok(
        serde_json::from_str(json).map_err(|_| propensity::Error::Corrupted {
            reason: "figures cannot be read",
        })?,
    )
}

/// How the newest scores that are shown differ from what their version learned from, as a reason to train again. None
/// where a training could do nothing about it: the newest version is not the one that scored, or since it was trained less
/// than an outcome window of events has come, whose outcomes would be known. Only reads.
pub fn drifted(model_id: i64) -> Result<Option<String>, Error> {
    let query = "SELECT r.figures::text, v.distribution::text, v.number
        FROM customer_ai.model m
        JOIN LATERAL (SELECT * FROM customer_ai.version v WHERE v.model_id = m.id AND v.owner = m.owner
            ORDER BY v.number DESC LIMIT 1) v ON true
        JOIN LATERAL (SELECT * FROM customer_ai.run r WHERE r.model_id = m.id AND r.owner = m.owner AND r.kind = 'score' AND r.published
            ORDER BY r.id DESC LIMIT 1) r ON true
        WHERE m.id = $1 AND r.version = v.number AND r.as_of >= v.as_of + m.outcome_window
            AND r.figures IS NOT NULL AND v.distribution IS NOT NULL";
    let found = sql::row(query, &[model_id.into()], |row| {
        let (figures, distribution): (String, String) =
            (not_null(row.get(1)?)?, not_null(row.get(2)?)?);
        Ok((figures, distribution, not_null(row.get::<i32>(3)?)?))
    })?;
    let Some((figures, distribution, version)) = found else {
        return Ok(None);
    };
    let drifts = drift::drift(&parsed(&distribution)?, &parsed(&figures)?);
    Ok(drift::reason(&drifts).map(|drift| {
        let what = match &drift.factor {
            Some(factor) => format!("\"{factor}\" of those scored last is"),
            None => "the scores of those scored last are".to_owned(),
        };
        let index = drift.index.unwrap_or_default();
        format!("{what} far from what version {version} learned from (stability index {index:.2}, {} or more)", drift::DRIFTED)
    }))
}

/// How profiles came to the buckets of a run, as JSON, if that was kept. Only reads.
pub fn migration(model_id: i64, run: i64) -> Result<Option<String>, Error> {
    let query = "SELECT (r.detail -> 'migration')::text
        FROM customer_ai.run r JOIN customer_ai.model m ON m.id = r.model_id AND m.owner = r.owner
        WHERE r.model_id = $1 AND r.id = $2";
    let found = sql::row(query, &[model_id.into(), run.into()], |row| Ok(row.get(1)?))?;
    Ok(found.flatten())
}

/// Keeps with a run how profiles came to its buckets.
pub fn keep_migration(model_id: i64, run: i64, migration: &str) -> Result<(), Error> {
    let query = "UPDATE customer_ai.run SET detail = detail || jsonb_build_object('migration', $3::jsonb) WHERE model_id = $1 AND id = $2";
    sql::run(query, &[model_id.into(), run.into(), migration.into()])
}

/// What came true of a run, as it was counted.
pub struct Counted {
    pub run: i64,
    pub at: TimestampWithTimeZone,
    /// Profiles and positives in the low, medium and high bucket.
    pub buckets: [(i64, i64); 3],
}

/// What came true of the runs of a model, as far as it was counted since the model was altered last. Only reads.
pub fn counted(model_id: i64) -> Result<Vec<Counted>, Error> {
    let query = "SELECT o.run_id, o.counted_at, o.profiles, o.positives
        FROM customer_ai.outcome o JOIN customer_ai.model m ON m.id = o.model_id AND m.owner = o.owner
        WHERE o.model_id = $1 AND o.counted_at >= m.altered_at ORDER BY o.run_id";
    sql::rows(query, &[model_id.into()], |row| {
        let (profiles, positives): (Vec<i64>, Vec<i64>) =
            (not_null(row.get(3)?)?, not_null(row.get(4)?)?);
        let of = |bucket: usize| {
            let count = |counts: &[i64]| counts.get(bucket).copied().unwrap_or(0);
            (count(&profiles), count(&positives))
        };
        Ok(Counted {
            run: not_null(row.get(1)?)?,
            at: not_null(row.get(2)?)?,
            buckets: [of(0), of(1), of(2)],
        })
    })
}

/// The probabilities of a run with what came true of them, in bytes, and the day on which that was counted, as far as it
/// was since the model was altered last. Only reads.
pub fn judgement_of(model_id: i64, run: i64) -> Result<Option<(Vec<u8>, String)>, Error> {
    let query = "SELECT o.judgement, to_char(o.counted_at AT TIME ZONE m.time_zone, 'YYYY-MM-DD')
        FROM customer_ai.outcome o JOIN customer_ai.model m ON m.id = o.model_id AND m.owner = o.owner
        WHERE o.model_id = $1 AND o.run_id = $2 AND o.counted_at >= m.altered_at";
    sql::row(query, &[model_id.into(), run.into()], |row| {
        Ok((not_null(row.get(1)?)?, not_null(row.get(2)?)?))
    })
}

/// Keeps what came true of a run, in the place of what was kept of it.
pub fn keep_counted(
    model_id: i64,
    run: i64,
    buckets: [(i64, i64); 3],
    judgement: &[u8],
) -> Result<(), Error> {
    let query = "INSERT INTO customer_ai.outcome (run_id, model_id, profiles, positives, judgement) VALUES ($2, $1, $3, $4, $5)
        ON CONFLICT (run_id) DO UPDATE SET model_id = excluded.model_id, owner = excluded.owner, counted_at = clock_timestamp(),
            profiles = excluded.profiles, positives = excluded.positives, judgement = excluded.judgement";
    let arguments = [
        model_id.into(),
        run.into(),
        buckets.map(|(profiles, _)| profiles).to_vec().into(),
        buckets.map(|(_, positives)| positives).to_vec().into(),
        judgement.into(),
    ];
    sql::run(query, &arguments)
}
