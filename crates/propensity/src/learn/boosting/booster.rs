//! The state of boosting between rounds.

use super::ValidForestParams;
use super::gradient::gradients;
use crate::error::Error;
use crate::learn::binning::{Bins, MISSING};
use crate::learn::tree::sums::{MAX_ROWS, Pair, Scale};
use crate::learn::tree::{Grower, Limits, Rows, Tree};
use crate::rng::Rng;

/// Rows whose gradients are computed between two polls.
const BLOCK: usize = 1 << 16;

/// Log-odds, gradients and samples. Everything per row is indexed by the row's number in the bins.
pub(super) struct Booster<'a> {
    outcomes: &'a [bool],
    rows: &'a [u32],
    hold: &'a [u32],
    base: f64,
    /// Columns that some split is possible on.
    columns: Vec<u32>,
    sampled_rows: usize,
    sampled_columns: usize,
    rng: Rng,
    scale: Scale,
    log_odds: Vec<f64>,
    gradients: Vec<Pair>,
    learned: Vec<u32>,
    followers: Vec<u32>,
    tree_columns: Vec<u32>,
    other_columns: Vec<u32>,
    grower: Grower<'a>,
}

impl<'a> Booster<'a> {
    pub(super) fn new(
        bins: &'a Bins,
        outcomes: &'a [bool],
        rows: &'a [u32],
        hold: &'a [u32],
        params: &ValidForestParams,
        poll: &mut dyn FnMut(),
    ) -> Result<Self, Error> {
        let base = check(bins, outcomes, rows, hold)?;
        let params = params.get();
        let columns = splittable(bins, rows, params.min_rows, poll)?;
        let share = |share: f64, all: usize| ((share * all as f64) as usize).max(1).min(all);
        let limits = Limits {
            leaves: params.leaves,
            depth: params.depth,
            min_rows: params.min_rows as u32,
            l2: params.l2,
            rate: params.learning_rate,
        };
        Ok(Self {
            outcomes,
            rows,
            hold,
            base,
            sampled_rows: share(params.row_share, rows.len()),
            sampled_columns: share(params.column_share, columns.len()),
            rng: Rng::new(params.seed),
            scale: Scale::new(rows.len()),
            log_odds: filled(bins.rows(), base)?,
            gradients: filled(bins.rows(), [0; 2])?,
            learned: reserved(rows.len())?,
            followers: reserved(rows.len() + hold.len())?,
            tree_columns: reserved(columns.len())?,
            other_columns: reserved(columns.len())?,
            grower: Grower::new(bins, limits, rows.len() + hold.len())?,
            columns,
        })
    }

    /// Log-odds of the mean outcome.
    pub(super) fn base(&self) -> f64 {
        self.base
    }

    /// Grows the next tree and adds it to the log-odds of all rows.
    pub(super) fn round(&mut self, poll: &mut dyn FnMut()) -> Result<Tree, Error> {
        self.sample(poll);
        for rows in self.learned.chunks(BLOCK) {
            let (scale, pairs) = (self.scale, &mut self.gradients);
            gradients(rows, &self.log_odds, self.outcomes, scale, pairs);
            poll();
        }
        let mut rows = Rows {
            learned: &mut self.learned,
            followers: &mut self.followers,
        };
        let gradients = (self.gradients.as_slice(), self.scale);
        let tree = self
            .grower
            .grow(gradients, &self.tree_columns, &mut rows, poll)?;
        for leaf in &tree.leaves {
            let value = tree.nodes[leaf.node].value;
            let learned = rows.learned[leaf.learned.clone()].chunks(BLOCK);
            let followers = rows.followers[leaf.followers.clone()].chunks(BLOCK);
            for rows in learned.chain(followers) {
                for &row in rows {
                    self.log_odds[row as usize] += value;
                }
                poll();
            }
        }
        Ok(tree)
    }

