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

pub(crate) use newton::Start;
pub use scale::Standardizer;

use crate::error::Error;
use crate::learn::dataset::Matrix;
use newton::{Problem, Search};

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

/// The part of a missing indicator in the log-odds of a row that has a value in its column, and of one that has none.
#[derive(Clone, Copy, Debug)]
pub struct IndicatorParts {
    column: usize,
    parts: [f64; 2],
}

/// No derivative of the objective is larger in the end.
const EXACT: f64 = 1e-9;
/// The same, where a difference of less than a thousandth in log-odds matters to nobody.
const QUICK: f64 = 1e-4;

/// The rows of a matrix, standardised once for several fits.
#[derive(Debug)]
pub(crate) struct StandardRows {
    scale: Standardizer,
    rows: scale::Standardised,
}

impl StandardRows {
    /// Standardises the chosen rows, by themselves.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub(crate) fn new(x: &Matrix, rows: &[u32], poll: &mut dyn FnMut()) -> Result<Self, Error> {
        let (scale, rows) = Standardizer::fit(x, rows, poll)?;
        Ok(Self { scale, rows })
    }

    /// Fits quickly on some of these rows, from where another fit of them ended if there was one;
    /// returns where this one ended.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub(crate) fn fit(
        &self,
        outcomes: &[bool],
        rows: &[u32],
        strength: f64,
        start: Option<Start>,
        poll: &mut dyn FnMut(),
    ) -> Result<(Logistic, Start), Error> {
        let mut search = self.search(outcomes, rows, QUICK, start, poll)?;
        search.minimise(1.0 / strength, poll);
        Ok((self.model(strength, search.weights()), search.end()))
    }

    fn search<'a>(
        &'a self,
        outcomes: &'a [bool],
        rows: &'a [u32],
        tolerance: f64,
        start: Option<Start>,
        poll: &mut dyn FnMut(),
    ) -> Result<Search<'a>, Error> {
        let problem = Problem {
            values: &self.rows.values,
            outcomes,
            rows,
            columns: self.rows.columns,
        };
        Search::new(problem, tolerance, start, poll)
    }

    /// The model of weights that end with the intercept.
    fn model(&self, strength: f64, weights: &[f64]) -> Logistic {
        let (weights, intercept) = weights.split_at(self.rows.columns);
        Logistic {
            strength,
            weights: self.rows.share_out(weights),
            intercept: intercept.iter().sum(),
            scale: self.scale.clone(),
        }
    }
}

impl Logistic {
    /// Fits one model per strength on the chosen rows of `x`.
    ///
    /// To convergence: no derivative is above 1e-9. Each fit starts from the one before, so
    /// strengths are cheapest in ascending order. Peak
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
        let standard = StandardRows::new(x, rows, poll)?;
        let outcomes = pick(outcomes, rows)?;
        let all: Vec<u32> = (0..rows.len() as u32).collect();
        let mut search = standard.search(&outcomes, &all, EXACT, None, poll)?;
        let fits = strengths.iter().map(|&strength| {
            search.minimise(1.0 / strength, poll);
            standard.model(strength, search.weights())
        });
        Ok(fits.collect())
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
    /// [`Self::logit`]. The parts of the indicators are those of [`Self::indicator_parts`].
    pub fn contributions(
        &self,
        indicators: &[IndicatorParts],
        row: &[f32],
        out: &mut [f64],
    ) -> f64 {
        self.terms(0, row, out);
        let numbers = eight_sums(out);
        let mut missing = 0.0;
        for &IndicatorParts { column, parts } in indicators {
            let part = parts[usize::from(row[column].is_nan())];
            out[column] += part;
            missing += part;
        }
        self.intercept + numbers + missing
    }

