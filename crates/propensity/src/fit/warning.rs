//! What users should know about a model that was trained, as data.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::fit::measured::{CutoffReport, HoldOutReport};
use crate::fit::params::FEWEST;

/// Below this area under the ROC curve a model says little.
pub(super) const POOR_AUC: f64 = 0.65;
/// From this area on a model is too good to be true: none of the eighteen tasks of docs/method.md comes near.
const TOO_GOOD_AUC: f64 = 0.98;
/// A base rate may differ this many times between training cutoffs.
const MOST_DRIFT: f64 = 1.5;
/// The mean probability may differ from the base rate by this share of it.
const MOST_OFF: f64 = 0.2;
/// Rows that a cutoff needs for its base rate to be compared.
const ENOUGH_ROWS: usize = 100;

/// Something to know about a trained model. `Display` is a sentence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "warning", rename_all = "snake_case")]
pub enum Warning {
    /// Trained on fewer rows of the rarer class than can be trusted.
    LowConfidence {
        /// Rows of the rarer class.
        found: usize,
        /// How many are needed.
        required: usize,
    },
    /// No rows could be held out, so nothing was measured.
    NotMeasured,
    /// The model separates the outcomes poorly.
    PoorModel {
        /// Area under the ROC curve.
        auc: f64,
        /// What a useful model reaches.
        required: f64,
    },
    /// The model separates the outcomes too well to be true.
    TooGood {
        /// Area under the ROC curve.
        auc: f64,
    },
    /// A simple baseline does as well.
    NotAboveBaseline {
        /// Area under the ROC curve.
        auc: f64,
        /// The baseline's.
        baseline_auc: f64,
        /// Which: `recency` or `rfm`.
        baseline: String,
    },
    /// The base rate moves between training cutoffs, so probabilities will be off.
    BaseRateDrift {
        /// Lowest base rate of a cutoff.
        lowest: f64,
        /// Highest.
        highest: f64,
    },
    /// Probabilities were too high or too low on the held-out rows.
    OffBaseRate {
        /// Mean probability.
        mean_probability: f64,
        /// Share of positive outcomes.
        base_rate: f64,
    },
    /// A feature alone predicts too well to be true.
    SuspectedLeak {
        /// The feature in words.
        feature: String,
        /// Its factor.
        factor: String,
        /// Area under the ROC curve of the feature alone.
        auc: f64,
        /// Area of the best feature without suspicion.
        next_auc: f64,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LowConfidence { found, required } => write!(
                f,
                "trained on only {found} rows of the rarer outcome, {required} are required to \
                 trust the scores"
            ),
            Self::NotMeasured => write!(
                f,
                "too few rows to hold any out, so the quality of the model is unknown"
            ),
            Self::PoorModel { auc, required } => write!(
                f,
                "the model separates poorly: AUC {auc:.3}, a useful one reaches {required:.2}"
            ),
            Self::TooGood { auc } => write!(
                f,
                "AUC {auc:.3} is too good to be true unless the goal is easy: a column may be known only after the outcome"
            ),
            Self::NotAboveBaseline {
                auc,
                baseline_auc,
                baseline,
            } => {
                let rule = match baseline.as_str() {
                    "recency" => "the time since the last event",
                    _ => "recency, frequency and tenure",
                };
                write!(
                    f,
                    "the model ranks no better than {rule}: AUC {auc:.3} against {baseline_auc:.3}"
                )
            }
            Self::BaseRateDrift { lowest, highest } => write!(
                f,
                "the base rate moved between training cutoffs, from {:.1} % to {:.1} %: \
                 probabilities may be off",
                100.0 * lowest,
                100.0 * highest
            ),
            Self::OffBaseRate {
                mean_probability,
                base_rate,
            } => write!(
                f,
                "the mean probability on later rows was {:.1} %, the outcome {:.1} %",
                100.0 * mean_probability,
                100.0 * base_rate
            ),
            Self::SuspectedLeak {
                feature,
                factor,
                auc,
                next_auc,
            } => write!(
                f,
                "\"{feature}\" (factor \"{factor}\") alone predicts with AUC {auc:.3}, the next \
                 best with {next_auc:.3}: it may be known only after the outcome"
            ),
        }
    }
}

/// The warnings that follow from the amount of data and from the measures.
pub(super) fn warnings(
    rarer: usize,
    hold_out: Option<&HoldOutReport>,
    cutoffs: &[CutoffReport],
) -> Vec<Warning> {
    let mut found = Vec::new();
    if rarer < FEWEST {
        found.push(Warning::LowConfidence {
            found: rarer,
            required: FEWEST,
        });
    }
    match hold_out {
        Some(measured) => quality(measured, &mut found),
        None => found.push(Warning::NotMeasured),
    }
    drift(cutoffs, &mut found);
    found
}

