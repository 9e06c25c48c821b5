//! Judging predictions, against scikit-learn and scipy (`judge/oracle.py`).
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;

use propensity::judge::Judged;
use propensity::learn::metrics::Interval;
use serde::Deserialize;

const BASE_RATE: f64 = 0.3;

#[derive(Deserialize)]
struct Case {
    probabilities: Vec<f64>,
    outcomes: Vec<bool>,
    measures: BTreeMap<String, f64>,
    base_rate: [f64; 3],
    top_tenth: Option<[f64; 3]>,
    /// Probability, false and true positive rate.
    roc: Vec<[f64; 3]>,
    /// Mean probability, share of positives.
    calibration: Option<Vec<[f64; 2]>>,
    tenths: Option<Vec<usize>>,
    /// Of every score that anybody reaches: rows, precision, recall.
    thresholds: Vec<(usize, f64, f64)>,
}

fn cases() -> Vec<(Case, Judged)> {
    let cases: Vec<Case> = serde_json::from_str(include_str!("judge/oracle.json")).unwrap();
    let judged = |case: Case| {
        let judged = Judged::new(&case.probabilities, &case.outcomes, BASE_RATE).unwrap();
        (case, judged)
    };
    cases.into_iter().map(judged).collect()
}

#[track_caller]
fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
}

#[track_caller]
fn close_interval(found: Interval, expected: [f64; 3]) {
    close(found.value, expected[0]);
    close(found.low, expected[1]);
    close(found.high, expected[2]);
}

#[test]
fn measures_and_shares() {
    for (case, judged) in cases() {
        let measures = judged.evaluate().unwrap();
        let interval = |metric: &str| {
            let found = measures
                .iter()
                .find(|measure| measure.metric == metric)
                .unwrap();
            let (low, high) = found.ends.unwrap();
            let value = found.value;
            Interval { value, low, high }
        };
        assert_eq!(case.measures.len(), 4);
        for (metric, &expected) in &case.measures {
            let found = interval(metric);
            close(found.value, expected);
            assert!(
                found.low < found.value && found.value < found.high,
                "{metric}: {found:?}"
            );
        }
        close_interval(interval("base_rate"), case.base_rate);
        if let Some(expected) = case.top_tenth {
            close_interval(interval("top_tenth_rate"), expected);
        }
    }
}

#[test]
fn the_roc_curve() {
    for (case, judged) in cases() {
        // So few rows that no point is left out.
        let curve = judged.roc();
        assert_eq!(curve.len(), case.roc.len() + 1);
        for (found, [probability, false_positive, true_positive]) in curve[1..].iter().zip(case.roc)
        {
            assert_eq!(found.probability, Some(probability));
            close(found.false_positive_rate, false_positive);
            close(found.true_positive_rate, true_positive);
        }
    }
}

#[test]
fn calibration_and_gains() {
    let (case, judged) = cases().swap_remove(0);
    let (bins, expected) = (judged.calibration(), case.calibration.unwrap());
    assert_eq!(bins.len(), expected.len());
    for (bin, [mean, rate]) in bins.iter().zip(expected) {
        close(bin.expected, mean);
        close(bin.actual.value, rate);
    }
    let found: Vec<usize> = judged.gains().iter().map(|tenth| tenth.positives).collect();
    assert_eq!(Some(found), case.tenths);
    let expected: f64 = judged.gains().iter().map(|tenth| tenth.expected).sum();
    close(expected, case.probabilities.iter().sum());
}

#[test]
fn thresholds() {
    for (case, judged) in cases() {
        let reached = judged
            .thresholds()
            .into_iter()
            .filter(|threshold| threshold.profiles > 0);
        let found: Vec<_> = reached.collect();
        assert_eq!(found.len(), case.thresholds.len());
        for (found, (rows, precision, recall)) in found.iter().zip(case.thresholds) {
            assert_eq!(found.profiles, rows);
            close(found.precision.unwrap(), precision);
            close(found.captured.unwrap(), recall);
        }
    }
}
