//! Parameters of boosting, checked once.

use super::MAX_DEPTH;
use crate::error::Error;

/// How to fit a forest; the default is the recipe's (section 11.4).
#[derive(Clone, Debug, PartialEq)]
pub struct ForestParams {
    /// What leaf values are multiplied by, in `(0, 1]`.
    pub learning_rate: f64,
    /// Leaves of a tree at most, in `2..=256`.
    pub leaves: usize,
    /// Splits from root to leaf at most, in `1..=MAX_DEPTH`.
    pub depth: usize,
    /// Rows of a leaf at least, 1 or more.
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
    /// Seed of the samples.
    pub seed: u64,
}

impl Default for ForestParams {
    fn default() -> Self {
        Self {
            learning_rate: 0.03,
            leaves: 15,
            depth: 5,
            min_rows: 40,
            row_share: 0.8,
            column_share: 0.5,
            l2: 10.0,
            rounds: 1000,
            patience: 60,
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
        let rules: [(&'static str, String, bool, &'static str); 9] = [
            (
                "learning_rate",
                self.learning_rate.to_string(),
                share(self.learning_rate),
                "above 0 and at most 1",
            ),
            (
                "leaves",
                self.leaves.to_string(),
                (2..=256).contains(&self.leaves),
                "between 2 and 256",
            ),
            (
                "depth",
                self.depth.to_string(),
                (1..=MAX_DEPTH).contains(&self.depth),
                "between 1 and 8",
            ),
            (
                "min_rows",
                self.min_rows.to_string(),
                (1..=u32::MAX as usize).contains(&self.min_rows),
                "at least 1",
            ),
            (
                "row_share",
                self.row_share.to_string(),
                share(self.row_share),
                "above 0 and at most 1",
            ),
            (
                "column_share",
                self.column_share.to_string(),
                share(self.column_share),
                "above 0 and at most 1",
            ),
            (
                "l2",
                self.l2.to_string(),
                self.l2 >= 0.0 && self.l2.is_finite(),
                "0 or more",
            ),
            (
                "rounds",
                self.rounds.to_string(),
                (1..=10_000).contains(&self.rounds),
                "between 1 and 10000",
            ),
            (
                "patience",
                self.patience.to_string(),
                self.patience >= 1,
                "at least 1",
            ),
        ];
        for (name, found, valid, required) in rules {
            if !valid {
                return Err(Error::Parameter {
                    name,
                    found,
                    required,
                });
            }
        }
        Ok(ValidForestParams(self))
    }
}

impl ValidForestParams {
    /// The parameters.
    pub fn get(&self) -> &ForestParams {
        &self.0
    }

    /// The same with so many rounds, for the refit after early stopping; at least 1, at most
    /// 10,000.
    #[must_use]
    pub fn with_rounds(&self, rounds: usize) -> Self {
        Self(ForestParams {
            rounds: rounds.clamp(1, 10_000),
            ..self.0.clone()
        })
    }
}
