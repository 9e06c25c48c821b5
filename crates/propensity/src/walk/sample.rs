//! Which profiles of a large table are learned from: a deterministic sample, decided while reading.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use serde::{Deserialize, Serialize};

use crate::error::OutOfMemory;
use crate::hash::sample_place;

/// Profiles that are counted one by one; of more, a part is counted and stands for all. They fit
/// into the caches beside everything else that is done with a row.
const COUNTED: u64 = 1 << 14;

/// A share of all profiles, by their hash: the same profiles in any data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The last place that belongs to it.
    last: u64,
}

impl Share {
    /// All profiles.
    pub const ALL: Self = Self { last: u64::MAX };

    /// About this fraction of all profiles; all of them from 1 on. A smaller share is part of a
    /// larger one.
    pub fn of(fraction: f64) -> Self {
        // A cast of a float saturates.
        Self {
            last: (fraction * 2f64.powi(64)) as u64,
        }
    }

    /// Whether a profile belongs to it, by the hash of its key.
    #[inline]
    pub fn keeps(self, hash: u64) -> bool {
        sample_place(hash) <= self.last
    }

    /// The fraction that it is of all profiles, in `(0, 1]`.
    pub fn fraction(self) -> f64 {
        (self.last as f64 + 1.0) / 2f64.powi(64)
    }

    /// The last [`sample_place`] that belongs to it.
    pub fn last_place(self) -> u64 {
        self.last
    }

    fn halved(times: u32) -> Self {
        Self {
            last: u64::MAX.checked_shr(times).unwrap_or_default(),
        }
    }
}

/// Decides which profiles are read, and counts how many there are.
///
/// The decision follows from the set of the profiles alone, not from their order or number of
/// rows. A profile that was kept at first may be dropped later; one that was dropped stays so.
///
/// # Source
///
/// The set of the smallest hashes tells the number of all: Bar-Yossef, Jayram, Kumar, Sivakumar
/// and Trevisan, "Counting distinct elements in a data stream", RANDOM 2002.
///
/// # Examples
///
/// ```
/// use propensity::{hash::profile_hash, walk::sample::Sampler};
///
/// let mut sampler = Sampler::at_most(1000);
/// for profile in 0..10_000_u32 {
///     sampler.add(profile_hash(&profile.to_le_bytes()))?;
/// }
/// assert_eq!(sampler.share().fraction(), 1.0 / 16.0);
/// assert!((9_000..11_000).contains(&sampler.profiles()));
/// # Ok::<(), propensity::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sampler {
    /// The share to keep, if it does not follow from the number of profiles.
    fixed: Option<Share>,
    /// Profiles that are counted at most.
    most: usize,
    /// The share that is kept is that which is counted, doubled this many times.
    doublings: u32,
    /// The share that is counted is a half of all, a half of that, ...
    halvings: u32,
    counted: HashSet<u64, BuildHasherDefault<AsItIs>>,
}

impl Sampler {
    /// Keeps all profiles up to `profiles`; of more, the half, a quarter, and so on that is at most
    /// that. Above 16,384 their number is estimated (standard error 0.8 %).
    pub fn at_most(profiles: u64) -> Self {
        let doublings = (0..63).find(|&times| profiles >> times <= COUNTED);
        let doublings = doublings.unwrap_or_default();
        Self {
            fixed: None,
            most: (profiles >> doublings).max(1) as usize,
            doublings,
            halvings: 0,
            counted: HashSet::default(),
        }
    }

    /// Keeps this share of the profiles, however many they are.
    pub fn of(share: Share) -> Self {
        Self {
            fixed: Some(share),
            ..Self::at_most(COUNTED)
        }
    }

    /// Takes notice of a profile, by the hash of its key, and tells whether it is kept as yet.
    ///
    /// # Errors
    ///
    /// [`OutOfMemory`].
    #[inline]
    pub fn add(&mut self, hash: u64) -> Result<bool, OutOfMemory> {
        if Share::halved(self.halvings).keeps(hash) {
            self.count(hash)?;
        }
        Ok(self.share().keeps(hash))
    }

    fn count(&mut self, hash: u64) -> Result<(), OutOfMemory> {
        self.counted.try_reserve(1)?;
        self.counted.insert(hash);
        while self.counted.len() > self.most && self.halvings < u64::BITS {
            self.halve(self.halvings + 1);
        }
        Ok(())
    }

    /// Takes notice of all profiles that another sampler of the same kind has seen.
    ///
    /// # Errors
    ///
    /// [`OutOfMemory`].
    pub fn add_all(&mut self, other: &Self) -> Result<(), OutOfMemory> {
        if self.halvings < other.halvings {
            self.halve(other.halvings);
        }
        for &hash in &other.counted {
            self.add(hash)?;
        }
        Ok(())
    }

    fn halve(&mut self, times: u32) {
        self.halvings = times;
        let rest = Share::halved(times);
        self.counted.retain(|&hash| rest.keeps(hash));
    }

    /// The share that is kept.
    #[inline]
    pub fn share(&self) -> Share {
        let halvings = self.halvings.saturating_sub(self.doublings);
        self.fixed.unwrap_or(Share::halved(halvings))
    }