    /// The parts of all missing indicators, for many rows: computing them takes longer than all else of a row.
    pub fn indicator_parts(&self) -> Vec<IndicatorParts> {
        let weights = self.weights[self.scale.mean.len()..].iter();
        let of_column = |(&column, (indicator, weight)): (&u32, (usize, &f64))| IndicatorParts {
            column: column as usize,
            parts: [false, true]
                .map(|missing| weight * self.scale.missing_value(indicator, missing)),
        };
        self.scale
            .indicated
            .iter()
            .zip(weights.enumerate())
            .map(of_column)
            .collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    /// Columns of which two are missing in the same rows and two in others, and a rare one.
    fn sample(rows: usize) -> (Matrix, Vec<bool>) {
        let mut rng = Rng::new(5);
        let (mut values, mut outcomes) = (Vec::new(), Vec::new());
        for _ in 0..rows {
            let (both, first, second) = (rng.unit(), rng.unit(), rng.unit());
            let mut draw = |gone: bool| match rng.unit() {
                _ if gone => f32::NAN,
                unit => (100.0 * unit * unit) as f32,
            };
            let row = [
                draw(both < 0.3),
                draw(both < 0.3),
                draw(first < 0.2),
                draw(second < 0.2),
                draw(false),
                f32::from(u8::from(second > 0.998)),
            ];
            let signal = 3.0 * both - 0.02 * f64::from(row[4]) + 5.0 * f64::from(row[5]);
            outcomes.push(rng.unit() < 1.0 / (1.0 + (2.0 - signal).exp()));
            values.extend(row);
        }
        let columns = values.len() / rows;
        (
            Matrix {
                rows,
                columns,
                values,
            },
            outcomes,
        )
    }

    /// The derivatives of the objective at a model, straight from the definition.
    fn slopes(model: &Logistic, x: &Matrix, outcomes: &[bool]) -> Vec<f64> {
        let scale = &model.scale;
        let mut slopes = vec![0.0; model.weights.len() + 1];
        for (row, &outcome) in outcomes.iter().enumerate() {
            let row = x.row(row);
            let numbers = (0..x.columns).map(|column| scale.value(column, row[column]));
            let indicators = (0..scale.indicated.len()).map(|i| scale.indicator(i, row));
            let standard: Vec<f64> = numbers.chain(indicators).chain([1.0]).collect();
            let terms = standard.iter().zip(&model.weights).map(|(z, w)| z * w);
            let logit = model.intercept + terms.sum::<f64>();
            let residual = 1.0 / (1.0 + (-logit).exp()) - f64::from(u8::from(outcome));
            for (slope, z) in slopes.iter_mut().zip(standard) {
                *slope += residual * z / outcomes.len() as f64;
            }
        }
        for (slope, weight) in slopes.iter_mut().zip(&model.weights) {
            *slope += weight / model.strength;
        }
        slopes
    }

    #[test]
    fn equal_indicators_are_one_column_and_the_same_model() {
        let (x, outcomes) = sample(3000);
        let rows: Vec<u32> = (0..3000).collect();
        let standard = StandardRows::new(&x, &rows, &mut || ()).unwrap();
        // Six columns, three distinct indicators of four.
        assert_eq!(standard.rows.columns, 9);
        let model = &Logistic::fit(&x, &outcomes, &rows, &[25.0], &mut || ()).unwrap()[0];
        assert_eq!((model.scale.indicated.len(), model.weights.len()), (4, 10));
        assert_eq!(model.weights[6], model.weights[7]);
        // At the minimum of the problem that has all four of them nothing slopes.
        let steepest = slopes(model, &x, &outcomes)
            .into_iter()
            .fold(0.0_f64, |most, slope| most.max(slope.abs()));
        assert!(steepest < 1e-6, "{steepest}");
    }

    #[test]
    fn a_quick_fit_from_a_sampled_curvature_and_an_earlier_end_is_that_of_all_rows() {
        let (x, outcomes) = sample(30_000);
        let rows: Vec<u32> = (0..30_000).collect();
        let exact = &Logistic::fit(&x, &outcomes, &rows, &[25.0], &mut || ()).unwrap()[0];
        let standard = StandardRows::new(&x, &rows, &mut || ()).unwrap();
        let fit = |rows: &[u32], start| {
            let poll = &mut || ();
            standard.fit(&outcomes, rows, 25.0, start, poll).unwrap()
        };
        let (part, start) = fit(&rows[..20_000], None);
        let (warm, _) = fit(&rows, Some(start));
        let (cold, _) = fit(&rows, None);
        let off = |model: &Logistic| {
            let distance = |row: &u32| {
                let row = x.row(*row as usize);
                (model.logit(row) - exact.logit(row)).abs()
            };
            rows.iter().map(distance).fold(0.0, f64::max)
        };
        assert!(off(&warm) < 0.01, "{}", off(&warm));
        assert!(off(&cold) < 0.01, "{}", off(&cold));
        assert!(off(&part) > 0.02, "the part is another problem");
    }
}
