//! Measuring models on the held-out rows, beside simple baselines and the model in use.

use crate::error::Error;
use crate::fit::baseline::Rfm;
use crate::fit::hold_out::HoldOut;
use crate::fit::report::{Area, Comparison, Evaluation, HoldOutReport};
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

/// What the simple baselines need.
pub(super) struct Baselines {
    /// Matrix column of the days since the last event.
    pub recency: Option<usize>,
    /// Copies of the few columns of the RFM logistic regression.
    pub rfm: Option<Rfm>,
}

/// The report on the held-out rows.
pub(super) fn report(
    training: &Training,
    split: &HoldOut,
    choice: &Tuned,
    judgement: &Judgement,
) -> Result<HoldOutReport, Error> {
    let held = &judgement.outcomes;
    let half = |log_odds: &Option<Vec<f64>>| match log_odds {
        Some(log_odds) => evaluate(log_odds, held).map(Some),
        None => Ok(None),
    };
    let positives = held.iter().filter(|&&outcome| outcome).count();
    Ok(HoldOutReport {
        by_profile: split.by_profile,
        fit_rows: split.fit.len(),
        rows: held.len(),
        positives,
        base_rate: positives as f64 / held.len() as f64,
        model: judgement.evaluate()?,
        logistic: half(&choice.linear)?,
        trees: half(&choice.trees)?,
        recency: match training.baselines.recency {
            Some(column) => Some(recency(training, split, column, held)?),
            None => None,
        },
        rfm: match &training.baselines.rfm {
            Some(rfm) => rfm_area(rfm, training, split, held)?,
            None => None,
        },
        champion: champion(training, split, judgement)?,
    })
}

/// Ranking by recency alone. Which way it points is seen on the fit rows: for a goal that must
/// not occur, a long silence makes the outcome likelier.
fn recency(
    training: &Training,
    split: &HoldOut,
    column: usize,
    held: &[bool],
) -> Result<Area, Error> {
    let scores = |rows: &[u32], sign: f64| -> Vec<f64> {
        let value = |&row: &u32| training.x.row(row as usize)[column];
        // No event yet is the longest silence.
        let days = |value: f32| if value.is_nan() { f32::MAX } else { value };
        rows.iter()
            .map(|row| sign * f64::from(days(value(row))))
            .collect()
    };
    let outcomes = pick(&training.outcomes, &split.fit);
    let recent_first = roc_auc(&scores(&split.fit, -1.0), &outcomes)? >= 0.5;
    area(
        &scores(&split.hold, if recent_first { -1.0 } else { 1.0 }),
        held,
    )
}

/// Logistic regression on recency, frequency and tenure; `None` if its solver gives up on odd
/// data, on which the model itself does not depend.
fn rfm_area(
    rfm: &Rfm,
    training: &Training,
    split: &HoldOut,
    held: &[bool],
) -> Result<Option<Area>, Error> {
    match rfm.logits(&training.outcomes, &split.fit, &split.hold) {
        Ok(logits) => Ok(Some(area(&logits, held)?)),
        Err(Error::NotFitted { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn area(scores: &[f64], outcomes: &[bool]) -> Result<Area, Error> {
    let area = roc_auc_interval(scores, outcomes)?;
    Ok(Area {
        auc: area.value,
        low: area.low,
        high: area.high,
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