    /// How many profiles there are: exact up to the number that is counted, then an estimate.
    pub fn profiles(&self) -> u64 {
        (self.counted.len() as f64 / Share::halved(self.halvings).fraction()) as u64
    }
}

/// A hash is hashed enough.
#[derive(Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = crate::hash::profile_hash(bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// A place as a bigint of the same order.
pub fn ordered(place: u64) -> i64 {
    (place ^ 1 << 63) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::profile_hash;
    use crate::rng::Rng;

    fn hashes(count: u32) -> Vec<u64> {
        (0..count)
            .map(|profile| profile_hash(&profile.to_le_bytes()))
            .collect()
    }

    fn read(mut sampler: Sampler, hashes: &[u64]) -> Sampler {
        for &hash in hashes {
            sampler.add(hash).unwrap();
        }
        sampler
    }

    fn kept(share: Share, hashes: &[u64]) -> Vec<u64> {
        let kept = hashes.iter().copied().filter(|&hash| share.keeps(hash));
        kept.collect()
    }

    #[test]
    fn few_profiles_are_all_kept() {
        let hashes = hashes(1000);
        let sampler = read(Sampler::at_most(1000), &hashes);
        assert_eq!((sampler.share(), sampler.profiles()), (Share::ALL, 1000));
    }

    #[test]
    fn between_half_as_many_as_allowed_and_so_many_are_kept() {
        for count in [1001, 5000, 77_777] {
            let hashes = hashes(count);
            let share = read(Sampler::at_most(1000), &hashes).share();
            let found = kept(share, &hashes).len();
            assert!((450..=1000).contains(&found), "{found} of {count}");
        }
    }

    #[test]
    fn many_are_estimated_within_two_per_cent() {
        let hashes = hashes(1_000_000);
        let sampler = read(Sampler::at_most(200_000), &hashes);
        assert!((980_000..1_020_000).contains(&sampler.profiles()));
        let found = kept(sampler.share(), &hashes).len();
        assert!((98_000..204_000).contains(&found), "{found}");
        assert!(sampler.counted.len() <= 16_384);
    }

    #[test]
    fn neither_order_nor_repetition_changes_the_sample() {
        let mut hashes = hashes(20_000);
        let expected = read(Sampler::at_most(300), &hashes);
        let mut rng = Rng::new(7);
        for _ in 0..5 {
            for last in (1..hashes.len()).rev() {
                hashes.swap(last, rng.below(last as u32 + 1) as usize);
            }
            let repeated: Vec<u64> = hashes.iter().flat_map(|&hash| [hash, hash]).collect();
            let found = read(Sampler::at_most(300), &repeated);
            assert_eq!(found.share(), expected.share());
            assert_eq!(found.profiles(), expected.profiles());
        }
    }

    #[test]
    fn several_that_saw_some_each_are_as_one_that_saw_all() {
        let hashes = hashes(20_000);
        for kind in [
            || Sampler::at_most(300),
            || Sampler::at_most(15_000),
            || Sampler::of(Share::of(0.3)),
        ] {
            let expected = read(kind(), &hashes);
            for cut in [0, 200, 9_000, 20_000] {
                let mut found = read(kind(), &hashes[cut.min(9_500)..]);
                found.add_all(&read(kind(), &hashes[..cut])).unwrap();
                assert_eq!(found.share(), expected.share());
                assert_eq!(found.counted, expected.counted);
            }
        }
    }

    #[test]
    fn who_is_dropped_never_comes_back() {
        let hashes = hashes(20_000);
        let mut sampler = Sampler::at_most(300);
        let mut dropped = Vec::new();
        for &hash in &hashes {
            if !sampler.add(hash).unwrap() {
                dropped.push(hash);
            }
        }
        assert!(dropped.len() > 15_000);
        assert!(dropped.iter().all(|&hash| !sampler.share().keeps(hash)));
    }

    #[test]
    fn a_given_share_stays_and_its_profiles_are_counted() {
        let hashes = hashes(100_000);
        let sampler = read(Sampler::of(Share::of(0.3)), &hashes);
        let found = kept(sampler.share(), &hashes).len();
        // binomial with standard deviation 145
        assert!((29_400..30_600).contains(&found), "{found}");
        assert!((98_000..102_000).contains(&sampler.profiles()));
        assert!(
            kept(Share::of(0.2), &hashes)
                .iter()
                .all(|&h| Share::of(0.3).keeps(h))
        );
        assert_eq!((Share::of(1.0), Share::of(7.5)), (Share::ALL, Share::ALL));
    }

    /// The top eight bits choose partitions, the low ones slots: 4,000 profiles of a sixteenth.
    #[test]
    fn a_sample_spreads_over_partitions_and_slots_as_all_profiles_do() {
        let sample = kept(Share::of(1.0 / 16.0), &hashes(64_000));
        for bits in [0, 56] {
            let mut counts = [0_u32; 256];
            for hash in &sample {
                counts[(hash >> bits) as usize & 255] += 1;
            }
            // Poisson with mean 15.6
            assert!(counts.iter().all(|count| (2..40).contains(count)));
        }
    }
}
