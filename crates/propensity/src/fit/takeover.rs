//! Whether a version may take over from the one in use without anybody looking at it.

use std::fmt;

use crate::fit::measured::Evaluation;
use crate::fit::report::Report;
use crate::fit::warning::{POOR_AUC, Warning};

/// What is known of the version in use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Its area under the ROC curve when it was trained, and the lower end of the 95 % interval; `None` if it was not
    /// measured.
    pub auc: Option<(f64, f64)>,
    /// What users were told of it.
    pub warnings: Vec<Warning>,
}

/// Why a version should not take over by itself. `Display` is a clause.
#[derive(Clone, Debug, PartialEq)]
pub enum Objection {
    /// It separates the outcomes poorly.
    Poor {
        /// Its area under the ROC curve.
        auc: f64,
    },
    /// It is far below what the version in use reached: their 95 % intervals lie apart.
    FarBelow {
        /// Its area under the ROC curve.
        auc: f64,
        /// The area recorded of the version in use.
        recorded: f64,
    },
    /// It was not measured, and the version in use was.
    NotMeasured {
        /// The area recorded of the version in use.
        recorded: f64,
    },
    /// It may know something of the outcome that the version in use did not.
    Leak {
        /// The factor that tells it; none if all of them together are too good.
        factor: Option<String>,
    },
}

impl Objection {
    /// What speaks against a version that has this report, beside the one in use.
    pub fn find(report: &Report, active: &Record) -> Option<Self> {
        let measured = report.hold_out.as_ref().map(|held| held.model);
        quality(measured, active.auc).or_else(|| new_leak(&report.warnings, &active.warnings))
    }
}

fn quality(measured: Option<Evaluation>, recorded: Option<(f64, f64)>) -> Option<Objection> {
    match (measured, recorded) {
        (Some(found), _) if found.auc < POOR_AUC => Some(Objection::Poor { auc: found.auc }),
        (Some(found), Some((recorded, low))) if found.auc_high < low => Some(Objection::FarBelow {
            auc: found.auc,
            recorded,
        }),
        (None, Some((recorded, _))) => Some(Objection::NotMeasured { recorded }),
        _ => None,
    }
}

/// The first warning of a leak that was not given before; one that names a factor, if there is one.
fn new_leak(warnings: &[Warning], before: &[Warning]) -> Option<Objection> {
    let leak = |warning: &Warning| match warning {
        Warning::SuspectedLeak { factor, .. } => Some(Some(factor.clone())),
        Warning::TooGood { .. } => Some(None),
        _ => None,
    };
    let known: Vec<Option<String>> = before.iter().filter_map(leak).collect();
    let found = warnings.iter().filter_map(leak);
    let new = found.filter(|factor| !known.contains(factor));
    let factor = new.min_by_key(Option::is_none)?;
    Some(Objection::Leak { factor })
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Poor { auc } => {
                write!(
                    f,
                    "AUC {auc:.3} is under the {POOR_AUC:.2} of a useful model"
                )
            }
            Self::FarBelow { auc, recorded } => {
                write!(
                    f,
                    "AUC {auc:.3} is clearly under the {recorded:.3} of the active version"
                )
            }
            Self::NotMeasured { recorded } => {
                write!(
                    f,
                    "the AUC could not be measured, that of the active version was {recorded:.3}"
                )
            }
            Self::Leak {
                factor: Some(factor),
            } => write!(f, "factor \"{factor}\" may be a leak"),
            Self::Leak { factor: None } => {
                write!(f, "the AUC is so high that there may be a leak")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluation(auc: f64, half: f64) -> Evaluation {
        Evaluation {
            auc,
            auc_low: auc - half,
            auc_high: auc + half,
            average_precision: 0.4,
            log_loss: 0.5,
            brier: 0.1,
            calibration_error: 0.01,
            mean_probability: 0.2,
        }
    }

    fn leak(factor: &str) -> Warning {
        Warning::SuspectedLeak {
            feature: factor.to_owned(),
            factor: factor.to_owned(),
            auc: 0.99,
            next_auc: 0.7,
        }
    }

    #[test]
    fn intervals_that_touch_are_no_objection() {
        let found = |auc, recorded| quality(Some(evaluation(auc, 0.02)), recorded);
        assert_eq!(found(0.80, Some((0.84, 0.82))), None);
        assert_eq!(
            found(0.79, Some((0.84, 0.82))),
            Some(Objection::FarBelow {
                auc: 0.79,
                recorded: 0.84
            })
        );
        assert_eq!(found(0.64, None), Some(Objection::Poor { auc: 0.64 }));
        assert_eq!(found(0.65, None), None);
    }

    #[test]
    fn what_was_not_measured_gives_way_to_what_was() {
        let recorded = 0.7;
        assert_eq!(
            quality(None, Some((recorded, 0.6))),
            Some(Objection::NotMeasured { recorded })
        );
        assert_eq!(quality(None, None), None);
    }

    #[test]
    fn a_leak_that_is_known_is_not_new() {
        let before = [leak("a")];
        assert_eq!(new_leak(&[leak("a")], &before), None);
        let factor = Some("b".to_owned());
        assert_eq!(
            new_leak(&[leak("a"), leak("b")], &before),
            Some(Objection::Leak { factor })
        );
        let too_good = Warning::TooGood { auc: 0.99 };
        assert_eq!(
            new_leak(std::slice::from_ref(&too_good), &before),
            Some(Objection::Leak { factor: None })
        );
        let factor = Some("b".to_owned());
        assert_eq!(
            new_leak(&[too_good, leak("b")], &before),
            Some(Objection::Leak { factor })
        );
    }
}
