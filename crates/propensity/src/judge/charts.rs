//! Gains, the ROC curve and calibration.

use super::{Judged, share};
use crate::learn::metrics::{Interval, wilson};

/// Parts that a list is cut into.
const PARTS: usize = 10;
/// Points of a ROC curve at most, besides its beginning.
const POINTS: usize = 200;

/// A tenth of the rows, the first the most likely.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tenth {
    /// 1 to 10.
    pub tenth: usize,
    /// Its rows.
    pub profiles: usize,
    /// Positives that were to be expected: the sum of the probabilities.
    pub expected: f64,
    /// Positives that came true.
    pub positives: usize,
    /// Their share; none without rows.
    pub rate: Option<f64>,
    /// The rate against that of all rows; none if nothing came true.
    pub lift: Option<f64>,
    /// Share of all positives in this tenth and those before; none if nothing came true.
    pub captured: Option<f64>,
}

/// A point of the ROC curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RocPoint {
    /// Rows from this probability on are taken; none for the beginning, where none is.
    pub probability: Option<f64>,
    /// Share of the negative rows that are taken.
    pub false_positive_rate: f64,
    /// Share of the positive rows that are taken.
    pub true_positive_rate: f64,
}

/// Rows of like probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// From 1, the least likely.
    pub bin: usize,
    /// Its rows.
    pub profiles: usize,
    /// Their least and greatest probability.
    pub between: (f64, f64),
    /// Their mean probability.
    pub expected: f64,
    /// Share of positives, with its 95 % interval.
    pub actual: Interval,
}

impl Judged {
    /// The rows in tenths, the most likely first.
    pub fn gains(&self) -> Vec<Tenth> {
        let rows = self.rows();
        let rate_of_all = share(self.positives, rows).filter(|&rate| rate > 0.0);
        let mut before = 0;
        let tenth = |tenth: usize| {
            let (start, end) = (
                self.end_of_part(tenth - 1, PARTS),
                self.end_of_part(tenth, PARTS),
            );
            let part = rows - end..rows - start;
            let outcomes = &self.outcomes[part.clone()];
            let positives = outcomes.iter().filter(|&&outcome| outcome).count();
            before += positives;
            let rate = share(positives, part.len());
            Tenth {
                tenth,
                profiles: part.len(),
                expected: self.probabilities[part].iter().sum(),
                positives,
                rate,
                lift: rate.zip(rate_of_all).map(|(rate, all)| rate / all),
                captured: share(before, self.positives),
            }
        };
        (1..=PARTS).map(tenth).collect()
    }

    /// Points of the curve from none taken to all taken, about evenly spread over the rows; each is exact. Empty if there is
    /// one class.
    pub fn roc(&self) -> Vec<RocPoint> {
        let (rows, positives) = (self.rows(), self.positives);
        let negatives = rows - positives;
        if positives == 0 || negatives == 0 {
            return Vec::new();
        }
        let mut points = vec![RocPoint {
            probability: None,
            false_positive_rate: 0.0,
            true_positive_rate: 0.0,
        }];
        let (mut taken, mut found, mut next) = (0, 0, 0);
        let (mut start, step) = (rows, rows.div_ceil(POINTS));
        for tie in self.probabilities.chunk_by(|one, other| one == other).rev() {
            start -= tie.len();
            let outcomes = &self.outcomes[start..start + tie.len()];
            found += outcomes.iter().filter(|&&outcome| outcome).count();
            taken += tie.len();
            if taken >= next || start == 0 {
                next = taken + step;
                points.push(RocPoint {
                    probability: Some(tie[0]),
                    false_positive_rate: (taken - found) as f64 / negatives as f64,
                    true_positive_rate: found as f64 / positives as f64,
                });
            }
        }
        points
    }

