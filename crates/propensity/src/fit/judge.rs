//! Measuring models on the held-out rows, beside simple baselines and the model in use.

use crate::error::Error;
use crate::fit::baseline::Rfm;
use crate::fit::hold_out::HoldOut;
use crate::fit::report::{Comparison, Evaluation, HoldOutReport};
use crate::fit::select::{Tuned, pick};
use crate::fit::training::Training;
use crate::learn::metrics::{
    auc_difference, average_precision, brier, calibration_error, log_loss, roc_auc,
    roc_auc_interval,
};
use crate::model::{clip, sigmoid};

/// Predictions of rows that were not learned from, and what happened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement {
    /// Log-odds of each row.
    pub log_odds: Vec<f64>,
    /// Outcome of each row.
    pub outcomes: Vec<bool>,
}

impl Judgement {
    /// Measures the predictions.
    ///
    /// # Errors
    ///
    /// [`Error::OneClass`] if there is only one class, [`Error::NoRows`] without rows.
    pub fn evaluate(&self) -> Result<Evaluation, Error> {
        evaluate(&self.log_odds, &self.outcomes)
    }
}

fn evaluate(log_odds: &[f64], outcomes: &[bool]) -> Result<Evaluation, Error> {
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

/// The report on the held-out rows.
pub(super) fn report(
    training: &Training,
    split: &HoldOut,
    choice: &Tuned,
    judgement: &Judgement,
) -> Result<HoldOutReport, Error> {
    let held = &judgement.outcomes;
    let member = |log_odds: &Option<Vec<f64>>| match log_odds {
        Some(log_odds) => evaluate(log_odds, held).map(Some),
        None => Ok(None),
    };
    let areas = |rfm: &Rfm| rfm.areas(&training.outcomes, &split.fit, &split.hold);
    let baselines = training.baselines.as_ref().map(areas).transpose()?;
    let positives = held.iter().filter(|&&outcome| outcome).count();
    Ok(HoldOutReport {
        by_profile: split.by_profile,
        fit_rows: split.fit.len(),
        rows: held.len(),
        positives,
        base_rate: positives as f64 / held.len() as f64,
        model: judgement.evaluate()?,
        logistic: member(&choice.linear)?,
        trees: member(&choice.trees)?,
        recency: baselines.map(|areas| areas.recency),
        rfm: baselines.map(|areas| areas.rfm),
        champion: champion(training, split, judgement)?,
    })
}

/// The model in use on the same rows, if there is one.
fn champion(
    training: &Training,
    split: &HoldOut,
    judgement: &Judgement,
) -> Result<Option<Comparison>, Error> {
    let champion = &training.params.champion;
    if champion.is_empty() {
        return Ok(None);
    }
    let champion: Vec<f64> = pick(champion, &split.hold)
        .into_iter()
        .map(f64::from)
        .collect();
    let outcomes = &judgement.outcomes;
    let difference = auc_difference(&judgement.log_odds, &champion, outcomes)?;
    Ok(Some(Comparison {
        champion_auc: roc_auc(&champion, outcomes)?,
        difference: difference.value,
        low: difference.low,
        high: difference.high,
    }))
}
