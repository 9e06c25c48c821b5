//! Hashes: the one of a profile key and what its bits decide, and that of a model's bytes.
//!
//! Bits of a profile's hash, 63 the highest. What is drawn by one must not follow from another.
//!
//! | bits | function | decide |
//! |---|---|---|
//! | all | | the order of profiles, ties being broken by the key |
//! | 63 to 53 at most | [`partition`] | which partition holds the profile |
//! | 43 and down, then 63 to 44 | [`sample_place`] | whether a sample of the profiles has it |
//! | 0 and up | [`schema_place`] | whether its numbers are looked at to choose features; slots of hash tables |
//! | hashed again | [`redrawn`] | whether it is held out ([`HOLD_OUT`]), whether it is typical ([`BACKGROUND`]) |
//! | hashed with the cutoff | [`row_place`] | whether its row at the cutoff is trained on |

use crate::time::Micros;

/// Hash of a profile's key bytes: XXH3, 64 bits.
///
/// Part of the meaning of a stored sample, so it must never change: the order of training rows,
/// the hold-out by profile and the training sample all follow it.
#[inline]
pub fn profile_hash(key: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(key)
}

/// The partition of a profile among `2^bits`, so that partitions in order are profiles in order of hash.
#[inline]
pub fn partition(hash: u64, bits: u32) -> usize {
    (hash >> (u64::BITS - bits)) as usize
}

/// Where a profile stands between those that a sample keeps first and those that it drops first. Those of a sample spread
/// over partitions and slots of hash tables as all do.
#[inline]
pub fn sample_place(hash: u64) -> u64 {
    hash.rotate_left(20)
}

/// How often the profiles that numbers are looked at of can be halved until this one is not among them. Partitions come
/// one after the other, so their bits would not do.
#[inline]
pub fn schema_place(hash: u64) -> u32 {
    hash.trailing_zeros()
}

/// The purpose of [`redrawn`] that says who is held out.
pub const HOLD_OUT: u64 = 0x686f_6c64;
/// The purpose of [`redrawn`] that says whose rows reasons are measured against.
pub const BACKGROUND: u64 = 0x6261_636b;

/// A profile's hash, hashed once more for a purpose, because partitions and samples follow it.
pub fn redrawn(hash: u64, purpose: u64) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(&hash.to_le_bytes(), purpose)
}

/// Where the row of a profile at a cutoff stands between those that are trained on first and last.
pub fn row_place(hash: u64, cutoff: Micros) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(&cutoff.to_le_bytes(), hash)
}

/// Hash of a stored model's bytes, by which processes of one query name it: XXH3, 128 bits.
pub fn document_hash(document: &[u8]) -> u128 {
    xxhash_rust::xxh3::xxh3_128(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bits_decide_never_changes() {
        // Stored samples, hold-outs and training rows follow these values.
        let hash = profile_hash(b"17850");
        assert_eq!(partition(0xABC0_0000_0000_0000, 12), 0xABC);
        assert_eq!(sample_place(0x0000_0FFF_0000_0000), 0xFFF0_0000_0000_0000);
        assert_eq!(schema_place(0b1000), 3);
        assert_ne!(redrawn(hash, HOLD_OUT), redrawn(hash, BACKGROUND));
        assert_ne!(row_place(hash, 1), row_place(hash, 2));
    }

    #[test]
    fn a_sample_spreads_over_partitions() {
        let kept = (0..20_000_u32)
            .map(|profile| profile_hash(&profile.to_le_bytes()))
            .filter(|&hash| sample_place(hash) < u64::MAX / 4);
        let mut counts = [0; 8];
        for hash in kept {
            counts[partition(hash, 3)] += 1;
        }
        // 625 in each are expected, with a standard deviation of 24
        assert!(
            counts.iter().all(|count| (500..750).contains(count)),
            "{counts:?}"
        );
    }
}
