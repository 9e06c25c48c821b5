//! A uniform sample of training rows, decided row by row so that the others are never kept.

use crate::hash::row_place;
use crate::time::Micros;

/// Which rows (profile, cutoff) to train on when there are more than wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// A row is kept if its hash is at most this.
    highest: u64,
}

impl Sample {
    /// A sample of about `wanted` of the rows; all of them if there are no more.
    pub fn new(rows: u64, wanted: u64) -> Self {
        let highest = if wanted >= rows {
            u64::MAX
        } else {
            // The product fits: both factors have 64 bits.
            (u128::from(u64::MAX) * u128::from(wanted) / u128::from(rows)) as u64
        };
        Self { highest }
    }

    /// Whether to train on the row of this profile (its hash) at this cutoff. The same profile and
    /// cutoff get the same answer whatever else is in the data.
    pub fn keeps(self, profile: u64, cutoff: Micros) -> bool {
        row_place(profile, cutoff) <= self.highest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(sample: Sample) -> Vec<(u64, i64)> {
        let rows = (0..2000).flat_map(|profile| (0..10).map(move |cutoff| (profile, cutoff)));
        rows.filter(|&(profile, cutoff)| sample.keeps(profile, cutoff))
            .collect()
    }

    #[test]
    fn keeps_about_as_many_as_wanted() {
        let found = kept(Sample::new(20_000, 5_000)).len();
        // binomial with standard deviation 61
        assert!((4700..5300).contains(&found), "{found}");
    }

    #[test]
    fn keeps_all_when_there_are_no_more() {
        assert_eq!(kept(Sample::new(20_000, 20_000)).len(), 20_000);
        assert_eq!(kept(Sample::new(0, 0)).len(), 20_000);
    }

    #[test]
    fn a_smaller_sample_is_part_of_a_larger_one() {
        let larger = kept(Sample::new(20_000, 5_000));
        let smaller = kept(Sample::new(20_000, 1_000));
        assert!(!smaller.is_empty());
        assert!(smaller.iter().all(|row| larger.contains(row)));
    }
}
