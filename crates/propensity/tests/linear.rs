//! The linear learner, metrics, splits and encoder against scikit-learn, numpy, linfa and the
//! reference implementation of docs/method.md (`linear/oracle.py`).
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use linfa::traits::Fit;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2};
use propensity::Error;
use propensity::cutoff::Cutoff;
use propensity::fit::hold_out::HoldOut;
use propensity::learn::dataset::{Dataset, Matrix, to_f32};
use propensity::learn::encoder::Encoder;
use propensity::learn::logistic::Logistic;
use propensity::learn::metrics;
use propensity::time::{DAY, Micros};
use serde::Deserialize;

#[derive(Deserialize)]
struct Oracle {
    logistic: Case,
    metrics: Vec<Metrics>,
    splits: Vec<Split>,
    encoder: Encoding,
}

#[derive(Deserialize)]
struct Case {
    values: Vec<Vec<Option<f32>>>,
    outcomes: Vec<bool>,
    fits: Vec<Fitted>,
}

#[derive(Deserialize)]
struct Fitted {
    strength: f64,
    weights: Vec<f64>,
    intercept: f64,
    logits: Vec<f64>,
}

#[derive(Deserialize)]
struct Metrics {
    outcomes: Vec<bool>,
    first: Vec<f64>,
    second: Vec<f64>,
    roc_auc: [f64; 3],
    difference: [f64; 3],
    average_precision: f64,
    log_loss: f64,
    brier: f64,
    calibration_error: f64,
}

#[derive(Deserialize)]
struct Split {
    rows: Vec<u32>,
    positives: Vec<u32>,
    stride: i64,
    window: i64,
    by_profile: bool,
    fit: usize,
    hold: usize,
}

#[derive(Deserialize)]
struct Encoding {
    values: Vec<Vec<Option<f64>>>,
    categories: Vec<Option<usize>>,
    columns: Vec<(usize, Option<usize>)>,
    sums: Vec<f64>,
}

fn oracle() -> Oracle {
    serde_json::from_str(include_str!("linear/oracle.json")).unwrap()
}

impl Case {
    fn matrix(&self) -> Matrix {
        let values = self.values.iter().flatten();
        Matrix {
            rows: self.values.len(),
            columns: self.values[0].len(),
            values: values.map(|value| value.unwrap_or(f32::NAN)).collect(),
        }
    }
}

fn matrix(rows: &[Vec<f64>]) -> Matrix {
    Matrix {
        rows: rows.len(),
        columns: rows[0].len(),
        values: rows.iter().flatten().map(|&value| to_f32(value)).collect(),
    }
}

fn all(x: &Matrix) -> Vec<u32> {
    (0..x.rows as u32).collect()
}

fn fit(x: &Matrix, outcomes: &[bool], strength: f64) -> Logistic {
    let mut models = Logistic::fit(x, outcomes, &all(x), &[strength], &mut || ()).unwrap();
    models.remove(0)
}

