//! Standardised `sign(x) ln(1 + |x|)`, with a 0/1 column for each column that has missing values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::learn::dataset::Matrix;
use crate::rng::Rng;

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

/// Standardised rows. Of equal indicators there is one, times the root of their number: with a ridge
/// that is exactly the same model, in which each of them has the same weight.
#[derive(Debug)]
pub(super) struct Standardised {
    /// `rows x columns`, row after row: the columns of the matrix, then the distinct indicators.
    pub values: Vec<f32>,
    pub columns: usize,
    indicators: Indicators,
}

/// Which missing indicators are equal.
#[derive(Debug)]
struct Indicators {
    /// For each indicator, the number of the distinct one that it equals.
    distinct: Vec<usize>,
    /// For each distinct indicator, the first that it is, and how many are equal to it.
    firsts: Vec<usize>,
    sizes: Vec<f64>,
}

impl Standardised {
    /// The weights of all columns and indicators, from those of the distinct ones.
    pub(super) fn share_out(&self, weights: &[f64]) -> Vec<f64> {
        let Indicators {
            distinct, sizes, ..
        } = &self.indicators;
        let (numbers, indicators) = weights.split_at(weights.len() - sizes.len());
        let shared = distinct.iter().map(|&i| indicators[i] / sizes[i].sqrt());
        numbers.iter().copied().chain(shared).collect()
    }
}

impl Standardizer {
    /// Learns from the chosen rows; returns them standardised too.
    pub(super) fn fit(
        x: &Matrix,
        rows: &[u32],
        poll: &mut dyn FnMut(),
    ) -> Result<(Self, Standardised), Error> {
        let survey = Survey::new(x, rows, poll);
        let indicated = survey.indicated();
        let indicators = survey.distinct(&indicated);
        let width = x.columns + indicators.sizes.len();
        let mut values = Vec::new();
        values.try_reserve_exact(rows.len() * width)?;
        values.resize(rows.len() * width, 0.0);
        let moments = Moments::of(x, rows, &survey.origins, &mut values, poll);

        let all = rows.len() as f64;
        let present = survey.missing.iter().map(|&missing| all - missing);
        let centres: Vec<f64> = present
            .zip(&moments.sums)
            .map(|(present, sum)| sum / present.max(1.0))
            .collect();
        let columns = moments.sums.iter().zip(&moments.squares).zip(&centres);
        let scale = Self {
            mean: centres
                .iter()
                .zip(&survey.origins)
                .map(|(c, o)| c + o)
                .collect(),
            std: columns
                .map(|((sum, squares), centre)| (squares - sum * centre) / all)
                .map(|variance| unless_constant(variance.max(0.0).sqrt()))
                .collect(),
            missing: indicated
                .iter()
                .map(|&c| survey.missing[c as usize] / all)
                .collect(),
            indicated,
        };
        scale.standardise(&centres, &indicators, &mut values, poll);
        let standardised = Standardised {
            values,
            columns: width,
            indicators,
        };
        Ok((scale, standardised))
    }

    /// Number of standardised columns: those of the matrix, then the missing indicators.
    pub fn columns(&self) -> usize {
        self.mean.len() + self.indicated.len()
    }

    /// The standardised value of a column.
    pub fn value(&self, column: usize, value: f32) -> f64 {
        standard(value, self.mean[column], self.std[column])
    }

    /// The standardised value of a missing indicator.
    pub fn indicator(&self, indicator: usize, row: &[f32]) -> f64 {
        self.missing_value(indicator, row[self.indicated[indicator] as usize].is_nan())
    }

    /// The standardised value of a missing indicator of a row in which its column is missing, or not.
    pub(super) fn missing_value(&self, indicator: usize, is_missing: bool) -> f64 {
        standard_indicator(self.missing[indicator], is_missing)
    }

