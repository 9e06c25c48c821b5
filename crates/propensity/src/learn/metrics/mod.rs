//! How good scores or probabilities are, given what came true.
//!
//! Every function takes one score and one outcome per row, and refuses lengths that differ, scores
//! that are NaN, and no rows at all.

mod auc;
mod interval;

pub use auc::{auc_difference, roc_auc, roc_auc_interval};
pub use interval::{Interval, NORMAL, mean_interval, wilson};

use crate::error::Error;

/// Area under the precision-recall curve as a sum of steps, one per distinct score:
/// the precision there times the recall gained (scikit-learn's `average_precision_score`).
///
/// # Errors
///
/// Those of the module, and [`Error::OneClass`].
pub fn average_precision(scores: &[f64], outcomes: &[bool]) -> Result<f64, Error> {
    check(scores, outcomes)?;
    let (positives, _) = check_classes(outcomes)?;
    let order = ascending(scores)?;
    let (mut found, mut seen, mut area) = (0, 0, 0.0);
    let ties = order.chunk_by(|&a, &b| scores[a as usize] == scores[b as usize]);
    for tie in ties.rev() {
        let gained = tie.iter().filter(|&&row| outcomes[row as usize]).count();
        found += gained;
        seen += tie.len();
        area += gained as f64 * found as f64 / seen as f64;
    }
    Ok(area / positives as f64)
}

/// Mean of `-ln` of the probability given to what came true; probabilities are kept off 0 and 1 by
/// the f64 epsilon, as scikit-learn does.
///
/// # Errors
///
/// Those of the module.
pub fn log_loss(probabilities: &[f64], outcomes: &[bool]) -> Result<f64, Error> {
    mean(probabilities, outcomes, surprise)
}

/// `-ln` of the probability given to what came true, as [`log_loss`] takes it.
pub fn surprise(probability: f64, outcome: bool) -> f64 {
    let kept = probability.clamp(f64::EPSILON, 1.0 - f64::EPSILON);
    -(if outcome { kept } else { 1.0 - kept }).ln()
}

/// Mean squared distance of the probability from the outcome (Brier, 1950).
///
/// # Errors
///
/// Those of the module.
pub fn brier(probabilities: &[f64], outcomes: &[bool]) -> Result<f64, Error> {
    mean(probabilities, outcomes, |probability, outcome| {
        (probability - f64::from(u8::from(outcome))).powi(2)
    })
}

/// Expected calibration error over ten bins of equal count: the mean over rows of the distance
/// between mean probability and share of positives of the row's bin.
///
/// Rows of the same probability keep their order; the first bins have one row more when the rows
/// do not divide by ten.
///
/// # Errors
///
/// Those of the module.
pub fn calibration_error(probabilities: &[f64], outcomes: &[bool]) -> Result<f64, Error> {
    const BINS: usize = 10;
    check(probabilities, outcomes)?;
    let order = ascending(probabilities)?;
    let (size, larger) = (order.len() / BINS, order.len() % BINS);
    let (large, small) = order.split_at(larger * (size + 1));
    let bins = large.chunks(size + 1).chain(small.chunks(size.max(1)));
    let distance = |bin: &[u32]| {
        let differences = bin
            .iter()
            .map(|&row| probabilities[row as usize] - f64::from(u8::from(outcomes[row as usize])));
        differences.sum::<f64>().abs()
    };
    Ok(bins.map(distance).sum::<f64>() / order.len() as f64)
}

fn mean(scores: &[f64], outcomes: &[bool], of: impl Fn(f64, bool) -> f64) -> Result<f64, Error> {
    check(scores, outcomes)?;
    let sum: f64 = scores.iter().zip(outcomes).map(|(&s, &o)| of(s, o)).sum();
    Ok(sum / scores.len() as f64)
}

fn check(scores: &[f64], outcomes: &[bool]) -> Result<(), Error> {
    if scores.len() != outcomes.len() {
        return Err(Error::LengthMismatch {
            found: outcomes.len(),
            required: scores.len(),
        });
    }
    if scores.is_empty() {
        return Err(Error::NoRows);
    }
    if scores.iter().any(|score| score.is_nan()) {
        return Err(Error::NotANumber);
    }
    Ok(())
}

/// Numbers of positive and negative rows, both above zero.
fn check_classes(outcomes: &[bool]) -> Result<(usize, usize), Error> {
    let positives = outcomes.iter().filter(|&&outcome| outcome).count();
    let negatives = outcomes.len() - positives;
    if positives == 0 || negatives == 0 {
        return Err(Error::OneClass {
            positives,
            rows: outcomes.len(),
        });
    }
    Ok((positives, negatives))
}

/// Rows by ascending score, ties in their order.
fn ascending(scores: &[f64]) -> Result<Vec<u32>, Error> {
    let mut order: Vec<u32> = Vec::new();
    order.try_reserve_exact(scores.len())?;
    order.extend(0..scores.len() as u32);
    // Adding zero makes one zero of two: total_cmp tells them apart.
    let key = |row: u32| scores[row as usize] + 0.0;
    order.sort_unstable_by(|&a, &b| key(a).total_cmp(&key(b)).then(a.cmp(&b)));
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCORES: [f64; 5] = [0.1, 0.4, 0.4, 0.35, 0.8];
    const OUTCOMES: [bool; 5] = [false, false, true, true, true];

    #[test]
    fn average_precision_by_hand() {
        // Thresholds 0.8, 0.4 (a tie of two), 0.35: precisions 1, 2/3, 3/4.
        let expected = (1.0 + 2.0 / 3.0 + 0.75) / 3.0;
        assert!((average_precision(&SCORES, &OUTCOMES).unwrap() - expected).abs() < 1e-15);
    }

    #[test]
    fn losses_by_hand() {
        assert_eq!(brier(&[0.5, 1.0], &[true, true]), Ok(0.125));
        assert_eq!(log_loss(&[0.5, 0.5], &[true, false]), Ok(2f64.ln()));
    }

    #[test]
    fn certainty_that_was_wrong_costs_much_but_not_everything() {
        let loss = log_loss(&[0.0, 1.0], &[true, false]).unwrap();
        assert!(loss > 36.0 && loss < 37.0);
    }

    #[test]
    fn fewer_rows_than_bins_are_bins_of_one_row() {
        let error = calibration_error(&[0.25, 0.5], &[false, true]).unwrap();
        assert_eq!(error, 0.375);
    }

    #[test]
    fn what_cannot_be_judged_is_an_error() {
        let refused = [
            (vec![], vec![], Error::NoRows),
            (vec![f64::NAN], vec![true], Error::NotANumber),
            (
                vec![0.5],
                vec![],
                Error::LengthMismatch {
                    found: 0,
                    required: 1,
                },
            ),
        ];
        for (scores, outcomes, error) in refused {
            for metric in [
                roc_auc,
                average_precision,
                log_loss,
                brier,
                calibration_error,
            ] {
                assert_eq!(metric(&scores, &outcomes), Err(error.clone()));
            }
        }
        let one_class = Err(Error::OneClass {
            positives: 2,
            rows: 2,
        });
        assert_eq!(roc_auc(&[0.1, 0.2], &[true, true]), one_class);
        assert_eq!(average_precision(&[0.1, 0.2], &[true, true]), one_class);
    }
}
