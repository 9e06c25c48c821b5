//! Area under the ROC curve, its interval, and the difference of two.
//!
//! Variances: E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, "Comparing the areas under two or
//! more correlated receiver operating characteristic curves", Biometrics 44 (1988), 837-845, by
//! ranks as in X. Sun, W. Xu, "Fast implementation of DeLong's algorithm", IEEE Signal Processing
//! Letters 21 (2014), 1389-1393.

use super::interval::{Interval, NORMAL};
use super::{ascending, check, check_classes};
use crate::error::Error;

/// Area under the ROC curve: the share of (positive, negative) pairs that the score orders rightly,
/// ties counting one half.
///
/// # Errors
///
/// Those of the module, and [`Error::OneClass`].
pub fn roc_auc(scores: &[f64], outcomes: &[bool]) -> Result<f64, Error> {
    check(scores, outcomes)?;
    let (positives, negatives) = check_classes(outcomes)?;
    let order = ascending(scores)?;
    // Twice the number of pairs ordered rightly, exactly.
    let (mut below, mut pairs) = (0u128, 0u128);
    for tie in order.chunk_by(|&a, &b| scores[a as usize] == scores[b as usize]) {
        let up = tie.iter().filter(|&&row| outcomes[row as usize]).count() as u128;
        let down = tie.len() as u128 - up;
        pairs += up * (2 * below + down);
        below += down;
    }
    Ok(pairs as f64 / (2.0 * positives as f64 * negatives as f64))
}

/// The area with DeLong's 95 % interval, taken on the logit scale so that it stays within 0 and 1.
///
/// A score that separates the classes completely has no DeLong variance; its interval is then
/// Wilson's for a share of 0 or 1, with as many trials as the rarer class has rows. A class of one
/// row gives no variance either: the interval is everything.
///
/// # Errors
///
/// Those of the module, [`Error::OneClass`], [`Error::OutOfMemory`].
pub fn roc_auc_interval(scores: &[f64], outcomes: &[bool]) -> Result<Interval, Error> {
    let places = Placements::new(scores, outcomes)?;
    let value = roc_auc(scores, outcomes)?;
    let rarer = places.positives.len().min(places.negatives.len()) as f64;
    let wilson = NORMAL * NORMAL / (rarer + NORMAL * NORMAL);
    let (low, high) = if rarer < 2.0 {
        (0.0, 1.0)
    } else if value == 1.0 {
        (1.0 - wilson, 1.0)
    } else if value == 0.0 {
        (0.0, wilson)
    } else {
        let logit = (value / (1.0 - value)).ln();
        let spread = NORMAL * places.variance().sqrt() / (value * (1.0 - value));
        let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
        (sigmoid(logit - spread), sigmoid(logit + spread))
    };
    Ok(Interval { value, low, high })
}

/// Area of the first score less that of the second on the same rows, with the 95 % interval of
/// DeLong's paired comparison, kept within -1 and 1. A class of one row: the interval is everything.
///
/// # Errors
///
/// Those of the module, [`Error::OneClass`], [`Error::OutOfMemory`].
pub fn auc_difference(first: &[f64], second: &[f64], outcomes: &[bool]) -> Result<Interval, Error> {
    let mut places = Placements::new(first, outcomes)?;
    let others = Placements::new(second, outcomes)?;
    let value = roc_auc(first, outcomes)? - roc_auc(second, outcomes)?;
    places.subtract(&others);
    let rarer = places.positives.len().min(places.negatives.len());
    let spread = if rarer < 2 {
        2.0
    } else {
        NORMAL * places.variance().sqrt()
    };
    Ok(Interval {
        value,
        low: (value - spread).max(-1.0),
        high: (value + spread).min(1.0),
    })
}

/// DeLong's structural components: for each positive row the share of the negatives below it, for
/// each negative row the share of the positives above it, in the order of the rows.
struct Placements {
    positives: Vec<f64>,
    negatives: Vec<f64>,
}

