//! What was chosen on the hold-out, and what both members say of it.

use crate::fit::hold_out::HoldOut;
use crate::fit::measured::Judgement;
use crate::learn::logistic::Start;
use crate::model::combine;

/// What to learn with, and what the models that found it say of the held-out rows.
pub(super) struct Tuned {
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
        let log_odds = (0..split.hold.len())
            .map(|row| combine(of(&self.linear, row), of(&self.trees, row)))
            .map(|log_odds| f64::from(log_odds as f32))
            .collect();
        Judgement {
            log_odds,
            outcomes: pick(outcomes, &split.hold),
        }
    }
}

/// The values of the chosen rows.
pub(super) fn pick<T: Copy>(values: &[T], rows: &[u32]) -> Vec<T> {
    rows.iter().map(|&row| values[row as usize]).collect()
}
