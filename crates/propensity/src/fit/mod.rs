//! From training rows to a model and the report on it (docs/method.md 1 and 3 to 6): choose
//! on a hold-out, measure there, learn again from all rows.

mod background;
pub mod baseline;
pub mod hold_out;
mod judge;
mod later;
mod leak;
mod measured;
mod params;
mod report;
mod sample;
mod select;
mod stump;
mod takeover;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod training;
mod tuned;
mod warning;

pub use later::{Later, LaterReport};
pub use measured::{Area, Comparison, CutoffReport, Evaluation, HoldOutReport, Judgement};
pub use params::{Algorithm, FEWEST, FitParams};
pub use report::Report;
pub use sample::Sample;
pub use takeover::{Objection, Record};
pub use warning::Warning;

use crate::cutoff::Cutoff;
use crate::error::Error;
use crate::features::schema::{LeftOut, Schema};
use crate::judge::Distribution;
use crate::learn::dataset::Dataset;
use crate::model::factor::Importance;
use crate::model::{Model, with_background};
use training::Training;

/// What a training yields.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// The model, learned from all rows.
    pub model: Model,
    /// What was found out on the way.
    pub report: Report,
    /// Predictions of held-out rows by models that did not see them, for charts; empty without a
    /// hold-out.
    pub judgement: Judgement,
    /// Scores and values of factors of a sample of the newest training rows.
    pub distribution: Distribution,
}

/// Learns a model from training rows, whose `cutoffs` are indices into the list of cutoffs and
/// whose features are those of the schema. The same rows in the same order give the same model.
///
/// # Errors
///
/// * [`Error::NoRows`], [`Error::OneClass`], [`Error::NoFeatures`] if there is nothing to learn.
/// * [`Error::TooFew`] for fewer than [`FEWEST`] rows of the rarer class, unless allowed.
/// * [`Error::LengthMismatch`] if rows, schema and champion do not fit together.
/// * [`Error::OutOfMemory`].
pub fn fit(
    dataset: Dataset,
    cutoffs: &[Cutoff],
    schema: Schema,
    params: &FitParams,
    poll: &mut dyn FnMut(),
) -> Result<Fitted, Error> {
    let training = Training::new(dataset, cutoffs, &schema, params, poll)?;
    let mut choice = select::choose(&training, poll)?;
    let (hold_out, judgement) = match &training.split {
        Some(split) => {
            let judgement = choice.judge(&training.outcomes, split);
            let report = judge::report(&training, split, &choice, &judgement)?;
            (Some(report), judgement)
        }
        None => (None, Judgement::default()),
    };
    let leaks = leak::suspects(&training, poll)?;
    let model = training.refit(&mut choice, schema, poll)?;
    let (model, typical) = with_background(model, &training.background, poll)?;
    // Scores of rows that were learned from lie further apart than those of any later profile: every run would seem to
    // drift. Those of the held-out rows are what is to be expected.
    let scores = match hold_out {
        Some(_) => judgement.scores(model.base_rate),
        None => typical.scores,
    };
    let distribution = Distribution::of(&model.factors(), &training.background, &scores);
    let cutoffs = report::cutoffs(&training, cutoffs);
    let mut warnings = warning::warnings(training.rarer, hold_out.as_ref(), &cutoffs);
    warnings.extend(leaks);
    let report = Report {
        algorithm: choice.algorithm,
        seed: params.seed,
        rows: training.outcomes.len(),
        positives: training.positives(),
        base_rate: model.base_rate,
        features: model.factors().used(),
        strength: model.logistic.as_ref().map(|logistic| logistic.strength),
        rounds: model.forest.as_ref().map(|_| choice.rounds),
        low_confidence: training.rarer < FEWEST,
        hold_out,
        cutoffs,
        importance: importance(&model, &typical.importance),
        warnings,
        left_out: LeftOut::default(),
    };
    Ok(Fitted {
        model,
        report,
        judgement,
        distribution,
    })
}

/// The factors of a model with their mean absolute impacts, strongest first.
fn importance(model: &Model, impacts: &[f64]) -> Vec<Importance> {
    let factors = model.factors();
    let named = impacts
        .iter()
        .enumerate()
        .map(|(factor, &impact)| Importance {
            factor: factors.name(factor).to_owned(),
            mean_absolute_impact: impact,
        });
    let mut sorted: Vec<Importance> = named.collect();
    sorted.sort_by(|a, b| b.mean_absolute_impact.total_cmp(&a.mean_absolute_impact));
    sorted
}
