//! A forest taken apart, put together again, and damaged.

use crate::rows::*;
use propensity::Error;
use propensity::learn::boosting::{Forest, ForestParts, MAX_DEPTH};
use propensity::learn::tree::Node;

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
