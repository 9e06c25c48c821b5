//! Exact Shapley values of a forest: what each factor adds to the log-odds of a row.

mod table;

use crate::error::Error;
use crate::learn::boosting::Forest;
use table::{Tables, leaves_of};

/// Rows explained together: their values of one column, decisions and results stay in the cache.
const BLOCK: usize = 512;

/// Tables that turn rows into exact path-dependent Shapley values, made once per forest.
///
/// A player of the game is a column; its value with some columns known is the mean leaf value
/// when rows split on unknown columns as the training rows did (`cover`). A row reaches a table
/// by its yes-or-no decisions and finds there the contributions of several leaves at once,
/// already summed over the columns of each factor. Grouping sums the values of columns: it is not
/// a game between groups.
///
/// # Source
///
/// The game: Lundberg and others, "From local explanations to global understanding with
/// explainable AI for trees", Nature Machine Intelligence 2 (2020). Tables of contributions by
/// pattern of decisions: Yang, "Fast TreeSHAP", NeurIPS workshop 2021, version 2; leaf by leaf as
/// in Mitchell, Frank and Holmes, "GPUTreeShap", PeerJ Computer Science 8 (2022).
#[derive(Clone)]
pub struct TreeShapley {
    columns: usize,
    factors: usize,
    base: f64,
    /// What the trees are added to.
    offset: f64,
    tables: Tables,
    /// The rows of a block, column after column.
    block: Vec<f32>,
    /// Their contributions, factor after factor.
    contributions: Vec<f64>,
    /// Log-odds of the rows that were explained last.
    logits: Vec<f64>,
}

impl TreeShapley {
    /// Builds the tables.
    ///
    /// * `factor_of`: the factor of each column of the forest, below `factors`.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] unless there is a factor per column, [`Error::Parameter`] for a
    /// factor out of range, [`Error::OutOfMemory`].
    pub fn new(
        forest: &Forest,
        factor_of: &[u32],
        factors: usize,
        poll: &mut dyn FnMut(),
    ) -> Result<Self, Error> {
        check_length(factor_of.len(), forest.columns())?;
        if let Some(factor) = factor_of.iter().find(|&&factor| factor as usize >= factors) {
            return Err(Error::Parameter {
                name: "factor_of",
                found: factor.to_string(),
                required: "below the number of factors",
            });
        }
        let mut base = forest.base();
        let mut tables = Tables::default();
        for tree in 0..forest.trees() {
            let leaves = leaves_of(forest, tree);
            base += leaves.iter().map(|leaf| leaf.expected()).sum::<f64>();
            tables.add(&leaves, factor_of)?;
            poll();
        }
        let length = forest.columns().checked_mul(BLOCK);
        let mut block = Vec::new();
        block.try_reserve_exact(length.ok_or(Error::OutOfMemory)?)?;
        Ok(Self {
            columns: forest.columns(),
            factors,
            base,
            offset: forest.base(),
            tables,
            block,
            contributions: Vec::new(),
            logits: Vec::new(),
        })
    }

    /// The log-odds of a row of which nothing is known: what contributions are added to.
    pub fn base(&self) -> f64 {
        self.base
    }

    /// Log-odds of the rows that [`TreeShapley::contributions`] got last: the very bits that [`Forest::logit`] returns.
    pub fn logits(&self) -> &[f64] {
        &self.logits
    }

    /// Number of factors: contributions of a row.
    pub fn factors(&self) -> usize {
        self.factors
    }

    /// Contributions of any number of rows, in log-odds.
    ///
    /// * `rows`: `rows x columns`, row after row, NaN = missing.
    /// * `out`: `rows x factors`, overwritten. A row's contributions and [`TreeShapley::base`] add
    ///   up to [`Forest::logit`] within 1e-6.
    ///
    /// Many rows at once are several times faster than one by one.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] if `rows` is not whole rows or `out` has no room for exactly them.
    pub fn contributions(
        &mut self,
        rows: &[f32],
        out: &mut [f64],
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        let columns = self.columns.max(1);
        let count = rows.len() / columns;
        check_length(rows.len(), count * columns)?;
        check_length(out.len(), count * self.factors)?;
        self.logits.clear();
        self.logits.try_reserve(count)?;
        self.logits.resize(count, self.offset);
        if self.factors == 0 {
            return Ok(());
        }
        let blocks = rows.chunks(BLOCK * columns);
        let logits = self.logits.chunks_mut(BLOCK);
        for ((rows, out), logits) in blocks.zip(out.chunks_mut(BLOCK * self.factors)).zip(logits) {
            self.block.clear();
            for column in 0..columns {
                self.block.extend(rows.iter().skip(column).step_by(columns));
            }
            let contributions = &mut self.contributions;
            contributions.clear();
            contributions.try_reserve(out.len())?;
            contributions.resize(out.len(), 0.0);
            self.tables.add_to(&self.block, contributions, logits);
            let count = logits.len();
            for (row, out) in out.chunks_exact_mut(self.factors).enumerate() {
                for (out, of_factor) in out.iter_mut().zip(contributions.chunks_exact(count)) {
                    *out = of_factor[row];
                }
            }
            poll();
        }
        Ok(())
    }
}

fn check_length(found: usize, required: usize) -> Result<(), Error> {
    if found == required {
        Ok(())
    } else {
        Err(Error::LengthMismatch { found, required })
    }
}
