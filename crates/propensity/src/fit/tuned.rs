//! What was chosen on the hold-out, and what both members say of it.

use crate::fit::hold_out::HoldOut;
use crate::fit::measured::Judgement;
use crate::fit::params::Algorithm;
use crate::learn::logistic::Start;
use crate::learn::metrics::surprise;
use crate::model::{combine, sigmoid};

/// What to learn with, and what the models that found it say of the held-out rows.
pub(super) struct Tuned {
    /// Which members there are to be.
    pub algorithm: Algorithm,
    /// Number of trees.
    pub rounds: usize,
    /// Log-odds of the held-out rows by the linear member, unclipped.
    pub linear: Option<Vec<f64>>,
    /// The same by the tree member.
    pub trees: Option<Vec<f64>>,
    /// Where the fit of the linear member ended.
    pub start: Option<Start>,
}

impl Tuned {
    /// What the whole model says of the held-out rows, as precisely as it is kept with a version: as f32.
    pub fn judge(&self, outcomes: &[bool], split: &HoldOut) -> Judgement {
        let of = |member: &Option<Vec<f64>>, row: usize| member.as_ref().map(|member| member[row]);
        let linear = |row| of(&self.linear, row).filter(|_| self.algorithm.is_linear());
        let log_odds = (0..split.hold.len())
            .map(|row| combine(linear(row), of(&self.trees, row)))
            .map(|log_odds| f64::from(log_odds as f32))
            .collect();
        Judgement {
            log_odds,
            outcomes: pick(outcomes, &split.hold),
        }
    }
}

/// Whether the second log-odds have a lower log loss than the first beyond chance: by more than two standard errors of the
/// differences between rows.
pub(super) fn is_better(first: &[f64], second: &[f64], outcomes: &[bool]) -> bool {
    let loss = |log_odds: f64, outcome: bool| surprise(sigmoid(log_odds), outcome);
    let (mut rows, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for ((&first, &second), &outcome) in first.iter().zip(second).zip(outcomes) {
        let gain = loss(first, outcome) - loss(second, outcome);
        rows += 1.0;
        sum += gain;
        squares += gain * gain;
    }
    let mean: f64 = sum / rows;
    let error = ((squares / rows - mean * mean) / rows).sqrt();
    mean > 2.0 * error
}

/// The values of the chosen rows.
pub(super) fn pick<T: Copy>(values: &[T], rows: &[u32]) -> Vec<T> {
    rows.iter().map(|&row| values[row as usize]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of so many rows that know nothing, and of others that lean to the right side in this share of them.
    fn leaning(rows: usize, percent: usize) -> bool {
        let outcomes: Vec<bool> = (0..rows).map(|row: usize| row.is_multiple_of(2)).collect();
        let lean = |row: usize| {
            let right = row / 2 % 100 < percent;
            if right == row.is_multiple_of(2) {
                0.5
            } else {
                -0.5
            }
        };
        let leaning: Vec<f64> = (0..rows).map(lean).collect();
        is_better(&vec![0.0; rows], &leaning, &outcomes)
    }

    #[test]
    fn better_is_better_by_more_than_two_standard_errors() {
        // A row gains 0.219 where it leans to the right side and loses 0.281 where it does not. Three of four right: 0.094 on
        // average, 8.7 standard errors of 400 rows.
        assert!(leaning(400, 75));
        // Three of five: 0.019, which is 1.6 standard errors of 400 rows and 2.5 of 1,000.
        assert!(!leaning(400, 60));
        assert!(leaning(1000, 60));
        assert!(!leaning(1000, 50));
        assert!(!leaning(0, 50));
    }
}
