//! What users may choose about training, and what the amount of data decides.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::learn::boosting::ForestParams;
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
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Logistic, Self::Trees];

    /// As users write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Logistic => "logistic",
            Self::Trees => "trees",
        }
    }

    /// Whether the model has a linear member.
    pub fn is_linear(self) -> bool {
        self != Self::Trees
    }

    /// Whether the model has a tree member.
    pub fn has_trees(self) -> bool {
        self != Self::Logistic
    }
}

impl FromStr for Algorithm {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let known = Self::ALL.into_iter().find(|known| known.name() == name);
        known.ok_or_else(|| Error::Parameter {
            name: "algorithm",
            found: format!("\"{name}\""),
            required: "\"auto\", \"logistic\" or \"trees\"",
        })
    }
}

/// What users may choose; every combination is valid.
#[derive(Clone, Debug, Default)]
pub struct FitParams {
    /// Which learners.
    pub algorithm: Algorithm,
    /// Of the trees' samples.
    pub seed: u64,
    /// How many forests are averaged, at most [`crate::learn::boosting::MAX_FORESTS`]; `None` = by the
    /// number of rows.
    pub forests: Option<usize>,
    /// Train even on fewer than [`FEWEST`] rows of the rarer class.
    pub allow_small: bool,
    /// What the model in use says of every row of the data set, in log-odds, to be compared with
    /// on the hold-out; empty = there is none.
    pub champion: Vec<f32>,
    /// How a second thread begins, for the trees; `None` = everything on the calling thread. The
    /// model is the same.
    pub second_thread: Option<Begin>,
}

/// How much capacity the data leave the learners (docs/method.md 6).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Capacity {
    /// Ridge strength K. It is not chosen: on a hold-out the best is noise.
    pub strength: f64,
    /// Whether there are more than [`MANY_ROWS`] rows: trees learn slower.
    pub many: bool,
    /// Share of the rarer class.
    share: f64,
    leaves: usize,
    min_rows: usize,
    /// Number of trees, if it is not to be found by early stopping.
    pub rounds: Option<usize>,
    /// How many forests are averaged if nobody says.
    forests: usize,
}

/// Trees learn slower from more training rows than this.
const MANY_ROWS: usize = 50_000;

/// Forests that are averaged where it pays: of few rows it changes nothing, of many it costs more than it gives.
const USUAL_FORESTS: usize = 5;
/// A tree learns from this share of the rows, but of fewer from so many rows, of the rarer class at least so many.
const TREE_SHARE: f64 = 0.4;
const TREE_ROWS: f64 = 32_000.0;
const TREE_RARER: f64 = 1000.0;

/// Share of the columns that a tree may split on, of few rows and at most. The more rows, the less a tree that sees many
/// columns learns by heart.
const COLUMN_SHARES: (f64, f64) = (0.25, 0.6);

/// What the number of trees that was best without the held-out rows is multiplied by for all rows: more rows bear more.
/// Of many rows it is not measured.
const REFIT_GROWTH: f64 = 1.25;

/// Rounds of early stopping at most, and without a hold-out to stop on (docs/method.md 4).
const MOST_ROUNDS: usize = 1000;
const USUAL_ROUNDS: usize = 50;

impl Capacity {
    /// The rules for a number of training rows and of those of the rarer class among them.
    pub fn of(rows: usize, rarer: usize) -> Self {
        let small = Self {
            many: rows > MANY_ROWS,
            share: rarer as f64 / rows.max(1) as f64,
            strength: 2.0,
            leaves: 7,
            min_rows: 20,
            rounds: None,
            forests: 1,
        };
        match rarer {
            0..200 => Self {
                rounds: Some(60),
                ..small
            },
            200..500 => small,
            _ => Self {
                strength: 25.0,
                leaves: 15,
                min_rows: 40,
                rounds: None,
                forests: if rows > MANY_ROWS { 1 } else { USUAL_FORESTS },
                ..small
            },
        }
    }

