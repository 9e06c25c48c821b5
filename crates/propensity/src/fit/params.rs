//! What users may choose about training, and what the amount of data decides.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::boosting::ForestParams;
use crate::error::Error;
use crate::parallel::Begin;

/// Fewer rows of the rarer class than this are refused, unless small data is allowed.
pub const FEWEST: usize = 50;

/// Which learners make the model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// Both, averaged in log-odds.
    #[default]
    Auto,
    /// Ridge logistic regression alone.
    Logistic,
    /// Gradient-boosted trees alone.
    Trees,
}

impl Algorithm {
    /// Whether the model has a linear half.
    pub fn is_linear(self) -> bool {
        self != Self::Trees
    }

    /// Whether the model has a half of trees.
    pub fn has_trees(self) -> bool {
        self != Self::Logistic
    }
}

impl FromStr for Algorithm {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        match name {
            "auto" => Ok(Self::Auto),
            "logistic" => Ok(Self::Logistic),
            "trees" => Ok(Self::Trees),
            _ => Err(Error::Parameter {
                name: "algorithm",
                found: format!("\"{name}\""),
                required: "\"auto\", \"logistic\" or \"trees\"",
            }),
        }
    }
}

/// What users may choose; every combination is valid.
#[derive(Clone, Debug, Default)]
pub struct FitParams {
    /// Which learners.
    pub algorithm: Algorithm,
    /// Of the trees' samples.
    pub seed: u64,
    /// Train even on fewer than [`FEWEST`] rows of the rarer class.
    pub allow_small: bool,
    /// What the model in use says of every row of the data set, in log-odds, to be compared with
    /// on the hold-out; empty = there is none.
    pub champion: Vec<f32>,
    /// How a second thread begins, for the trees; `None` = everything on the calling thread. The
    /// model is the same.
    pub second_thread: Option<Begin>,
}

/// How much freedom the data leave the learners (recipe 11.6).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Freedom {
    /// Ridge strengths K to choose from on the hold-out.
    pub strengths: &'static [f64],
    /// Ridge strength without a hold-out.
    pub strength: f64,
    leaves: usize,
    min_rows: usize,
    /// Number of trees, if it is not to be found by early stopping.
    pub rounds: Option<usize>,
}

/// Rounds of early stopping at most, and without a hold-out to stop on (recipe 11.4).
const MOST_ROUNDS: usize = 1000;
const USUAL_ROUNDS: usize = 150;

impl Freedom {
    /// The rules for so many rows of the rarer class.
    pub fn of(rarer: usize) -> Self {
        let small = Self {
            strengths: &[2.0],
            strength: 2.0,
            leaves: 7,
            min_rows: 20,
            rounds: None,
        };
        match rarer {
            0..200 => Self {
                rounds: Some(60),
                ..small
            },
            200..500 => small,
            _ => Self {
                strengths: &[1.0, 5.0, 25.0, 125.0],
                strength: 5.0,
                leaves: 15,
                min_rows: 40,
                rounds: None,
            },
        }
    }

    /// Parameters of the trees, to be stopped early.
    pub fn forest(&self, seed: u64) -> ForestParams {
        ForestParams {
            learning_rate: 0.03,
            leaves: self.leaves,
            depth: 5,
            min_rows: self.min_rows,
            row_share: 0.8,
            column_share: 0.5,
            l2: 10.0,
            rounds: MOST_ROUNDS,
            patience: 60,
            seed,
        }
    }

    /// Number of trees without a hold-out.
    pub fn usual_rounds(&self) -> usize {
        self.rounds.unwrap_or(USUAL_ROUNDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithms_have_names() {
        assert_eq!("trees".parse(), Ok(Algorithm::Trees));
        let error = "Auto".parse::<Algorithm>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"algorithm\" must be \"auto\", \"logistic\" or \"trees\", not \"Auto\""
        );
    }

    #[test]
    fn little_data_leave_little_freedom() {
        let of = |rarer| {
            let freedom = Freedom::of(rarer);
            let forest = freedom.forest(0);
            (
                freedom.strengths.len(),
                freedom.rounds,
                forest.leaves,
                forest.min_rows,
            )
        };
        assert_eq!(of(50), (1, Some(60), 7, 20));
        assert_eq!(of(199), (1, Some(60), 7, 20));
        assert_eq!(of(200), (1, None, 7, 20));
        assert_eq!(of(499), (1, None, 7, 20));
        assert_eq!(of(500), (4, None, 15, 40));
    }
}
