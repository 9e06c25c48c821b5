//! What a training found out, as data: names are plain, since this becomes a document of a version.

use serde::{Deserialize, Serialize};

use crate::cutoff::Cutoff;
use crate::features::schema::LeftOut;
use crate::fit::measured::{CutoffReport, HoldOutReport};
use crate::fit::params::Algorithm;
use crate::fit::training::Training;
use crate::fit::warning::Warning;
use crate::model::factor::Importance;

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
    /// Number of trees, of each forest if several are averaged.
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
