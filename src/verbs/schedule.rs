//! schedule, unschedule and what the procedures refresh and refresh_all need (sql/refresh.sql).

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::catalog::args::required;
use crate::catalog::judged;
use crate::catalog::news;
use crate::catalog::turn::{self, Turn};
use crate::catalog::{self, instant};
use crate::error::{Error, not_null};
use crate::pg::attempt::attempt;
use crate::pg::role::role_name;
use crate::pg::sql;
use crate::store::jobs::{command, drop_job, jobs_of, make_job};
use propensity::time::cron;

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn schedule(model: Option<&str>, schedule: Option<&str>) -> Result<i64, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.schedule()");
    let (model, schedule) = (required("model", model)?, required("schedule", schedule)?);
    let definition = catalog::lock(model)?;
    require_cron(model)?;
    let caller = caller();
    let known = jobs_of(model)?;
    if let Some(other) = known.iter().find(|job| job.role != caller) {
        Err(Error::Scheduled {
            model: model.to_owned(),
            role: other.role.clone(),
        })?;
    }
    let made = attempt(|| make_job(model, schedule));
    let job = made.map_err(|failure| Error::Argument {
        argument: "schedule",
        found: format!("\"{schedule}\" ({})", failure.text.trim_end_matches('.')),
        required: "five fields of cron: minute, hour, day of the month, month, day of the week"
            .to_owned(),
        hint: "Write for example schedule => '0 3 * * *': every night at three, by UTC.".to_owned(),
    })?;
    let before = known.first().map(|job| job.schedule.as_str());
    news::audit_schedule(definition.id, "schedule", before, Some(schedule))?;
    Ok(job)
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn unschedule(model: Option<&str>) -> Result<i64, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.unschedule()");
    let model = required("model", model)?;
    let definition = catalog::lock(model)?;
    require_cron(model)?;
    let jobs = jobs_of(model)?;
    for job in &jobs {
        drop_job(job)?;
        let schedule = Some(job.schedule.as_str());
        news::audit_schedule(definition.id, "unschedule", schedule, None)?;
    }
    Ok(jobs.len() as i64)
}

fn caller() -> String {
    role_name(crate::pg::role::current())
}

/// # Errors
/// 55000 without pg_cron in this database, 42501 without a right to use it.
fn require_cron(model: &str) -> Result<(), Error> {
    let query = "SELECT pg_catalog.current_database()::text";
    let database = not_null(sql::row(query, &[], |row| not_null(row.get::<String>(1)?))?)?;
    if !news::has_cron()? {
        return Err(Error::NoCron {
            database,
            command: command(model),
        });
    }
    let query =
        "SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE') FROM pg_catalog.pg_namespace n
        WHERE n.nspname = 'cron'";
    match sql::row(query, &[], |row| not_null(row.get::<bool>(1)?))? {
        Some(true) => Ok(()),
        _ => Err(Error::SchemaUsage {
            schema: "cron".to_owned(),
            role: caller(),
        }),
    }
}

/// The jobs of the caller's models, for the view.
#[pg_extern(schema = "customer_ai_internal", stable, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
pub fn jobs() -> Result<
    TableIterator<
        'static,
        (
            name!(model, String),
            name!(schedule, String),
            name!(job, i64),
            name!(role, String),
            name!(active, bool),
            name!(next_run, Option<TimestampWithTimeZone>),
            name!(last_run, Option<TimestampWithTimeZone>),
            name!(last_status, Option<String>),
            name!(last_error, Option<String>),
        ),
    >,
    ErrorReport,
> {
    let mut rows = Vec::new();
    if news::has_cron()? {
        let mine = catalog::mine()?;
        for job in news::jobs()? {
            if !mine.contains(&job.model) {
                continue;
            }
            let next = cron::next(&job.schedule, instant::now()).filter(|_| job.active);
            let next = next.map(instant::from_micros).transpose()?;
            rows.push((
                job.model,
                job.schedule,
                job.id,
                job.role,
                job.active,
                next,
                job.started_at,
                job.status,
                job.error,
            ));
        }
    }
    Ok(TableIterator::new(rows))
}

/// When a schedule is due next after an instant.
#[pg_extern(schema = "customer_ai_internal", immutable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
fn next_run(
    schedule: Option<&str>,
    after: Option<TimestampWithTimeZone>,
) -> Result<Option<TimestampWithTimeZone>, ErrorReport> {
    let after = after.and_then(instant::to_micros);
    let next = schedule
        .zip(after)
        .and_then(|(schedule, after)| cron::next(schedule, after));
    Ok(next.map(instant::from_micros).transpose()?)
}

/// Takes the turn at a model for a step of refresh, "train" or "score"; false if another session has it.
#[pg_extern(schema = "customer_ai_internal", volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn try_turn(model: Option<&str>, step: Option<&str>) -> Result<bool, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.refresh()");
    let definition = catalog::load(required("model", model)?)?;
    let turn = match required("step", step)? {
        "train" => Turn::Training,
        _ => Turn::Scores,
    };
    Ok(turn::try_take(definition.id, turn))
}

/// Why a model is to be trained; NULL if it is not.
#[pg_extern(schema = "customer_ai_internal", stable, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
pub fn training_due(model: Option<&str>) -> Result<Option<String>, ErrorReport> {
    let definition = catalog::load(required("model", model)?)?;
    let every = definition.options.retrain_every.as_deref();
    let due = news::training_due(definition.id, every)?;
    // Who said never means it.
    if due.is_some() || every.is_none() {
        return Ok(due);
    }
    Ok(judged::drifted(definition.id)?)
}

/// Takes down that a step of refresh failed, and tells the channel. Returns the number of the run.
#[pg_extern(schema = "customer_ai_internal", volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn note_failure(
    model: Option<&str>,
    kind: Option<&str>,
    state: Option<&str>,
    error: Option<&str>,
) -> Result<i64, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.refresh()");
    let definition = catalog::load(required("model", model)?)?;
    let (kind, state) = (required("kind", kind)?, required("state", state)?);
    let error = required("error", error)?;
    let run = news::insert_failure(definition.id, kind, (state, error))?;
    news::notify(&serde_json::json!({
        "model": definition.name, "kind": kind, "run": run, "error": error.chars().take(2000).collect::<String>(),
    }))?;
    Ok(run)
}

/// Whether a statement of the extension itself is running, as its tables' owner: a copy from a dump is none.
#[pg_extern(schema = "customer_ai_internal", stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
pub fn is_our_own() -> bool {
    // SAFETY: reads the state of the backend.
    unsafe { pg_sys::InSecurityRestrictedOperation() }
}
