//! The rows that reasons are measured against.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::cutoff::Cutoff;
use crate::dataset::Dataset;

/// More rows would change the means by less than the reasons are rounded to.
const MOST_ROWS: usize = 2000;

/// Features, row after row, of at most 2,000 rows of the newest cutoff that has any: those with the smallest hash
/// of their profile, so that the same data give the same sample.
pub(super) fn rows(dataset: &Dataset, cutoffs: &[Cutoff]) -> Vec<f64> {
    let at = |&cutoff: &u32| cutoffs.get(cutoff as usize).map(|cutoff| cutoff.at);
    let newest = dataset.cutoffs.iter().filter_map(at).max();
    let of_newest = (0..dataset.rows()).filter(|&row| at(&dataset.cutoffs[row]) == newest);
    let mut chosen: Vec<(u64, usize)> = of_newest
        .map(|row| (hash(dataset.profiles[row]), row))
        .collect();
    chosen.sort_unstable();
    chosen.truncate(MOST_ROWS);
    let width = dataset.features;
    let row = |&(_, row): &(u64, usize)| {
        let values = &dataset.values[row * width..][..width];
        values.iter().map(|&value| f64::from(value))
    };
    chosen.iter().flat_map(row).collect()
}

/// Hashed once more, because partitions and samples follow the profile's hash too.
fn hash(profile: u64) -> u64 {
    const SEED: u64 = 0x6261_636b;
    xxh3_64_with_seed(&profile.to_le_bytes(), SEED)
}
