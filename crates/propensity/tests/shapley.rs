//! Shapley values: against enumeration of all coalitions, and against LightGBM and shap.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use propensity::Error;
use propensity::learn::binning::Bins;
use propensity::learn::boosting::{Forest, ForestParams, ForestParts};
use propensity::learn::dataset::Matrix;
use propensity::learn::tree::Node;
use propensity::model::shapley::TreeShapley;
use propensity::rng::Rng;
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixture {
    contributions: Contributions,
}

#[derive(Deserialize)]
struct Contributions {
    columns: usize,
    forest: ForestParts,
    sample: Vec<Option<f32>>,
    margins: Vec<f64>,
    contributions: Vec<Vec<f64>>,
    expected: f64,
}

fn each(columns: usize) -> Vec<u32> {
    (0..columns as u32).collect()
}

fn explain(forest: &Forest, rows: &[f32]) -> (f64, Vec<f64>) {
    let columns = forest.columns();
    let mut shapley = TreeShapley::new(forest, &each(columns), columns, &mut || ()).unwrap();
    let mut out = vec![f64::NAN; rows.len()];
    shapley.contributions(rows, &mut out, &mut || ()).unwrap();
    (shapley.base(), out)
}

/// A forest on random rows of six columns, of which one has missing values.
fn forest(leaves: usize, depth: usize) -> (Forest, Matrix) {
    let (rows, columns) = (400, 6);
    let mut rng = Rng::new(31);
    let (mut values, mut outcomes) = (Vec::new(), Vec::new());
    for _ in 0..rows {
        let row: Vec<f64> = (0..columns).map(|_| rng.unit()).collect();
        outcomes.push(row[0] * row[1] + row[2] * row[2] > 0.3 + rng.unit());
        values.extend(row.iter().map(|&v| v as f32));
        if rng.unit() < 0.2 {
            let last = values.len() - columns;
            values[last] = f32::NAN;
        }
    }
    let x = Matrix {
        rows,
        columns,
        values,
    };
    let all = each(rows);
    let params = ForestParams {
        leaves,
        depth,
        min_rows: 3,
        rounds: 12,
        learning_rate: 0.3,
        l2: 1.0,
        column_share: 1.0,
        ..ForestParams::default()
    };
    let bins = Bins::new(&x, &all, 255, &mut || ()).unwrap();
    let params = params.check().unwrap();
    let forest = Forest::fit(&bins, &outcomes, &all, &params, &mut || ()).unwrap();
    (forest, x)
}

/// Mean of a tree when only some columns are known: others split as the training rows did.
fn value(forest: &Forest, index: u32, row: &[f32], known: usize) -> f64 {
    let nodes = &forest.parts().nodes;
    let node = &nodes[index as usize];
    if node.is_leaf() {
        return node.value;
    }
    if known >> node.column & 1 == 1 {
        let left = node.goes_left(row[node.column as usize]);
        return value(
            forest,
            if left { node.left } else { node.right },
            row,
            known,
        );
    }
    let part = |child: u32| {
        let share = f64::from(nodes[child as usize].cover) / f64::from(node.cover);
        share * value(forest, child, row, known)
    };
    part(node.left) + part(node.right)
}

/// Shapley values by their definition.
fn enumerate(forest: &Forest, row: &[f32]) -> Vec<f64> {
    let columns = forest.columns();
    let game: Vec<f64> = (0..1 << columns)
        .map(|known| {
            let roots = forest.parts().roots.iter();
            roots.map(|&root| value(forest, root, row, known)).sum()
        })
        .collect();
    let factorial = |n: usize| (1..=n).map(|k| k as f64).product::<f64>();
    let weight = |size: usize| factorial(size) * factorial(columns - size - 1) / factorial(columns);
    (0..columns)
        .map(|column| {
            (0..1usize << columns)
                .filter(|known| known >> column & 1 == 0)
                .map(|known| {
                    let size = known.count_ones() as usize;
                    weight(size) * (game[known | 1 << column] - game[known])
                })
                .sum()
        })
        .collect()
}

#[test]
fn equal_the_enumeration_of_all_coalitions() {
    for (leaves, depth) in [(2, 1), (7, 3), (15, 5), (31, 8)] {
        let (forest, x) = forest(leaves, depth);
        let (_, out) = explain(&forest, &x.values[..20 * x.columns]);
        for (row, out) in out.chunks(x.columns).enumerate() {
            for (found, exact) in out.iter().zip(enumerate(&forest, x.row(row))) {
                assert!((found - exact).abs() < 1e-6, "{leaves}: {found} {exact}");
            }
        }
    }
}

