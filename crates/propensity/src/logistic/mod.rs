//! Ridge logistic regression on standardised `sign(x) ln(1 + |x|)`.
//!
//! Minimises the mean log loss `+ |w|^2 / (2 K)` with a free intercept, which is scikit-learn's
//! `C = K / rows`, by damped Newton to convergence. `K` is called the strength of the columns: the
//! larger, the less they are shrunk.

mod cholesky;
mod gram;
mod newton;
mod scale;

use serde::{Deserialize, Serialize};

pub use scale::Standardizer;
pub(crate) use scale::log_scale;

use crate::dataset::Matrix;
use crate::error::Error;

/// A fitted logistic regression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Logistic {
    /// `K`: how little the weights were shrunk.
    pub strength: f64,
    /// Log-odds per standard deviation: the columns, then the missing indicators.
    pub weights: Vec<f64>,
    /// Log-odds of a row whose columns are all at their mean.
    pub intercept: f64,
    /// From matrix columns to standardised ones.
    pub scale: Standardizer,
}

impl Logistic {
    /// Fits one model per strength on the chosen rows of `x`.
    ///
    /// Each fit starts from the one before, so strengths are cheapest in ascending order. Peak
    /// memory is one f32 copy of the rows. Sums follow the order of `rows`: the same rows in another
    /// order give weights that differ by rounding only, in the same order the same bits.
    ///
    /// # Errors
    ///
    /// [`Error::NoRows`], [`Error::NoFeatures`] if `x` has no column, [`Error::OneClass`],
    /// [`Error::LengthMismatch`] if `outcomes` or `rows` do not fit `x`, [`Error::Parameter`] for a
    /// strength that is not positive and finite, [`Error::OutOfMemory`].
    pub fn fit(
        x: &Matrix,
        outcomes: &[bool],
        rows: &[u32],
        strengths: &[f64],
        poll: &mut dyn FnMut(),
    ) -> Result<Vec<Self>, Error> {
        check_rows(x, outcomes, rows)?;
        check_strengths(strengths)?;
        let (scale, values) = Standardizer::fit(x, rows, poll)?;
        let outcomes = pick(outcomes, rows)?;
        let solutions = newton::solve(&values, &outcomes, scale.columns(), strengths, poll)?;
        let model = |(&strength, (weights, intercept))| Self {
            strength,
            weights,
            intercept,
            scale: scale.clone(),
        };
        Ok(strengths.iter().zip(solutions).map(model).collect())
    }

    /// Log-odds of a matrix row.
    pub fn logit(&self, row: &[f32]) -> f64 {
        let Standardizer { mean, std, .. } = &self.scale;
        let (values, values_rest) = row.as_chunks::<8>();
        let (means, means_rest) = mean.as_chunks::<8>();
        let (stds, stds_rest) = std.as_chunks::<8>();
        let (weights, weights_rest) = self.weights[..mean.len()].as_chunks::<8>();
        // Eight partial sums in a fixed order, which vectorise.
        let mut sums = [0.0; 8];
        for (((values, means), stds), weights) in values.iter().zip(means).zip(stds).zip(weights) {
            let terms: [f64; 8] =
                std::array::from_fn(|i| weights[i] * scale::standard(values[i], means[i], stds[i]));
            for (sum, term) in sums.iter_mut().zip(terms) {
                *sum += term;
            }
        }
        let rest = values_rest
            .iter()
            .zip(means_rest)
            .zip(stds_rest)
            .zip(weights_rest);
        for (((&value, &mean), &std), weight) in rest {
            sums[0] += weight * scale::standard(value, mean, std);
        }
        let indicators = self.indicators(row).map(|(_, term)| term);
        self.intercept + sums.iter().sum::<f64>() + indicators.sum::<f64>()
    }

    /// The part of each matrix column in the log-odds of a row, its missing indicator included:
    /// `intercept` and all of `out` add up to the log-odds. Returns these, the very bits of
    /// [`Self::logit`].
    pub fn contributions(&self, row: &[f32], out: &mut [f64]) -> f64 {
        self.terms(0, row, out);
        let numbers = eight_sums(out);
        let mut missing = 0.0;
        for (column, term) in self.indicators(row) {
            out[column] += term;
            missing += term;
        }
        self.intercept + numbers + missing
    }

    /// Weight times standardised value of consecutive columns, the indicators not included.
    fn terms(&self, first: usize, values: &[f32], out: &mut [f64]) {
        let columns = first..first + values.len();
        let means = &self.scale.mean[columns.clone()];
        let scales = means.iter().zip(&self.scale.std[columns.clone()]);
        let scales = scales.zip(&self.weights[columns]);
        for ((out, &value), ((mean, std), weight)) in out.iter_mut().zip(values).zip(scales) {
            *out = weight * scale::standard(value, *mean, *std);
        }
    }

    /// The column of each missing indicator, with its part of the log-odds.
    fn indicators(&self, row: &[f32]) -> impl Iterator<Item = (usize, f64)> {
        let weights = self.weights[self.scale.mean.len()..].iter();
        weights.enumerate().map(|(indicator, weight)| {
            let column = self.scale.indicated[indicator] as usize;
            (column, weight * self.scale.indicator(indicator, row))
        })
    }

    /// Checks a stored model: it must read rows of `columns` values, and be finite throughout.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupted`].
    pub fn validate(&self, columns: usize) -> Result<(), Error> {
        self.scale.validate(columns)?;
        let finite = self.weights.iter().all(|weight| weight.is_finite());
        if self.weights.len() != self.scale.columns() || !finite || !self.intercept.is_finite() {
            return Err(Error::Corrupted {
                reason: "weights of the logistic regression",
            });
        }
        Ok(())
    }
}

/// The sum of terms in the order of [`Logistic::logit`].
fn eight_sums(terms: &[f64]) -> f64 {
    let (eights, rest) = terms.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for terms in eights {
        for (sum, term) in sums.iter_mut().zip(terms) {
            *sum += term;
        }
    }
    for term in rest {
        sums[0] += term;
    }
    sums.iter().sum()
}

fn check_rows(x: &Matrix, outcomes: &[bool], rows: &[u32]) -> Result<(), Error> {
    let required = rows.iter().max().map_or(0, |&row| row as usize + 1);
    if outcomes.len() != x.rows || required > x.rows {
        return Err(Error::LengthMismatch {
            found: x.rows,
            required: required.max(outcomes.len()),
        });
    }
    let positives = rows.iter().filter(|&&row| outcomes[row as usize]).count();
    match positives {
        _ if rows.is_empty() => Err(Error::NoRows),
        _ if x.columns == 0 => Err(Error::NoFeatures),
        0 => Err(one_class(positives, rows.len())),
        all if all == rows.len() => Err(one_class(positives, rows.len())),
        _ => Ok(()),
    }
}

fn one_class(positives: usize, rows: usize) -> Error {
    Error::OneClass { positives, rows }
}

fn check_strengths(strengths: &[f64]) -> Result<(), Error> {
    match strengths.iter().find(|s| !(s.is_finite() && **s > 0.0)) {
        None => Ok(()),
        Some(found) => Err(Error::Parameter {
            name: "strength",
            found: found.to_string(),
            required: "positive and finite",
        }),
    }
}

fn pick(outcomes: &[bool], rows: &[u32]) -> Result<Vec<bool>, Error> {
    let mut chosen = Vec::new();
    chosen.try_reserve_exact(rows.len())?;
    chosen.extend(rows.iter().map(|&row| outcomes[row as usize]));
    Ok(chosen)
}
