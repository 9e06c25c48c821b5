//! Gradient boosting for log loss: histograms, leaf-wise trees, early stopping.
//!
//! The semantics are LightGBM's (Ke and others, "LightGBM: a highly efficient gradient boosting
//! decision tree", NeurIPS 2017); the code is our own.

mod booster;
mod forest;
mod gradient;
mod params;

pub use forest::{Forest, ForestParts, MAX_DEPTH};
pub use params::{ForestParams, MAX_FORESTS, ValidForestParams};

use crate::error::Error;
use crate::learn::binning::Bins;
use booster::Booster;

/// The fewest rounds that early stopping returns.
pub const MIN_ROUNDS: usize = 10;

/// What early stopping found.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// The number of rounds with the least log loss on the rows held out, at least 10.
    pub rounds: usize,
    /// The forest of that many rounds, fitted on the other rows: the same as [`Forest::fit`] gives of one forest.
    pub forest: Forest,
}

impl Forest {
    /// Fits `params.rounds` trees; of several forests each has as many, and leaves worth its part of the average.
    ///
    /// * `outcomes`: one per row of the bins.
    /// * `rows`: the rows to learn from, increasing.
    ///
    /// The same bins, rows and parameters give the same trees bit by bit. A round whose sample of
    /// rows and columns allows no split adds no tree.
    ///
    /// # Errors
    ///
    /// [`Error::NoRows`], [`Error::OneClass`], [`Error::NoFeatures`] if no column varies,
    /// [`Error::LengthMismatch`] if outcomes and bins differ in length, [`Error::Parameter`] for
    /// rows that are not increasing, not in the bins, or more than 2^24; [`Error::OutOfMemory`].
    pub fn fit(
        bins: &Bins,
        outcomes: &[bool],
        rows: &[u32],
        params: &ValidForestParams,
        poll: &mut dyn FnMut(),
    ) -> Result<Self, Error> {
        let forests = params.get().forests;
        let mut booster = Booster::new(bins, outcomes, rows, &[], &params.of_forest(0), poll)?;
        let mut parts = ForestParts::new(booster.base(), bins.columns());
        for forest in 0..forests {
            if forest > 0 {
                let params = params.of_forest(forest);
                booster = Booster::new(bins, outcomes, rows, &[], &params, poll)?;
            }
            for _ in 0..params.get().rounds {
                let mut nodes = booster.round(poll)?.nodes;
                for node in &mut nodes {
                    node.value /= forests as f64;
                }
                parts.push(nodes)?;
            }
        }
        Self::new(parts)
    }

    /// Fits until the log loss on rows held out has not been better for `params.patience` rounds,
    /// at least 10 and at most `params.rounds` rounds, and goes back to the best. One forest alone: the
    /// rounds that it needs are those that each of several needs.
    ///
    /// * `fit_rows`, `hold_rows`: increasing, without a row in common.
    ///
    /// # Errors
    ///
    /// As [`Forest::fit`], for both sets of rows; the held out ones may have one class.
    pub fn select(
        bins: &Bins,
        outcomes: &[bool],
        fit_rows: &[u32],
        hold_rows: &[u32],
        params: &ValidForestParams,
        poll: &mut dyn FnMut(),
    ) -> Result<Selection, Error> {
        if hold_rows.is_empty() {
            return Err(Error::NoRows);
        }
        let first = params.of_forest(0);
        let mut booster = Booster::new(bins, outcomes, fit_rows, hold_rows, &first, poll)?;
        let mut parts = ForestParts::new(booster.base(), bins.columns());
        let (mut best, mut least, mut trees) = (0, f64::INFINITY, 0);
        for round in 1..=params.get().rounds {
            parts.push(booster.round(poll)?.nodes)?;
            let loss = booster.hold_loss(poll);
            if loss < least {
                (best, least) = (round, loss);
            }
            if best == round || round <= MIN_ROUNDS {
                trees = parts.roots.len();
            }
            if round >= MIN_ROUNDS && round - best >= params.get().patience {
                break;
            }
        }
        parts.truncate(trees);
        Ok(Selection {
            rounds: best.max(MIN_ROUNDS).min(params.get().rounds),
            forest: Self::new(parts)?,
        })
    }
}
