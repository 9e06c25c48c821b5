//! Forests: against LightGBM and scikit-learn (fixtures/trees.py), and what must always hold.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use propensity::Error;
use propensity::binning::{Bins, MISSING};
use propensity::boosting::{Forest, ForestParams, ForestParts, MAX_DEPTH, MIN_ROUNDS, Selection};
use propensity::dataset::Matrix;
use propensity::rng::Rng;
use propensity::tree::Node;
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
    serde_json::from_str(include_str!("fixtures/trees.json")).unwrap()
}

fn matrix(columns: usize, values: Vec<f32>) -> Matrix {
    Matrix {
        rows: values.len() / columns,
        columns,
        values,
    }
}

fn all(rows: usize) -> Vec<u32> {
    (0..rows as u32).collect()
}

fn bin(x: &Matrix) -> Bins {
    Bins::new(x, &all(x.rows), 255, &mut || ()).unwrap()
}

fn fit(x: &Matrix, outcomes: &[bool], params: ForestParams) -> Result<Forest, Error> {
    let params = params.check()?;
    Forest::fit(&bin(x), outcomes, &all(x.rows), &params, &mut || ())
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

#[test]
fn predicts_as_well_as_lightgbm_and_scikit_learn() {
    let shape = fixture().large;
    let (x, outcomes) = large(&shape);
    assert_eq!(outcomes.iter().filter(|&&y| y).count(), shape.positives);
    let rows = all(shape.rows);
    let (fit_rows, hold_rows) = rows.split_at(shape.fit);
    let params = ForestParams {
        rounds: 200,
        ..ForestParams::default()
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
    let params = ForestParams::default().check().unwrap();
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

/// A few hundred rows whose outcome depends on two columns; the third is constant.
fn simple(rows: usize) -> (Matrix, Vec<bool>) {
    let mut rng = Rng::new(17);
    let (mut values, mut outcomes) = (Vec::new(), Vec::new());
    for _ in 0..rows {
        let (a, b) = (rng.unit(), rng.unit());
        let a = if rng.unit() < 0.2 { f64::NAN } else { a };
        values.extend([a as f32, b as f32, 7.0]);
        let p = if a.is_nan() { 0.8 } else { 0.6 * a * b };
        outcomes.push(rng.unit() < p);
    }
    (matrix(3, values), outcomes)
}

fn few() -> ForestParams {
    ForestParams {
        min_rows: 5,
        rounds: 20,
        ..ForestParams::default()
    }
}

#[test]
fn deciding_by_bin_and_by_value_is_the_same() {
    let mut rng = Rng::new(23);
    let mut values: Vec<f32> = (0..3000)
        .map(|_| ((rng.unit() - 0.5) * 600.0) as f32)
        .collect();
    // Neighbouring floats, both zeros, extremes and missing values.
    let mut next = 1.0_f32;
    for value in values.iter_mut().take(200) {
        *value = next;
        next = next.next_up();
    }
    values[200..205].copy_from_slice(&[0.0, -0.0, f32::MAX, f32::MIN, f32::MIN_POSITIVE]);
    values[205..300].fill(f32::NAN);
    let x = matrix(1, values);
    for max_bins in [2, 3, 16, 255] {
        let bins = Bins::new(&x, &all(3000), max_bins, &mut || ()).unwrap();
        assert!(bins.values(0) < max_bins);
        assert!(bins.values(0) + 1 >= max_bins * 3 / 4);
        for (row, &bin) in bins.column(0).iter().enumerate() {
            let value = x.values[row];
            assert_eq!(bin == MISSING, value.is_nan());
            for split in 0..bins.values(0) as u8 {
                assert_eq!(bin <= split, value <= bins.threshold(0, split), "{value}");
            }
        }
    }
}

#[test]
fn few_distinct_values_get_a_bin_each_with_edges_midway() {
    let x = matrix(1, vec![1.0, 4.0, 4.0, 2.0, f32::NAN, 1.0]);
    let bins = bin(&x);
    assert_eq!(bins.column(0), [0, 2, 2, 1, MISSING, 0]);
    assert_eq!([bins.threshold(0, 0), bins.threshold(0, 1)], [1.5, 3.0]);
}

#[test]
fn many_values_share_bins_evenly_and_a_frequent_one_has_its_own() {
    let values = (0..4000).map(|row| if row % 4 == 0 { 1500.0 } else { row as f32 });
    let x = matrix(1, values.collect());
    let bins = Bins::new(&x, &all(4000), 21, &mut || ()).unwrap();
    let mut counts = vec![0; bins.values(0)];
    for &bin in bins.column(0) {
        counts[usize::from(bin)] += 1;
    }
    let frequent = bins.column(0)[0];
    assert!(
        (1000..1080).contains(&counts[usize::from(frequent)]),
        "{counts:?}"
    );
    counts.remove(usize::from(frequent));
    assert!(counts.len() >= 18);
    assert!(
        counts.iter().all(|&rows| (60..=250).contains(&rows)),
        "{counts:?}"
    );
}

#[test]
fn edges_come_from_the_rows_given_and_bin_all_rows() {
    let x = matrix(1, vec![1.0, 2.0, 100.0, -5.0]);
    let bins = Bins::new(&x, &[0, 1], 255, &mut || ()).unwrap();
    assert_eq!(bins.column(0), [0, 1, 1, 0]);
}

#[test]
fn missing_values_go_to_the_better_side() {
    let (x, outcomes) = simple(2000);
    let forest = fit(&x, &outcomes, few()).unwrap();
    let missing = forest.logit(&[f32::NAN, 0.5, 7.0]);
    let low = forest.logit(&[0.1, 0.5, 7.0]);
    assert!(missing > low + 0.3, "{missing} {low}");
}

#[test]
fn constant_columns_are_never_split_on() {
    let (x, outcomes) = simple(500);
    let forest = fit(&x, &outcomes, few()).unwrap();
    let nodes = &forest.parts().nodes;
    assert!(nodes.iter().all(|node| node.is_leaf() || node.column != 2));
    let constant = matrix(1, vec![3.0; 4]);
    let outcome = fit(&constant, &[true, false, true, false], few());
    assert_eq!(outcome, Err(Error::NoFeatures));
}

#[test]
fn columns_that_cannot_be_split_take_no_place_in_the_samples() {
    // 49 columns of which any split would leave fewer rows than a leaf needs, and a useful one.
    let outcomes: Vec<bool> = (0..200).map(|row| row % 4 == 0 || row < 50).collect();
    let value = |row: usize, column: usize| match column {
        49 => row as f32,
        _ => f32::from(u8::from(row % 50 == column)),
    };
    let values = (0..200).flat_map(|row| (0..50).map(move |column| value(row, column)));
    let params = ForestParams {
        column_share: 0.02,
        ..few()
    };
    let forest = fit(&matrix(50, values.collect()), &outcomes, params).unwrap();
    assert_eq!(forest.trees(), few().rounds);
}

#[test]
fn trees_keep_to_their_limits() {
    let (x, outcomes) = simple(3000);
    for (leaves, depth, min_rows) in [(2, 5, 1), (15, 1, 1), (15, 5, 40), (31, 3, 100)] {
        let params = ForestParams {
            leaves,
            depth,
            min_rows,
            row_share: 1.0,
            rounds: 10,
            ..ForestParams::default()
        };
        let forest = fit(&x, &outcomes, params).unwrap();
        for tree in 0..forest.trees() {
            let nodes = forest.tree(tree);
            let ends: Vec<&Node> = nodes.iter().filter(|node| node.is_leaf()).collect();
            assert!(ends.len() >= 2 && ends.len() <= leaves.min(1 << depth));
            assert!(ends.iter().all(|leaf| leaf.cover as usize >= min_rows));
            assert_eq!(nodes[0].cover, 3000);
        }
    }
}

#[test]
fn rows_that_allow_no_split_give_the_mean() {
    let x = matrix(1, vec![1.0, 2.0]);
    let forest = fit(&x, &[true, false], ForestParams::default()).unwrap();
    assert_eq!(forest.trees(), 0);
    assert_eq!(forest.logit(&[1.0]), 0.0);
}

#[test]
fn two_rows_can_be_told_apart() {
    let x = matrix(1, vec![1.0, 2.0]);
    let params = ForestParams {
        min_rows: 1,
        row_share: 1.0,
        l2: 0.0,
        rounds: 50,
        ..ForestParams::default()
    };
    let forest = fit(&x, &[true, false], params).unwrap();
    assert!(forest.logit(&[1.4]) > 1.0 && forest.logit(&[1.6]) < -1.0);
}

#[test]
fn rows_of_one_class_and_other_bad_input_are_errors() {
    let (x, outcomes) = simple(100);
    let one = fit(&x, &[true; 100], few());
    let expected = Error::OneClass {
        positives: 100,
        rows: 100,
    };
    assert_eq!(one, Err(expected));
    let bins = bin(&x);
    let params = few().check().unwrap();
    let fit = |outcomes: &[bool], rows: &[u32]| {
        Forest::fit(&bins, outcomes, rows, &params, &mut || ()).unwrap_err()
    };
    assert_eq!(fit(&outcomes, &[]), Error::NoRows);
    assert!(matches!(
        fit(&outcomes[..9], &[0]),
        Error::LengthMismatch { found: 9, .. }
    ));
    for rows in [&[1, 0][..], &[1, 1], &[99, 100]] {
        assert!(matches!(
            fit(&outcomes, rows),
            Error::Parameter { name: "rows", .. }
        ));
    }
    let none = Forest::select(&bins, &outcomes, &all(100), &[], &params, &mut || ());
    assert_eq!(none, Err(Error::NoRows));
    let short = Matrix {
        rows: 2,
        ..matrix(1, vec![1.0])
    };
    assert!(Bins::new(&short, &[], 255, &mut || ()).is_err());
    assert!(Bins::new(&x, &[100], 255, &mut || ()).is_err());
    assert!(Bins::new(&x, &[0], 256, &mut || ()).is_err());
}

#[test]
fn parameters_out_of_range_are_named() {
    let default = ForestParams::default;
    let bad = [
        (
            "learning_rate",
            ForestParams {
                learning_rate: f64::NAN,
                ..default()
            },
        ),
        (
            "leaves",
            ForestParams {
                leaves: 1,
                ..default()
            },
        ),
        (
            "depth",
            ForestParams {
                depth: MAX_DEPTH + 1,
                ..default()
            },
        ),
        (
            "min_rows",
            ForestParams {
                min_rows: 0,
                ..default()
            },
        ),
        (
            "row_share",
            ForestParams {
                row_share: 0.0,
                ..default()
            },
        ),
        (
            "column_share",
            ForestParams {
                column_share: 1.1,
                ..default()
            },
        ),
        (
            "l2",
            ForestParams {
                l2: -1.0,
                ..default()
            },
        ),
        (
            "rounds",
            ForestParams {
                rounds: 0,
                ..default()
            },
        ),
        (
            "patience",
            ForestParams {
                patience: 0,
                ..default()
            },
        ),
    ];
    for (wanted, params) in bad {
        match params.check() {
            Err(Error::Parameter { name, .. }) => assert_eq!(name, wanted),
            other => panic!("{wanted}: {other:?}"),
        }
    }
}

#[test]
fn the_seed_alone_makes_a_difference() {
    let (x, outcomes) = simple(600);
    let first = fit(&x, &outcomes, few()).unwrap();
    assert_eq!(fit(&x, &outcomes, few()).unwrap(), first);
    let other = ForestParams { seed: 1, ..few() };
    assert_ne!(fit(&x, &outcomes, other).unwrap(), first);
}

#[test]
fn without_samples_the_order_of_rows_changes_nothing() {
    let (x, outcomes) = simple(600);
    let params = ForestParams {
        row_share: 1.0,
        ..few()
    };
    let turned: Vec<f32> = (0..600).rev().flat_map(|row| x.row(row).to_vec()).collect();
    let outcomes_turned: Vec<bool> = outcomes.iter().rev().copied().collect();
    let first = fit(&x, &outcomes, params.clone()).unwrap();
    let second = fit(&matrix(3, turned), &outcomes_turned, params).unwrap();
    assert_eq!(first, second);
}

#[test]
fn a_cancelled_fit_leaves_nothing_behind() {
    let (x, outcomes) = simple(600);
    let bins = bin(&x);
    let params = few().check().unwrap();
    let rows = all(600);
    let mut polls = 0;
    let whole = Forest::fit(&bins, &outcomes, &rows, &params, &mut || polls += 1).unwrap();
    assert!(polls > 20 * few().rounds / 2, "{polls}");
    for last in [1, 2, polls / 2, polls] {
        let mut left = last;
        let cancelled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            Forest::fit(&bins, &outcomes, &rows, &params, &mut || {
                left -= 1;
                assert!(left > 0, "cancelled");
            })
        }));
        assert!(cancelled.is_err());
        let again = Forest::fit(&bins, &outcomes, &rows, &params, &mut || ()).unwrap();
        assert_eq!(again, whole);
    }
}

