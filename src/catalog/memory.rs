//! What segments remember: each refresh, who entered and who left by it.

use super::{not_null, sql};
use crate::error::Error;

/// Writes a refresh of a segment, from the newest scores, and returns its id.
pub fn insert_refresh(model_id: i64, segment_id: i64, profiles: i64) -> Result<i64, Error> {
    let query = "INSERT INTO customer_ai.segment_refresh (model_id, segment_id, run, profiles)
        VALUES ($1, $2, (SELECT max(id) FROM customer_ai.run WHERE model_id = $1 AND kind = 'score' AND published), $3) RETURNING id";
    let arguments = [model_id.into(), segment_id.into(), profiles.into()];
    not_null(sql::written(query, &arguments, |row| {
        not_null(row.get(1)?)
    })?)
}

/// Writes some of those who entered or left by a refresh.
pub fn insert_changes(
    refresh_id: i64,
    profiles: Vec<String>,
    entered: Vec<bool>,
) -> Result<(), Error> {
    let query = "INSERT INTO customer_ai.segment_change (refresh_id, profile, model_id, owner, entered)
        SELECT f.id, c.profile, f.model_id, f.owner, c.entered
        FROM customer_ai.segment_refresh f, unnest($2::text[], $3::boolean[]) c (profile, entered) WHERE f.id = $1";
    sql::run(query, &[refresh_id.into(), profiles.into(), entered.into()])
}

/// Writes how many entered and left by a refresh.
pub fn set_changes(refresh_id: i64, [entered, gone]: [i64; 2]) -> Result<(), Error> {
    let query = "UPDATE customer_ai.segment_refresh SET entered = $2, gone = $3 WHERE id = $1";
    sql::run(query, &[refresh_id.into(), entered.into(), gone.into()])
}

/// Deletes what a segment remembers from longer ago than some days.
pub fn delete_older(segment_id: i64, days: i64) -> Result<(), Error> {
    let queries = [
        "DELETE FROM customer_ai.segment_change c USING customer_ai.segment_refresh f
            WHERE f.segment_id = $1 AND f.at < clock_timestamp() - $2 * interval '1 day' AND c.refresh_id = f.id",
        "DELETE FROM customer_ai.segment_refresh
            WHERE segment_id = $1 AND at < clock_timestamp() - $2 * interval '1 day'",
    ];
    queries
        .iter()
        .try_for_each(|query| sql::run(query, &[segment_id.into(), days.into()]))
}

/// Deletes what the segments of a model remember of a profile, and returns how many changes that were.
pub fn delete_changes_of(model_id: i64, profile: &str) -> Result<i64, Error> {
    let query = "WITH gone AS (DELETE FROM customer_ai.segment_change WHERE model_id = $1 AND profile = $2 RETURNING 1)
        SELECT count(*) FROM gone";
    let arguments = [model_id.into(), profile.into()];
    not_null(sql::written(query, &arguments, |row| {
        not_null(row.get(1)?)
    })?)
}
