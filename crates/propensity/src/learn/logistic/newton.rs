//! Damped Newton for the mean log loss with a ridge.
//!
//! Undamped, Newton diverges on heavy tails with few positives, so steps are halved until the loss
//! falls enough (Armijo, 1966).

use super::cholesky::Cholesky;
use super::gram::Gram;
use crate::error::Error;

/// The curvature is computed anew unless the last step shrank the gradient by this factor.
const FAST: f64 = 4.0;

/// Rows that the curvature is computed from, at most: evenly spaced ones. It only says where to
/// go; where the search ends is decided by the gradient of all rows.
const CURVATURE_ROWS: usize = 8192;

const ITERATIONS: usize = 100;
const HALVINGS: usize = 40;

/// Rows between two polls.
const POLL: usize = 1024;

/// Standardised rows with their outcomes.
pub(super) struct Problem<'a> {
    /// Rows of `columns` values, row after row.
    pub values: &'a [f32],
    /// One for each of these rows.
    pub outcomes: &'a [bool],
    /// The numbers of the rows to learn from.
    pub rows: &'a [u32],
    pub columns: usize,
}

/// The sums over all rows at given weights, as means. The last weight is the intercept.
struct Sums {
    loss: f64,
    gradient: Vec<f64>,
    /// `sqrt(p (1 - p))` of each row of the curvature.
    roots: Vec<f32>,
    curvature_rows: usize,
}

/// Where another search ended: a good place to start from, and the curvature there.
pub(crate) struct Start {
    weights: Vec<f64>,
    gram: Gram,
    curvature_rows: usize,
}

/// Where the search is, with what it knows there.
pub(super) struct Search<'a> {
    problem: Problem<'a>,
    /// Converged when no derivative of the objective is larger.
    tolerance: f64,
    weights: Vec<f64>,
    sums: Sums,
    gram: Gram,
    /// The rows of the curvature, and how many `gram` is of.
    curvature: Vec<u32>,
    curvature_rows: usize,
    /// Whether `gram` is of weights near enough to be used again.
    curved: bool,
}

impl<'a> Search<'a> {
    /// Starts at the base rate, or where another search ended.
    pub(super) fn new(
        problem: Problem<'a>,
        tolerance: f64,
        start: Option<Start>,
        poll: &mut dyn FnMut(),
    ) -> Result<Self, Error> {
        let all = problem.rows.len();
        let count = all.min(CURVATURE_ROWS);
        let mut curvature = Vec::new();
        curvature.try_reserve_exact(count)?;
        curvature.extend((0..count).map(|index| problem.rows[index * all / count]));
        let curved = start.is_some();
        let start = match start {
            Some(start) => start,
            None => {
                let is_positive = |&&row: &&u32| problem.outcomes[row as usize];
                let positives = problem.rows.iter().filter(is_positive).count() as f64;
                let mut weights = vec![0.0; problem.columns + 1];
                weights[problem.columns] = (positives / (all as f64 - positives)).ln();
                Start {
                    weights,
                    gram: Gram::new(problem.columns)?,
                    curvature_rows: count,
                }
            }
        };
        let mut sums = Sums::new(&problem, count)?;
        sums.compute(&problem, &start.weights, poll);
        Ok(Self {
            problem,
            tolerance,
            weights: start.weights,
            sums,
            gram: start.gram,
            curvature,
            curvature_rows: start.curvature_rows,
            curved,
        })
    }

    /// Newton steps to the minimum for a ridge; stays where it is when rounding allows no descent.
    pub(super) fn minimise(&mut self, ridge: f64, poll: &mut dyn FnMut()) {
        for _ in 0..ITERATIONS {
            let gradient = self.gradient(ridge);
            let size = largest(&gradient);
            if size <= self.tolerance {
                break;
            }
            let fresh = !self.curved;
            if fresh {
                let (values, rows) = (self.problem.values, &self.curvature);
                self.gram.compute(values, rows, &self.sums.roots, poll);
                self.curvature_rows = rows.len();
            }
            let descended = self.step(&gradient, ridge, poll);
            if !descended && fresh {
                break;
            }
            let left = largest(&self.gradient(ridge));
            self.curved = descended && left * FAST < size;
        }
    }

    /// The weights of the columns, then the intercept.
    pub(super) fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Where it ended, for another search.
    pub(super) fn end(self) -> Start {
        Start {
            weights: self.weights,
            gram: self.gram,
            curvature_rows: self.curvature_rows,
        }
    }

