//! Judging predictions by what came true, as data for tables and charts: of the rows held out of a training, or of a past
//! run whose outcome window is over.

mod bins;
mod charts;
pub mod drift;
mod figures;
mod held_out;
mod measures;
mod threshold;

pub use bins::{Distribution, FactorBins, stability};
pub use charts::{Bin, RocPoint, Tenth};
pub use figures::{FactorFigures, Figures, Impacts, Sum, score_stability};
pub use measures::Measure;
pub use threshold::{Stakes, Threshold};

use crate::error::Error;

/// Predictions with what came true, by ascending probability.
///
/// Of rows with the same probability the positive ones are spread evenly, so that wherever a list of them is cut, each
/// side has its share of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    probabilities: Vec<f64>,
    outcomes: Vec<bool>,
    positives: usize,
    base_rate: f64,
}

impl Judged {
    /// Takes probabilities with their outcomes, in any order, of a model with this base rate.
    ///
    /// # Errors
    ///
    /// [`Error::NoRows`], [`Error::NotANumber`], [`Error::LengthMismatch`], [`Error::OutOfMemory`].
    pub fn new(probabilities: &[f64], outcomes: &[bool], base_rate: f64) -> Result<Self, Error> {
        let found = outcomes.len();
        if found != probabilities.len() {
            let required = probabilities.len();
            return Err(Error::LengthMismatch { found, required });
        }
        if found == 0 {
            return Err(Error::NoRows);
        }
        if probabilities.iter().any(|probability| probability.is_nan()) {
            return Err(Error::NotANumber);
        }
        let mut rows: Vec<(f64, bool)> = Vec::new();
        rows.try_reserve_exact(found)?;
        rows.extend(probabilities.iter().copied().zip(outcomes.iter().copied()));
        rows.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
        let mut judged = Self {
            probabilities: Vec::new(),
            outcomes: Vec::new(),
            positives: outcomes.iter().filter(|&&outcome| outcome).count(),
            base_rate,
        };
        judged.probabilities.try_reserve_exact(found)?;
        judged.outcomes.try_reserve_exact(found)?;
        for tie in rows.chunk_by(|one, other| one.0 == other.0) {
            let positives = tie.iter().filter(|(_, outcome)| *outcome).count();
            let up_to = |row: usize| row * positives / tie.len();
            for (row, &(probability, _)) in tie.iter().enumerate() {
                judged.probabilities.push(probability);
                judged.outcomes.push(up_to(row + 1) > up_to(row));
            }
        }
        Ok(judged)
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.outcomes.len()
    }

    /// Rows with a positive outcome.
    pub fn positives(&self) -> usize {
        self.positives
    }

    /// Where the last of `parts` equal parts up to `part` ends, counted from the most likely; the first parts have a row
    /// more where the rows do not divide.
    fn end_of_part(&self, part: usize, parts: usize) -> usize {
        let (size, larger) = (self.rows() / parts, self.rows() % parts);
        part * size + part.min(larger)
    }
}

/// A share of a number of profiles, unless there are none.
fn share(some: usize, all: usize) -> Option<f64> {
    (all > 0).then(|| some as f64 / all as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positives_of_a_tie_are_spread_evenly() {
        let outcomes = [true, true, false, false, false, false, true];
        let probabilities = [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.1];
        let judged = Judged::new(&probabilities, &outcomes, 0.3).unwrap();
        assert_eq!(judged.probabilities[0], 0.1);
        let spread = [true, false, false, true, false, false, true];
        assert_eq!(judged.outcomes, spread);
        assert_eq!(judged.positives(), 3);
    }

    #[test]
    fn what_cannot_be_judged_is_an_error() {
        assert_eq!(Judged::new(&[], &[], 0.5), Err(Error::NoRows));
        let nan = Judged::new(&[f64::NAN], &[true], 0.5);
        assert_eq!(nan, Err(Error::NotANumber));
        let mismatch = Judged::new(&[0.1], &[], 0.5);
        assert!(matches!(mismatch, Err(Error::LengthMismatch { .. })));
    }
}
