//! What the processes of a parallel reading have brought.

use std::sync::Arc;
use std::time::Duration;

use propensity::event::code_map::CodeMap;
use propensity::walk::Batch;

use super::collector::Report;
use super::shared::Shared;
use crate::error::Error;
use crate::feed::stream::file::TempFile;
use crate::feed::stream::intake::Intake;
use crate::feed::stream::partitions::{Chunk, Chunks};

/// The records that one process has left in its file.
pub struct WorkerOutput {
    chunks: Chunks,
    /// None if there are no records.
    file: Option<TempFile>,
    /// From its codes to those of the stream's dictionaries.
    recode: Arc<CodeMap>,
    cpu: Duration,
}

/// All outputs of a reading; their files go with them.
pub struct WorkerOutputs {
    shared: Shared,
    outputs: Vec<WorkerOutput>,
}

impl WorkerOutputs {
    pub fn new(shared: Shared) -> Self {
        Self {
            shared,
            outputs: Vec::new(),
        }
    }

    /// Takes over what a process has read.
    pub fn add(&mut self, report: Report, intake: &mut Intake) -> Result<(), Error> {
        intake.summary.add(&report.summary)?;
        if let (Some(sampler), Some(other)) = (&mut intake.sampler, &report.sampler) {
            sampler.add_all(other)?;
        }
        let file = self.shared.file(report.process);
        let recode = CodeMap::new(&report.dictionaries, &mut intake.dictionaries)?;
        let has_records = !report.chunks.is_empty();
        self.outputs.push(WorkerOutput {
            file: has_records
                .then(|| TempFile::open_shared(&file))
                .transpose()?,
            chunks: report.chunks,
            recode: Arc::new(recode),
            cpu: report.cpu,
        });
        Ok(())
    }

    /// Processes that have read.
    pub fn processes(&self) -> usize {
        self.outputs.len()
    }

    /// What those of them that are not this one have spent of the processor.
    pub fn workers_cpu(&self) -> Duration {
        self.outputs.iter().map(|output| output.cpu).sum()
    }

    /// Leaves all records out from now on.
    pub fn clear(&mut self) {
        self.outputs
            .iter_mut()
            .for_each(|output| output.file = None);
    }

    /// Bytes of a partition.
    pub fn len(&self, partition: usize) -> usize {
        let outputs = self.outputs.iter().filter(|output| output.file.is_some());
        outputs.map(|output| output.chunks.len(partition)).sum()
    }

    /// One after the other.
    pub fn all(&mut self) -> &mut [WorkerOutput] {
        &mut self.outputs
    }
}

impl WorkerOutput {
    /// The newest chunk of a partition.
    pub fn newest(&self, partition: usize) -> Option<Chunk> {
        self.file.as_ref().and(self.chunks.newest(partition))
    }

    /// Reads a chunk onto the end of `batch`, and gives the one before it.
    pub fn read(&mut self, chunk: Chunk, batch: &mut Batch) -> Result<Option<Chunk>, Error> {
        let file = self
            .file
            .as_mut()
            .ok_or(Error::Internal("a temporary file is missing"))?;
        let start = batch.bytes.len();
        let before = chunk.read(file, &mut batch.bytes)?;
        batch.recode(start, &self.recode);
        Ok(before)
    }
}

impl Drop for WorkerOutputs {
    fn drop(&mut self) {
        // While unwinding from an error the end of the transaction does this; a call here could
        // raise a second error.
        if !std::thread::panicking() {
            self.clear();
            self.shared.delete();
        }
    }
}
