//! Gradient boosting for log loss: histograms, leaf-wise trees, early stopping.
//!
//! The semantics are LightGBM's (Ke and others, "LightGBM: a highly efficient gradient boosting
//! decision tree", NeurIPS 2017); the code is our own.

mod booster;
mod forest;
mod gradient;
mod params;

pub use forest::{Forest, ForestParts, MAX_DEPTH};
pub use params::{ForestParams, ValidForestParams};

use crate::binning::Bins;
use crate::error::Error;
use booster::Booster;

/// The fewest rounds that early stopping returns.
pub const MIN_ROUNDS: usize = 10;

impl Forest {
    /// Fits `params.rounds` trees.
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
        let mut booster = Booster::new(bins, outcomes, rows, &[], params)?;
        let mut parts = ForestParts {
            base: booster.base(),
            columns: bins.columns(),
            roots: Vec::new(),
            nodes: Vec::new(),
        };
        for _ in 0..params.get().rounds {
            let tree = booster.round(poll)?;
            if tree.nodes.len() > 1 {
                parts.push(tree.nodes)?;
            }
        }
        Self::new(parts)
    }

    /// The number of rounds with the least log loss on rows held out: at least 10, at most
    /// `params.rounds`. Stops once the loss has not been better for `params.patience` rounds.
    ///
    /// * `fit_rows`, `hold_rows`: increasing, without a row in common.
    ///
    /// # Errors
    ///
    /// As [`Forest::fit`], for both sets of rows; the held out ones may have one class.
    pub fn rounds(
        bins: &Bins,
        outcomes: &[bool],
        fit_rows: &[u32],
        hold_rows: &[u32],
        params: &ValidForestParams,
        poll: &mut dyn FnMut(),
    ) -> Result<usize, Error> {
        if hold_rows.is_empty() {
            return Err(Error::NoRows);
        }
        let mut booster = Booster::new(bins, outcomes, fit_rows, hold_rows, params)?;
        let (mut best, mut least) = (0, f64::INFINITY);
        for round in 1..=params.get().rounds {
            booster.round(poll)?;
            let loss = booster.hold_loss(poll);
            if loss < least {
                (best, least) = (round, loss);
            } else if round - best >= params.get().patience {
                break;
            }
        }
        Ok(best.max(MIN_ROUNDS).min(params.get().rounds))
    }
}