fn quality(measured: &HoldOutReport, found: &mut Vec<Warning>) {
    let auc = measured.model.auc;
    if auc < POOR_AUC {
        found.push(Warning::PoorModel {
            auc,
            required: POOR_AUC,
        });
    }
    if auc >= TOO_GOOD_AUC {
        found.push(Warning::TooGood { auc });
    }
    let baselines = [("recency", measured.recency), ("rfm", measured.rfm)];
    let best = baselines
        .into_iter()
        .filter_map(|(name, area)| Some((name, area?.auc)))
        .max_by(|a, b| a.1.total_cmp(&b.1));
    if let Some((name, baseline_auc)) = best.filter(|(_, best)| auc <= *best) {
        found.push(Warning::NotAboveBaseline {
            auc,
            baseline_auc,
            baseline: name.to_owned(),
        });
    }
    let (mean_probability, base_rate) = (measured.model.mean_probability, measured.base_rate);
    if (mean_probability - base_rate).abs() > MOST_OFF * base_rate {
        found.push(Warning::OffBaseRate {
            mean_probability,
            base_rate,
        });
    }
}

fn drift(cutoffs: &[CutoffReport], found: &mut Vec<Warning>) {
    let rates = || {
        let enough = cutoffs.iter().filter(|cutoff| cutoff.rows >= ENOUGH_ROWS);
        enough.map(|cutoff| cutoff.base_rate)
    };
    let lowest = rates().fold(f64::INFINITY, f64::min);
    let highest = rates().fold(0.0, f64::max);
    if highest > MOST_DRIFT * lowest {
        found.push(Warning::BaseRateDrift { lowest, highest });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::measured::{Area, Evaluation};

    /// A hold-out with a base rate of 0.2 and an RFM baseline of 0.7.
    fn measured(auc: f64, mean_probability: f64) -> HoldOutReport {
        let model = Evaluation {
            auc,
            auc_low: auc - 0.1,
            auc_high: auc + 0.1,
            average_precision: 0.4,
            log_loss: 0.5,
            brier: 0.1,
            calibration_error: 0.01,
            mean_probability,
        };
        let rfm = Area {
            auc: 0.7,
            low: 0.6,
            high: 0.8,
        };
        HoldOutReport {
            by_profile: false,
            fit_rows: 1000,
            rows: 1000,
            positives: 200,
            base_rate: 0.2,
            model,
            logistic: None,
            trees: None,
            recency: None,
            rfm: Some(rfm),
            champion: None,
        }
    }

    fn cutoff(rows: usize, positives: usize) -> CutoffReport {
        CutoffReport {
            cutoff: 0,
            rows,
            positives,
            base_rate: positives as f64 / rows as f64,
            held_out: false,
        }
    }

    fn sentences(hold_out: Option<&HoldOutReport>, cutoffs: &[CutoffReport]) -> Vec<String> {
        let found = warnings(500, hold_out, cutoffs);
        found.iter().map(Warning::to_string).collect()
    }

    #[test]
    fn a_good_model_has_no_warning() {
        let hold_out = measured(0.75, 0.23);
        let cutoffs = [cutoff(1000, 200), cutoff(1000, 299)];
        assert_eq!(sentences(Some(&hold_out), &cutoffs), [""; 0]);
    }

    #[test]
    fn a_model_below_its_baseline_is_told() {
        let found = sentences(Some(&measured(0.7, 0.2)), &[]);
        let expected =
            "the model ranks no better than recency, frequency and tenure: AUC 0.700 against 0.700";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn a_poor_model_is_told_with_what_is_required() {
        let found = sentences(Some(&measured(0.6, 0.2)), &[]);
        let expected = "the model separates poorly: AUC 0.600, a useful one reaches 0.65";
        assert_eq!(found[0], expected);
    }

    #[test]
    fn a_model_that_is_too_good_is_told() {
        let found = sentences(Some(&measured(0.98, 0.2)), &[]);
        assert!(found[0].starts_with("AUC 0.980 is too good to be true"));
        assert_eq!(sentences(Some(&measured(0.979, 0.2)), &[]), [""; 0]);
    }

    #[test]
    fn probabilities_a_fifth_off_are_told() {
        let found = sentences(Some(&measured(0.75, 0.25)), &[]);
        let expected = "the mean probability on later rows was 25.0 %, the outcome 20.0 %";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn a_base_rate_that_moves_is_told_unless_cutoffs_are_small() {
        let hold_out = measured(0.75, 0.2);
        let found = sentences(Some(&hold_out), &[cutoff(100, 10), cutoff(100, 16)]);
        let expected = "the base rate moved between training cutoffs, from 10.0 % to 16.0 %: \
                        probabilities may be off";
        assert_eq!(found, [expected]);
        let small = [cutoff(99, 10), cutoff(99, 90)];
        assert_eq!(sentences(Some(&hold_out), &small), [""; 0]);
    }

    #[test]
    fn a_model_that_was_not_measured_says_so() {
        assert_eq!(sentences(None, &[]).len(), 1);
    }
}
