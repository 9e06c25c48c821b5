//! From a probability to the score, the bucket and the percentile that people read.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The score of a probability: `100 o / (o + b)` with the odds `o` of the probability and the odds
/// `b` of the base rate in the training data; 50 = the average odds, 75 = three times, 25 = a third.
///
/// `base_rate` lies inside (0, 1). From 0 to 100; a higher probability never has a lower score.
///
/// # Examples
///
/// ```
/// use propensity::score::score;
///
/// assert_eq!(score(0.2, 0.2), 50);
/// assert_eq!(score(0.5, 0.25), 75); // odds 1, three times the average odds 1/3
/// ```
pub fn score(probability: f64, base_rate: f64) -> i16 {
    // Every operation is monotone in the probability even after rounding, so the score is too.
    let against = (1.0 - probability) * base_rate;
    let towards = probability * (1.0 - base_rate);
    (100.0 / (1.0 + against / towards)).round() as i16
}

/// What a score means in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bucket {
    /// Below the lower threshold.
    Low,
    /// From the lower threshold up to the higher one, without it.
    Medium,
    /// The higher threshold or more.
    High,
}

impl Bucket {
    /// The word users see: `low`, `medium`, `high`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Thresholds between the buckets, in scores; every score falls into exactly one bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "(i16, i16)", into = "(i16, i16)")]
pub struct Buckets {
    medium_from: i16,
    high_from: i16,
}

impl Default for Buckets {
    fn default() -> Self {
        Self {
            medium_from: 25,
            high_from: 75,
        }
    }
}

impl Buckets {
    /// Buckets with the lowest score of `medium` and the lowest score of `high`.
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] unless `1 <= medium_from < high_from <= 100`.
    pub fn new(medium_from: i16, high_from: i16) -> Result<Self, Error> {
        if 1 <= medium_from && medium_from < high_from && high_from <= 100 {
            Ok(Self {
                medium_from,
                high_from,
            })
        } else {
            Err(Error::Parameter {
                name: "buckets",
                found: format!("{medium_from} and {high_from}"),
                required: "two different scores from 1 to 100, the lower first",
            })
        }
    }

    /// The lowest scores of `medium` and of `high`.
    pub fn thresholds(self) -> (i16, i16) {
        (self.medium_from, self.high_from)
    }

    /// The bucket of a score.
    pub fn bucket(self, score: i16) -> Bucket {
        if score < self.medium_from {
            Bucket::Low
        } else if score < self.high_from {
            Bucket::Medium
        } else {
            Bucket::High
        }
    }
}

impl TryFrom<(i16, i16)> for Buckets {
    type Error = Error;

    fn try_from((medium_from, high_from): (i16, i16)) -> Result<Self, Error> {
        Self::new(medium_from, high_from)
    }
}

impl From<Buckets> for (i16, i16) {
    fn from(buckets: Buckets) -> Self {
        buckets.thresholds()
    }
}

/// How many cut points divide a run into percentiles.
const CUTS: usize = 99;

/// Ranks of probabilities among the profiles of a run, kept as 99 cut points so that a live
/// prediction can be placed in the run without its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Percentiles {
    cuts: Vec<f64>,
}

impl Percentiles {
    /// Cut points `q_k = sorted[ceil(k n / 100) - 1]`, `k` = 1..99, of `n` probabilities in any
    /// order; they are sorted in place. `O(n log n)`.
    ///
    /// # Errors
    ///
    /// [`Error::NoRows`] without probabilities, [`Error::NotANumber`] if one is NaN.
    pub fn of(probabilities: &mut [f64]) -> Result<Self, Error> {
        if probabilities.iter().any(|p| p.is_nan()) {
            return Err(Error::NotANumber);
        }
        if probabilities.is_empty() {
            return Err(Error::NoRows);
        }
        probabilities.sort_unstable_by(f64::total_cmp);
        let rows = probabilities.len() as u128;
        let cuts = (1..=CUTS as u128)
            .map(|k| probabilities[((k * rows).div_ceil(100) - 1) as usize])
            .collect();
        Ok(Self { cuts })
    }

