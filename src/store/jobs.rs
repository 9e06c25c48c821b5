//! Jobs of pg_cron that refresh models.

use pgrx::Spi;

use crate::catalog::news::{self, Job};
use crate::error::Error;
use crate::pg::attempt::attempt;
use crate::store::notice;

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
    if !news::has_cron()? {
        return Ok(());
    }
    for job in jobs_of(model)? {
        if attempt(|| drop_job(&job)).is_err() {
            notice::job_stays(model, job.id, &job.role);
        }
    }
    Ok(())
}

pub fn jobs_of(model: &str) -> Result<Vec<Job>, Error> {
    let mut jobs = news::jobs()?;
    jobs.retain(|job| job.model == model);
    Ok(jobs)
}
