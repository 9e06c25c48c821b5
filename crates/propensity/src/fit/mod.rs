//! From training rows to a model and the report on it (recipe 11.1.5-6 and 11.3 to 11.6): choose
//! on a hold-out, measure there, learn again from all rows.

mod background;
mod judge;
mod leak;
mod params;
mod report;
mod sample;
mod select;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod warning;

pub use judge::Judgement;
pub use params::{Algorithm, FEWEST, FitParams};
pub use report::{Area, Comparison, CutoffReport, Evaluation, HoldOutReport, Report};
pub use sample::Sample;
pub use warning::Warning;

use std::mem::take;

use crate::baseline::{Rfm, RfmFeatures};
use crate::binning::Bins;
use crate::boosting::Forest;
use crate::cutoff::Cutoff;
use crate::dataset::{Dataset, Matrix};
use crate::encoder::Encoder;
use crate::error::Error;
use crate::factor::Importance;
use crate::features::Feature;
use crate::logistic::Logistic;
use crate::model::{Background, Model, with_background};
use crate::schema::Schema;
use crate::split::HoldOut;
use judge::Baselines;
use params::Freedom;
use select::Choice;

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
}

/// Training rows as the learners read them.
struct Training<'a> {
    x: Matrix,
    bins: Option<Bins>,
    outcomes: Vec<bool>,
    freedom: Freedom,
    params: &'a FitParams,
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
    mut dataset: Dataset,
    cutoffs: &[Cutoff],
    schema: Schema,
    params: &FitParams,
    poll: &mut dyn FnMut(),
) -> Result<Fitted, Error> {
    let rarer = rarer_class(&dataset, params)?;
    let features = schema.features();
    check_lengths(&dataset, &features, params)?;
    let encoder = Encoder::fit(&dataset, &categories(&features), poll)?;
    if encoder.columns() == 0 {
        return Err(Error::NoFeatures);
    }
    let background = background::rows(&dataset, cutoffs);
    let baselines = baselines(&dataset, &features, &encoder)?;
    let outcomes = take(&mut dataset.outcomes);
    let row_cutoffs = take(&mut dataset.cutoffs);
    let profiles = take(&mut dataset.profiles);
    let split = HoldOut::choose(&row_cutoffs, cutoffs, &profiles, &outcomes)?;
    let split = Some(split).filter(|split| select::is_usable(split, &outcomes));
    let mut training = Training {
        x: encoder.transform(dataset, poll)?,
        bins: None,
        outcomes,
        freedom: Freedom::of(rarer),
        params,
    };
    if params.algorithm.has_trees() {
        training.bins = Some(Bins::new(
            &training.x,
            &training.all_rows(),
            MOST_BINS,
            poll,
        )?);
    }
    let choice = select::choose(&training, split.as_ref(), poll)?;
    let (hold_out, judgement) = match &split {
        Some(split) => {
            let judgement = choice.judge(&training, split);
            let report = judge::report(&training, split, &choice, &judgement, &baselines)?;
            (Some(report), judgement)
        }
        None => (None, Judgement::default()),
    };
    let leaks = leak::suspects(&training, split.as_ref(), &encoder, &features, poll)?;
    let model = training.refit(&choice, schema, encoder, poll)?;
    let (model, impacts) = with_background(model, &background, poll)?;
    let cutoffs = report::cutoffs(cutoffs, &row_cutoffs, &training.outcomes, split.as_ref());
    let mut warnings = warning::warnings(rarer, hold_out.as_ref(), &cutoffs);
    warnings.extend(leaks);
    let report = Report {
        algorithm: params.algorithm,
        seed: params.seed,
        rows: training.outcomes.len(),
        positives: training.positives(),
        base_rate: model.base_rate,
        features: model.factors().used(),
        strength: model.logistic.as_ref().map(|logistic| logistic.strength),
        rounds: model.forest.as_ref().map(|_| choice.rounds),
        low_confidence: rarer < FEWEST,
        hold_out,
        cutoffs,
        importance: importance(&model, &impacts),
        warnings,
    };
    Ok(Fitted {
        model,
        report,
        judgement,
    })
}

