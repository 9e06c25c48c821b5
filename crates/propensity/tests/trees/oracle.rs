//! Against LightGBM and scikit-learn (fixtures/trees.py).

use crate::rows::*;
use propensity::learn::binning::Bins;
use propensity::learn::boosting::{Forest, ForestParams, ForestParts, MIN_ROUNDS, Selection};
use propensity::learn::dataset::Matrix;
use propensity::learn::tree::Node;
use propensity::rng::Rng;
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixture {
    same: Same,
    large: Large,
}

#[derive(Deserialize)]
struct Same {
    values: Vec<Option<f32>>,
    outcomes: Vec<bool>,
    columns: usize,
    forest: ForestParts,
    margins: Vec<f64>,
}

#[derive(Deserialize)]
struct Large {
    rows: usize,
    columns: usize,
    fit: usize,
    positives: usize,
    lightgbm_log_loss: Vec<f64>,
    lightgbm_rounds: Vec<f64>,
    scikit_learn_log_loss: f64,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../fixtures/trees.json")).unwrap()
}

/// The rows of `large()` in fixtures/trees.py.
fn large(shape: &Large) -> (Matrix, Vec<bool>) {
    let mut rng = Rng::new(11);
    let (mut values, mut outcomes) = (Vec::new(), Vec::new());
    for _ in 0..shape.rows {
        let u: Vec<f64> = (0..shape.columns + 2).map(|_| rng.unit()).collect();
        let mut x = u[..shape.columns].to_vec();
        x[0] = (-4.0 * (1.0 - u[0]).ln()).floor();
        x[1] = f64::from(u8::from(u[1] < 0.1));
        if u[shape.columns] < 0.3 {
            x[2] = f64::NAN;
        }
        let curved = if x[2].is_nan() {
            1.0
        } else {
            3.0 * x[2] * x[2]
        };
        let z = x[0] / 4.0 + 2.0 * x[1] * x[3] + curved - 4.0;
        values.extend(x.iter().map(|&v| v as f32));
        outcomes.push(u[shape.columns + 1] < 1.0 / (1.0 + (-z).exp()));
    }
    (matrix(shape.columns, values), outcomes)
}

fn log_loss(forest: &Forest, x: &Matrix, outcomes: &[bool], rows: &[u32]) -> f64 {
    let loss = |&row: &u32| {
        let z = forest.logit(x.row(row as usize));
        let against = if outcomes[row as usize] { -z } else { z };
        against.exp().ln_1p()
    };
    rows.iter().map(loss).sum::<f64>() / rows.len() as f64
}

/// A tree as text, left before right, so that the order of nodes does not matter. Without
/// thresholds: between two rows of a leaf several are equally good.
fn text(nodes: &[Node], index: u32, out: &mut Vec<String>) {
    let node = &nodes[index as usize];
    if node.is_leaf() {
        out.push(format!("leaf of {}", node.cover));
    } else {
        out.push(format!("x{} of {}", node.column, node.cover));
        text(nodes, node.left, out);
        text(nodes, node.right, out);
    }
}

fn texts(parts: &ForestParts) -> Vec<Vec<String>> {
    let tree = |&root: &u32| {
        let mut out = Vec::new();
        text(&parts.nodes, root, &mut out);
        out
    };
    parts.roots.iter().map(tree).collect()
}

#[test]
fn splits_where_lightgbm_splits() {
    let given = fixture().same;
    let values = given.values.iter().map(|v| v.unwrap_or(f32::NAN)).collect();
    let x = matrix(given.columns, values);
    let params = ForestParams {
        learning_rate: 0.1,
        leaves: 6,
        min_rows: 20,
        row_share: 1.0,
        column_share: 1.0,
        rounds: 12,
        ..ForestParams::default()
    };
    let forest = fit(&x, &given.outcomes, params).unwrap();
    assert_eq!(texts(forest.parts()), texts(&given.forest));
    for (row, margin) in given.margins.iter().enumerate() {
        let logit = forest.logit(x.row(row));
        assert!(
            (logit - margin).abs() < 1e-6,
            "row {row}: {logit}, {margin}"
        );
    }
}

/// What LightGBM was told.
fn slow() -> ForestParams {
    ForestParams {
        learning_rate: 0.03,
        column_share: 0.5,
        patience: 60,
        ..ForestParams::default()
    }
}

#[test]
fn predicts_as_well_as_lightgbm_and_scikit_learn() {
    let shape = fixture().large;
    let (x, outcomes) = large(&shape);
    assert_eq!(outcomes.iter().filter(|&&y| y).count(), shape.positives);
    let rows = all(shape.rows);
    let (fit_rows, hold_rows) = rows.split_at(shape.fit);
    let params = ForestParams {
        rounds: 200,
        ..slow()
    };
    let bins = Bins::new(&x, fit_rows, 255, &mut || ()).unwrap();
    let params = params.check().unwrap();
    let forest = Forest::fit(&bins, &outcomes, fit_rows, &params, &mut || ()).unwrap();
    let loss = log_loss(&forest, &x, &outcomes, hold_rows);
    let lightgbm = shape.lightgbm_log_loss.iter().sum::<f64>() / 5.0;
    assert!(loss < 1.01 * lightgbm, "{loss}, LightGBM {lightgbm}");
    assert!(loss < 1.01 * shape.scikit_learn_log_loss, "{loss}");
}

#[test]
fn stops_about_when_lightgbm_stops() {
    let shape = fixture().large;
    let (x, outcomes) = large(&shape);
    let rows = all(shape.rows);
    let (fit_rows, hold_rows) = rows.split_at(shape.fit);
    let bins = Bins::new(&x, fit_rows, 255, &mut || ()).unwrap();
    let params = slow().check().unwrap();
    let selected = Forest::select(&bins, &outcomes, fit_rows, hold_rows, &params, &mut || ());
    let Selection { rounds, forest } = selected.unwrap();
    let mean = shape.lightgbm_rounds.iter().sum::<f64>() / 5.0;
    assert!(
        (rounds as f64 / mean - 1.0).abs() < 0.3,
        "{rounds}, LightGBM {mean}"
    );
    // The loss at the chosen round is no worse than far before and far after it.
    let loss = |rounds| {
        let params = params.with_rounds(rounds);
        let forest = Forest::fit(&bins, &outcomes, fit_rows, &params, &mut || ()).unwrap();
        log_loss(&forest, &x, &outcomes, hold_rows)
    };
    let best = loss(rounds);
    assert_eq!(best, log_loss(&forest, &x, &outcomes, hold_rows));
    assert!(best < loss(rounds / 2) && best < loss(rounds * 2));
}

#[test]
fn stops_no_earlier_than_after_ten_rounds() {
    let (x, mut outcomes) = simple(600);
    // Held out rows that contradict the others: every round makes their loss worse.
    outcomes[400..]
        .iter_mut()
        .for_each(|outcome| *outcome = !*outcome);
    let rows = all(600);
    let bins = bin(&x);
    let params = ForestParams {
        patience: 1,
        ..few()
    };
    let params = params.check().unwrap();
    let (fit_rows, hold_rows) = rows.split_at(400);
    let selected = Forest::select(&bins, &outcomes, fit_rows, hold_rows, &params, &mut || ());
    let whole = params.with_rounds(MIN_ROUNDS);
    let forest = Forest::fit(&bins, &outcomes, fit_rows, &whole, &mut || ()).unwrap();
    let expected = Selection {
        rounds: MIN_ROUNDS,
        forest,
    };
    assert_eq!(selected.unwrap(), expected);
}
