//! Training rows and the matrix that learners read.

use crate::error::Error;

/// Training rows in feature space, one per (profile, cutoff).
#[derive(Clone, Debug, Default)]
pub struct Dataset {
    /// Number of features of a row.
    pub features: usize,
    /// `rows x features`, row after row; NaN = missing; a category is the index of its value.
    pub values: Vec<f32>,
    /// The outcome of each row: what is predicted (already negated for "will not occur").
    pub outcomes: Vec<bool>,
    /// Index of each row's cutoff in the list of cutoffs.
    pub cutoffs: Vec<u32>,
    /// Hash of each row's profile key.
    pub profiles: Vec<u64>,
}

impl Dataset {
    /// An empty data set, given the number of features of a row.
    pub fn new(features: usize) -> Self {
        Self {
            features,
            ..Self::default()
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.outcomes.len()
    }

    /// Number of rows with a positive outcome.
    pub fn positives(&self) -> usize {
        self.outcomes.iter().filter(|&&outcome| outcome).count()
    }

    /// Adds a row of `features` values.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`] if there is no memory for it.
    pub fn push(
        &mut self,
        row: &[f64],
        outcome: bool,
        cutoff: u32,
        profile: u64,
    ) -> Result<(), Error> {
        debug_assert_eq!(row.len(), self.features);
        self.values.try_reserve(row.len())?;
        self.outcomes.try_reserve(1)?;
        self.cutoffs.try_reserve(1)?;
        self.profiles.try_reserve(1)?;
        self.values.extend(row.iter().map(|&value| to_f32(value)));
        self.outcomes.push(outcome);
        self.cutoffs.push(cutoff);
        self.profiles.push(profile);
        Ok(())
    }

    /// Adds the rows of another with as many features.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`] if there is no memory for them.
    pub fn append(&mut self, other: &Self) -> Result<(), Error> {
        debug_assert_eq!(self.features, other.features);
        self.values.try_reserve(other.values.len())?;
        self.outcomes.try_reserve(other.rows())?;
        self.cutoffs.try_reserve(other.rows())?;
        self.profiles.try_reserve(other.rows())?;
        self.values.extend_from_slice(&other.values);
        self.outcomes.extend_from_slice(&other.outcomes);
        self.cutoffs.extend_from_slice(&other.cutoffs);
        self.profiles.extend_from_slice(&other.profiles);
        Ok(())
    }
}

/// A feature value as learners see it: f32, kept finite; NaN stays NaN (missing).
///
/// Training and prediction both narrow, so that they agree bit by bit.
pub fn to_f32(value: f64) -> f32 {
    value.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32
}

/// Model columns of training rows (categories already 0/1), `rows x columns`, row after row.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
    /// The values; NaN = missing, otherwise finite.
    pub values: Vec<f32>,
}

impl Matrix {
    /// The values of one row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }
}
