//! What factors contribute to one member of a model, against a typical profile.

use crate::error::Error;
use crate::features::Feature;
use crate::model::factor::FactorImpact;
use crate::model::{Background, Explanation, Model, Scorer, clip};

/// The baseline that the contributions to one member, in log-odds, are measured against.
#[derive(Clone)]
pub(super) struct Reasons {
    /// What the member says before any factor contributes.
    offset: f64,
    /// What it says of a typical profile.
    base: f64,
    /// Mean contribution of each factor over the background.
    means: Vec<f64>,
}

impl Reasons {
    pub(super) fn new(offset: f64, means: &[f64]) -> Self {
        let mut reasons = Self {
            offset,
            base: offset,
            means: Vec::new(),
        };
        reasons.set_means(means);
        reasons
    }

    pub(super) fn set_means(&mut self, means: &[f64]) {
        self.base = self.offset + means.iter().sum::<f64>();
        self.means = means.to_vec();
    }

    /// Adds to the impacts the `share` of what the factors contribute to a row beyond the
    /// background, and returns the base; the base and the whole of it are the clipped log-odds.
    pub(super) fn add(
        &self,
        contributions: &[f64],
        log_odds: f64,
        share: f64,
        impacts: &mut [FactorImpact],
    ) -> f64 {
        let pairs = contributions.iter().zip(&self.means);
        let beyond = pairs.map(|(contribution, mean)| contribution - mean);
        let base = clip(self.base);
        let scale = if clip(log_odds) == log_odds && base == self.base {
            1.0
        } else {
            // What clipping takes away is taken from every factor in proportion.
            let unclipped: f64 = beyond.clone().sum();
            if unclipped == 0.0 {
                0.0
            } else {
                (clip(log_odds) - base) / unclipped
            }
        };
        for (impact, beyond) in impacts.iter_mut().zip(beyond) {
            impact.impact += share * scale * beyond;
        }
        base
    }
}

/// What a model says of typical profiles.
#[derive(Clone, Debug)]
pub struct Typical {
    /// Mean absolute impact of each factor, in log-odds.
    pub importance: Vec<f64>,
    /// Score of each row.
    pub scores: Vec<i16>,
}

/// Measures the background of a model over rows of features (row after row, at least one), and
/// returns the model with it, and what it says of the same rows.
///
/// # Errors
///
/// [`Error::NoRows`] without rows, [`Error::OutOfMemory`] if memory is short.
pub fn with_background(
    mut model: Model,
    features: &[f64],
    poll: &mut dyn FnMut(),
) -> Result<(Model, Typical), Error> {
    if features.is_empty() {
        return Err(Error::NoRows);
    }
    let factors = model.factors();
    let count = (features.len() / factors.features().len()) as f64;
    model.background = Background {
        linear: vec![0.0; factors.len() * usize::from(model.logistic.is_some())],
        trees: vec![0.0; factors.len() * usize::from(model.forest.is_some())],
        usual: usual(factors.features(), features),
    };
    let mut scorer = Scorer::new(model, poll)?;
    scorer.measure_background(features, poll)?;
    let mut typical = Typical {
        importance: vec![0.0; factors.len()],
        scores: Vec::new(),
    };
    let mut add = |_: usize, explanation: &Explanation| {
        for impact in explanation.factors {
            typical.importance[impact.factor] += impact.impact.abs() / count;
        }
        typical.scores.push(explanation.prediction.score);
        Ok(())
    };
    scorer.explain_rows(features, usize::MAX, &mut add, poll)?;
    Ok((scorer.into_model(), typical))
}

/// Median of each feature over the rows, of a category the most frequent value; NaN if at least half of the rows miss it.
fn usual(features: &[Feature], values: &[f64]) -> Vec<f64> {
    let mut sorted = Vec::with_capacity(values.len() / features.len());
    let of_feature = |(index, feature): (usize, &Feature)| {
        let rows = values.chunks_exact(features.len());
        sorted.clear();
        let all = rows.len();
        sorted.extend(rows.map(|row| row[index]).filter(|value| !value.is_nan()));
        sorted.sort_unstable_by(f64::total_cmp);
        if 2 * sorted.len() <= all {
            f64::NAN
        } else if feature.values.is_some() {
            most_frequent(&sorted)
        } else {
            median(&sorted)
        }
    };
    features.iter().enumerate().map(of_feature).collect()
}

fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    match sorted {
        [] => f64::NAN,
        _ if sorted.len() % 2 == 1 => sorted[middle],
        _ => sorted[middle - 1].midpoint(sorted[middle]),
    }
}

/// The most frequent value; of equally frequent ones the smallest.
fn most_frequent(sorted: &[f64]) -> f64 {
    let runs = sorted.chunk_by(|a, b| a == b);
    let longest = runs.fold(&sorted[..0], |longest, run| {
        if run.len() > longest.len() {
            run
        } else {
            longest
        }
    });
    longest.first().copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_value_is_the_median_or_the_most_frequent() {
        assert_eq!(median(&[1.0, 2.0, 9.0]), 2.0);
        assert_eq!(median(&[1.0, 2.0, 4.0, 9.0]), 3.0);
        assert!(median(&[]).is_nan());
        assert_eq!(most_frequent(&[0.0, 1.0, 1.0, 2.0, 2.0]), 1.0);
        assert!(most_frequent(&[]).is_nan());
    }

    #[test]
    fn clipping_takes_from_all_factors_in_proportion() {
        let reasons = Reasons::new(1.0, &[0.5, -0.5]);
        let impact = |factor| FactorImpact {
            factor,
            impact: 0.0,
            feature: 0,
            value: 0.0,
        };
        let mut impacts = [impact(0), impact(1)];
        // 30.5 - 0.5 and 9.5 + 0.5 beyond the background: 41 log-odds, clipped to 13.8.
        let base = reasons.add(&[30.5, 9.5], 41.0, 1.0, &mut impacts);
        assert_eq!(base, 1.0);
        let sum = impacts[0].impact + impacts[1].impact;
        assert!((base + sum - clip(41.0)).abs() < 1e-12);
        assert!((impacts[0].impact / impacts[1].impact - 3.0).abs() < 1e-12);
    }
}