impl Placements {
    fn new(scores: &[f64], outcomes: &[bool]) -> Result<Self, Error> {
        check(scores, outcomes)?;
        let (positives, negatives) = check_classes(outcomes)?;
        let mut share = Vec::new();
        share.try_reserve_exact(scores.len())?;
        share.resize(scores.len(), 0.0);
        let (mut above, mut below) = (positives as f64, 0.0);
        let order = ascending(scores)?;
        for tie in order.chunk_by(|&a, &b| scores[a as usize] == scores[b as usize]) {
            let up = tie.iter().filter(|&&row| outcomes[row as usize]).count() as f64;
            let down = tie.len() as f64 - up;
            above -= up;
            for &row in tie {
                share[row as usize] = if outcomes[row as usize] {
                    (below + down / 2.0) / negatives as f64
                } else {
                    (above + up / 2.0) / positives as f64
                };
            }
            below += down;
        }
        Self::split(&share, outcomes, positives)
    }

    fn split(share: &[f64], outcomes: &[bool], positives: usize) -> Result<Self, Error> {
        let mut places = Self {
            positives: Vec::new(),
            negatives: Vec::new(),
        };
        places.positives.try_reserve_exact(positives)?;
        places
            .negatives
            .try_reserve_exact(share.len() - positives)?;
        for (&share, &outcome) in share.iter().zip(outcomes) {
            if outcome {
                places.positives.push(share);
            } else {
                places.negatives.push(share);
            }
        }
        Ok(places)
    }

    /// Turns the components of an area into those of a difference of areas.
    fn subtract(&mut self, other: &Self) {
        let mine = self.positives.iter_mut().chain(&mut self.negatives);
        for (mine, other) in mine.zip(other.positives.iter().chain(&other.negatives)) {
            *mine -= other;
        }
    }

    /// The variance of the mean component; at least two rows of each class.
    fn variance(&self) -> f64 {
        variance_of_mean(&self.positives) + variance_of_mean(&self.negatives)
    }
}

fn variance_of_mean(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    squares / (count - 1.0) / count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_count_one_half() {
        let scores = [0.1, 0.4, 0.4, 0.35, 0.8];
        let outcomes = [false, false, true, true, true];
        // Of six pairs: 0.4 > 0.1, 0.4 = 0.4, 0.35 > 0.1, 0.35 < 0.4, 0.8 > both.
        assert_eq!(roc_auc(&scores, &outcomes), Ok(4.5 / 6.0));
    }

    #[test]
    fn both_zeros_are_one_score() {
        assert_eq!(roc_auc(&[-0.0, 0.0], &[true, false]), Ok(0.5));
    }

    #[test]
    fn infinite_scores_rank() {
        let scores = [f64::NEG_INFINITY, f64::INFINITY];
        assert_eq!(roc_auc(&scores, &[false, true]), Ok(1.0));
    }

    #[test]
    fn complete_separation_has_wilsons_interval() {
        let scores: Vec<f64> = (0..20).map(f64::from).collect();
        let outcomes: Vec<bool> = (0..20).map(|row| row >= 10).collect();
        let found = roc_auc_interval(&scores, &outcomes).unwrap();
        // Wilson for 10 of 10.
        assert!((found.low - 0.722_467).abs() < 1e-6 && found.high == 1.0);
        let reversed: Vec<f64> = scores.iter().map(|score| -score).collect();
        let found = roc_auc_interval(&reversed, &outcomes).unwrap();
        assert!((found.high - 0.277_533).abs() < 1e-6 && found.low == 0.0);
    }

    #[test]
    fn one_row_of_a_class_says_nothing_about_the_interval() {
        let (scores, outcomes) = ([0.1, 0.3, 0.2], [false, true, false]);
        let found = roc_auc_interval(&scores, &outcomes).unwrap();
        assert_eq!((found.low, found.value, found.high), (0.0, 1.0, 1.0));
        let found = auc_difference(&scores, &[0.3, 0.2, 0.1], &outcomes).unwrap();
        assert_eq!((found.low, found.value, found.high), (-1.0, 0.5, 1.0));
    }

    #[test]
    fn a_score_does_not_differ_from_itself() {
        let scores = [0.1, 0.4, 0.4, 0.35, 0.8];
        let outcomes = [false, false, true, true, true];
        let found = auc_difference(&scores, &scores, &outcomes).unwrap();
        assert_eq!((found.low, found.value, found.high), (0.0, 0.0, 0.0));
    }
}
