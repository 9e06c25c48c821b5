//! Which partition a profile is in.

use serde::{Deserialize, Serialize};

use crate::hash;

/// Bytes of records that are better in one partition than in two: few megabytes of columns, and what is made of some
/// thousand profiles. Two threads hold several.
const FEW: u64 = 2 << 20;
const FEWEST: u32 = 8;
const MOST: u32 = 11;

/// Splits profiles by the top bits of the hashes of their keys, so that partitions in order are profiles in order of
/// hash, however many partitions there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partitioner {
    bits: u32,
}

impl Default for Partitioner {
    /// 256 partitions.
    fn default() -> Self {
        Self { bits: FEWEST }
    }
}

impl Partitioner {
    /// So many partitions that each has about 2 MB of this many bytes of records, but not more than `most`: 256 at least,
    /// and 2048 at most.
    pub fn of(bytes: u64, most: usize) -> Self {
        let most = most.clamp(1 << FEWEST, 1 << MOST).ilog2();
        let wanted = bytes.div_ceil(FEW).clamp(1 << FEWEST, 1 << MOST);
        Self {
            bits: wanted.next_power_of_two().ilog2().min(most),
        }
    }

    /// Number of partitions.
    pub fn partitions(self) -> usize {
        1 << self.bits
    }

    /// The partition of a profile, by the hash of its key.
    #[inline]
    pub fn partition(self, hash: u64) -> usize {
        hash::partition(hash, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_records_are_split_into_more_partitions() {
        let partitions = |bytes| Partitioner::of(bytes, usize::MAX).partitions();
        assert_eq!([0, 1, 256 * FEW].map(partitions), [256; 3]);
        assert_eq!([256 * FEW + 1, 512 * FEW].map(partitions), [512; 2]);
        assert_eq!([1_850_000_000, u64::MAX].map(partitions), [1024, 2048]);
        assert_eq!(Partitioner::of(0, 0), Partitioner::default());
        let at_most = |most| Partitioner::of(u64::MAX, most).partitions();
        assert_eq!([0, 300, 600, 5000].map(at_most), [256, 256, 512, 2048]);
    }

    #[test]
    fn partitions_are_in_the_order_of_hashes() {
        for split in [
            Partitioner::default(),
            Partitioner::of(u64::MAX, usize::MAX),
        ] {
            let last = split.partitions() - 1;
            assert_eq!([0, u64::MAX].map(|hash| split.partition(hash)), [0, last]);
            let hashes = (0..10_000).map(|number| number * (u64::MAX / 10_000));
            assert!(hashes.map(|hash| split.partition(hash)).is_sorted());
        }
    }
}
