//! Measuring models on the held-out rows, beside simple baselines and the model in use.

use crate::error::Error;
use crate::fit::baseline::Rfm;
use crate::fit::hold_out::HoldOut;
use crate::fit::measured::{Comparison, HoldOutReport, Judgement, evaluate};
use crate::fit::training::Training;
use crate::fit::tuned::{Tuned, pick};
use crate::learn::metrics::{auc_difference, roc_auc};

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
