//! Hashes: the one of a profile key, which chooses its partition, orders profiles, draws samples; and that of a
//! model's bytes.

/// Hash of a profile's key bytes: XXH3, 64 bits.
///
/// Part of the meaning of a stored sample, so it must never change: the order of training rows,
/// the hold-out by profile and the training sample all follow it.
#[inline]
pub fn profile_hash(key: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(key)
}

/// Hash of a stored model's bytes, by which processes of one query name it: XXH3, 128 bits.
pub fn document_hash(document: &[u8]) -> u128 {
    xxhash_rust::xxh3::xxh3_128(document)
}
