//! Measures with their 95 % intervals.

use super::{Judged, share};
use crate::error::Error;
use crate::learn::metrics::{
    Interval, NORMAL, average_precision, calibration_error, mean_interval, roc_auc_interval,
    surprise, wilson,
};

/// A measure by its name; the ends of its 95 % interval where one is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    /// Lower case with underscores.
    pub metric: &'static str,
    /// The estimate.
    pub value: f64,
    /// Ends of the interval.
    pub ends: Option<(f64, f64)>,
}

impl Measure {
    fn plain(metric: &'static str, value: f64) -> Self {
        let ends = None;
        Self {
            metric,
            value,
            ends,
        }
    }

    /// One of an interval.
    pub fn of(metric: &'static str, found: Interval) -> Self {
        Self {
            metric,
            value: found.value,
            ends: Some((found.low, found.high)),
        }
    }
}

impl Judged {
    /// All measures; of rows of one class only those that need no other.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn evaluate(&self) -> Result<Vec<Measure>, Error> {
        let (rows, positives) = (self.rows(), self.positives);
        let (probabilities, outcomes) = (&self.probabilities, &self.outcomes);
        let rate = wilson(positives, rows);
        let mean = probabilities.iter().sum::<f64>() / rows as f64;
        let mut measures = vec![
            Measure::plain("rows", rows as f64),
            Measure::plain("positives", positives as f64),
            Measure::of("base_rate", rate),
            Measure::plain("mean_probability", mean),
        ];
        if positives > 0 && positives < rows {
            let area = roc_auc_interval(probabilities, outcomes)?;
            let precision = average_precision(probabilities, outcomes)?;
            measures.push(Measure::of("auc", area));
            measures.push(Measure::of(
                "average_precision",
                of_precision(precision, positives),
            ));
        }
        let distance = |probability: f64, outcome| {
            let outcome = f64::from(u8::from(outcome));
            (probability - outcome).powi(2)
        };
        measures.push(Measure::of(
            "log_loss",
            mean_interval(probabilities, outcomes, surprise)?,
        ));
        measures.push(Measure::of(
            "brier",
            mean_interval(probabilities, outcomes, distance)?,
        ));
        let error = calibration_error(probabilities, outcomes)?;
        measures.push(Measure::plain("calibration_error", error));
        measures.extend(self.top_tenth(rate.value));
        Ok(measures)
    }

    /// What the most likely tenth would have brought.
    fn top_tenth(&self, rate: f64) -> Vec<Measure> {
        let top = self.end_of_part(1, 10);
        let found = self.positives_of_top(top);
        let mut measures = vec![Measure::of("top_tenth_rate", wilson(found, top))];
        if let Some(captured) = share(found, self.positives) {
            let lift = measures[0].value / rate;
            measures.push(Measure::plain("top_tenth_lift", lift));
            let captured = Interval {
                value: captured,
                ..wilson(found, self.positives)
            };
            measures.push(Measure::of("top_tenth_captured", captured));
        }
        measures
    }

    /// Positives among the most likely rows.
    fn positives_of_top(&self, rows: usize) -> usize {
        let top = self.outcomes.iter().rev().take(rows);
        top.filter(|&&outcome| outcome).count()
    }
}

/// The interval of an average precision, on the logit scale with the positives as trials (K. Boyd, K. H. Eng, C. D. Page,
/// "Area under the precision-recall curve: point estimates and confidence intervals", ECML PKDD 2013).
fn of_precision(value: f64, positives: usize) -> Interval {
    if value >= 1.0 {
        return Interval {
            value,
            ..wilson(positives, positives)
        };
    }
    let logit = (value / (1.0 - value)).ln();
    let spread = NORMAL / (positives as f64 * value * (1.0 - value)).sqrt();
    let end = |z: f64| 1.0 / (1.0 + (-z).exp());
    Interval {
        value,
        low: end(logit - spread),
        high: end(logit + spread),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(measures: &[Measure], metric: &str) -> Option<f64> {
        let found = measures.iter().find(|measure| measure.metric == metric);
        found.map(|measure| measure.value)
    }

    #[test]
    fn the_top_tenth_by_hand() {
        // Twenty rows, five positive; the two most likely are a positive and a negative one.
        let probabilities: Vec<f64> = (1..=20).map(|row| f64::from(row) / 40.0).collect();
        let outcomes: Vec<bool> = (1..=20)
            .map(|row| [2, 7, 12, 17, 20].contains(&row))
            .collect();
        let judged = Judged::new(&probabilities, &outcomes, 0.25).unwrap();
        let measures = judged.evaluate().unwrap();
        let expected = [
            ("rows", 20.0),
            ("positives", 5.0),
            ("base_rate", 0.25),
            ("mean_probability", 0.2625),
            ("top_tenth_rate", 0.5),
            ("top_tenth_lift", 2.0),
            ("top_tenth_captured", 0.2),
        ];
        for (metric, expected) in expected {
            let found = value(&measures, metric).unwrap();
            assert!((found - expected).abs() < 1e-12, "{metric}: {found}");
        }
    }

    #[test]
    fn one_class_has_no_area() {
        let judged = Judged::new(&[0.1, 0.2], &[false, false], 0.25).unwrap();
        let measures = judged.evaluate().unwrap();
        assert_eq!(value(&measures, "auc"), None);
        assert_eq!(value(&measures, "top_tenth_lift"), None);
        assert_eq!(value(&measures, "base_rate"), Some(0.0));
    }
}
