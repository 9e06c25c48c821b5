//! Jobs of pg_cron that refresh models.

use pgrx::datum::DatumWithOid;
use pgrx::{Spi, pg_sys};

use crate::catalog::news::{self, Job};
use crate::error::{Error, not_null};
use crate::pg::attempt::attempt;
use crate::pg::relation::literal;
use crate::pg::role::{is_member, role_oid};
use crate::store::notice;

/// What pg_cron runs for a model.
pub fn command(model: &str) -> String {
    format!("CALL customer_ai.refresh({})", literal(model))
}

/// Has pg_cron refresh a model, as the caller, and returns the job. One of the same name gets the new schedule, which pg_cron
/// itself reads.
pub fn make_job(model: &str, schedule: &str) -> Result<i64, Error> {
    let (name, command) = (format!("customer_ai {model}"), command(model));
    let arguments = [
        name.as_str().into(),
        schedule.into(),
        command.as_str().into(),
    ];
    job_of("SELECT cron.schedule($1, $2, $3)", &arguments)
}

fn job_of(query: &str, arguments: &[DatumWithOid]) -> Result<i64, Error> {
    Spi::connect_mut(|client| {
        let row = client.update(query, None, arguments)?;
        not_null(row.first().get::<i64>(1)?)
    })
}

/// Has the jobs of a model refresh it under its new name. One that the caller may not touch stays, with a WARNING.
pub fn rename(jobs: &[Job], new_model: &str) {
    for job in jobs {
        let moved = attempt(|| {
            drop_job(job)?;
            again(job, new_model)
        });
        if moved.is_err() {
            notice::job_stays(&job.model, job.id, &job.role);
        }
    }
}

/// Warns of the jobs of a model whose roles may not use it any more, because it has another owner.
pub fn warn_of_strangers(model: &str, owner: pg_sys::Oid) -> Result<(), Error> {
    for job in known(model)? {
        if role_oid(&job.role).is_none_or(|role| !is_member(role, owner)) {
            notice::job_stays(model, job.id, &job.role);
        }
    }
    Ok(())
}

/// A job as it was, under another name: of whose it was where the caller may say that, else of the caller's own.
fn again(job: &Job, new_model: &str) -> Result<i64, Error> {
    let (name, command) = (format!("customer_ai {new_model}"), command(new_model));
    let arguments = [
        name.as_str().into(),
        job.schedule.as_str().into(),
        command.as_str().into(),
        job.role.as_str().into(),
        job.active.into(),
    ];
    let whole =
        "SELECT cron.schedule_in_database($1, $2, $3, pg_catalog.current_database()::text, $4, $5)";
    if let Ok(made) = attempt(|| job_of(whole, &arguments)) {
        return Ok(made);
    }
    let made = make_job(new_model, &job.schedule)?;
    if !job.active {
        Spi::run_with_args("SELECT cron.alter_job($1, active => false)", &[made.into()])?;
    }
    Ok(made)
}

/// Takes a job out of pg_cron, as the caller: whose it is, or a superuser, may.
pub fn drop_job(job: &Job) -> Result<(), Error> {
    Ok(Spi::run_with_args(
        "SELECT cron.unschedule($1)",
        &[job.id.into()],
    )?)
}

/// Takes the jobs of a model that is dropped out of pg_cron, as far as the caller may; the others end with an error that
/// says that there is no such model.
pub fn forget(model: &str) -> Result<(), Error> {
    for job in known(model)? {
        if attempt(|| drop_job(&job)).is_err() {
            notice::job_stays(model, job.id, &job.role);
        }
    }
    Ok(())
}

/// The jobs of a model, none without pg_cron.
pub fn known(model: &str) -> Result<Vec<Job>, Error> {
    if news::has_cron()? {
        jobs_of(model)
    } else {
        Ok(Vec::new())
    }
}

pub fn jobs_of(model: &str) -> Result<Vec<Job>, Error> {
    let mut jobs = news::jobs()?;
    jobs.retain(|job| job.model == model);
    Ok(jobs)
}
