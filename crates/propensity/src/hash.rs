//! The one hash of a profile key: chooses its partition, orders profiles, draws samples.

/// Hash of a profile's key bytes: XXH3, 64 bits.
///
/// Part of the meaning of a stored sample, so it must never change: the order of training rows,
/// the hold-out by profile and the training sample all follow it.
pub fn profile_hash(key: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(key)
}
