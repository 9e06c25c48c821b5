//! Damped Newton for the mean log loss with a ridge.
//!
//! Undamped, Newton diverges on heavy tails with few positives, so steps are halved until the loss
//! falls enough (Armijo, 1966).

use super::cholesky::Cholesky;
use super::gram::Gram;
use crate::error::Error;

/// Converged when no derivative of the objective is larger.
const TOLERANCE: f64 = 1e-9;

/// The curvature is computed anew unless the last step shrank the gradient by this factor: it costs
/// as much as three readings of the rows at 60 columns and ten at 400.
const FAST: f64 = 4.0;

const ITERATIONS: usize = 100;
const HALVINGS: usize = 40;

/// Rows between two polls.
const POLL: usize = 1024;

/// Standardised rows with their outcomes.
struct Problem<'a> {
    /// `rows x columns`, row after row.
    values: &'a [f32],
    outcomes: &'a [bool],
    columns: usize,
}

/// The sums over all rows at given weights, as means. The last weight is the intercept.
struct Sums {
    loss: f64,
    gradient: Vec<f64>,
    /// `sqrt(p (1 - p))` of each row.
    roots: Vec<f32>,
}

/// Weights and intercept for each strength, each fit continuing from the one before.
pub(super) fn solve(
    values: &[f32],
    outcomes: &[bool],
    columns: usize,
    strengths: &[f64],
    poll: &mut dyn FnMut(),
) -> Result<Vec<(Vec<f64>, f64)>, Error> {
    let problem = Problem {
        values,
        outcomes,
        columns,
    };
    let mut search = Search::new(&problem, poll)?;
    let solutions = strengths.iter().map(|&strength| {
        search.minimise(1.0 / strength, poll);
        (search.weights[..columns].to_vec(), search.weights[columns])
    });
    Ok(solutions.collect())
}

/// Where the search is, with what it knows there.
struct Search<'a> {
    problem: &'a Problem<'a>,
    weights: Vec<f64>,
    sums: Sums,
    gram: Gram,
    /// Whether `gram` is of weights near enough to be used again.
    curved: bool,
}

impl<'a> Search<'a> {
    /// Starts at the base rate.
    fn new(problem: &'a Problem<'a>, poll: &mut dyn FnMut()) -> Result<Self, Error> {
        let positives = problem.outcomes.iter().filter(|&&outcome| outcome).count() as f64;
        let mut weights = vec![0.0; problem.columns + 1];
        weights[problem.columns] = (positives / (problem.outcomes.len() as f64 - positives)).ln();
        let mut sums = Sums::new(problem)?;
        sums.compute(problem, &weights, poll);
        Ok(Self {
            problem,
            weights,
            sums,
            gram: Gram::new(problem.columns)?,
            curved: false,
        })
    }

    /// Newton steps to the minimum for a ridge; stays where it is when rounding allows no descent.
    fn minimise(&mut self, ridge: f64, poll: &mut dyn FnMut()) {
        for _ in 0..ITERATIONS {
            let gradient = self.gradient(ridge);
            let size = largest(&gradient);
            if size <= TOLERANCE {
                break;
            }
            let fresh = !self.curved;
            if fresh {
                self.gram
                    .compute(self.problem.values, &self.sums.roots, poll);
            }
            let descended = self.step(&gradient, ridge, poll);
            if !descended && fresh {
                break;
            }
            let left = largest(&self.gradient(ridge));
            self.curved = descended && left * FAST < size;
        }
    }

    /// One step by the curvature at hand, halved until it descends; whether it did.
    fn step(&mut self, gradient: &[f64], ridge: f64, poll: &mut dyn FnMut()) -> bool {
        let Some(factor) = Cholesky::new(&self.hessian(ridge), gradient.len()) else {
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
            self.sums.compute(self.problem, &self.weights, poll);
            // The last term is the rounding of a sum over the rows.
            if self.objective(ridge) <= value + 1e-4 * length * slope + 1e-12 * value {
                return true;
            }
            length /= 2.0;
        }
        self.weights = start;
        self.sums.compute(self.problem, &self.weights, poll);
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
        let rows = self.problem.outcomes.len() as f64;
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
    fn new(problem: &Problem) -> Result<Self, Error> {
        let mut roots = Vec::new();
        roots.try_reserve_exact(problem.outcomes.len())?;
        roots.resize(problem.outcomes.len(), 0.0);
        Ok(Self {
            loss: 0.0,
            gradient: vec![0.0; problem.columns + 1],
            roots,
        })
    }

    fn compute(&mut self, problem: &Problem, weights: &[f64], poll: &mut dyn FnMut()) {
        let (weights, intercept) = weights.split_at(problem.columns);
        self.loss = 0.0;
        self.gradient.fill(0.0);
        let rows = problem.values.chunks_exact(problem.columns);
        for (row, (values, &outcome)) in rows.zip(problem.outcomes).enumerate() {
            if row.is_multiple_of(POLL) {
                poll();
            }
            let logit = dot(values, weights) + intercept[0];
            let signed = if outcome { -logit } else { logit };
            let odds = (-signed.abs()).exp();
            // Probability of the outcome that did not come true, without overflow or cancellation.
            let wrong = if signed > 0.0 { 1.0 } else { odds } / (1.0 + odds);
            let residual = if outcome { -wrong } else { wrong };
            self.loss += signed.max(0.0) + odds.ln_1p();
            self.roots[row] = (odds.sqrt() / (1.0 + odds)) as f32;
            for (slope, &value) in self.gradient.iter_mut().zip(values) {
                *slope += residual * f64::from(value);
            }
            self.gradient[problem.columns] += residual;
        }
        let count = problem.outcomes.len() as f64;
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
