//! Which partition a profile is in.

/// Number of partitions: a power of two. 256 keep 100 million events under 20 MB each.
pub const PARTITIONS: usize = 256;

/// The partition of a profile: the top bits of the hash of its key, so that partitions in order are
/// profiles in order of hash, however many partitions there are.
#[inline]
pub fn partition_of(hash: u64) -> usize {
    (hash >> (u64::BITS - PARTITIONS.ilog2())) as usize
}