    /// One step by the curvature at hand, halved until it descends; whether it did.
    fn step(&mut self, gradient: &[f64], ridge: f64, poll: &mut dyn FnMut()) -> bool {
        let Some(factor) = Cholesky::new(&self.hessian(ridge), gradient.len(), poll) else {
            return false;
        };
        let mut direction: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
        factor.solve(&mut direction);
        let slope: f64 = direction.iter().zip(gradient).map(|(d, g)| d * g).sum();
        let start = self.weights.clone();
        let value = self.objective(ridge);
        let mut length = 1.0;
        for _ in 0..HALVINGS {
            let moved = start.iter().zip(&direction).map(|(w, d)| w + length * d);
            self.weights = moved.collect();
            self.sums.compute(&self.problem, &self.weights, poll);
            // The last term is the rounding of a sum over the rows.
            if self.objective(ridge) <= value + 1e-4 * length * slope + 1e-12 * value {
                return true;
            }
            length /= 2.0;
        }
        self.weights = start;
        self.sums.compute(&self.problem, &self.weights, poll);
        false
    }

    fn objective(&self, ridge: f64) -> f64 {
        let weights = &self.weights[..self.problem.columns];
        self.sums.loss + ridge / 2.0 * weights.iter().map(|w| w * w).sum::<f64>()
    }

    fn gradient(&self, ridge: f64) -> Vec<f64> {
        let mut gradient = self.sums.gradient.clone();
        let weights = &self.weights[..self.problem.columns];
        for (slope, weight) in gradient.iter_mut().zip(weights) {
            *slope += ridge * weight;
        }
        gradient
    }

    /// The lower triangle of the matrix of second derivatives.
    fn hessian(&self, ridge: f64) -> Vec<f64> {
        let size = self.weights.len();
        let rows = self.curvature_rows as f64;
        let mut hessian = vec![0.0; size * size];
        for (i, row) in hessian.chunks_exact_mut(size).enumerate() {
            for (j, cell) in row[..=i].iter_mut().enumerate() {
                *cell = self.gram.get(i, j) / rows;
            }
            row[i] += if i < self.problem.columns { ridge } else { 0.0 };
        }
        hessian
    }
}

impl Sums {
    fn new(problem: &Problem, curvature_rows: usize) -> Result<Self, Error> {
        let mut roots = Vec::new();
        roots.try_reserve_exact(curvature_rows)?;
        Ok(Self {
            loss: 0.0,
            gradient: vec![0.0; problem.columns + 1],
            roots,
            curvature_rows,
        })
    }

    fn compute(&mut self, problem: &Problem, weights: &[f64], poll: &mut dyn FnMut()) {
        let (weights, intercept) = weights.split_at(problem.columns);
        self.loss = 0.0;
        self.gradient.fill(0.0);
        self.roots.clear();
        let (all, curvature_rows) = (problem.rows.len(), self.curvature_rows);
        for (index, &row) in problem.rows.iter().enumerate() {
            if index.is_multiple_of(POLL) {
                poll();
            }
            let values = &problem.values[row as usize * problem.columns..][..problem.columns];
            let outcome = problem.outcomes[row as usize];
            let logit = dot(values, weights) + intercept[0];
            let signed = if outcome { -logit } else { logit };
            let odds = (-signed.abs()).exp();
            // Probability of the outcome that did not come true, without overflow or cancellation.
            let wrong = if signed > 0.0 { 1.0 } else { odds } / (1.0 + odds);
            let residual = if outcome { -wrong } else { wrong };
            self.loss += signed.max(0.0) + odds.ln_1p();
            if index == self.roots.len() * all / curvature_rows {
                self.roots.push((odds.sqrt() / (1.0 + odds)) as f32);
            }
            for (slope, &value) in self.gradient.iter_mut().zip(values) {
                *slope += residual * f64::from(value);
            }
            self.gradient[problem.columns] += residual;
        }
        let count = all as f64;
        self.loss /= count;
        self.gradient.iter_mut().for_each(|slope| *slope /= count);
    }
}

/// Eight partial sums in a fixed order: they vectorise, and the result is the same everywhere.
fn dot(values: &[f32], weights: &[f64]) -> f64 {
    let (values, values_rest) = values.as_chunks::<8>();
    let (weights, weights_rest) = weights.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (values, weights) in values.iter().zip(weights) {
        for ((sum, &value), weight) in sums.iter_mut().zip(values).zip(weights) {
            *sum += f64::from(value) * weight;
        }
    }
    let rest = values_rest.iter().zip(weights_rest);
    sums.iter().sum::<f64>() + rest.map(|(&v, w)| f64::from(v) * w).sum::<f64>()
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |most, value| most.max(value.abs()))
}
