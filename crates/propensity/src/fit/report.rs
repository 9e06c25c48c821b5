//! What a training found out, as data: names are plain, since this becomes a document of a version.

use serde::{Deserialize, Serialize};

use crate::cutoff::Cutoff;
use crate::error::Error;
use crate::features::schema::LeftOut;
use crate::fit::params::Algorithm;
use crate::fit::training::Training;
use crate::fit::warning::Warning;
use crate::learn::metrics::roc_auc_interval;
use crate::model::factor::Importance;
use crate::time::Micros;

/// The report of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The learners.
    pub algorithm: Algorithm,
    /// The seed of the trees' samples.
    pub seed: u64,
    /// Training rows.
    pub rows: usize,
    /// Those with a positive outcome.
    pub positives: usize,
    /// Their share.
    pub base_rate: f64,
    /// Features that the model reads.
    pub features: usize,
    /// Ridge strength K of the linear member.
    pub strength: Option<f64>,
    /// Number of trees.
    pub rounds: Option<usize>,
    /// Whether there are fewer rows of the rarer class than can be trusted.
    pub low_confidence: bool,
    /// What was measured on rows later than those that were learned from; `None` if there are too
    /// few rows to hold any out.
    pub hold_out: Option<HoldOutReport>,
    /// The training cutoffs, oldest first.
    pub cutoffs: Vec<CutoffReport>,
    /// Factors of the model that ships, strongest first.
    pub importance: Vec<Importance>,
    /// What users should know.
    pub warnings: Vec<Warning>,
    /// What there are no features of, because others tell more.
    #[serde(default, skip_serializing_if = "LeftOut::is_empty")]
    pub left_out: LeftOut,
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

/// Rows and outcomes at each cutoff that has rows, oldest first.
pub(super) fn cutoffs(training: &Training, cutoffs: &[Cutoff]) -> Vec<CutoffReport> {
    let rows = &training.cutoffs;
    let mut counts = vec![(0, 0); cutoffs.len()];
    for (&cutoff, &outcome) in rows.iter().zip(&training.outcomes) {
        let (all, positives) = &mut counts[cutoff as usize];
        *all += 1;
        *positives += usize::from(outcome);
    }
    let mut held_out = vec![false; cutoffs.len()];
    if let Some(split) = training.split.as_ref().filter(|split| !split.by_profile) {
        for &row in &split.hold {
            held_out[rows[row as usize] as usize] = true;
        }
    }
    let report = |(index, &(all, positives)): (usize, &(usize, usize))| CutoffReport {
        cutoff: cutoffs[index].at,
        rows: all,
        positives,
        base_rate: positives as f64 / all as f64,
        held_out: held_out[index],
    };
    let with_rows = counts.iter().enumerate().filter(|(_, (all, _))| *all > 0);
    let mut reports: Vec<CutoffReport> = with_rows.map(report).collect();
    reports.sort_by_key(|report| report.cutoff);
    reports
}
