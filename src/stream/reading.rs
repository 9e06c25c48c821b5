//! Reading the records of partitions, a piece at a time.

use std::ops::Range;

use propensity::partition::Batch;

use super::parallel::Hauls;
use super::partitions::Partitions;
use crate::error::Error;

/// Bytes of a piece, about. The records of a partition that has more are never held all at once, beside what becomes of
/// them.
const PIECE: usize = 8 << 20;

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
