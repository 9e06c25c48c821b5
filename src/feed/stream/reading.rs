//! Reading the records of partitions, morsel by morsel and a part at a time.

use std::ops::Range;

use propensity::walk::{Batch, Morsels};

use super::parallel::WorkerOutputs;
use super::partitions::{Chunk, Partitions};
use crate::error::Error;

/// Bytes of a part, about. The records of a partition that has more are never held all at once, beside what becomes of
/// them.
const PART: usize = 2 << 20;
/// Bytes that a thread takes at once, in whole partitions: far more work than handing them to another thread.
pub const MORSEL: usize = 1 << 19;

/// Where the next records of some partitions are: this process's own, then those of the outputs.
pub struct Reading {
    partitions: Range<usize>,
    /// Of the first partition, how many sources were begun: this process, then the outputs.
    begun: usize,
    /// The next chunk of the last of them.
    chunk: Option<Chunk>,
}

impl Reading {
    pub fn new(partitions: Range<usize>) -> Self {
        Self {
            partitions,
            begun: 0,
            chunk: None,
        }
    }

    /// Reads records onto the end of `batch` until there is a part of them, or no more. Returns whether there are more.
    pub fn read(
        &mut self,
        own: &mut Partitions,
        outputs: Option<&mut WorkerOutputs>,
        batch: &mut Batch,
    ) -> Result<bool, Error> {
        let mut none = [];
        let outputs = outputs.map_or(&mut none[..], WorkerOutputs::all);
        while !self.partitions.is_empty() {
            let partition = self.partitions.start;
            if let Some(chunk) = self.chunk {
                self.chunk = match self.begun {
                    1 => own.read(chunk, &mut batch.bytes)?,
                    begun => outputs[begun - 2].read(chunk, batch)?,
                };
                if batch.bytes.len() >= PART {
                    return Ok(true);
                }
            } else if self.begun <= outputs.len() {
                self.chunk = match self.begun {
                    0 => own.begin(partition, &mut batch.bytes)?,
                    begun => outputs[begun - 1].newest(partition),
                };
                self.begun += 1;
            } else {
                *self = Self::new(partition + 1..self.partitions.end);
            }
        }
        Ok(false)
    }
}

/// All partitions, as morsels of one or more.
pub struct Readings<'a> {
    /// Bytes of each partition.
    lengths: Vec<usize>,
    own: &'a mut Partitions,
    outputs: Option<&'a mut WorkerOutputs>,
    /// The partition that the next morsel begins with.
    next: usize,
    /// The morsel that was begun last, and its bytes.
    reading: Reading,
    bytes: usize,
}

impl<'a> Readings<'a> {
    pub fn new(
        lengths: Vec<usize>,
        own: &'a mut Partitions,
        outputs: Option<&'a mut WorkerOutputs>,
    ) -> Self {
        Self {
            lengths,
            own,
            outputs,
            next: 0,
            reading: Reading::new(0..0),
            bytes: 0,
        }
    }
}

impl Morsels for Readings<'_> {
    type Error = Error;

    fn begin(&mut self) -> Option<usize> {
        let (first, mut bytes) = (self.next, 0);
        while bytes < MORSEL
            && let Some(length) = self.lengths.get(self.next)
        {
            bytes += length;
            self.next += 1;
        }
        self.reading = Reading::new(first..self.next);
        self.bytes = bytes;
        (first < self.next).then_some(bytes)
    }

    fn read(&mut self, batch: &mut Batch) -> Result<bool, Error> {
        // A little more, because parts end with a chunk.
        let room = self.bytes.min(PART + PART / 64);
        let reserved = batch.bytes.try_reserve_exact(room);
        reserved.map_err(propensity::Error::from)?;
        let outputs = self.outputs.as_deref_mut();
        self.reading.read(self.own, outputs, batch)
    }
}