    /// Parameters of trees that learn from `rows` rows and stop early.
    pub fn forest(&self, rows: usize, params: &FitParams) -> ForestParams {
        let rows = rows as f64;
        let wanted = (TREE_SHARE * rows)
            .max(TREE_ROWS)
            .max(TREE_RARER / self.share);
        let (few, most) = COLUMN_SHARES;
        ForestParams {
            learning_rate: if self.many { 0.06 } else { 0.1 },
            leaves: self.leaves,
            depth: 5,
            min_rows: self.min_rows,
            row_share: (wanted / rows).min(0.8),
            // Grows from where the rows of a tree do.
            column_share: (few * rows * TREE_SHARE / TREE_ROWS).clamp(few, most),
            l2: 10.0,
            rounds: MOST_ROUNDS,
            patience: if self.many { 30 } else { 20 },
            forests: params.forests.unwrap_or(self.forests),
            seed: params.seed,
        }
    }

    /// Number of trees to grow from all rows, where `found` were best without those held out.
    pub fn refit_rounds(&self, found: usize) -> usize {
        if self.many {
            found
        } else {
            (found as f64 * REFIT_GROWTH).round() as usize
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
            let capacity = Capacity::of(1000, rarer);
            let forest = capacity.forest(1000, &FitParams::default());
            (
                capacity.strength,
                capacity.rounds,
                forest.leaves,
                forest.min_rows,
            )
        };
        assert_eq!(of(50), (2.0, Some(60), 7, 20));
        assert_eq!(of(199), (2.0, Some(60), 7, 20));
        assert_eq!(of(200), (2.0, None, 7, 20));
        assert_eq!(of(499), (2.0, None, 7, 20));
        assert_eq!(of(500), (25.0, None, 15, 40));
    }

    #[test]
    fn trees_of_many_rows_learn_slower_and_from_a_part_of_them() {
        let of = |rows, rarer| {
            let forest = Capacity::of(rows, rarer).forest(rows, &FitParams::default());
            (forest.learning_rate, forest.patience, forest.row_share)
        };
        let columns = |rows| {
            let forest = Capacity::of(rows, rows / 4).forest(rows, &FitParams::default());
            forest.column_share
        };
        assert_eq!(of(20_000, 5000), (0.1, 20, 0.8));
        assert_eq!(of(50_000, 5000), (0.1, 20, 0.64));
        assert_eq!(of(80_000, 8000), (0.06, 30, 0.4));
        // 1,000 of 2,000 rare rows are in 40,000 of 80,000; all there are, in 0.8 of them.
        assert_eq!(of(80_000, 2000), (0.06, 30, 0.5));
        assert_eq!(of(80_000, 900), (0.06, 30, 0.8));
        assert_eq!(of(200_000, 50_000), (0.06, 30, 0.4));
        assert_eq!(
            [20_000, 80_000, 120_000, 200_000].map(columns),
            [0.25, 0.25, 0.375, 0.6]
        );
    }
    #[test]
    fn what_is_found_without_the_held_out_rows_grows_with_them() {
        let of = |rows, rarer| Capacity::of(rows, rarer).refit_rounds(40);
        assert_eq!(of(20_000, 5000), 50);
        assert_eq!(of(2000, 499), 50);
        assert_eq!(of(80_000, 5000), 40);
    }

    #[test]
    fn forests_are_averaged_where_it_pays_or_as_asked() {
        let of = |rows, rarer, forests| {
            let params = FitParams {
                forests,
                ..FitParams::default()
            };
            Capacity::of(rows, rarer).forest(rows, &params).forests
        };
        assert_eq!(of(2000, 499, None), 1);
        assert_eq!(of(2000, 500, None), 5);
        assert_eq!(of(50_000, 5000, None), 5);
        assert_eq!(of(50_001, 5000, None), 1);
        assert_eq!(of(50_001, 5000, Some(2)), 2);
    }
}
