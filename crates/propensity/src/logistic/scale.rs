//! Standardised `sign(x) ln(1 + |x|)`, with a 0/1 column for each column that has missing values.

use serde::{Deserialize, Serialize};

use crate::dataset::Matrix;
use crate::error::Error;

/// Standardised values are clipped to plus or minus this.
const CLIP: f64 = 8.0;

/// Rows between two polls.
const POLL: usize = 1024;

/// How matrix columns become standardised columns, learned from training rows.
///
/// A missing value counts as the mean of its column, which is 0 once standardised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standardizer {
    /// Mean of each transformed column over its present values.
    pub mean: Vec<f64>,
    /// Population standard deviation of each transformed and filled column; 1 if it does not vary.
    pub std: Vec<f64>,
    /// The columns that had missing values, ascending.
    pub indicated: Vec<u32>,
    /// Share of the rows in which each of them was missing.
    pub missing: Vec<f64>,
}

impl Standardizer {
    /// Learns from the chosen rows; returns them standardised too, `rows x columns()`, row after row.
    pub(super) fn fit(
        x: &Matrix,
        rows: &[u32],
        poll: &mut dyn FnMut(),
    ) -> Result<(Self, Vec<f32>), Error> {
        let counts = missing_counts(x, rows, poll);
        let indicated: Vec<u32> = (0..)
            .zip(&counts)
            .filter(|c| *c.1 > 0)
            .map(|c| c.0)
            .collect();
        let width = x.columns + indicated.len();
        let mut values = Vec::new();
        values.try_reserve_exact(rows.len() * width)?;
        let moments = transform(x, rows, &indicated, &mut values, poll);

        let share = |&column: &u32| counts[column as usize] as f64 / rows.len() as f64;
        let scale = Self {
            missing: indicated.iter().map(share).collect(),
            mean: moments.iter().map(Moments::mean).collect(),
            std: moments.iter().map(|m| m.std(rows.len())).collect(),
            indicated,
        };
        scale.standardise(&moments, &mut values, poll);
        Ok((scale, values))
    }

    /// Number of standardised columns: those of the matrix, then the missing indicators.
    pub fn columns(&self) -> usize {
        self.mean.len() + self.indicated.len()
    }

    /// The standardised value of a column.
    pub fn value(&self, column: usize, value: f32) -> f64 {
        if value.is_nan() {
            return 0.0;
        }
        clip((log_scale(value) - self.mean[column]) / self.std[column])
    }

    /// The standardised value of a missing indicator.
    pub fn indicator(&self, indicator: usize, row: &[f32]) -> f64 {
        let is_missing = row[self.indicated[indicator] as usize].is_nan();
        standard_indicator(self.missing[indicator], is_missing)
    }

    /// Replaces the transformed values, each less its column's origin, by standardised ones.
    fn standardise(&self, moments: &[Moments], values: &mut [f32], poll: &mut dyn FnMut()) {
        let columns = self.mean.len();
        let centres: Vec<f64> = moments.iter().map(Moments::centre).collect();
        let scales: Vec<f64> = self.std.iter().map(|std| 1.0 / std).collect();
        let level = |&share: &f64| [false, true].map(|m| standard_indicator(share, m) as f32);
        let levels: Vec<[f32; 2]> = self.missing.iter().map(level).collect();
        for (row, standardised) in values.chunks_exact_mut(self.columns()).enumerate() {
            if row.is_multiple_of(POLL) {
                poll();
            }
            let (numbers, indicators) = standardised.split_at_mut(columns);
            for (i, indicator) in indicators.iter_mut().enumerate() {
                *indicator = levels[i][usize::from(numbers[self.indicated[i] as usize].is_nan())];
            }
            for ((number, centre), scale) in numbers.iter_mut().zip(&centres).zip(&scales) {
                let standard = clip((f64::from(*number) - centre) * scale);
                *number = if number.is_nan() {
                    0.0
                } else {
                    standard as f32
                };
            }
        }
    }

