//! Parameters of boosting, checked once.

use super::MAX_DEPTH;
use crate::error::Error;

/// Trees that can be asked for.
const MAX_ROUNDS: usize = 10_000;

/// Forests that can be averaged.
pub const MAX_FORESTS: usize = 10;

/// How to fit a forest; the default is that of docs/method.md 4 for few rows.
#[derive(Clone, Debug, PartialEq)]
pub struct ForestParams {
    /// What leaf values are multiplied by, in `(0, 1]`.
    pub learning_rate: f64,
    /// Leaves of a tree at most, in `2..=256`.
    pub leaves: usize,
    /// Splits from root to leaf at most, in `1..=MAX_DEPTH`.
    pub depth: usize,
    /// Rows of a leaf at least, in `1..2^31`.
    pub min_rows: usize,
    /// Share of rows that a tree learns from, in `(0, 1]`.
    pub row_share: f64,
    /// Share of columns that a tree may split on, in `(0, 1]`.
    pub column_share: f64,
    /// Ridge penalty on leaf values, 0 or more.
    pub l2: f64,
    /// Trees at most, in `1..=10000`.
    pub rounds: usize,
    /// Rounds without a better hold-out loss before stopping, 1 or more.
    pub patience: usize,
    /// Forests that are averaged, each of `rounds` rounds on samples of its own, in
    /// `1..=MAX_FORESTS`.
    pub forests: usize,
    /// Seed of the samples.
    pub seed: u64,
}

impl Default for ForestParams {
    fn default() -> Self {
        Self {
            learning_rate: 0.1,
            leaves: 15,
            depth: 5,
            min_rows: 40,
            row_share: 0.8,
            column_share: 0.25,
            l2: 10.0,
            rounds: 1000,
            patience: 20,
            forests: 1,
            seed: 0,
        }
    }
}

/// Parameters that are in their ranges.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidForestParams(ForestParams);

impl ForestParams {
    /// Checks all parameters.
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] names the first that is out of its range.
    pub fn check(self) -> Result<ValidForestParams, Error> {
        let share = |value: f64| value > 0.0 && value <= 1.0;
        let part = "above 0 and at most 1";
        let rate = self.learning_rate;
        require("learning_rate", rate, share(rate), part)?;
        let leaves = self.leaves;
        require(
            "leaves",
            leaves,
            (2..=256).contains(&leaves),
            "between 2 and 256",
        )?;
        let depth = self.depth;
        require(
            "depth",
            depth,
            (1..=MAX_DEPTH).contains(&depth),
            "between 1 and 8",
        )?;
        let rows = self.min_rows;
        require(
            "min_rows",
            rows,
            (1..1 << 31).contains(&rows),
            "at least 1 and below 2^31",
        )?;
        require("row_share", self.row_share, share(self.row_share), part)?;
        require(
            "column_share",
            self.column_share,
            share(self.column_share),
            part,
        )?;
        let l2 = self.l2;
        require("l2", l2, l2 >= 0.0 && l2.is_finite(), "0 or more")?;
        let rounds = self.rounds;
        require(
            "rounds",
            rounds,
            (1..=MAX_ROUNDS).contains(&rounds),
            "between 1 and 10000",
        )?;
        require("patience", self.patience, self.patience >= 1, "at least 1")?;
        let forests = self.forests;
        require(
            "forests",
            forests,
            (1..=MAX_FORESTS).contains(&forests),
            "between 1 and 10",
        )?;
        Ok(ValidForestParams(self))
    }
}

fn require(
    name: &'static str,
    found: impl ToString,
    valid: bool,
    required: &'static str,
) -> Result<(), Error> {
    if valid {
        return Ok(());
    }
    Err(Error::Parameter {
        name,
        found: found.to_string(),
        required,
    })
}

impl ValidForestParams {
    /// The parameters.
    pub fn get(&self) -> &ForestParams {
        &self.0
    }

    /// The same with this number of rounds, for the refit after early stopping; at least 1, at most
    /// 10,000.
    #[must_use]
    pub fn with_rounds(&self, rounds: usize) -> Self {
        Self(ForestParams {
            rounds: rounds.clamp(1, MAX_ROUNDS),
            ..self.0.clone()
        })
    }

    /// Those of one of the forests alone: the first has the seed, the others the numbers after it.
    pub(super) fn of_forest(&self, forest: usize) -> Self {
        Self(ForestParams {
            forests: 1,
            seed: self.0.seed.wrapping_add(forest as u64),
            ..self.0.clone()
        })
    }
}
