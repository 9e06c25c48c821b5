//! A trained model: what turns a profile's features into a probability and its reasons.

pub mod decimal;
pub mod factor;
pub mod format;
pub mod percentile;
pub mod phrase;
mod reasons;
pub mod score;
mod scorer;
pub mod shapley;
mod stored;
#[cfg(test)]
mod tests;

pub(crate) use reasons::with_background;
pub use scorer::{Explanation, Prediction, Scorer};

use crate::features::Labels;
use crate::features::schema::Schema;
use crate::learn::boosting::Forest;
use crate::learn::encoder::Encoder;
use crate::learn::logistic::Logistic;
use crate::model::factor::Factors;

/// The log-odds of the probability 1 - 1e-6: no member of a model is surer than that, so that
/// neither can outshout the other (docs/method.md 5).
pub const SUREST: f64 = 13.815_509_557_963_773;

/// Everything a version consists of; at least one of the members is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// How features are computed.
    pub schema: Schema,
    /// How features become model columns.
    pub encoder: Encoder,
    /// The linear member.
    pub logistic: Option<Logistic>,
    /// The tree member.
    pub forest: Option<Forest>,
    /// Share of positive outcomes among all training rows, inside (0, 1).
    pub base_rate: f64,
    /// What a typical eligible profile looks like to the model.
    pub background: Background,
    /// What columns, event types and values are called. Not a part of what was learned: whoever shows the model puts them in.
    pub labels: Labels,
}

/// Means over a sample of the newest training cutoff's rows: the baseline of all reasons.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Background {
    /// Mean contribution of each factor to the linear member, log-odds; empty without that member.
    pub linear: Vec<f64>,
    /// Mean contribution of each factor to the tree member, log-odds; empty without that member.
    pub trees: Vec<f64>,
    /// Usual value of each feature: the median, of a category the most frequent; NaN where most profiles have none.
    pub usual: Vec<f64>,
}

impl Model {
    /// The factors of the features that the model uses.
    pub fn factors(&self) -> Factors {
        let (features, words) = (self.schema.features(), self.schema.called(&self.labels));
        let mut used = vec![false; features.len()];
        for column in 0..self.encoder.columns() {
            used[self.encoder.source(column)] = true;
        }
        Factors::new(features, words, &used, &self.background.usual)
    }
}

/// The model's log-odds from those of its members: their mean, each at most [`SUREST`]; the one
/// member if there is no other.
pub fn combine(linear: Option<f64>, trees: Option<f64>) -> f64 {
    match (linear, trees) {
        (Some(linear), Some(trees)) => (clip(linear) + clip(trees)) / 2.0,
        (one, other) => clip(one.or(other).unwrap_or(0.0)),
    }
}

/// Log-odds within +-[`SUREST`].
pub fn clip(log_odds: f64) -> f64 {
    log_odds.clamp(-SUREST, SUREST)
}

/// The probability of log-odds.
pub fn sigmoid(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}
