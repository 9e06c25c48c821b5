//! What the processes of a parallel reading have brought.

use propensity::recode::Recode;
use std::time::Duration;

use propensity::record::Layout;

use super::collector::Report;
use super::shared::Shared;
use crate::error::Error;
use crate::memory::poll;
use crate::stream::file::TempFile;
use crate::stream::intake::Intake;
use crate::stream::partitions::Chunks;

/// The records that one process has left in its file.
struct Haul {
    chunks: Chunks,
    /// None if there are no records.
    file: Option<TempFile>,
    recode: Recode,
    cpu: Duration,
}

/// All hauls of a reading; their files go with them.
pub struct Hauls {
    shared: Shared,
    hauls: Vec<Haul>,
}

impl Hauls {
    pub fn new(shared: Shared) -> Self {
        Self {
            shared,
            hauls: Vec::new(),
        }
    }

    /// Takes over what a process has read.
    pub fn add(&mut self, report: Report, intake: &mut Intake) -> Result<(), Error> {
        intake.tally.add(report.tally);
        if let (Some(sampler), Some(other)) = (&mut intake.sampler, &report.sampler) {
            sampler.add_all(other)?;
        }
        let file = self.shared.file(report.process);
        let has_records = !report.chunks.is_empty();
        self.hauls.push(Haul {
            file: has_records.then(|| TempFile::open_shared(&file)),
            chunks: report.chunks,
            recode: Recode::new(&report.dictionaries, &mut intake.dictionaries)?,
            cpu: report.cpu,
        });
        Ok(())
    }

    /// Processes that have read.
    pub fn processes(&self) -> usize {
        self.hauls.len()
    }

    /// What those of them that are not this one have spent of the processor.
    pub fn workers_cpu(&self) -> Duration {
        self.hauls.iter().map(|haul| haul.cpu).sum()
    }

    /// Leaves all records out from now on.
    pub fn clear(&mut self) {
        self.hauls.iter_mut().for_each(|haul| haul.file = None);
    }

    /// Bytes of a partition.
    pub fn len(&self, partition: usize) -> usize {
        let hauls = self.hauls.iter().filter(|haul| haul.file.is_some());
        hauls.map(|haul| haul.chunks.len(partition)).sum()
    }

    /// Reads a partition onto the end of `bytes`, with the codes of the stream's dictionaries.
    pub fn read(
        &mut self,
        layout: &Layout,
        partition: usize,
        bytes: &mut Vec<u8>,
    ) -> Result<(), Error> {
        for haul in &mut self.hauls {
            if let Some(file) = &mut haul.file {
                let start = bytes.len();
                haul.chunks.read(partition, file, bytes)?;
                haul.recode.apply(layout, &mut bytes[start..], &mut poll)?;
            }
        }
        Ok(())
    }
}

impl Drop for Hauls {
    fn drop(&mut self) {
        // While unwinding from an error the end of the transaction does this; a call here could
        // raise a second error.
        if !std::thread::panicking() {
            self.clear();
            self.shared.delete();
        }
    }
}