    /// Replaces the transformed values, each less its column's origin, by standardised ones.
    fn standardise(
        &self,
        centres: &[f64],
        distinct: &Indicators,
        values: &mut [f32],
        poll: &mut dyn FnMut(),
    ) {
        let columns = self.mean.len();
        let scales: Vec<f64> = self.std.iter().map(|std| 1.0 / std).collect();
        let level = |(&first, &size): (&usize, &f64)| {
            [false, true].map(|m| (standard_indicator(self.missing[first], m) * size.sqrt()) as f32)
        };
        let levels: Vec<[f32; 2]> = distinct
            .firsts
            .iter()
            .zip(&distinct.sizes)
            .map(level)
            .collect();
        let sources: Vec<usize> = distinct
            .firsts
            .iter()
            .map(|&first| self.indicated[first] as usize)
            .collect();
        let width = columns + sources.len();
        for (row, standardised) in values.chunks_exact_mut(width).enumerate() {
            if row.is_multiple_of(POLL) {
                poll();
            }
            let (numbers, indicators) = standardised.split_at_mut(columns);
            for (i, indicator) in indicators.iter_mut().enumerate() {
                *indicator = levels[i][usize::from(numbers[sources[i]].is_nan())];
            }
            for ((number, centre), scale) in numbers.iter_mut().zip(centres).zip(&scales) {
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

/// `sign(x) ln(1 + |x|)`: tames heavy tails, keeps zero and the order; NaN stays NaN.
fn log_scale(value: f32) -> f64 {
    let value = f64::from(value);
    ln_1p(value.abs()).copysign(value)
}

/// `ln(1 + x)` to 4 units in the last place, for `x` from 0 to the largest f32, or NaN.
///
/// Without a branch or a call, so that a loop over it is vectorised, which is five times as fast as
/// the C library; and it gives the same bits on every machine, which libraries do not.
fn ln_1p(x: f64) -> f64 {
    /// The bits of the square root of one half.
    const LEAST: u64 = 0x3fe6_a09e_667f_3bcd;
    /// The bits of 2^52: or'ed to an integer below it, the f64 of their sum.
    const TWO_52: u64 = 0x4330_0000_0000_0000;
    let y = 1.0 + x;
    // An f32 plus one is exact in f64, unless it is tiny, when ln(1 + x) is x, or so large that the
    // rounding is nothing to the logarithm. NaN passes through here.
    let rounding = if x >= 1.0 { 0.0 } else { x - (y - 1.0) };
    // y = 2^exponent m, with m between the square roots of one half and of two.
    let exponent = y.to_bits().wrapping_sub(LEAST) >> 52;
    let m = f64::from_bits(y.to_bits().wrapping_sub(exponent << 52));
    let exponent = f64::from_bits(exponent | TWO_52) - f64::from_bits(TWO_52);
    // ln m = 2 atanh s = 2 (s + s^3 / 3 + s^5 / 5 + ..), s^2 < 0.0295.
    let s = (m - 1.0) / (m + 1.0);
    let square = s * s;
    let series = [19, 17, 15, 13, 11, 9, 7, 5, 3, 1]
        .iter()
        .fold(1.0 / 21.0, |sum, &odd| sum * square + 1.0 / f64::from(odd));
    exponent * std::f64::consts::LN_2 + (2.0 * s * series + rounding)
}

/// The standardised value; 0 if it is missing.
pub(super) fn standard(value: f32, mean: f64, std: f64) -> f64 {
    let standard = clip((log_scale(value) - mean) / std);
    if value.is_nan() { 0.0 } else { standard }
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

/// What must be known of each column before it is transformed.
struct Survey {
    /// Rows in which it is missing.
    missing: Vec<f64>,
    /// A sum of hashes of these rows: equal for two columns that are missing in the same rows.
    patterns: Vec<u64>,
    /// Its first value, transformed; 0 if it has none.
    origins: Vec<f64>,
}

impl Survey {
    fn new(x: &Matrix, rows: &[u32], poll: &mut dyn FnMut()) -> Self {
        let mut missing = vec![0.0; x.columns];
        let mut patterns = vec![0_u64; x.columns];
        let mut firsts = vec![f32::NAN; x.columns];
        for (i, &row) in rows.iter().enumerate() {
            if i.is_multiple_of(POLL) {
                poll();
            }
            let hash = Rng::new(i as u64).word();
            let columns = missing.iter_mut().zip(&mut patterns).zip(&mut firsts);
            for (((missing, pattern), first), &value) in columns.zip(x.row(row as usize)) {
                let is_missing = value.is_nan();
                *missing += f64::from(u8::from(is_missing));
                *pattern = pattern.wrapping_add(if is_missing { hash } else { 0 });
                *first = if first.is_nan() { value } else { *first };
            }
        }
        let origin = |&first: &f32| {
            if first.is_nan() {
                0.0
            } else {
                log_scale(first)
            }
        };
        Self {
            missing,
            patterns,
            origins: firsts.iter().map(origin).collect(),
        }
    }

    /// Which of the indicators of these columns are equal.
    fn distinct(&self, indicated: &[u32]) -> Indicators {
        let mut known = BTreeMap::new();
        let mut found = Indicators {
            distinct: Vec::new(),
            firsts: Vec::new(),
            sizes: Vec::new(),
        };
        for (indicator, &column) in indicated.iter().enumerate() {
            let column = column as usize;
            let pattern = (self.patterns[column], self.missing[column] as u64);
            let place = *known.entry(pattern).or_insert(found.firsts.len());
            if place == found.firsts.len() {
                found.firsts.push(indicator);
                found.sizes.push(0.0);
            }
            found.sizes[place] += 1.0;
            found.distinct.push(place);
        }
        found
    }

    /// The columns with missing values.
    fn indicated(&self) -> Vec<u32> {
        let columns = (0..).zip(&self.missing);
        columns
            .filter(|&(_, &missing)| missing > 0.0)
            .map(|(column, _)| column)
            .collect()
    }
}

/// Sums over the present values of each column of their distances from its origin.
///
/// The origin is one of the values, so the sum of squares is at most about `rows` times the sum of
/// squares about the mean: one pass loses no more than `rows x 1e-16` of the variance, and a column
/// of one value has exactly none. It also keeps the f32 copies of a narrow column precise.
struct Moments {
    sums: Vec<f64>,
    squares: Vec<f64>,
}

impl Moments {
    /// Writes the transformed distances of the chosen rows to `values`, whose rows may be wider.
    fn of(
        x: &Matrix,
        rows: &[u32],
        origins: &[f64],
        values: &mut [f32],
        poll: &mut dyn FnMut(),
    ) -> Self {
        let (mut sums, mut squares) = (vec![0.0; x.columns], vec![0.0; x.columns]);
        let width = values.len() / rows.len();
        for (i, (&row, out)) in rows.iter().zip(values.chunks_exact_mut(width)).enumerate() {
            if i.is_multiple_of(POLL) {
                poll();
            }
            let out = &mut out[..x.columns];
            for ((out, &value), origin) in out.iter_mut().zip(x.row(row as usize)).zip(origins) {
                *out = (log_scale(value) - origin) as f32;
            }
            for ((sum, squares), &distance) in sums.iter_mut().zip(&mut squares).zip(&*out) {
                let distance = if distance.is_nan() {
                    0.0
                } else {
                    f64::from(distance)
                };
                *sum += distance;
                *squares += distance * distance;
            }
        }
        Self { sums, squares }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_that_of_the_library() {
        let mut x = f64::from(f32::from_bits(1));
        while x < f64::from(f32::MAX) {
            let expected = x.ln_1p();
            assert!((ln_1p(x) - expected).abs() <= 1e-15 * expected, "{x}");
            x *= 1.003;
        }
        assert_eq!(ln_1p(0.0), 0.0);
        assert!(ln_1p(f64::NAN).is_nan());
    }

    #[test]
    fn scaling_keeps_signs_and_order() {
        let values = [-f32::MAX, -2.0, -1e-30, 0.0, 1e-30, 0.5, 3.0, f32::MAX];
        let scaled = values.map(log_scale);
        assert!(scaled.is_sorted_by(|a, b| a < b));
        assert_eq!(scaled[1], -log_scale(2.0));
    }

    #[test]
    fn a_narrow_column_far_from_zero_keeps_its_precision() {
        let values: Vec<f32> = (0..1000)
            .map(|row| (1 << 20) as f32 + (row % 10) as f32)
            .collect();
        let x = Matrix {
            rows: 1000,
            columns: 1,
            values,
        };
        let rows: Vec<u32> = (0..1000).collect();
        let (scale, standard) = Standardizer::fit(&x, &rows, &mut || ()).unwrap();
        for (row, &standard) in standard.values.iter().enumerate() {
            // Nearly linear here: (0..10 - 4.5) / sqrt(8.25).
            let expected = ((row % 10) as f64 - 4.5) / 8.25f64.sqrt();
            assert!((f64::from(standard) - expected).abs() < 1e-4);
            assert!((scale.value(0, x.values[row]) - f64::from(standard)).abs() < 1e-6);
        }
    }
}