    /// Stored cut points.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupted`] unless they are 99 ascending numbers.
    pub fn from_cuts(cuts: Vec<f64>) -> Result<Self, Error> {
        let ascending = cuts.windows(2).all(|pair| pair[0] <= pair[1]);
        if cuts.len() == CUTS && ascending {
            Ok(Self { cuts })
        } else {
            Err(Error::Corrupted {
                reason: "percentiles are not 99 ascending numbers",
            })
        }
    }

    /// The 99 cut points, ascending.
    pub fn cuts(&self) -> &[f64] {
        &self.cuts
    }

    /// The percentile of a probability, 1 to 100: one more than the number of cut points below it.
    pub fn percentile(&self, probability: f64) -> i16 {
        1 + self.cuts.partition_point(|&cut| cut < probability) as i16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_of_the_odds_is_25() {
        // base rate 1/2 has odds 1; probability 1/4 has odds 1/3
        assert_eq!(score(0.25, 0.5), 25);
        assert_eq!(score(0.75, 0.5), 75);
    }

    #[test]
    fn the_ends_are_0_and_100() {
        assert_eq!(score(0.0, 0.1), 0);
        assert_eq!(score(1.0, 0.1), 100);
    }

    #[test]
    fn a_higher_probability_never_scores_lower() {
        for base_rate in [1e-6, 0.037, 0.5, 0.93] {
            let mut last = 0;
            for step in 0..=200_000 {
                let now = score(f64::from(step) / 200_000.0, base_rate);
                assert!(now >= last);
                last = now;
            }
            assert_eq!(last, 100);
        }
    }

    #[test]
    fn buckets_have_no_gaps() {
        let buckets = Buckets::default();
        let names: Vec<_> = [0, 24, 25, 74, 75, 100]
            .map(|score| buckets.bucket(score).name())
            .into();
        assert_eq!(names, ["low", "low", "medium", "medium", "high", "high"]);
    }

    #[test]
    fn rejects_thresholds_out_of_order() {
        for (medium, high) in [(0, 50), (50, 50), (75, 25), (25, 101)] {
            assert!(matches!(
                Buckets::new(medium, high),
                Err(Error::Parameter {
                    name: "buckets",
                    ..
                })
            ));
        }
        assert_eq!(Buckets::new(40, 60).unwrap().bucket(59), Bucket::Medium);
    }

    #[test]
    fn percentiles_of_a_hundred_are_their_ranks() {
        let mut probabilities: Vec<f64> = (1..=100).rev().map(|i| f64::from(i) / 200.0).collect();
        let percentiles = Percentiles::of(&mut probabilities).unwrap();
        for rank in 1..=100 {
            assert_eq!(percentiles.percentile(f64::from(rank) / 200.0), rank as i16);
        }
        assert_eq!(percentiles.percentile(0.0), 1);
        assert_eq!(percentiles.percentile(1.0), 100);
    }

    #[test]
    fn percentiles_of_four_by_hand() {
        // q_1..q_25 = .1, q_26..q_50 = .2, q_51..q_75 = .3, q_76..q_99 = .4
        let percentiles = Percentiles::of(&mut [0.4, 0.2, 0.1, 0.3]).unwrap();
        let found = [0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5].map(|p| percentiles.percentile(p));
        assert_eq!(found, [1, 1, 26, 26, 51, 76, 100]);
    }

    #[test]
    fn one_profile_is_in_the_first_percentile() {
        let percentiles = Percentiles::of(&mut [0.3]).unwrap();
        assert_eq!(percentiles.percentile(0.3), 1);
        assert_eq!(Percentiles::of(&mut []), Err(Error::NoRows));
        assert_eq!(
            Percentiles::of(&mut [0.1, f64::NAN]),
            Err(Error::NotANumber)
        );
    }

    #[test]
    fn stored_cut_points_are_checked() {
        let percentiles = Percentiles::of(&mut [0.4, 0.2]).unwrap();
        let again = Percentiles::from_cuts(percentiles.cuts().to_vec());
        assert_eq!(again, Ok(percentiles));
        let mut wrong = vec![0.5; 99];
        wrong[98] = f64::NAN;
        assert!(Percentiles::from_cuts(wrong).is_err());
        assert!(Percentiles::from_cuts(vec![0.5; 98]).is_err());
    }
}
