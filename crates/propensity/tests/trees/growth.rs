//! What must hold for any forest that is fitted.

use crate::rows::*;
use propensity::Error;
use propensity::learn::boosting::{Forest, ForestParams};
use propensity::learn::tree::Node;

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
fn the_seed_alone_makes_a_difference() {
    let (x, outcomes) = simple(600);
    let first = fit(&x, &outcomes, few()).unwrap();
    assert_eq!(fit(&x, &outcomes, few()).unwrap(), first);
    let other = ForestParams { seed: 1, ..few() };
    assert_ne!(fit(&x, &outcomes, other).unwrap(), first);
}

#[test]
fn several_forests_are_the_mean_of_each_alone() {
    let (x, outcomes) = simple(600);
    let seeded = |seed| ForestParams { seed, ..few() };
    let alone: Vec<Forest> = (4..7)
        .map(|seed| fit(&x, &outcomes, seeded(seed)).unwrap())
        .collect();
    let params = ForestParams {
        forests: 3,
        ..seeded(4)
    };
    let together = fit(&x, &outcomes, params).unwrap();
    assert_eq!(
        together.trees(),
        alone.iter().map(Forest::trees).sum::<usize>()
    );
    for row in 0..600 {
        let mean = alone
            .iter()
            .map(|forest| forest.logit(x.row(row)))
            .sum::<f64>()
            / 3.0;
        assert!((together.logit(x.row(row)) - mean).abs() < 1e-12);
    }
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
