//! What a scoring run is summed up in while it predicts, so that charts of it need none of its rows.

use serde::{Deserialize, Serialize};

use super::bins::{Distribution, FactorBins};
use crate::model::factor::FactorImpact;
use crate::model::score::{Bucket, Buckets};

/// Number of buckets.
const BUCKETS: usize = Bucket::ALL.len();

/// Sums over the profiles of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Of every score, from 0 to 100.
    pub scores: Vec<Sum>,
    /// Of every factor of the model, in its order; empty where nobody saw the reasons of all profiles.
    pub factors: Vec<FactorFigures>,
}

/// Profiles and the positives to be expected among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sum {
    /// Number of profiles.
    pub profiles: u64,
    /// Sum of their probabilities.
    pub expected: f64,
}

/// What a factor did in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FactorFigures {
    /// By bucket.
    pub impacts: [Impacts; BUCKETS],
    /// Profiles by bin of the factor's values and bucket.
    pub bins: Vec<[u64; BUCKETS]>,
    /// Positives expected by bin.
    pub expected: Vec<f64>,
}

/// What a factor did to the profiles of a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Impacts {
    /// Profiles that it raised.
    pub raised: u64,
    /// Profiles that it lowered.
    pub lowered: u64,
    /// Sum of its impacts, in log-odds.
    pub sum: f64,
    /// Sum of their sizes.
    pub sizes: f64,
}

impl Figures {
    /// Nothing yet, of a model with these bins.
    pub fn new(bins: &Distribution) -> Self {
        let of_factor = |bins: &FactorBins| FactorFigures {
            impacts: [Impacts::default(); BUCKETS],
            bins: vec![[0; BUCKETS]; bins.len()],
            expected: vec![0.0; bins.len()],
        };
        Self {
            scores: vec![Sum::default(); 101],
            factors: bins.factors.iter().map(of_factor).collect(),
        }
    }

    /// Adds a profile's prediction.
    pub fn add(&mut self, probability: f64, score: i16) {
        if let Some(sum) = self.scores.get_mut(score as usize) {
            sum.profiles += 1;
            sum.expected += probability;
        }
    }

    /// Adds its reasons: the impacts of all factors, in any order.
    pub fn explain(
        &mut self,
        bins: &Distribution,
        impacts: &[FactorImpact],
        probability: f64,
        bucket: usize,
    ) {
        for impact in impacts {
            let place = impact.factor;
            let (Some(figures), Some(bins)) =
                (self.factors.get_mut(place), bins.factors.get(place))
            else {
                continue;
            };
            let sums = &mut figures.impacts[bucket];
            sums.raised += u64::from(impact.impact > 0.0);
            sums.lowered += u64::from(impact.impact < 0.0);
            sums.sum += impact.impact;
            sums.sizes += impact.impact.abs();
            let bin = bins.bin(impact.value);
            figures.bins[bin][bucket] += 1;
            figures.expected[bin] += probability;
        }
    }

    /// Adds what was summed up of other profiles.
    pub fn merge(&mut self, other: &Self) {
        for (sum, other) in self.scores.iter_mut().zip(&other.scores) {
            sum.profiles += other.profiles;
            sum.expected += other.expected;
        }
        for (mine, other) in self.factors.iter_mut().zip(&other.factors) {
            for (sums, other) in mine.impacts.iter_mut().zip(&other.impacts) {
                sums.raised += other.raised;
                sums.lowered += other.lowered;
                sums.sum += other.sum;
                sums.sizes += other.sizes;
            }
            for (counts, other) in mine.bins.iter_mut().zip(&other.bins) {
                for (count, other) in counts.iter_mut().zip(other) {
                    *count += other;
                }
            }
            for (sum, other) in mine.expected.iter_mut().zip(&other.expected) {
                *sum += other;
            }
        }
    }

    /// Profiles and expected positives of each bucket.
    pub fn buckets(&self, buckets: Buckets) -> [Sum; BUCKETS] {
        let mut sums = [Sum::default(); BUCKETS];
        for (score, found) in self.scores.iter().enumerate() {
            let sum = &mut sums[buckets.bucket(score as i16) as usize];
            sum.profiles += found.profiles;
            sum.expected += found.expected;
        }
        sums
    }

