//! Reading with parallel workers, where the planner takes them.
//!
//! ```text
//! SELECT customer_ai_internal.rows(job, profile, time, ...) FROM events
//!     each process:  rows -> Collector, records in temporary files that all processes share -> Report
//!     this process:  reports -> WorkerOutputs, read from the files partition by partition
//! ```
//!
//! The records are the same as those that one process makes, in another order, and with codes of
//! other dictionaries, which are replaced when a partition is read. Nothing depends on the order.

mod collector;
mod functions;
mod output;
mod plan;
mod shared;

use propensity::time::Micros;

use super::Stream;
use super::intake::Rows;
use crate::error::Error;
use crate::pg::guc;
use crate::pg::jit;
use collector::Job;
pub use output::WorkerOutputs;
use shared::Shared;

impl Stream {
    /// Reads all events up to `until` with parallel workers; false, and nothing read, if the planner
    /// or the settings want none.
    pub(super) fn read_in_parallel(&mut self, until: Micros) -> Result<bool, Error> {
        if guc::threads() < 2 || self.outputs.is_some() {
            return Ok(false);
        }
        let Some((sql, rows)) = self.query.parallel_events(until) else {
            return Ok(false);
        };
        let job = self.job(rows)?;
        let mut outputs = None;
        let begin = || {
            let shared = Shared::create(&job);
            outputs = shared.map(WorkerOutputs::new);
            Ok(shared.map(Shared::handle))
        };
        let reports = jit::without(|| plan::run(&sql, begin))?;
        let (Some(reports), Some(mut outputs)) = (reports, outputs) else {
            return Ok(false);
        };
        for report in reports {
            outputs.add(report, &mut self.intake)?;
        }
        self.outputs = Some(outputs);
        Ok(true)
    }

    fn job(&self, rows: Rows) -> Result<Vec<u8>, Error> {
        let Rows::Events { columns, until } = rows else {
            return Err(Error::Internal(
                "parallel workers were to read other rows than events",
            ));
        };
        let job = Job {
            layout: self.intake.layout,
            partitioner: self.intake.partitions.partitioner(),
            key: self.intake.key,
            numbers: columns.attributes.numbers,
            codes: columns.attributes.texts,
            until,
            dictionaries: self.intake.dictionaries.clone(),
            sampler: self.intake.sampler.clone(),
        };
        serde_json::to_vec(&job)
            .map_err(|_| Error::Internal("a job of parallel workers cannot be written"))
    }
}
