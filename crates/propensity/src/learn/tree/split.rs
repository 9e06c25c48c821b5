//! The best split of a leaf.

use super::histogram::ColumnSums;
use super::sums::{Cell, Scale, add, minus};
use crate::learn::binning::{Bins, MISSING};

/// Hessians that a leaf must have, as in LightGBM: a leaf of certain rows alone says nothing.
const MIN_HESSIAN: f64 = 1e-3;

/// A split: rows of bins `0..=bin` go left, missing values where it gains more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Split {
    /// Loss reduction, times two; above 0.
    pub(crate) gain: f64,
    /// Index among the sampled columns.
    pub(crate) sampled: usize,
    pub(crate) bin: u8,
    pub(crate) missing_left: bool,
    /// Sums of the rows that go left.
    pub(crate) left: Cell,
}

/// What makes a split good or impossible.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) l2: f64,
    pub(crate) min_rows: u32,
    pub(crate) scale: Scale,
}

impl Rules {
    /// The best split of a leaf by its histogram, if any gains. Ties go to the lowest column, then
    /// the lowest bin, then missing to the right.
    ///
    /// # Source
    ///
    /// Gain and leaf values by second-order expansion of the loss: Friedman, Hastie and
    /// Tibshirani, "Additive logistic regression", Annals of Statistics 28 (2000); Chen and
    /// Guestrin, "XGBoost", KDD 2016, equations 5 to 7.
    pub(crate) fn best(
        &self,
        bins: &Bins,
        columns: &[u32],
        histogram: &[ColumnSums],
        total: Cell,
    ) -> Option<Split> {
        let (gradient, hessian) = (self.scale.gradient(total), self.scale.hessian(total));
        let mut search = Search {
            rules: *self,
            total,
            gradient,
            hessian,
            best: gradient * gradient / (hessian + self.l2),
            split: None,
        };
        let unsplit = search.best;
        for (sampled, (sums, &column)) in histogram.iter().zip(columns).enumerate() {
            search.column(sampled, sums, bins.values(column as usize));
        }
        search.split.map(|split| Split {
            gain: split.gain - unsplit,
            ..split
        })
    }

    /// The value of a leaf that lowers the loss most.
    pub(crate) fn leaf(&self, sum: Cell) -> f64 {
        -self.scale.gradient(sum) / (self.scale.hessian(sum) + self.l2)
    }
}

struct Search {
    rules: Rules,
    total: Cell,
    gradient: f64,
    hessian: f64,
    /// The score to beat.
    best: f64,
    split: Option<Split>,
}

impl Search {
    fn column(&mut self, sampled: usize, sums: &ColumnSums, values: usize) {
        let missing = sums[usize::from(MISSING)];
        let has_missing = self.rules.scale.count(missing) > 0;
        let mut left = [0; 2];
        for (bin, &cell) in sums[..values].iter().enumerate() {
            if cell == [0; 2] && bin > 0 {
                continue; // the same rows go left as at the bin before
            }
            add(&mut left, cell);
            self.offer(sampled, bin, false, left);
            if has_missing {
                let mut with_missing = left;
                add(&mut with_missing, missing);
                self.offer(sampled, bin, true, with_missing);
            }
        }
    }

    /// Takes the split if it is allowed and better than the best one.
    fn offer(&mut self, sampled: usize, bin: usize, missing_left: bool, left: Cell) {
        let Rules {
            l2,
            min_rows,
            scale,
        } = self.rules;
        let rows = scale.count(left);
        if rows < min_rows || scale.count(self.total) - rows < min_rows {
            return;
        }
        let (gradient, hessian) = (scale.gradient(left), scale.hessian(left));
        let (other_gradient, other_hessian) = (self.gradient - gradient, self.hessian - hessian);
        let (weight, other_weight) = (hessian + l2, other_hessian + l2);
        let numerator =
            gradient * gradient * other_weight + other_gradient * other_gradient * weight;
        let denominator = weight * other_weight;
        // Spares the division for all that are clearly worse.
        if numerator <= self.best * denominator * (1.0 - 1e-12) {
            return;
        }
        let score = numerator / denominator;
        if score > self.best && hessian >= MIN_HESSIAN && other_hessian >= MIN_HESSIAN {
            self.best = score;
            self.split = Some(Split {
                gain: score,
                sampled,
                bin: bin as u8,
                missing_left,
                left,
            });
        }
    }
}

impl Split {
    /// Where missing values go: where they gained more; where a leaf had none, with most rows.
    pub(crate) fn missing_left(&self, scale: Scale, missing: Cell, total: Cell) -> bool {
        if scale.count(missing) > 0 {
            self.missing_left
        } else {
            scale.count(self.left) >= scale.count(minus(total, self.left))
        }
    }
}
