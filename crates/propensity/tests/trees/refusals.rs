//! Parameters and rows that cannot be fitted.

use crate::rows::*;
use propensity::Error;
use propensity::learn::binning::Bins;
use propensity::learn::boosting::{Forest, ForestParams, MAX_DEPTH};
use propensity::learn::dataset::Matrix;

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
        (
            "forests",
            ForestParams {
                forests: 0,
                ..default()
            },
        ),
        (
            "forests",
            ForestParams {
                forests: 11,
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
