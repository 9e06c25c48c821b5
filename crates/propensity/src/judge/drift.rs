//! How far the profiles of a run are from those that its version learned from.

use super::bins::{Distribution, stability};
use super::figures::{FactorFigures, Figures, score_stability};

/// From this stability index on a distribution is called shifted, and from the next on drifted.
pub const SHIFTED: f64 = 0.1;
/// See [`SHIFTED`].
pub const DRIFTED: f64 = 0.25;
/// A factor counts where this share or more of what all factors do to the scores is its own.
const WEIGHTY: f64 = 0.1;

/// How far something moved.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    /// The factor; none: the score.
    pub factor: Option<String>,
    /// The population stability index; none if there is nothing to compare.
    pub index: Option<f64>,
    /// Its share of what all factors do to the scores; all of it for the score.
    pub weight: f64,
}

/// The score, then the factors, whichever moved most first.
pub fn drift(training: &Distribution, run: &Figures) -> Vec<Drift> {
    let sizes = |figures: &FactorFigures| -> f64 {
        figures.impacts.iter().map(|impacts| impacts.sizes).sum()
    };
    let all: f64 = run.factors.iter().map(sizes).sum();
    let mut found = vec![Drift {
        factor: None,
        index: score_stability(training, run),
        weight: 1.0,
    }];
    let factors = training.factors.iter().zip(&run.factors);
    found.extend(factors.map(|(bins, figures)| {
        let now: Vec<u64> = figures
            .bins
            .iter()
            .map(|counts| counts.iter().sum())
            .collect();
        Drift {
            factor: Some(bins.factor.clone()),
            index: stability(&bins.rows, &now),
            weight: if all > 0.0 { sizes(figures) / all } else { 0.0 },
        }
    }));
    found[1..].sort_by(|one, other| {
        let (one, other) = (one.index.unwrap_or(0.0), other.index.unwrap_or(0.0));
        other.total_cmp(&one)
    });
    found
}

/// What is a reason to train again: a drifted score, else the weighty factor that drifted most.
pub fn reason(drifts: &[Drift]) -> Option<&Drift> {
    drifts
        .iter()
        .find(|drift| drift.weight >= WEIGHTY && drift.index.is_some_and(|index| index >= DRIFTED))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{FactorBins, Impacts};

    /// Two factors of two bins each, half and half when learned; the sizes of their impacts, and how many are in each bin now.
    fn moved(now: [([u64; 2], f64); 2]) -> Vec<Drift> {
        let bins = |name: &str| FactorBins {
            factor: name.to_owned(),
            label: name.to_owned(),
            values: vec![0.0, 1.0],
            is_category: false,
            words: Vec::new(),
            rows: vec![50, 50],
        };
        let mut training = Distribution {
            scores: vec![0; 101],
            factors: vec![bins("Calm"), bins("Moved")],
        };
        training.scores[50] = 100;
        let mut run = Figures::new(&training);
        run.scores[50].profiles = 100;
        for (figures, (counts, sizes)) in run.factors.iter_mut().zip(now) {
            figures.bins = counts.map(|count| [count, 0, 0]).to_vec();
            figures.impacts[0] = Impacts {
                sizes,
                ..Impacts::default()
            };
        }
        drift(&training, &run)
    }

    #[test]
    fn what_moved_most_comes_first_behind_the_score() {
        let found = moved([([50, 50], 3.0), ([20, 80], 1.0)]);
        let names: Vec<_> = found.iter().map(|drift| drift.factor.as_deref()).collect();
        assert_eq!(names, [None, Some("Moved"), Some("Calm")]);
        assert_eq!(found[0].index, Some(0.0));
        // (0.2 - 0.5) ln 0.4 + (0.8 - 0.5) ln 1.6
        assert!((found[1].index.unwrap() - 0.415_888_308_3).abs() < 1e-9);
        assert_eq!((found[1].weight, found[2].weight), (0.25, 0.75));
    }

    #[test]
    fn a_factor_that_does_little_is_no_reason() {
        let found = moved([([50, 50], 19.0), ([20, 80], 1.0)]);
        assert_eq!(reason(&found), None);
        let found = moved([([50, 50], 3.0), ([20, 80], 1.0)]);
        assert_eq!(reason(&found).unwrap().factor.as_deref(), Some("Moved"));
        let found = moved([([50, 50], 1.0), ([45, 55], 1.0)]);
        assert_eq!(reason(&found), None);
    }

    #[test]
    fn nothing_to_compare_is_no_reason() {
        let empty = Distribution {
            scores: Vec::new(),
            factors: Vec::new(),
        };
        let found = drift(&empty, &Figures::new(&empty));
        assert_eq!(found[0].index, None);
        assert_eq!(reason(&found), None);
    }
}