    pub(super) fn validate(&self, columns: usize) -> Result<(), Error> {
        let lengths = self.mean.len() == columns
            && self.std.len() == columns
            && self.missing.len() == self.indicated.len();
        let within = self.indicated.iter().all(|&c| (c as usize) < columns);
        let finite = self.mean.iter().chain(&self.missing).all(|v| v.is_finite());
        let positive = self.std.iter().all(|std| std.is_finite() && *std > 0.0);
        if !(lengths && within && finite && positive) {
            return Err(Error::Corrupted {
                reason: "scaling of the logistic regression",
            });
        }
        Ok(())
    }
}

/// `sign(x) ln(1 + |x|)`: tames heavy tails, keeps zero and the order.
pub(crate) fn log_scale(value: f32) -> f64 {
    // Counts and 0/1 columns are mostly zeros.
    if value == 0.0 {
        return 0.0;
    }
    f64::from(value.abs()).ln_1p().copysign(f64::from(value))
}

fn clip(standard: f64) -> f64 {
    standard.clamp(-CLIP, CLIP)
}

/// Standardises a 0/1 value whose mean is `share`.
fn standard_indicator(share: f64, is_missing: bool) -> f64 {
    let std = unless_constant((share * (1.0 - share)).sqrt());
    clip((f64::from(u8::from(is_missing)) - share) / std)
}

fn unless_constant(std: f64) -> f64 {
    if std < 1e-9 { 1.0 } else { std }
}

fn missing_counts(x: &Matrix, rows: &[u32], poll: &mut dyn FnMut()) -> Vec<u32> {
    let mut counts = vec![0; x.columns];
    for (i, &row) in rows.iter().enumerate() {
        if i.is_multiple_of(POLL) {
            poll();
        }
        for (count, value) in counts.iter_mut().zip(x.row(row as usize)) {
            *count += u32::from(value.is_nan());
        }
    }
    counts
}

/// Sums over the present values of a column, taken from its first one as the origin.
///
/// The origin is one of the values, so the sum of squares is at most about `rows` times the sum of
/// squares about the mean: one pass loses no more than `rows x 1e-16` of the variance, and a column
/// of one value has exactly none. It also keeps the f32 copies of a narrow column precise.
#[derive(Clone, Copy, Default)]
struct Moments {
    origin: Option<f64>,
    count: f64,
    sum: f64,
    squares: f64,
}

impl Moments {
    /// Adds a transformed value; returns its distance from the origin.
    fn add(&mut self, value: f64) -> f32 {
        let distance = (value - *self.origin.get_or_insert(value)) as f32;
        let wide = f64::from(distance);
        self.count += 1.0;
        self.sum += wide;
        self.squares += wide * wide;
        distance
    }

    /// Mean distance from the origin.
    fn centre(&self) -> f64 {
        self.sum / self.count.max(1.0)
    }

    fn mean(&self) -> f64 {
        self.origin.unwrap_or(0.0) + self.centre()
    }

    /// Population standard deviation over all rows, the missing ones counted as the mean.
    fn std(&self, rows: usize) -> f64 {
        let variance = (self.squares - self.sum * self.centre()) / rows as f64;
        unless_constant(variance.max(0.0).sqrt())
    }
}

/// Appends the rows, transformed and less the origin of each column, with room for the indicators.
fn transform(
    x: &Matrix,
    rows: &[u32],
    indicated: &[u32],
    values: &mut Vec<f32>,
    poll: &mut dyn FnMut(),
) -> Vec<Moments> {
    let mut moments = vec![Moments::default(); x.columns];
    for (i, &row) in rows.iter().enumerate() {
        if i.is_multiple_of(POLL) {
            poll();
        }
        for (moment, &value) in moments.iter_mut().zip(x.row(row as usize)) {
            values.push(if value.is_nan() {
                f32::NAN
            } else {
                moment.add(log_scale(value))
            });
        }
        values.extend(indicated.iter().map(|_| 0.0));
    }
    moments
}
