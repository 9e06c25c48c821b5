//! The rows that reasons are measured against.

use crate::cutoff::Cutoff;
use crate::hash::{self, BACKGROUND};
use crate::learn::dataset::Dataset;

/// More rows would change the means by less than the reasons are rounded to.
const MOST_ROWS: usize = 2000;

/// Features, row after row, of at most 2,000 rows of the newest cutoff that has any: those with the smallest hash
/// of their profile, so that the same data give the same sample.
pub(super) fn rows(dataset: &Dataset, cutoffs: &[Cutoff]) -> Vec<f64> {
    let at = |&cutoff: &u32| cutoffs.get(cutoff as usize).map(|cutoff| cutoff.at);
    let newest = dataset.cutoffs.iter().filter_map(at).max();
    let of_newest = (0..dataset.rows()).filter(|&row| at(&dataset.cutoffs[row]) == newest);
    let mut chosen: Vec<(u64, usize)> = of_newest
        .map(|row| (hash::redrawn(dataset.profiles[row], BACKGROUND), row))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::testing::cutoffs;

    /// So many rows at each of two cutoffs; the only feature is the row's number.
    fn dataset(rows: u32) -> Dataset {
        let mut dataset = Dataset::new(1);
        for row in 0..2 * rows {
            let profile = u64::from(row / 2);
            dataset
                .push(&[f64::from(row)], true, row % 2, profile)
                .unwrap();
        }
        dataset
    }

    #[test]
    fn the_newest_cutoff_alone_is_looked_at() {
        let mut found = rows(&dataset(3), &cutoffs(3));
        found.sort_by(f64::total_cmp);
        assert_eq!(found, [1.0, 3.0, 5.0]);
    }

    #[test]
    fn a_sample_is_limited_and_the_same_again() {
        let dataset = dataset(5000);
        let found = rows(&dataset, &cutoffs(2));
        assert_eq!(found.len(), 2000);
        assert_eq!(found, rows(&dataset, &cutoffs(2)));
        // spread over all profiles, not the first ones
        let late = found.iter().filter(|&&row| row > 5000.0).count();
        assert!((900..1100).contains(&late), "{late}");
    }
}
