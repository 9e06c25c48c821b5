//! What one process of a parallel reading does with the rows that come to it.

use std::time::Duration;

use pgrx::pg_sys::NullableDatum;
use propensity::error::OutOfMemory;
use propensity::event::counts::ReadSummary;
use propensity::event::dictionary::Dictionaries;
use propensity::event::record::Layout;
use propensity::time::Micros;
use propensity::walk::Partitioner;
use propensity::walk::sample::Sampler;
use serde::{Deserialize, Serialize};

use super::shared::Shared;
use crate::error::Error;
use crate::feed::stream::intake::{Intake, Rows, columns};
use crate::feed::stream::partitions::{Chunks, Partitions};
use crate::pg::datum::{BytesKind, Number};
use crate::pg::memory::RowPoll;
use crate::pg::timings;
use crate::row;

/// What every process is told: how rows are read, and what was known before.
#[derive(Serialize, Deserialize)]
pub struct Job {
    pub layout: Layout,
    pub partitioner: Partitioner,
    pub key: BytesKind,
    pub numbers: Vec<Number>,
    pub codes: Vec<BytesKind>,
    pub until: Micros,
    pub dictionaries: Dictionaries,
    pub sampler: Option<Sampler>,
}

/// What a process has read: the records are in its files.
#[derive(Serialize, Deserialize)]
pub struct Report {
    pub process: u32,
    /// Where the partitions are in its file.
    pub chunks: Chunks,
    pub summary: ReadSummary,
    pub dictionaries: Dictionaries,
    pub sampler: Option<Sampler>,
    /// What a parallel worker has spent of the processor since it began.
    pub cpu: Duration,
}

/// Takes in the rows of one process.
pub struct Collector {
    shared: Shared,
    process: u32,
    rows: Rows,
    intake: Intake,
    polls: RowPoll,
}

impl Collector {
    /// Sets up what the job says.
    pub fn new(shared: Shared) -> Result<Self, Error> {
        let job: Job =
            serde_json::from_slice(shared.job()).map_err(|_| propensity::Error::BadRecord)?;
        let process = shared.next_process();
        let mut intake = Intake::new(job.layout, job.key, job.dictionaries);
        intake.sampler = job.sampler;
        intake.partitions = Partitions::shared(job.partitioner, shared.file(process));
        Ok(Self {
            shared,
            process,
            rows: Rows::Events {
                columns: columns(job.numbers, job.codes),
                until: job.until,
            },
            intake,
            polls: RowPoll::default(),
        })
    }

    /// How many columns its rows have: a key, a time, a type, three flags and the attributes.
    pub fn columns(&self) -> usize {
        match &self.rows {
            Rows::Events { columns, .. } => 1 + row::ATTRIBUTES + columns.attributes.len(),
            Rows::Types | Rows::Marks { .. } | Rows::Attributes(_) => 0,
        }
    }

    /// Takes one row.
    #[inline]
    pub fn take(&mut self, columns: &[NullableDatum]) -> Result<(), OutOfMemory> {
        self.polls.row();
        let [key, columns @ ..] = columns else {
            return Ok(());
        };
        let key = (!key.isnull).then_some(key.value);
        self.intake.take(&mut self.rows, key, columns)
    }

    /// Leaves the records in the files for another process.
    pub fn report(self) -> Report {
        let chunks = self.intake.partitions.hand_over();
        self.shared.leave();
        Report {
            process: self.process,
            chunks,
            summary: self.intake.summary,
            dictionaries: self.intake.dictionaries,
            sampler: self.intake.sampler,
            cpu: if self.shared.is_of_another() {
                timings::cpu(libc::CLOCK_PROCESS_CPUTIME_ID)
            } else {
                Duration::ZERO
            },
        }
    }
}
