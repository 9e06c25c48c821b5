//! From a probability to the score and the bucket that people read.

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
/// use propensity::model::score::score;
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
    /// All of them, the lowest first.
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

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
}