/// Numbers in (-1, 1), the same on every run.
fn noise() -> impl FnMut() -> f64 {
    let mut state = 1u64;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

/// Two informative columns and one of noise.
fn sample(rows: usize) -> (Vec<Vec<f64>>, Vec<bool>) {
    let mut next = noise();
    let values: Vec<Vec<f64>> = (0..rows).map(|_| vec![next(), next(), next()]).collect();
    let outcomes = values
        .iter()
        .map(|row| 2.0 * row[0] - row[1] + 2.0 * next() > 0.3)
        .collect();
    (values, outcomes)
}

fn is_close(found: f64, expected: f64, tolerance: f64) -> bool {
    (found - expected).abs() <= tolerance
}

fn is_finite(model: &Logistic) -> bool {
    model.weights.iter().all(|w| w.is_finite()) && model.intercept.is_finite()
}

#[test]
fn weights_are_those_of_scikit_learn() {
    let case = oracle().logistic;
    let x = case.matrix();
    let strengths: Vec<f64> = case.fits.iter().map(|fit| fit.strength).collect();
    let models = Logistic::fit(&x, &case.outcomes, &all(&x), &strengths, &mut || ()).unwrap();
    for (model, expected) in models.iter().zip(&case.fits) {
        assert_eq!(model.weights.len(), expected.weights.len());
        for (found, expected) in model.weights.iter().zip(&expected.weights) {
            assert!(is_close(*found, *expected, 1e-6), "{found} {expected}");
        }
        assert!(is_close(model.intercept, expected.intercept, 1e-6));
        for (row, expected) in expected.logits.iter().enumerate() {
            assert!(is_close(model.logit(x.row(row)), *expected, 1e-5));
        }
    }
}

#[test]
fn a_strength_alone_gives_what_it_gives_among_others() {
    let case = oracle().logistic;
    let x = case.matrix();
    let strengths = [1.0, 125.0];
    let models = Logistic::fit(&x, &case.outcomes, &all(&x), &strengths, &mut || ()).unwrap();
    let alone = fit(&x, &case.outcomes, 125.0);
    for (one, other) in models[1].weights.iter().zip(&alone.weights) {
        assert!(is_close(*one, *other, 1e-7));
    }
}

#[test]
fn weights_are_those_of_linfa() {
    let (values, outcomes) = sample(2000);
    let x = matrix(&values);
    let model = fit(&x, &outcomes, 50.0);
    let records = Array2::from_shape_fn((x.rows, x.columns), |(row, column)| {
        model.scale.value(column, x.row(row)[column])
    });
    let dataset = linfa::Dataset::new(records, Array1::from(outcomes));
    let linfa = LogisticRegression::default()
        .alpha(2000.0 / 50.0)
        .gradient_tolerance(1e-4)
        .max_iterations(1000)
        .fit(&dataset)
        .unwrap();
    let sign = if linfa.labels().pos.class { 1.0 } else { -1.0 };
    for (found, expected) in model.weights.iter().zip(linfa.params()) {
        assert!(
            is_close(*found, sign * expected, 1e-5),
            "{found} {expected}"
        );
    }
    assert!(is_close(model.intercept, sign * linfa.intercept(), 1e-5));
}

#[test]
fn contributions_add_up_to_the_logit() {
    let case = oracle().logistic;
    let x = case.matrix();
    let model = fit(&x, &case.outcomes, 5.0);
    let mut parts = vec![0.0; x.columns];
    for row in 0..x.rows {
        let logit = model.contributions(&model.indicator_parts(), x.row(row), &mut parts);
        assert_eq!(logit.to_bits(), model.logit(x.row(row)).to_bits());
        let sum = model.intercept + parts.iter().sum::<f64>();
        assert!(is_close(sum, logit, 1e-12));
    }
}

#[test]
fn separable_collinear_constant_and_huge_columns_give_finite_weights() {
    let (mut values, _) = sample(500);
    let outcomes: Vec<bool> = values.iter().map(|row| row[0] > 0.0).collect();
    for (i, row) in values.iter_mut().enumerate() {
        let first = row[0];
        let huge = if i % 7 == 0 { 1e300 } else { -1e300 * first };
        let gap = if i % 2 == 0 { f64::NAN } else { 3.0 };
        row.extend([first, 2.0 * first, 4.0, huge, 1e-300, gap, f64::NAN]);
    }
    let x = matrix(&values);
    for strength in [1e-6, 1.0, 125.0, 1e9, 1e15] {
        let model = fit(&x, &outcomes, strength);
        assert!(is_finite(&model), "{strength}: {model:?}");
        assert!((0..x.rows).all(|row| model.logit(x.row(row)).is_finite()));
    }
    let separated = fit(&x, &outcomes, 125.0);
    let logits: Vec<f64> = (0..x.rows).map(|row| separated.logit(x.row(row))).collect();
    assert!(metrics::roc_auc(&logits, &outcomes).unwrap() > 0.9999);
}

#[test]
fn equal_columns_share_their_weight() {
    let (mut values, outcomes) = sample(500);
    values.iter_mut().for_each(|row| row[2] = row[0]);
    let model = fit(&matrix(&values), &outcomes, 25.0);
    assert!(is_close(model.weights[0], model.weights[2], 1e-9));
}

#[test]
fn a_column_that_never_varies_weighs_nothing() {
    let (mut values, outcomes) = sample(100);
    values.iter_mut().for_each(|row| row[1] = 7.0);
    let model = fit(&matrix(&values), &outcomes, 25.0);
    assert_eq!((model.weights[1], model.scale.std[1]), (0.0, 1.0));
}

#[test]
fn the_same_rows_give_the_same_bits_and_in_another_order_the_same_model() {
    let case = oracle().logistic;
    let x = case.matrix();
    let mut rows = all(&x);
    let fit = |rows: &[u32]| {
        let models = Logistic::fit(&x, &case.outcomes, rows, &[5.0], &mut || ());
        models.unwrap().remove(0)
    };
    let model = fit(&rows);
    assert_eq!(model, fit(&rows));
    rows.reverse();
    for (one, other) in model.weights.iter().zip(fit(&rows).weights) {
        assert!(is_close(*one, other, 1e-7));
    }
}

#[test]
fn only_the_chosen_rows_count() {
    let (values, outcomes) = sample(400);
    let x = matrix(&values);
    let half: Vec<u32> = (200..400).collect();
    let chosen = Logistic::fit(&x, &outcomes, &half, &[5.0], &mut || ()).unwrap();
    let alone = fit(&matrix(&values[200..]), &outcomes[200..], 5.0);
    assert_eq!(chosen[0], alone);
}

#[test]
fn a_rare_class_is_learned_without_nan() {
    let (values, _) = sample(20_000);
    let outcomes: Vec<bool> = (0..20_000).map(|row| row == 77).collect();
    let model = fit(&matrix(&values), &outcomes, 125.0);
    assert!(is_finite(&model) && model.intercept < -8.0);
}

#[test]
fn impossible_fits_are_errors() {
    let (values, outcomes) = sample(50);
    let x = matrix(&values);
    let fit = |outcomes: &[bool], rows: &[u32], strength: f64| {
        Logistic::fit(&x, outcomes, rows, &[strength], &mut || ()).unwrap_err()
    };
    assert_eq!(fit(&outcomes, &[], 1.0), Error::NoRows);
    let one = [true; 50];
    assert_eq!(
        fit(&one, &all(&x), 1.0),
        Error::OneClass {
            positives: 50,
            rows: 50
        }
    );
    assert!(matches!(
        fit(&outcomes, &[50], 1.0),
        Error::LengthMismatch { .. }
    ));
    assert!(matches!(
        fit(&outcomes[1..], &[0], 1.0),
        Error::LengthMismatch { .. }
    ));
    for strength in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            fit(&outcomes, &all(&x), strength),
            Error::Parameter { .. }
        ));
    }
}