#[test]
fn equal_those_of_lightgbm_and_shap() {
    let fixture: Fixture = serde_json::from_str(include_str!("fixtures/trees.json")).unwrap();
    let given = fixture.contributions;
    let forest = Forest::new(given.forest).unwrap();
    let rows: Vec<f32> = given.sample.iter().map(|v| v.unwrap_or(f32::NAN)).collect();
    let (base, out) = explain(&forest, &rows);
    assert!(
        (base - given.expected).abs() < 1e-6,
        "{base} {}",
        given.expected
    );
    for (row, (out, exact)) in out
        .chunks(given.columns)
        .zip(&given.contributions)
        .enumerate()
    {
        let values = &rows[row * given.columns..][..given.columns];
        assert!((forest.logit(values) - given.margins[row]).abs() < 1e-9);
        for (found, exact) in out.iter().zip(exact) {
            assert!((found - exact).abs() < 1e-6, "row {row}: {found} {exact}");
        }
    }
}

#[test]
fn add_up_to_the_log_odds_whatever_the_factors() {
    let (forest, x) = forest(15, 5);
    for factors in [&[0, 1, 2, 3, 4, 5][..], &[0, 0, 1, 1, 2, 2], &[0; 6]] {
        let count = *factors.iter().max().unwrap() as usize + 2; // the last has no column
        let mut shapley = TreeShapley::new(&forest, factors, count, &mut || ()).unwrap();
        let mut out = vec![0.0; x.rows * count];
        shapley
            .contributions(&x.values, &mut out, &mut || ())
            .unwrap();
        for (row, out) in out.chunks(count).enumerate() {
            let (logit, sum) = (
                forest.logit(x.row(row)),
                shapley.base() + out.iter().sum::<f64>(),
            );
            assert!((sum - logit).abs() < 1e-6);
            assert_eq!(shapley.logits()[row].to_bits(), logit.to_bits());
            assert_eq!(out[count - 1], 0.0);
        }
    }
}

#[test]
fn a_factor_has_the_sum_of_its_columns() {
    let (forest, x) = forest(15, 5);
    let (_, columns) = explain(&forest, &x.values);
    let mut shapley = TreeShapley::new(&forest, &[0, 1, 0, 1, 0, 1], 2, &mut || ()).unwrap();
    let mut out = vec![0.0; x.rows * 2];
    shapley
        .contributions(&x.values, &mut out, &mut || ())
        .unwrap();
    for (columns, out) in columns.chunks(6).zip(out.chunks(2)) {
        assert!((columns[0] + columns[2] + columns[4] - out[0]).abs() < 1e-6);
        assert!((columns[1] + columns[3] + columns[5] - out[1]).abs() < 1e-6);
    }
}

#[test]
fn many_rows_at_once_equal_one_by_one() {
    let (forest, x) = forest(15, 5);
    let (_, together) = explain(&forest, &x.values);
    for row in 0..x.rows {
        let (_, alone) = explain(&forest, x.row(row));
        assert_eq!(alone, together[row * 6..][..6]);
    }
}

#[test]
fn a_forest_without_trees_explains_nothing() {
    let parts = ForestParts {
        base: -1.5,
        columns: 2,
        ..ForestParts::default()
    };
    let (base, out) = explain(&Forest::new(parts).unwrap(), &[1.0, f32::NAN]);
    assert_eq!((base, out), (-1.5, vec![0.0, 0.0]));
}

#[test]
fn a_tree_of_one_leaf_adds_to_the_base() {
    let leaf = Node {
        column: 0,
        threshold: 0.0,
        missing_left: false,
        left: 0,
        right: 0,
        value: 0.25,
        cover: 9,
    };
    let parts = ForestParts {
        base: -1.5,
        columns: 2,
        roots: vec![0],
        nodes: vec![leaf],
    };
    let forest = Forest::new(parts).unwrap();
    let mut shapley = TreeShapley::new(&forest, &[0, 1], 2, &mut || ()).unwrap();
    let mut out = vec![f64::NAN; 4];
    let rows = [1.0, f32::NAN, 2.0, 3.0];
    shapley.contributions(&rows, &mut out, &mut || ()).unwrap();
    assert_eq!((shapley.base(), out), (-1.25, vec![0.0; 4]));
    assert_eq!(shapley.logits(), [-1.25; 2]);
}

#[test]
fn wrong_shapes_are_errors() {
    let (forest, x) = forest(7, 3);
    let new = |factors: &[u32], count| TreeShapley::new(&forest, factors, count, &mut || ());
    assert!(matches!(
        new(&[0], 1),
        Err(Error::LengthMismatch {
            found: 1,
            required: 6
        })
    ));
    assert!(matches!(new(&[9; 6], 9), Err(Error::Parameter { .. })));
    let mut shapley = new(&[0; 6], 1).unwrap();
    for (values, room) in [(5, 1), (6, 2), (12, 1)] {
        let out = &mut vec![0.0; room];
        assert!(
            shapley
                .contributions(&x.values[..values], out, &mut || ())
                .is_err()
        );
    }
}
