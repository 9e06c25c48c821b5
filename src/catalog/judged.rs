//! What versions and runs are judged by.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::spi::SpiHeapTupleData;
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

/// A scoring run with what it was summed up in.
pub struct Scored {
    pub id: i64,
    pub version: i32,
    pub as_of: Micros,
    pub profiles: i64,
    /// Profiles in the low, medium and high bucket.
    pub buckets: [i64; 3],
    /// JSON.
    pub figures: String,
    /// Whether its scores are shown, or were.
    pub published: bool,
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
        figures: not_null(row.get(8)?)?,
        published: not_null(row.get(9)?)?,
    })
}

/// The scoring run of that number, or the newest one whose scores are shown. Only reads.
pub fn scored(model_id: i64, run: Option<i64>) -> Result<Option<Scored>, Error> {
    let query = "SELECT r.id, r.version, r.as_of, r.profiles, r.low, r.medium, r.high, coalesce(r.figures, '{\"scores\": [], \"factors\": []}')::text, r.published
        FROM customer_ai.run r JOIN customer_ai.model m ON m.id = r.model_id AND m.owner = r.owner
        WHERE r.model_id = $1 AND r.kind = 'score' AND (r.id = $2 OR $2 IS NULL AND r.published) ORDER BY r.id DESC LIMIT 1";
    sql::row(query, &[model_id.into(), run.into()], |row| {
        read_scored(&row)
    })
}

/// All scoring runs of a model, oldest first. Only reads.
pub fn all_scored(model_id: i64) -> Result<Vec<Scored>, Error> {
    let query = "SELECT r.id, r.version, r.as_of, r.profiles, r.low, r.medium, r.high, coalesce(r.figures, '{\"scores\": [], \"factors\": []}')::text, r.published
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