#[test]
fn a_damaged_model_is_refused() {
    let (values, outcomes) = sample(50);
    let model = fit(&matrix(&values), &outcomes, 1.0);
    assert!(model.validate(3).is_ok());
    assert!(model.validate(4).is_err());
    let mut damaged = model.clone();
    damaged.weights[0] = f64::NAN;
    assert!(damaged.validate(3).is_err());
    damaged = model;
    damaged.scale.std[0] = 0.0;
    assert!(damaged.validate(3).is_err());
}

#[test]
fn fitting_polls_while_it_works() {
    let (values, outcomes) = sample(20_000);
    let x = matrix(&values);
    let mut polls = 0;
    Logistic::fit(&x, &outcomes, &all(&x), &[1.0], &mut || polls += 1).unwrap();
    // Every 1,024 rows of every reading.
    assert!(polls > 100, "{polls}");
}

#[test]
fn metrics_are_those_of_scikit_learn_and_of_the_definitions() {
    for case in oracle().metrics {
        let (first, outcomes) = (&case.first, &case.outcomes);
        let interval = metrics::roc_auc_interval(first, outcomes).unwrap();
        let difference = metrics::auc_difference(first, &case.second, outcomes).unwrap();
        let pairs = [
            (metrics::roc_auc(first, outcomes).unwrap(), case.roc_auc[0]),
            (interval.value, case.roc_auc[0]),
            (interval.low, case.roc_auc[1]),
            (interval.high, case.roc_auc[2]),
            (difference.value, case.difference[0]),
            (difference.low, case.difference[1]),
            (difference.high, case.difference[2]),
            (
                metrics::average_precision(first, outcomes).unwrap(),
                case.average_precision,
            ),
            (metrics::log_loss(first, outcomes).unwrap(), case.log_loss),
            (metrics::brier(first, outcomes).unwrap(), case.brier),
            (
                metrics::calibration_error(first, outcomes).unwrap(),
                case.calibration_error,
            ),
        ];
        for (metric, (found, expected)) in pairs.into_iter().enumerate() {
            assert!(
                is_close(found, expected, 1e-12),
                "{metric}: {found} {expected}"
            );
        }
    }
}

