//! Where to cut: whom a score reaches, what that catches and what it wastes.

use super::{Judged, share};
use crate::model::score::score;

/// All rows whose score is at least so high.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// 0 to 100.
    pub score: i16,
    /// Rows reached.
    pub profiles: usize,
    /// Those of them with a positive outcome.
    pub positives: usize,
    /// Share of all rows that is reached.
    pub reach: f64,
    /// Share of all positives that is reached; none if nothing came true.
    pub captured: Option<f64>,
    /// Share of positives among those reached; none if nobody is.
    pub precision: Option<f64>,
}

impl Threshold {
    /// Rows reached in vain.
    pub fn wasted(&self) -> usize {
        self.profiles - self.positives
    }
}

/// What reaching somebody costs, and what a positive outcome of one who was reached brings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stakes {
    /// For each row reached.
    pub cost: f64,
    /// For each positive row reached.
    pub gain: f64,
}

impl Stakes {
    /// What a threshold brings, all costs taken off.
    pub fn profit(self, threshold: &Threshold) -> f64 {
        self.gain * threshold.positives as f64 - self.cost * threshold.profiles as f64
    }

    /// The probability from which on reaching somebody pays.
    pub fn break_even(self) -> f64 {
        self.cost / self.gain
    }
}

impl Judged {
    /// What every score from 0 to 100 would reach.
    pub fn thresholds(&self) -> Vec<Threshold> {
        let rows = self.rows();
        // Scores go up with probabilities.
        let mut thresholds = Vec::new();
        let (mut start, mut below) = (0, 0);
        for wanted in 0..=100 {
            while start < rows && score(self.probabilities[start], self.base_rate) < wanted {
                below += usize::from(self.outcomes[start]);
                start += 1;
            }
            let (profiles, positives) = (rows - start, self.positives - below);
            thresholds.push(Threshold {
                score: wanted,
                profiles,
                positives,
                reach: profiles as f64 / rows as f64,
                captured: share(positives, self.positives),
                precision: share(positives, profiles),
            });
        }
        thresholds
    }

    /// The threshold that brings most, the highest if several do; none if reaching nobody is best.
    pub fn best_threshold(&self, stakes: Stakes) -> Option<Threshold> {
        let thresholds = self.thresholds();
        let best = thresholds
            .iter()
            .max_by(|one, other| stakes.profit(one).total_cmp(&stakes.profit(other)))?;
        (stakes.profit(best) > 0.0).then_some(*best)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scores 25, 50, 75, 75 at a base rate of one half.
    fn judged() -> Judged {
        let probabilities = [0.25, 0.5, 0.75, 0.75];
        Judged::new(&probabilities, &[false, true, false, true], 0.5).unwrap()
    }

    #[test]
    fn a_threshold_takes_its_score_and_those_above() {
        let thresholds = judged().thresholds();
        assert_eq!(thresholds.len(), 101);
        let at = |score: usize| {
            let found = &thresholds[score];
            (found.profiles, found.positives, found.precision)
        };
        assert_eq!(at(0), (4, 2, Some(0.5)));
        assert_eq!(at(25), (4, 2, Some(0.5)));
        assert_eq!(at(26), (3, 2, Some(2.0 / 3.0)));
        assert_eq!(at(75), (2, 1, Some(0.5)));
        assert_eq!(at(76), (0, 0, None));
        assert_eq!(thresholds[51].captured, Some(0.5));
        assert_eq!((thresholds[26].reach, thresholds[26].wasted()), (0.75, 1));
    }

    #[test]
    fn the_best_threshold_weighs_cost_and_gain() {
        let best = |cost, gain| {
            let stakes = Stakes { cost, gain };
            judged().best_threshold(stakes).map(|best| best.score)
        };
        // From score 50 on: 2 of 3; the highest score that reaches the same.
        assert_eq!(best(1.0, 10.0), Some(50));
        assert_eq!(best(0.0, 1.0), Some(50));
        assert_eq!(best(1.0, 1.5), None);
        assert_eq!(
            Stakes {
                cost: 1.0,
                gain: 4.0
            }
            .break_even(),
            0.25
        );
    }
}
