//! What is measured of predictions on rows that were not learned from.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::learn::metrics::{
    average_precision, brier, calibration_error, log_loss, roc_auc_interval,
};
use crate::model::score::score;
use crate::model::{clip, sigmoid};
use crate::time::Micros;

/// Predictions of rows that were not learned from, and what happened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement {
    /// Log-odds of each row.
    pub log_odds: Vec<f64>,
    /// Outcome of each row.
    pub outcomes: Vec<bool>,
}

impl Judgement {
    /// The score of each row, from 0 to 100.
    pub fn scores(&self, base_rate: f64) -> Vec<i16> {
        let score = |&log_odds: &f64| score(sigmoid(log_odds), base_rate);
        self.log_odds.iter().map(score).collect()
    }

    /// Measures the predictions.
    ///
    /// # Errors
    ///
    /// [`Error::OneClass`] if there is only one class, [`Error::NoRows`] without rows.
    pub fn evaluate(&self) -> Result<Evaluation, Error> {
        evaluate(&self.log_odds, &self.outcomes)
    }
}

/// Measures predictions, in log-odds.
///
/// # Errors
///
/// Those of [`Judgement::evaluate`].
pub(super) fn evaluate(log_odds: &[f64], outcomes: &[bool]) -> Result<Evaluation, Error> {
    let probabilities: Vec<f64> = log_odds.iter().map(|&z| sigmoid(clip(z))).collect();
    let area = roc_auc_interval(log_odds, outcomes)?;
    Ok(Evaluation {
        auc: area.value,
        auc_low: area.low,
        auc_high: area.high,
        average_precision: average_precision(log_odds, outcomes)?,
        log_loss: log_loss(&probabilities, outcomes)?,
        brier: brier(&probabilities, outcomes)?,
        calibration_error: calibration_error(&probabilities, outcomes)?,
        mean_probability: probabilities.iter().sum::<f64>() / outcomes.len() as f64,
    })
}

/// Rows and outcomes at a training cutoff.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CutoffReport {
    /// The cutoff, microseconds since 1970-01-01 UTC.
    pub cutoff: Micros,
    /// Rows.
    pub rows: usize,
    /// Those with a positive outcome.
    pub positives: usize,
    /// Their share.
    pub base_rate: f64,
    /// Whether its rows were held out.
    pub held_out: bool,
}

/// Measures on held-out rows, of models that did not see them. Strength and rounds were chosen on
/// the same rows, five choices in all, which flatters the measures by less than their intervals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HoldOutReport {
    /// Whether a quarter of the profiles was held out instead of the newest cutoffs.
    pub by_profile: bool,
    /// Rows learned from.
    pub fit_rows: usize,
    /// Rows held out.
    pub rows: usize,
    /// Those with a positive outcome.
    pub positives: usize,
    /// Their share.
    pub base_rate: f64,
    /// The model as it ships (both members with `auto`).
    pub model: Evaluation,
    /// The linear member alone.
    pub logistic: Option<Evaluation>,
    /// The tree member alone.
    pub trees: Option<Evaluation>,
    /// Ranking by recency alone.
    pub recency: Option<Area>,
    /// Logistic regression on recency, frequency and tenure.
    pub rfm: Option<Area>,
    /// Against the model in use, on the same rows.
    pub champion: Option<Comparison>,
}

/// How good predictions are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Area under the ROC curve.
    pub auc: f64,
    /// Lower end of its 95 % interval.
    pub auc_low: f64,
    /// Upper end of its 95 % interval.
    pub auc_high: f64,
    /// Area under the precision-recall curve.
    pub average_precision: f64,
    /// Mean negative log-likelihood.
    pub log_loss: f64,
    /// Mean squared error of the probabilities.
    pub brier: f64,
    /// Expected calibration error over ten bins of equal count.
    pub calibration_error: f64,
    /// Mean probability, to be compared with the base rate.
    pub mean_probability: f64,
}

/// Area under the ROC curve with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Area {
    /// The area.
    pub auc: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Area {
    /// The area of scores of these outcomes.
    ///
    /// # Errors
    ///
    /// Those of [`roc_auc_interval`].
    pub fn of(scores: &[f64], outcomes: &[bool]) -> Result<Self, Error> {
        let area = roc_auc_interval(scores, outcomes)?;
        Ok(Self {
            auc: area.value,
            low: area.low,
            high: area.high,
        })
    }
}

/// The trained model (challenger) against the one in use (champion), on the same held-out rows.
///
/// The champion may have been trained on some of them, which only makes it look better.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The champion's area under the ROC curve.
    pub champion_auc: f64,
    /// The challenger's area minus the champion's.
    pub difference: f64,
    /// Lower end of the difference's 95 % interval (paired DeLong).
    pub low: f64,
    /// Upper end of it.
    pub high: f64,
}

impl Comparison {
    /// Whether the challenger should take over: unless it is worse beyond chance, since it knows
    /// newer data.
    pub fn challenger_wins(&self) -> bool {
        self.high >= 0.0
    }
}