#[test]
fn hold_outs_are_those_of_the_reference() {
    for case in oracle().splits {
        let times: Vec<Cutoff> = (0..case.rows.len() as i64)
            .map(|index| Cutoff {
                at: index * case.stride * DAY,
                eligible_from: Micros::MIN,
                outcome_until: (index * case.stride + case.window) * DAY,
                ..Cutoff::default()
            })
            .collect();
        let (mut cutoffs, mut outcomes) = (Vec::new(), Vec::new());
        for (cutoff, (&rows, &positives)) in (0..).zip(case.rows.iter().zip(&case.positives)) {
            cutoffs.extend((0..rows).map(|_| cutoff));
            outcomes.extend((0..rows).map(|row| row < positives));
        }
        let profiles: Vec<u64> = (0..cutoffs.len() as u64).collect();
        let split = HoldOut::choose(&cutoffs, &times, &profiles, &outcomes).unwrap();
        assert_eq!(split.by_profile, case.by_profile);
        if !split.by_profile {
            assert_eq!((split.fit.len(), split.hold.len()), (case.fit, case.hold));
        }
    }
}

impl Encoding {
    fn dataset(&self, rows: impl Iterator<Item = usize>) -> Dataset {
        let mut dataset = Dataset::new(self.categories.len());
        for row in rows {
            let values = self.values[row]
                .iter()
                .map(|value| value.unwrap_or(f64::NAN));
            dataset
                .push(&values.collect::<Vec<f64>>(), true, 0, 0)
                .unwrap();
        }
        dataset
    }
}

#[test]
fn columns_are_those_of_the_reference_in_any_order_of_rows() {
    let case = oracle().encoder;
    let forward = case.dataset(0..case.values.len());
    let encoder = Encoder::fit(&forward, &case.categories, &mut || ()).unwrap();
    let columns: Vec<_> = (0..encoder.columns())
        .map(|column| (encoder.source(column), encoder.category(column)))
        .collect();
    assert_eq!(columns, case.columns);

    let x = encoder.transform(forward, &mut || ()).unwrap();
    for (column, expected) in case.sums.iter().enumerate() {
        let present = (0..x.rows).map(|row| x.row(row)[column]);
        let sum: f32 = present.filter(|value| !value.is_nan()).sum();
        assert_eq!(f64::from(sum), *expected);
    }

    let backward = case.dataset((0..case.values.len()).rev());
    let same = Encoder::fit(&backward, &case.categories, &mut || ()).unwrap();
    assert_eq!(encoder, same);
}