    /// All profiles.
    pub fn all(&self) -> Sum {
        self.scores.iter().fold(Sum::default(), |all, found| Sum {
            profiles: all.profiles + found.profiles,
            expected: all.expected + found.expected,
        })
    }

    /// The highest score that at least a tenth of the profiles reach.
    pub fn top_tenth_from(&self) -> i16 {
        let wanted = self.all().profiles.div_ceil(10);
        let mut reached = 0;
        for (score, found) in self.scores.iter().enumerate().rev() {
            reached += found.profiles;
            if reached >= wanted {
                return score as i16;
            }
        }
        0
    }
}

/// The population stability of the scores of a run: over ten bins that held a tenth of the training sample each.
pub fn score_stability(training: &Distribution, run: &Figures) -> Option<f64> {
    let all: u64 = training.scores.iter().sum();
    let (mut before, mut now) = (vec![0], vec![0]);
    for (&rows, found) in training.scores.iter().zip(&run.scores) {
        let bins = before.len();
        let so_far: u64 = before.iter().sum();
        if so_far * 10 >= all * bins as u64 && bins < 10 {
            before.push(0);
            now.push(0);
        }
        let last = before.len() - 1;
        before[last] += rows;
        now[last] += found.profiles;
    }
    super::bins::stability(&before, &now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bins() -> Distribution {
        Distribution {
            scores: vec![0; 101],
            factors: vec![FactorBins {
                factor: "Factor".to_owned(),
                label: "it".to_owned(),
                values: vec![0.0, 10.0],
                is_category: false,
                words: Vec::new(),
                rows: vec![5, 5, 0, 0],
            }],
        }
    }

    fn impact(value: f64, impact: f64) -> FactorImpact {
        FactorImpact {
            factor: 0,
            impact,
            feature: 0,
            value,
        }
    }

    #[test]
    fn profiles_are_summed_up_whoever_saw_them() {
        let bins = bins();
        let mut all = Figures::new(&bins);
        let mut parts = [Figures::new(&bins), Figures::new(&bins)];
        let seen = [
            (0.25, 20, 3.0, -0.5),
            (0.5, 50, 12.0, 0.25),
            (0.75, 90, f64::NAN, 1.0),
        ];
        let buckets = Buckets::default();
        for (row, (probability, score, value, size)) in seen.into_iter().enumerate() {
            let bucket = buckets.bucket(score) as usize;
            for figures in [&mut all, &mut parts[row % 2]] {
                figures.add(probability, score);
                figures.explain(&bins, &[impact(value, size)], probability, bucket);
            }
        }
        let [mut merged, other] = parts;
        merged.merge(&other);
        assert_eq!(merged, all);
        assert_eq!(
            all.factors[0].bins,
            [[1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1]]
        );
        let low = Impacts {
            raised: 0,
            lowered: 1,
            sum: -0.5,
            sizes: 0.5,
        };
        assert_eq!(all.factors[0].impacts[0], low);
        let high = Sum {
            profiles: 1,
            expected: 0.75,
        };
        assert_eq!(all.buckets(buckets)[2], high);
        assert_eq!(all.top_tenth_from(), 90);
    }

    #[test]
    fn scores_that_went_up_are_unstable() {
        let mut training = bins();
        for score in 0..100 {
            training.scores[score] = 10;
        }
        let mut run = Figures::new(&training);
        for score in 0..100 {
            run.scores[score].profiles = 70;
        }
        assert_eq!(score_stability(&training, &run), Some(0.0));
        for score in 0..50 {
            run.scores[score].profiles = 0;
        }
        // Five bins without anybody, five with a fifth each.
        let found = score_stability(&training, &run).unwrap();
        let expected = 5.0 * ((1e-4 - 0.1) * (1e-3_f64).ln() + 0.1 * 2_f64.ln());
        assert!((found - expected).abs() < 1e-9, "{found}");
    }
}
