//! Reading the records of partitions, stretch by stretch and a piece at a time.

use std::ops::Range;

use propensity::partition::{Batch, Stretches};

use super::parallel::Hauls;
use super::partitions::Partitions;
use crate::error::Error;

/// Bytes of a piece, about. The records of a partition that has more are never held all at once, beside what becomes of
/// them.
const PIECE: usize = 2 << 20;
/// Bytes that a thread takes at once, in whole partitions: far more work than handing them to another thread.
pub const STRETCH: usize = 1 << 19;

/// Where the next records of some partitions are: this process's own, then those of the hauls.
pub struct Reading {
    partitions: Range<usize>,
    /// 0 for this process, then the hauls.
    source: usize,
    chunk: usize,
}

impl Reading {
    pub fn new(partitions: Range<usize>) -> Self {
        Self {
            partitions,
            source: 0,
            chunk: 0,
        }
    }

    /// Reads records onto the end of `batch` until there is a piece of them, or no more. Returns whether there are more.
    pub fn read(
        &mut self,
        own: &mut Partitions,
        mut hauls: Option<&mut Hauls>,
        batch: &mut Batch,
    ) -> Result<bool, Error> {
        let others = hauls.as_ref().map_or(0, |hauls| hauls.processes());
        while !self.partitions.is_empty() {
            let (partition, chunk) = (self.partitions.start, self.chunk);
            let found = match (self.source.checked_sub(1), &mut hauls) {
                (Some(haul), Some(hauls)) => hauls.read(haul, partition, chunk, batch)?,
                _ => own.read(partition, chunk, &mut batch.bytes)?,
            };
            if found {
                self.chunk += 1;
                if batch.bytes.len() >= PIECE {
                    return Ok(true);
                }
            } else if self.source < others {
                (self.source, self.chunk) = (self.source + 1, 0);
            } else {
                *self = Self::new(partition + 1..self.partitions.end);
            }
        }
        Ok(false)
    }
}

/// All partitions, as stretches of one or more.
pub struct Readings<'a> {
    /// Bytes of each partition.
    lengths: Vec<usize>,
    own: &'a mut Partitions,
    hauls: Option<&'a mut Hauls>,
    /// The partition that the next stretch begins with.
    next: usize,
    /// The stretch that was begun last, and its bytes.
    reading: Reading,
    bytes: usize,
}

impl<'a> Readings<'a> {
    pub fn new(lengths: Vec<usize>, own: &'a mut Partitions, hauls: Option<&'a mut Hauls>) -> Self {
        Self {
            lengths,
            own,
            hauls,
            next: 0,
            reading: Reading::new(0..0),
            bytes: 0,
        }
    }
}

impl Stretches for Readings<'_> {
    type Error = Error;

    fn begin(&mut self) -> Option<usize> {
        let (first, mut bytes) = (self.next, 0);
        while bytes < STRETCH
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
        // A little more, because pieces end with a chunk.
        let room = self.bytes.min(PIECE + PIECE / 64);
        let reserved = batch.bytes.try_reserve_exact(room);
        reserved.map_err(propensity::Error::from)?;
        let hauls = self.hauls.as_deref_mut();
        self.reading.read(self.own, hauls, batch)
    }
}
