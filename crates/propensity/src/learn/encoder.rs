//! From features to model columns: drops what cannot teach, turns categories into 0/1 columns.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::learn::dataset::{Dataset, Matrix, to_f32};

/// A feature needs this many present values, and a category value this many rows.
const ENOUGH: u32 = 20;

/// The most values of a category that get a column, the most frequent ones.
const MOST_VALUES: usize = 20;

/// Rows between two polls.
const POLL: usize = 1024;

/// The columns of a model, chosen from training rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Encoder {
    features: usize,
    columns: Vec<Column>,
}

/// Where the values of a column come from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Column {
    feature: u32,
    /// For a category: 1 where the feature has this value, 0 elsewhere.
    value: Option<u32>,
}

impl Encoder {
    /// Chooses the columns. `categories` has one entry per feature: how many values it has, if it is
    /// a category.
    ///
    /// Dropped are features with fewer than 20 values, with one value that is never missing, and
    /// those equal to an earlier feature in every row. Of a category, up to 20 values with at least
    /// 20 rows become columns, the most frequent first.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] if `categories` does not fit the rows.
    pub fn fit(
        dataset: &Dataset,
        categories: &[Option<usize>],
        poll: &mut dyn FnMut(),
    ) -> Result<Self, Error> {
        if categories.len() != dataset.features {
            return Err(Error::LengthMismatch {
                found: categories.len(),
                required: dataset.features,
            });
        }
        let summaries = summarise(dataset, categories, poll);
        let copies = copies(dataset, &summaries, poll);
        let mut columns = Vec::new();
        for (feature, summary) in (0..).zip(&summaries) {
            if !summary.is_informative() || copies[feature as usize] {
                continue;
            }
            match &summary.counts {
                None => columns.push(Column {
                    feature,
                    value: None,
                }),
                Some(counts) => columns.extend(frequent(counts).into_iter().map(|value| Column {
                    feature,
                    value: Some(value),
                })),
            }
        }
        Ok(Self {
            features: dataset.features,
            columns,
        })
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns.len()
    }

    /// The feature that a column comes from.
    pub fn source(&self, column: usize) -> usize {
        self.columns[column].feature as usize
    }

    /// The category value that a column stands for, if it is one.
    pub fn category(&self, column: usize) -> Option<usize> {
        self.columns[column].value.map(|value| value as usize)
    }

    /// Turns the values of training rows into model columns, in place: there is never a second copy.
    ///
    /// Only `values` and `features` are read; the other fields may have been taken out before.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] for rows of another width, [`Error::OutOfMemory`] if there are more
    /// columns than features and no memory for them.
    pub fn transform(&self, dataset: Dataset, poll: &mut dyn FnMut()) -> Result<Matrix, Error> {
        let (from, to) = (self.features, self.columns.len());
        if dataset.features != from {
            return Err(Error::LengthMismatch {
                found: dataset.features,
                required: from,
            });
        }
        let mut values = dataset.values;
        let rows = values.len() / from.max(1);
        values.try_reserve_exact((rows * to).saturating_sub(values.len()))?;
        values.resize(rows * from.max(to), f32::NAN);
        let mut features = vec![0.0; from];
        let mut encode = |row: usize| {
            if row.is_multiple_of(POLL) {
                poll();
            }
            features.copy_from_slice(&values[row * from..][..from]);
            for (column, out) in self.columns.iter().zip(&mut values[row * to..][..to]) {
                *out = column.encode(features[column.feature as usize]);
            }
        };
        // Wider rows are written from the end, so that none is overwritten before it is read.
        if to <= from {
            (0..rows).for_each(&mut encode);
        } else {
            (0..rows).rev().for_each(&mut encode);
        }
        values.truncate(rows * to);
        values.shrink_to_fit();
        Ok(Matrix {
            rows,
            columns: to,
            values,
        })
    }

    /// The columns of one row of features, bit by bit as [`Self::transform`] gives them.
    pub fn row(&self, features: &[f64], out: &mut [f32]) {
        for (column, out) in self.columns.iter().zip(out) {
            *out = column.encode(to_f32(features[column.feature as usize]));
        }
    }