#[test]
fn a_stored_forest_comes_back_and_damage_is_refused() {
    let (x, outcomes) = simple(600);
    let forest = fit(&x, &outcomes, few()).unwrap();
    let stored = serde_json::to_string(&forest).unwrap();
    assert_eq!(serde_json::from_str::<Forest>(&stored).unwrap(), forest);

    let split = forest
        .parts()
        .nodes
        .iter()
        .position(|n| !n.is_leaf())
        .unwrap();
    let second = forest.parts().roots[1];
    let damages: [&dyn Fn(&mut ForestParts); 14] = [
        &|parts| parts.base = f64::NAN,
        &|parts| parts.nodes[split].threshold = f32::INFINITY,
        &|parts| parts.nodes[split + 1].value = f64::NAN,
        &|parts| parts.nodes[split].column = 3,
        &|parts| parts.nodes[split].left = split as u32,
        &|parts| parts.nodes[split].right = 0,
        &|parts| parts.nodes[split].right = parts.nodes[split].left,
        &|parts| parts.nodes[split].left = second,
        &|parts| parts.nodes[split].left = u32::MAX,
        &|parts| parts.nodes[split].cover = 0,
        &|parts| parts.nodes[split].cover += 1,
        &|parts| parts.roots[0] = 1,
        &|parts| parts.roots[1] = parts.roots[2],
        &|parts| parts.nodes.truncate(second as usize + 1),
    ];
    for (number, damage) in damages.iter().enumerate() {
        let mut parts = forest.parts().clone();
        damage(&mut parts);
        let stored = serde_json::to_string(&parts).unwrap();
        assert!(
            serde_json::from_str::<Forest>(&stored).is_err(),
            "damage {number}"
        );
        let refused = Forest::new(parts);
        assert!(
            matches!(refused, Err(Error::Corrupted { .. })),
            "damage {number}"
        );
    }
}

#[test]
fn a_tree_deeper_than_allowed_is_refused() {
    let chain = |depth: u32| {
        let node = |index: u32| Node {
            column: 0,
            threshold: 0.0,
            missing_left: false,
            left: if index.is_multiple_of(2) && index < 2 * depth {
                index + 1
            } else {
                0
            },
            right: if index.is_multiple_of(2) && index < 2 * depth {
                index + 2
            } else {
                0
            },
            value: 0.0,
            cover: if index.is_multiple_of(2) {
                depth + 1 - index / 2
            } else {
                1
            },
        };
        Forest::new(ForestParts {
            base: 0.0,
            columns: 1,
            roots: vec![0],
            nodes: (0..2 * depth + 1).map(node).collect(),
        })
    };
    assert!(chain(MAX_DEPTH as u32).is_ok());
    assert!(chain(MAX_DEPTH as u32 + 1).is_err());
}
