//! 95 % intervals of shares and means.

use super::check;
use crate::error::Error;

/// The 97.5 % quantile of the standard normal distribution.
pub const NORMAL: f64 = 1.959_963_984_540_054;

/// An estimate with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The share of `positives` among `rows` with Wilson's interval, which is never outside 0 and 1; of no rows the share is 0
/// and the interval everything.
pub fn wilson(positives: usize, rows: usize) -> Interval {
    if rows == 0 {
        return Interval {
            value: 0.0,
            low: 0.0,
            high: 1.0,
        };
    }
    let (count, square) = (rows as f64, NORMAL * NORMAL);
    let value = positives as f64 / count;
    let center = (value + square / (2.0 * count)) / (1.0 + square / count);
    let inside = value * (1.0 - value) / count + square / (4.0 * count * count);
    let spread = NORMAL * inside.sqrt() / (1.0 + square / count);
    Interval {
        value,
        low: (center - spread).max(0.0),
        high: (center + spread).min(1.0),
    }
}

/// The mean over rows of what `of` says of score and outcome, which is never negative, with the interval of a mean of many.
///
/// # Errors
///
/// Those of the module.
pub fn mean_interval(
    scores: &[f64],
    outcomes: &[bool],
    of: impl Fn(f64, bool) -> f64,
) -> Result<Interval, Error> {
    check(scores, outcomes)?;
    let count = scores.len() as f64;
    let values = || {
        scores
            .iter()
            .zip(outcomes)
            .map(|(&score, &outcome)| of(score, outcome))
    };
    let value = values().sum::<f64>() / count;
    let squares: f64 = values().map(|one| (one - value).powi(2)).sum();
    let spread = NORMAL * (squares / (count - 1.0).max(1.0) / count).sqrt();
    Ok(Interval {
        value,
        low: (value - spread).max(0.0),
        high: value + spread,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_by_the_book() {
        // Both ends p solve (p - 7/50)^2 = z^2 p (1 - p) / 50 (Wilson 1927).
        let found = wilson(7, 50);
        for (end, expected) in [(found.low, 0.069_508_334), (found.high, 0.261_861_937)] {
            assert!((end - expected).abs() < 1e-8, "{found:?}");
            let spread = NORMAL * NORMAL * end * (1.0 - end) / 50.0;
            assert!(((end - 0.14).powi(2) - spread).abs() < 1e-15, "{found:?}");
        }
        assert_eq!(wilson(0, 10).low, 0.0);
        assert!((wilson(10, 10).high - 1.0).abs() < 1e-12);
        assert_eq!(wilson(0, 0).high, 1.0);
    }

    #[test]
    fn the_mean_of_two_by_hand() {
        let found = mean_interval(&[1.0, 3.0], &[true, true], |score, _| score).unwrap();
        // The variance of the mean is 2 / 2.
        assert_eq!(found.value, 2.0);
        assert!((found.high - 2.0 - NORMAL).abs() < 1e-12);
    }
}