    /// The rows in ten bins of equal count, the least likely first, fewer if there are fewer rows.
    pub fn calibration(&self) -> Vec<Bin> {
        let rows = self.rows();
        let parts = PARTS.min(rows);
        let bin = |bin: usize| {
            // As calibration_error counts them: the first bins have one row more.
            let part = self.end_of_part(bin - 1, parts)..self.end_of_part(bin, parts);
            let outcomes = &self.outcomes[part.clone()];
            let positives = outcomes.iter().filter(|&&outcome| outcome).count();
            let probabilities = &self.probabilities[part];
            let profiles = probabilities.len();
            Bin {
                bin,
                profiles,
                between: (probabilities[0], probabilities[profiles - 1]),
                expected: probabilities.iter().sum::<f64>() / profiles as f64,
                actual: wilson(positives, profiles),
            }
        };
        (1..=parts).map(bin).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn tenths_of_twelve_rows_by_hand() {
        let probabilities: Vec<f64> = (1..=12).map(|row| f64::from(row) / 16.0).collect();
        let outcomes: Vec<bool> = (1..=12).map(|row| [3, 11, 12].contains(&row)).collect();
        let gains = Judged::new(&probabilities, &outcomes, 0.25)
            .unwrap()
            .gains();
        assert_eq!(gains.iter().map(|tenth| tenth.profiles).sum::<usize>(), 12);
        // The two first tenths have a row more.
        let first = Tenth {
            tenth: 1,
            profiles: 2,
            expected: 23.0 / 16.0,
            positives: 2,
            rate: Some(1.0),
            lift: Some(4.0),
            captured: Some(2.0 / 3.0),
        };
        assert_eq!(gains[0], first);
        assert_eq!((gains[9].profiles, gains[9].captured), (1, Some(1.0)));
    }

    #[test]
    fn nothing_that_came_true_has_no_lift() {
        let gains = Judged::new(&[0.5; 3], &[false; 3], 0.5).unwrap().gains();
        assert_eq!((gains[0].lift, gains[0].captured), (None, None));
        assert_eq!((gains[9].profiles, gains[9].rate), (0, None));
    }

    #[test]
    fn a_long_curve_has_few_points_and_both_ends() {
        let mut rng = Rng::new(3);
        let probabilities: Vec<f64> = (0..5000).map(|_| rng.unit()).collect();
        let outcomes: Vec<bool> = probabilities.iter().map(|p| rng.unit() < *p).collect();
        let curve = Judged::new(&probabilities, &outcomes, 0.5).unwrap().roc();
        assert!((190..=POINTS + 2).contains(&curve.len()), "{}", curve.len());
        let ends = [curve[0], curve[curve.len() - 1]].map(|end| end.true_positive_rate);
        assert_eq!(ends, [0.0, 1.0]);
        let goes_up = |pair: &[RocPoint]| {
            pair[0].true_positive_rate <= pair[1].true_positive_rate
                && pair[0].false_positive_rate <= pair[1].false_positive_rate
        };
        assert!(curve.windows(2).all(goes_up));
    }

    #[test]
    fn bins_are_those_of_the_calibration_error() {
        let mut rng = Rng::new(4);
        let probabilities: Vec<f64> = (0..1237).map(|_| rng.unit()).collect();
        let outcomes: Vec<bool> = probabilities.iter().map(|p| rng.unit() < p * p).collect();
        let bins = Judged::new(&probabilities, &outcomes, 0.5)
            .unwrap()
            .calibration();
        let distance = |bin: &Bin| (bin.expected - bin.actual.value).abs() * bin.profiles as f64;
        let found = bins.iter().map(distance).sum::<f64>() / 1237.0;
        let expected = crate::learn::metrics::calibration_error(&probabilities, &outcomes).unwrap();
        assert!((found - expected).abs() < 1e-12);
    }

    #[test]
    fn fewer_rows_than_bins_are_bins_of_one_row() {
        let bins = Judged::new(&[0.5, 0.25], &[true, false], 0.5)
            .unwrap()
            .calibration();
        assert_eq!(bins.len(), 2);
        assert_eq!((bins[0].expected, bins[1].actual.value), (0.25, 1.0));
    }
}
