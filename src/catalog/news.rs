//! What others are told of: notifications, runs that failed, what was done to schedules.

use pgrx::Spi;

use super::{not_null, sql};
use crate::error::Error;
use crate::pg::guc;

/// The channel that is notified.
const CHANNEL: &str = "customer_ai";

/// Notifies the channel at the end of the transaction, unless that is switched off. No key of a profile is told: whoever
/// is in the database may listen.
pub fn notify(news: &serde_json::Value) -> Result<(), Error> {
    if !guc::notify() {
        return Ok(());
    }
    let arguments = [CHANNEL.into(), news.to_string().into()];
    Ok(Spi::run_with_args(
        "SELECT pg_catalog.pg_notify($1, $2)",
        &arguments,
    )?)
}

/// Writes a run that failed, for `refresh`, whose transaction goes on. Returns its number.
pub fn insert_failure(
    model_id: i64,
    kind: &str,
    (state, error): (&str, &str),
) -> Result<i64, Error> {
    let query = "INSERT INTO customer_ai.failed_run (model_id, kind, started_at, sqlstate, error)
        VALUES ($1, $2, now(), $3, $4) RETURNING id";
    let arguments = [model_id.into(), kind.into(), state.into(), error.into()];
    not_null(sql::written(query, &arguments, |row| {
        not_null(row.get(1)?)
    })?)
}

/// Why a model is to be trained, if it is: no version, the newest of another definition, or older than so long.
pub fn training_due(model_id: i64, every: Option<&str>) -> Result<Option<String>, Error> {
    let query = "SELECT CASE
            WHEN v.id IS NULL THEN 'it has no version'
            WHEN v.definition IS DISTINCT FROM d.definition THEN format('version %s is of another definition', v.number)
            WHEN v.trained_at <= now() - $2::interval THEN format('version %s is older than %s', v.number, $2) END
        FROM customer_ai_internal.definition d LEFT JOIN LATERAL (
            SELECT v.* FROM customer_ai.version v JOIN customer_ai.model m ON m.id = v.model_id AND m.owner = v.owner
            WHERE v.model_id = d.model_id ORDER BY v.number DESC LIMIT 1) v ON true
        WHERE d.model_id = $1";
    Ok(sql::row(query, &[model_id.into(), every.into()], |row| {
        Ok(row.get::<String>(1)?)
    })?
    .flatten())
}

/// Writes into the audit what was done to the schedule of a model.
pub fn audit_schedule(
    model_id: i64,
    action: &str,
    old: Option<&str>,
    new: Option<&str>,
) -> Result<(), Error> {
    let query = "INSERT INTO customer_ai.audit_entry (role, owner, model, action, object, old, new)
        SELECT customer_ai_internal.actor(), m.owner, m.name, $2, m.name,
            CASE WHEN $3 IS NOT NULL THEN jsonb_build_object('schedule', $3) END,
            CASE WHEN $4 IS NOT NULL THEN jsonb_build_object('schedule', $4) END
        FROM customer_ai.model m WHERE m.id = $1";
    let arguments = [model_id.into(), action.into(), old.into(), new.into()];
    sql::run(query, &arguments)
}

/// What pg_cron runs for a model.
pub struct Job {
    pub id: i64,
    pub model: String,
    pub role: String,
    pub schedule: String,
    pub active: bool,
    pub status: Option<String>,
    pub error: Option<String>,
    pub started_at: Option<pgrx::datum::TimestampWithTimeZone>,
}

/// Whether pg_cron is here: only then is what is called cron its own.
pub fn has_cron() -> Result<bool, Error> {
    let query = "SELECT FROM pg_extension WHERE extname = 'pg_cron'";
    Ok(sql::row(query, &[], |_| Ok(()))?.is_some())
}

/// The jobs that refresh a model in this database, told by what they run. pg_cron must be here.
pub fn jobs() -> Result<Vec<Job>, Error> {
    let query = "SELECT j.jobid, m.name, j.username::text, j.schedule, j.active, r.status,
            CASE WHEN r.status = 'failed' THEN r.return_message END, r.start_time
        FROM cron.job j
        JOIN customer_ai.model m ON btrim(j.command, E' ;\\n\\t') = format('CALL customer_ai.refresh(%L)', m.name)
        LEFT JOIN LATERAL (
            SELECT r.* FROM cron.job_run_details r WHERE r.jobid = j.jobid ORDER BY r.runid DESC LIMIT 1) r ON true
        WHERE j.database = current_database() ORDER BY m.name, j.jobid";
    sql::rows(query, &[], |row| {
        Ok(Job {
            id: not_null(row.get(1)?)?,
            model: not_null(row.get(2)?)?,
            role: not_null(row.get(3)?)?,
            schedule: not_null(row.get(4)?)?,
            active: not_null(row.get(5)?)?,
            status: row.get(6)?,
            error: row.get(7)?,
            started_at: row.get(8)?,
        })
    })
}
