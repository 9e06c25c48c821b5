//! Which version of a model is active, which was before, and which are kept.

use super::history::Stamp;
use super::{not_null, sql};
use crate::error::Error;

/// Activations that a model remembers: as many can be taken back.
const REMEMBERED: i32 = 100;

/// A version, to be told from the others of its model.
#[derive(Clone, Debug)]
pub struct Version {
    pub number: i32,
    pub stamp: Stamp,
}

/// The versions of a model, from the oldest to the newest. Only reads.
pub fn versions_of(model_id: i64) -> Result<Vec<Version>, Error> {
    let query = "SELECT v.number, v.id, v.xmin::text::bigint
        FROM customer_ai.version v JOIN customer_ai.model m ON m.id = v.model_id AND m.owner = v.owner
        WHERE v.model_id = $1 ORDER BY v.number";
    sql::rows(query, &[model_id.into()], |row| {
        Ok(Version {
            number: not_null(row.get(1)?)?,
            stamp: Stamp {
                id: not_null(row.get(2)?)?,
                writer: not_null(row.get(3)?)?,
            },
        })
    })
}

/// Makes a version the one that scores and predictions use, and remembers which one was.
pub fn set_active(model_id: i64, version: i32) -> Result<(), Error> {
    let query = "UPDATE customer_ai.model SET active_version = $2,
            former_versions = (SELECT coalesce(array_agg(f.number ORDER BY f.position), '{}')
                FROM unnest(former_versions || active_version) WITH ORDINALITY f (number, position)
                WHERE f.number IS NOT NULL AND f.position > cardinality(former_versions) + 1 - $3)
        WHERE id = $1 AND active_version IS DISTINCT FROM $2";
    sql::run(query, &[model_id.into(), version.into(), REMEMBERED.into()])
}

/// Makes the version active that was before, and returns its number; None if there was none. The model must be locked.
pub fn set_former(model_id: i64) -> Result<Option<i32>, Error> {
    let query = "UPDATE customer_ai.model m SET active_version = l.number, former_versions = m.former_versions[:l.position - 1]
        FROM (SELECT f.number, f.position::int AS position
            FROM customer_ai.model o, unnest(o.former_versions) WITH ORDINALITY f (number, position)
            WHERE o.id = $1 AND f.number IS DISTINCT FROM o.active_version
            ORDER BY f.position DESC LIMIT 1) l
        WHERE m.id = $1 RETURNING m.active_version";
    sql::written(query, &[model_id.into()], |row| not_null(row.get(1)?))
}

/// Deletes a version. The model must be locked, and the version not be the active one.
pub fn delete_version(model_id: i64, version: i32) -> Result<(), Error> {
    let query = "DELETE FROM customer_ai.version WHERE model_id = $1 AND number = $2";
    sql::run(query, &[model_id.into(), version.into()])?;
    forget_former(model_id)
}

/// Deletes the oldest versions, of which the newest `keep` stay, and so do the active one, the one that a rollback would
/// make active, and those that have a label.
pub fn delete_old_versions(model_id: i64, keep: usize) -> Result<(), Error> {
    let query = "DELETE FROM customer_ai.version v USING customer_ai.model m
        WHERE m.id = $1 AND v.model_id = m.id AND v.label IS NULL AND v.number IS DISTINCT FROM m.active_version
            AND v.number IS DISTINCT FROM (SELECT f.number FROM unnest(m.former_versions) WITH ORDINALITY f (number, position)
                WHERE f.number IS DISTINCT FROM m.active_version ORDER BY f.position DESC LIMIT 1)
            AND v.number NOT IN (SELECT n.number FROM customer_ai.version n
                WHERE n.model_id = $1 ORDER BY n.number DESC LIMIT $2)
        RETURNING v.number";
    let keep = i64::try_from(keep).unwrap_or(i64::MAX);
    let deleted = sql::written(query, &[model_id.into(), keep.into()], |_| Ok(()))?;
    deleted.map_or(Ok(()), |()| forget_former(model_id))
}

/// Forgets which versions were active that are not there any more.
fn forget_former(model_id: i64) -> Result<(), Error> {
    let query = "UPDATE customer_ai.model m SET former_versions = (
            SELECT coalesce(array_agg(f.number ORDER BY f.position), '{}')
            FROM unnest(m.former_versions) WITH ORDINALITY f (number, position)
            WHERE EXISTS (SELECT FROM customer_ai.version v WHERE v.model_id = $1 AND v.number = f.number))
        WHERE m.id = $1 AND m.former_versions <> '{}'";
    sql::run(query, &[model_id.into()])
}

/// Gives a version a label (None: takes it away), and returns whether it was free.
pub fn set_label(model_id: i64, version: i32, label: Option<&str>) -> Result<bool, Error> {
    let query = "UPDATE customer_ai.version v SET label = $3
        WHERE v.model_id = $1 AND v.number = $2 AND NOT EXISTS (
            SELECT FROM customer_ai.version o WHERE o.model_id = $1 AND o.number <> $2 AND o.label = $3)
        RETURNING v.id";
    let arguments = [model_id.into(), version.into(), label.into()];
    Ok(sql::written(query, &arguments, |_| Ok(()))?.is_some())
}

/// The version that made the newest scores of a model, if it has any. Only reads.
pub fn scored_with(model_id: i64) -> Result<Option<i32>, Error> {
    let query = "SELECT r.version
        FROM customer_ai.run r JOIN customer_ai.model m ON m.id = r.model_id AND m.owner = r.owner
        WHERE r.model_id = $1 AND r.kind = 'score' ORDER BY r.id DESC LIMIT 1";
    sql::row(query, &[model_id.into()], |row| not_null(row.get(1)?))
}
