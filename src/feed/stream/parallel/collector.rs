//! What one process of a parallel reading does with the rows that come to it.

use std::time::Duration;

use pgrx::pg_sys::NullableDatum;
use propensity::error::OutOfMemory;
use propensity::event::dictionary::Dictionaries;
use propensity::event::record::Layout;
use propensity::time::Micros;
use propensity::walk::Split;
use propensity::walk::sample::Sampler;
use serde::{Deserialize, Serialize};

use super::shared::Shared;
use crate::error::Error;
use crate::feed::stream::intake::{Intake, Rows};
use crate::feed::stream::partitions::{Chunks, Partitions};
use crate::feed::stream::tally::Tally;
use crate::pg::datum::{BytesKind, Number};
use crate::pg::laps;
use crate::pg::memory::poll;

/// Rows between two polls.
const QUANTUM: u32 = 4096;

/// What every process is told: how rows are read, and what was known before.
#[derive(Serialize, Deserialize)]
pub struct Job {
    pub layout: Layout,
    pub split: Split,
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
    pub tally: Tally,
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
    /// Rows since the last poll.
    count: u32,
}

impl Collector {
    /// Sets up what the job says.
    pub fn new(shared: Shared) -> Result<Self, Error> {
        let job: Job =
            serde_json::from_slice(shared.job()).map_err(|_| propensity::Error::BadRecord)?;
        let process = shared.next_process();
        let mut intake = Intake::new(job.layout, job.key, job.dictionaries);
        intake.sampler = job.sampler;
        intake.partitions = Partitions::shared(job.split, shared.file(process));
        Ok(Self {
            shared,
            process,
            rows: Rows::Events {
                numbers: job.numbers,
                codes: job.codes,
                until: job.until,
            },
            intake,
            count: 0,
        })
    }

    /// How many columns its rows have: a key, a time, a type, three flags and the attributes.
    pub fn columns(&self) -> usize {
        match &self.rows {
            Rows::Events { numbers, codes, .. } => 6 + numbers.len() + codes.len(),
            Rows::Types | Rows::Marks { .. } | Rows::Attributes { .. } => 0,
        }
    }

    /// Takes one row.
    #[inline]
    pub fn take(&mut self, columns: &[NullableDatum]) -> Result<(), OutOfMemory> {
        self.count += 1;
        if self.count == QUANTUM {
            self.count = 0;
            poll();
        }
        self.intake.take(&self.rows, columns)
    }

    /// Leaves the records in the files for another process.
    pub fn report(self) -> Report {
        let chunks = self.intake.partitions.hand_over();
        self.shared.leave();
        Report {
            process: self.process,
            chunks,
            tally: self.intake.tally,
            dictionaries: self.intake.dictionaries,
            sampler: self.intake.sampler,
            cpu: if self.shared.is_of_another() {
                laps::cpu(libc::CLOCK_PROCESS_CPUTIME_ID)
            } else {
                Duration::ZERO
            },
        }
    }
}