    /// Checks a stored encoder: it must read rows with this number of features.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupted`].
    pub fn validate(&self, features: usize) -> Result<(), Error> {
        let within = |column: &Column| (column.feature as usize) < features;
        if self.features != features || !self.columns.iter().all(within) {
            return Err(Error::Corrupted {
                reason: "columns of the encoder",
            });
        }
        Ok(())
    }
}

impl Column {
    fn encode(self, feature: f32) -> f32 {
        match self.value {
            None => feature,
            Some(value) => f32::from(u8::from(feature == value as f32)),
        }
    }
}

/// What one reading of the rows tells of a feature.
struct Summary {
    present: u32,
    missing: bool,
    first: f32,
    varies: bool,
    hash: u64,
    /// Rows of each value of a category.
    counts: Option<Vec<u32>>,
}

impl Summary {
    fn new(category: Option<usize>) -> Self {
        Self {
            present: 0,
            missing: false,
            first: f32::NAN,
            varies: false,
            hash: 0,
            counts: category.map(|values| vec![0; values]),
        }
    }

    fn add(&mut self, value: f32) {
        self.hash = (self.hash.rotate_left(5) ^ u64::from(identity(value)))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        if value.is_nan() {
            self.missing = true;
            return;
        }
        if self.present == 0 {
            self.first = value;
        }
        self.varies |= value != self.first;
        self.present += 1;
        if let Some(count) = self.counts.as_mut().and_then(|c| c.get_mut(value as usize)) {
            *count += 1;
        }
    }

    fn is_informative(&self) -> bool {
        self.present >= ENOUGH && (self.varies || self.missing)
    }
}

/// Bits that are equal for equal values: one zero, one NaN.
fn identity(value: f32) -> u32 {
    if value.is_nan() {
        f32::NAN.to_bits()
    } else {
        (value + 0.0).to_bits()
    }
}

fn summarise(
    dataset: &Dataset,
    categories: &[Option<usize>],
    poll: &mut dyn FnMut(),
) -> Vec<Summary> {
    let mut summaries: Vec<Summary> = categories.iter().map(|&c| Summary::new(c)).collect();
    for (i, row) in dataset
        .values
        .chunks_exact(dataset.features.max(1))
        .enumerate()
    {
        if i.is_multiple_of(POLL) {
            poll();
        }
        for (summary, &value) in summaries.iter_mut().zip(row) {
            summary.add(value);
        }
    }
    summaries
}

/// Whether each feature equals an earlier one in every row; categories are never compared.
///
/// Hashes find the candidates, one more reading of the rows decides.
fn copies(dataset: &Dataset, summaries: &[Summary], poll: &mut dyn FnMut()) -> Vec<bool> {
    let mut numbers: Vec<usize> = (0..summaries.len())
        .filter(|&feature| {
            summaries[feature].counts.is_none() && summaries[feature].is_informative()
        })
        .collect();
    numbers.sort_by_key(|&feature| (summaries[feature].hash, feature));
    let alike = numbers.chunk_by(|&a, &b| summaries[a].hash == summaries[b].hash);
    let mut pairs: Vec<(usize, usize)> = alike
        .flat_map(|group| group[1..].iter().map(|&later| (group[0], later)))
        .collect();
    if !pairs.is_empty() {
        for (i, row) in dataset.values.chunks_exact(dataset.features).enumerate() {
            if i.is_multiple_of(POLL) {
                poll();
            }
            pairs.retain(|&(one, other)| identity(row[one]) == identity(row[other]));
        }
    }
    let mut copies = vec![false; summaries.len()];
    pairs.iter().for_each(|&(_, later)| copies[later] = true);
    copies
}

