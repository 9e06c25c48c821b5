//! Judging a model on rows later than all that it learned from, beside the simple baselines learned
//! from the same rows.

use crate::error::Error;
use crate::features::Feature;
use crate::fit::baseline::{Rfm, RfmFeatures};
use crate::fit::measured::Evaluation;
use crate::fit::measured::Judgement;
use crate::learn::dataset::{Dataset, to_f32};

/// Later rows as they come, with what the baselines need of the training rows.
#[derive(Clone, Debug)]
pub struct Later {
    /// Columns of the training rows, then of the later ones.
    rfm: Option<Rfm>,
    /// Outcomes of the same.
    outcomes: Vec<bool>,
    /// Number of training rows.
    learned: usize,
    /// Log-odds of the later rows.
    log_odds: Vec<f64>,
    row: Vec<f32>,
}

/// How good predictions of later rows were.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LaterReport {
    /// Later rows.
    pub rows: usize,
    /// Those with a positive outcome.
    pub positives: usize,
    /// `None` if the later rows have one class, of which nothing can be told apart.
    pub model: Option<Evaluation>,
    /// Area under the ROC curve of ranking by recency alone.
    pub recency_auc: Option<f64>,
    /// That of a logistic regression on recency, frequency and tenure.
    pub rfm_auc: Option<f64>,
}

impl Later {
    /// Keeps what the baselines need of the training rows.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`], [`Error::LengthMismatch`] if these are not the rows' features.
    pub fn new(dataset: &Dataset, features: &[Feature]) -> Result<Self, Error> {
        let mut outcomes = Vec::new();
        outcomes.try_reserve_exact(dataset.rows())?;
        outcomes.extend(&dataset.outcomes);
        let found = RfmFeatures::find(features);
        Ok(Self {
            rfm: found.map(|found| Rfm::new(dataset, &found)).transpose()?,
            outcomes,
            learned: dataset.rows(),
            log_odds: Vec::new(),
            row: Vec::new(),
        })
    }

    /// Adds a later row, what the model says of it, and what came true.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn push(&mut self, row: &[f64], log_odds: f64, outcome: bool) -> Result<(), Error> {
        self.outcomes.try_reserve(1)?;
        self.log_odds.try_reserve(1)?;
        self.outcomes.push(outcome);
        self.log_odds.push(log_odds);
        if let Some(rfm) = &mut self.rfm {
            self.row.clear();
            self.row.extend(row.iter().map(|&value| to_f32(value)));
            rfm.push(&self.row)?;
        }
        Ok(())
    }

    /// Measures what was added.
    ///
    /// # Errors
    ///
    /// [`Error::NoRows`] if nothing was, [`Error::OneClass`] if the training rows have one class.
    pub fn judge(self) -> Result<LaterReport, Error> {
        let outcomes = &self.outcomes[self.learned..];
        let positives = outcomes.iter().filter(|&&outcome| outcome).count();
        let rows = outcomes.len();
        let mut report = LaterReport {
            rows,
            positives,
            model: None,
            recency_auc: None,
            rfm_auc: None,
        };
        if positives == 0 || positives == rows {
            return if rows == 0 {
                Err(Error::NoRows)
            } else {
                Ok(report)
            };
        }
        if let Some(rfm) = &self.rfm {
            let (learned, later) = (self.learned_rows(), self.later_rows());
            let areas = rfm.areas(&self.outcomes, &learned, &later)?;
            report.recency_auc = Some(areas.recency.auc);
            report.rfm_auc = Some(areas.rfm.auc);
        }
        let judgement = Judgement {
            outcomes: outcomes.to_vec(),
            log_odds: self.log_odds,
        };
        report.model = Some(judgement.evaluate()?);
        Ok(report)
    }

    fn learned_rows(&self) -> Vec<u32> {
        (0..self.learned as u32).collect()
    }

    fn later_rows(&self) -> Vec<u32> {
        (self.learned as u32..self.outcomes.len() as u32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One feature, which no baseline reads.
    fn later(outcomes: &[bool]) -> Later {
        let mut dataset = Dataset::new(1);
        dataset.push(&[0.0], true, 0, 1).unwrap();
        dataset.push(&[1.0], false, 0, 2).unwrap();
        let mut later = Later::new(&dataset, &[]).unwrap();
        for (row, &outcome) in outcomes.iter().enumerate() {
            later.push(&[0.0], row as f64 - 1.0, outcome).unwrap();
        }
        later
    }

    #[test]
    fn only_later_rows_are_judged() {
        let report = later(&[false, true, true]).judge().unwrap();
        assert_eq!((report.rows, report.positives), (3, 2));
        assert_eq!(report.model.map(|model| model.auc), Some(1.0));
        assert_eq!((report.recency_auc, report.rfm_auc), (None, None));
    }

    #[test]
    fn one_class_is_counted_but_not_judged() {
        let report = later(&[true, true]).judge().unwrap();
        assert_eq!((report.rows, report.positives), (2, 2));
        assert_eq!(report.model, None);
    }

    #[test]
    fn nothing_is_an_error() {
        assert_eq!(later(&[]).judge(), Err(Error::NoRows));
    }
}