/// Bins of a column at most, one of them for missing values.
const MOST_BINS: usize = 255;

impl Training<'_> {
    fn all_rows(&self) -> Vec<u32> {
        (0..self.x.rows as u32).collect()
    }

    fn positives(&self) -> usize {
        self.outcomes.iter().filter(|&&outcome| outcome).count()
    }

    /// The model of the choice, learned from all rows; its background is still to be measured.
    fn refit(
        &self,
        choice: &Choice,
        schema: Schema,
        encoder: Encoder,
        poll: &mut dyn FnMut(),
    ) -> Result<Model, Error> {
        let rows = self.all_rows();
        let logistic = if self.params.algorithm.is_linear() {
            let strengths = [choice.strength];
            Logistic::fit(&self.x, &self.outcomes, &rows, &strengths, poll)?.pop()
        } else {
            None
        };
        let forest = match &self.bins {
            Some(bins) => {
                let params = self.freedom.forest(self.params.seed).check()?;
                let params = params.with_rounds(choice.rounds);
                Some(Forest::fit(bins, &self.outcomes, &rows, &params, poll)?)
            }
            None => None,
        };
        Ok(Model {
            schema,
            encoder,
            logistic,
            forest,
            base_rate: self.positives() as f64 / self.outcomes.len() as f64,
            background: Background::default(),
        })
    }
}

/// Number of rows of the rarer class, if there are enough.
fn rarer_class(dataset: &Dataset, params: &FitParams) -> Result<usize, Error> {
    let (rows, positives) = (dataset.rows(), dataset.positives());
    let rarer = positives.min(rows - positives);
    if rows == 0 {
        Err(Error::NoRows)
    } else if rarer == 0 {
        Err(Error::OneClass { positives, rows })
    } else if rarer < FEWEST && !params.allow_small {
        Err(Error::TooFew {
            found: rarer,
            required: FEWEST,
            positive: positives == rarer,
        })
    } else {
        Ok(rarer)
    }
}

fn check_lengths(dataset: &Dataset, features: &[Feature], params: &FitParams) -> Result<(), Error> {
    let champion = params.champion.len();
    let pairs = [
        (dataset.features, features.len()),
        (
            if champion == 0 {
                dataset.rows()
            } else {
                champion
            },
            dataset.rows(),
        ),
    ];
    match pairs
        .into_iter()
        .find(|(found, required)| found != required)
    {
        Some((found, required)) => Err(Error::LengthMismatch { found, required }),
        None => Ok(()),
    }
}

/// Number of values of each feature that is a category.
fn categories(features: &[Feature]) -> Vec<Option<usize>> {
    let values = |feature: &Feature| feature.values.as_ref().map(Vec::len);
    features.iter().map(values).collect()
}

/// What the baselines read, found by the recipe names of the features.
fn baselines(
    dataset: &Dataset,
    features: &[Feature],
    encoder: &Encoder,
) -> Result<Baselines, Error> {
    let find = |name: &str| features.iter().position(|feature| feature.name == name);
    let recency = find("rec_any");
    let needed = (
        recency,
        find("ten_first"),
        find("cnt_any_all"),
        find("days_all"),
    );
    let rfm = match needed {
        (Some(recency), Some(tenure), Some(events), Some(days)) => Some(Rfm::new(
            dataset,
            &RfmFeatures {
                recency,
                tenure,
                events,
                days,
                goal_recency: find("goal_rec"),
                goals: find("goal_cnt_all"),
            },
        )?),
        _ => None,
    };
    let recency = (0..encoder.columns()).find(|&column| Some(encoder.source(column)) == recency);
    Ok(Baselines { recency, rfm })
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