    /// Draws the rows and columns of the next tree, rows from each block in proportion.
    fn sample(&mut self, poll: &mut dyn FnMut()) {
        self.learned.clear();
        self.followers.clear();
        let mut seen = 0;
        for rows in self.rows.chunks(BLOCK) {
            seen += rows.len();
            let count = seen * self.sampled_rows / self.rows.len() - self.learned.len();
            self.rng
                .split(rows, count, &mut self.learned, &mut self.followers);
            poll();
        }
        self.followers.extend(self.hold);
        self.tree_columns.clear();
        self.other_columns.clear();
        let (chosen, others) = (&mut self.tree_columns, &mut self.other_columns);
        self.rng
            .split(&self.columns, self.sampled_columns, chosen, others);
    }

    /// Mean log loss of the rows held out.
    pub(super) fn hold_loss(&self, poll: &mut dyn FnMut()) -> f64 {
        let mut sum = 0.0;
        for rows in self.hold.chunks(BLOCK) {
            for &row in rows {
                let log_odds = self.log_odds[row as usize];
                // -ln p of what happened, written such that nothing overflows.
                let against = if self.outcomes[row as usize] {
                    -log_odds
                } else {
                    log_odds
                };
                sum += against.max(0.0) + (-against.abs()).exp().ln_1p();
            }
            poll();
        }
        sum / self.hold.len() as f64
    }
}

/// Checks the rows; log-odds of the mean outcome.
fn check(bins: &Bins, outcomes: &[bool], rows: &[u32], hold: &[u32]) -> Result<f64, Error> {
    if outcomes.len() != bins.rows() {
        return Err(Error::LengthMismatch {
            found: outcomes.len(),
            required: bins.rows(),
        });
    }
    for rows in [rows, hold] {
        let last = rows.last().map_or(0, |&row| row as usize + 1);
        if !rows.is_sorted_by(|a, b| a < b) || last > bins.rows() {
            return Err(Error::Parameter {
                name: "rows",
                found: format!("{} rows up to {last}", rows.len()),
                required: "increasing and in the bins",
            });
        }
    }
    if rows.len() > MAX_ROWS {
        return Err(Error::Parameter {
            name: "rows",
            found: rows.len().to_string(),
            required: "at most 16777216",
        });
    }
    if rows.is_empty() {
        return Err(Error::NoRows);
    }
    let positives = rows.iter().filter(|&&row| outcomes[row as usize]).count();
    if positives == 0 || positives == rows.len() {
        return Err(Error::OneClass {
            positives,
            rows: rows.len(),
        });
    }
    Ok((positives as f64 / (rows.len() - positives) as f64).ln())
}

/// The columns that rows can be split on into two leaves of enough rows: others would only take
/// the place of useful ones in the samples.
fn splittable(
    bins: &Bins,
    rows: &[u32],
    min_rows: usize,
    poll: &mut dyn FnMut(),
) -> Result<Vec<u32>, Error> {
    let mut varies = false;
    let mut columns = reserved(bins.columns())?;
    for column in 0..bins.columns() {
        let cells = bins.column(column);
        let mut counts = [0; 256];
        for rows in rows.chunks(BLOCK) {
            for &row in rows {
                counts[usize::from(cells[row as usize])] += 1;
            }
            poll();
        }
        varies |= counts.iter().all(|&count| count < rows.len());
        let missing = counts[usize::from(MISSING)];
        let enough = min_rows..=rows.len().saturating_sub(min_rows);
        let mut left = 0;
        let splits = counts[..bins.values(column)].iter().any(|count| {
            left += count;
            enough.contains(&left) || enough.contains(&(left + missing))
        });
        if splits {
            columns.push(column as u32);
        }
    }
    if varies {
        Ok(columns)
    } else {
        Err(Error::NoFeatures)
    }
}

fn reserved<T>(length: usize) -> Result<Vec<T>, Error> {
    let mut vec = Vec::new();
    vec.try_reserve_exact(length)?;
    Ok(vec)
}

fn filled<T: Clone>(length: usize, value: T) -> Result<Vec<T>, Error> {
    let mut vec = reserved(length)?;
    vec.resize(length, value);
    Ok(vec)
}