/// The values that get a column: the most frequent first, ties by index.
fn frequent(counts: &[u32]) -> Vec<u32> {
    let mut values: Vec<(u32, u32)> = (0..).zip(counts.iter().copied()).collect();
    values.retain(|&(_, count)| count >= ENOUGH);
    values.sort_by_key(|&(value, count)| (std::cmp::Reverse(count), value));
    values.truncate(MOST_VALUES);
    values.into_iter().map(|(value, _)| value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: usize = 60;

    /// Features: a number, a constant, a constant with gaps, nearly empty, a copy of the number (its
    /// zeros negative), a category of four values, one of a rare value only.
    fn dataset() -> Dataset {
        let mut dataset = Dataset::new(7);
        for row in 0..ROWS {
            let number = (row % 30) as f64;
            let gap = if row % 3 == 0 { f64::NAN } else { 1.0 };
            let rare = if row < 19 { row as f64 } else { f64::NAN };
            let copy = if number == 0.0 { -0.0 } else { number };
            let category = [2.0, 0.0, 2.0, 0.0, 2.0, f64::NAN][row % 6];
            let other = if row < 15 { 0.0 } else { f64::NAN };
            let values = [number, 5.0, gap, rare, copy, category, other];
            dataset.push(&values, row % 2 == 0, 0, row as u64).unwrap();
        }
        dataset
    }

    fn encoder(dataset: &Dataset) -> Encoder {
        let categories = [None, None, None, None, None, Some(4), Some(1)];
        Encoder::fit(dataset, &categories, &mut || ()).unwrap()
    }

    #[test]
    fn keeps_what_varies_and_the_frequent_values_of_a_category() {
        let encoder = encoder(&dataset());
        let columns: Vec<_> = (0..encoder.columns())
            .map(|column| (encoder.source(column), encoder.category(column)))
            .collect();
        // 2.0 has 30 rows, 0.0 has 20.
        assert_eq!(columns, [(0, None), (2, None), (5, Some(2)), (5, Some(0))]);
    }

    #[test]
    fn one_row_is_encoded_as_the_training_rows_are() {
        let dataset = dataset();
        let encoder = encoder(&dataset);
        let rows: Vec<Vec<f64>> = dataset
            .values
            .chunks(7)
            .map(|row| row.iter().map(|&value| f64::from(value)).collect())
            .collect();
        let matrix = encoder.transform(dataset, &mut || ()).unwrap();
        assert_eq!((matrix.rows, matrix.columns), (ROWS, 4));
        let mut out = [0.0; 4];
        for (row, features) in rows.iter().enumerate() {
            encoder.row(features, &mut out);
            let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&out), bits(matrix.row(row)));
        }
    }

    #[test]
    fn more_columns_than_features_are_written_in_place_too() {
        let mut dataset = Dataset::new(1);
        for row in 0..75 {
            dataset.push(&[f64::from(row % 3)], true, 0, 0).unwrap();
        }
        let encoder = Encoder::fit(&dataset, &[Some(3)], &mut || ()).unwrap();
        let matrix = encoder.transform(dataset, &mut || ()).unwrap();
        assert_eq!(matrix.columns, 3);
        for row in 0..75 {
            let expected: [f32; 3] = std::array::from_fn(|value| f32::from(value == row % 3));
            assert_eq!(matrix.row(row), expected);
        }
    }

    #[test]
    fn a_feature_that_differs_from_another_in_one_row_is_no_copy() {
        let mut dataset = Dataset::new(2);
        for row in 0..50 {
            let value = f64::from(row);
            let other = if row == 49 { -1.0 } else { value };
            dataset.push(&[value, other], true, 0, 0).unwrap();
        }
        let encoder = Encoder::fit(&dataset, &[None, None], &mut || ()).unwrap();
        assert_eq!(encoder.columns(), 2);
    }

    #[test]
    fn rows_of_another_width_are_refused() {
        let encoder = encoder(&dataset());
        let found = encoder.transform(Dataset::new(3), &mut || ());
        assert_eq!(
            found.err(),
            Some(Error::LengthMismatch {
                found: 3,
                required: 7
            })
        );
        assert!(encoder.validate(3).is_err());
        assert!(encoder.validate(7).is_ok());
    }
}
