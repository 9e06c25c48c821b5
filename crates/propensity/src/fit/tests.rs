//! Rules of fitting, on made-up rows.

use crate::error::Error;
use crate::fit::testing::{cutoffs, dataset, dataset_by, fitted, large_fit, schema, small_fit};
use crate::fit::{Algorithm, FitParams, Report, Warning, fit};

fn small(allow_small: bool) -> FitParams {
    FitParams {
        allow_small,
        ..FitParams::default()
    }
}

/// Fits on rows of which only some positive ones are kept.
fn with_positives(positives: usize, params: &FitParams) -> Result<Report, Error> {
    let schema = schema();
    let all = dataset(&schema, 12_000, 3);
    let mut kept = crate::learn::dataset::Dataset::new(all.features);
    let mut left = positives;
    for row in 0..all.rows() {
        if all.outcomes[row] && left == 0 {
            continue;
        }
        left -= usize::from(all.outcomes[row]);
        let values = &all.values[row * all.features..][..all.features];
        let values: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
        kept.push(
            &values,
            all.outcomes[row],
            all.cutoffs[row],
            all.profiles[row],
        )?;
    }
    fit(kept, &cutoffs(6), schema, params, &mut || ()).map(|fitted| fitted.report)
}

#[test]
fn fewer_than_fifty_of_the_rarer_class_are_refused() {
    let expected = Error::TooFew {
        found: 49,
        required: 50,
        positive: true,
    };
    assert_eq!(with_positives(49, &small(false)), Err(expected));
}

#[test]
fn fewer_than_fifty_are_allowed_on_demand_with_low_confidence() {
    let report = with_positives(49, &small(true)).unwrap();
    assert!(report.low_confidence);
    assert!(report.warnings.contains(&Warning::LowConfidence {
        found: 49,
        required: 50
    }));
}

#[test]
fn little_data_get_a_fixed_strength_and_few_trees() {
    let report = with_positives(100, &small(false)).unwrap();
    assert_eq!((report.strength, report.rounds), (Some(2.0), Some(60)));
    let report = with_positives(300, &small(false)).unwrap();
    assert_eq!(report.strength, Some(2.0));
    assert!(!report.low_confidence);
}

#[test]
fn enough_data_choose_a_strength() {
    let report = &large_fit().report;
    assert!(report.positives >= 500, "{}", report.positives);
    assert!([1.0, 5.0, 25.0, 125.0].contains(&report.strength.unwrap()));
    assert!((10..=1000).contains(&report.rounds.unwrap()));
}

#[test]
fn one_class_is_refused_with_counts() {
    let schema = schema();
    let mut rows = dataset(&schema, 100, 1);
    rows.outcomes.fill(true);
    let found = fit(rows, &cutoffs(6), schema.clone(), &small(true), &mut || ());
    let expected = Error::OneClass {
        positives: 100,
        rows: 100,
    };
    assert_eq!(found.unwrap_err(), expected);
    let none = dataset(&schema, 0, 1);
    let found = fit(none, &cutoffs(6), schema, &small(true), &mut || ());
    assert_eq!(found.unwrap_err(), Error::NoRows);
}

#[test]
fn no_feature_that_varies_is_refused() {
    let schema = schema();
    let mut rows = dataset(&schema, 600, 1);
    rows.values.fill(1.0);
    let found = fit(rows, &cutoffs(6), schema, &small(true), &mut || ());
    assert_eq!(found.unwrap_err(), Error::NoFeatures);
}

#[test]
fn the_same_rows_give_the_same_bytes() {
    let bytes = small_fit().model.encode().unwrap();
    let again = fitted(1500, &FitParams::default());
    assert_eq!(again.model.encode().unwrap(), bytes);
    let other = FitParams {
        seed: 1,
        ..FitParams::default()
    };
    assert_ne!(fitted(1500, &other).model.encode().unwrap(), bytes);
    let two_threads = FitParams {
        second_thread: Some(|start| start()),
        ..FitParams::default()
    };
    assert_eq!(fitted(1500, &two_threads).model.encode().unwrap(), bytes);
}

#[test]
fn one_half_alone_has_no_other() {
    for (algorithm, linear) in [(Algorithm::Logistic, true), (Algorithm::Trees, false)] {
        let params = FitParams {
            algorithm,
            ..FitParams::default()
        };
        let fitted = fitted(1500, &params);
        assert_eq!(fitted.model.logistic.is_some(), linear);
        assert_eq!(fitted.model.forest.is_some(), !linear);
        let hold_out = fitted.report.hold_out.unwrap();
        assert_eq!(hold_out.logistic.is_some(), linear);
        assert_eq!(hold_out.trees.is_some(), !linear);
        assert_eq!(fitted.report.rounds.is_some(), !linear);
    }
}

#[test]
fn of_many_rows_trees_learn_alone_where_lines_only_spoil_what_they_say() {
    // Positive where one of the first two features is large, but not both: no line says that.
    let crossed = |row: &[f64]| match (row[0] > 1.5, row[1] > 1.5) {
        (one, other) if one == other => 0.1,
        _ => 0.6,
    };
    // A little of each of many features: trees see only a few of them at a time.
    let straight = |row: &[f64]| {
        let signal: f64 = row.iter().map(|value| value.max(0.0).ln_1p()).sum();
        1.0 / (1.0 + (5.0 - 0.25 * signal).exp())
    };
    let learned = |rows, probability: &dyn Fn(&[f64]) -> f64| {
        let schema = schema();
        let dataset = dataset_by(&schema, rows, 11, probability);
        fit(
            dataset,
            &cutoffs(6),
            schema,
            &FitParams::default(),
            &mut || (),
        )
        .unwrap()
    };
    let alone = learned(51_000, &crossed);
    assert_eq!(alone.report.algorithm, Algorithm::Trees);
    assert!(alone.model.logistic.is_none() && alone.report.strength.is_none());
    // What was judged is the model that is used, and the other member beside it.
    let hold_out = alone.report.hold_out.unwrap();
    assert!((hold_out.model.auc - hold_out.trees.unwrap().auc).abs() < 1e-6);
    assert!(hold_out.logistic.unwrap().auc < hold_out.model.auc);
    for both in [learned(51_000, &straight), learned(3000, &crossed)] {
        assert_eq!(both.report.algorithm, Algorithm::Auto);
        assert!(both.model.logistic.is_some() && both.model.forest.is_some());
    }
}

#[test]
fn the_hold_out_is_later_and_measured() {
    let fitted = large_fit();
    let report = &fitted.report;
    let hold_out = report.hold_out.as_ref().unwrap();
    assert!(!hold_out.by_profile);
    assert!(report.cutoffs.last().unwrap().held_out);
    assert!(!report.cutoffs[0].held_out);
    assert_eq!(report.cutoffs.iter().map(|c| c.rows).sum::<usize>(), 3600);
    assert_eq!(fitted.judgement.outcomes.len(), hold_out.rows);
    let model = hold_out.model;
    assert!(model.auc_low < model.auc && model.auc < model.auc_high);
    assert!(model.auc > 0.6, "{model:?}");
    assert!((model.mean_probability - hold_out.base_rate).abs() < 0.05);
    let rfm = hold_out.rfm.unwrap();
    assert!(rfm.low < rfm.auc && rfm.auc < rfm.high);
}

#[test]
fn an_equal_champion_makes_no_difference() {
    let first = large_fit();
    let held = first.report.hold_out.as_ref().unwrap().rows;
    // The held-out rows are those of the newest cutoffs, in order.
    let newest: Vec<u32> = (0..3600).filter(|row| row % 6 == 5).collect();
    assert_eq!(newest.len(), held);
    let mut champion = vec![0.0; 3600];
    for (&row, &log_odds) in newest.iter().zip(&first.judgement.log_odds) {
        champion[row as usize] = log_odds as f32;
    }
    let params = FitParams {
        champion,
        ..FitParams::default()
    };
    let compared = fitted(3600, &params).report.hold_out.unwrap();
    let champion = compared.champion.unwrap();
    assert!(champion.difference.abs() < 1e-4, "{champion:?}");
    assert!(champion.challenger_wins());
}

#[test]
fn a_better_champion_stays() {
    let outcomes = dataset(&schema(), 3600, 7).outcomes;
    let champion = outcomes.iter().map(|&o| f32::from(u8::from(o))).collect();
    let params = FitParams {
        champion,
        ..FitParams::default()
    };
    let champion = fitted(3600, &params).report.hold_out.unwrap().champion;
    let champion = champion.unwrap();
    assert_eq!(champion.champion_auc, 1.0);
    assert!(!champion.challenger_wins());
}

#[test]
fn a_champion_of_other_rows_is_refused() {
    let schema = schema();
    let params = FitParams {
        champion: vec![0.0; 10],
        ..FitParams::default()
    };
    let found = fit(
        dataset(&schema, 600, 1),
        &cutoffs(6),
        schema,
        &params,
        &mut || (),
    );
    let expected = Error::LengthMismatch {
        found: 10,
        required: 600,
    };
    assert_eq!(found.unwrap_err(), expected);
}

#[test]
fn a_feature_that_knows_the_outcome_is_named() {
    let schema = schema();
    let mut rows = dataset(&schema, 3000, 5);
    let leaking = 3;
    for row in 0..3000 {
        rows.values[row * rows.features + leaking] = f32::from(u8::from(rows.outcomes[row]));
    }
    let report = fit(rows, &cutoffs(6), schema.clone(), &small(false), &mut || ())
        .unwrap()
        .report;
    let named = report.warnings.iter().find_map(|warning| match warning {
        Warning::SuspectedLeak {
            feature,
            auc,
            next_auc,
            ..
        } => Some((feature, *auc, *next_auc)),
        _ => None,
    });
    let (feature, auc, next_auc) = named.unwrap();
    assert_eq!(*feature, schema.features()[leaking].label);
    assert!(auc > 0.99 && next_auc < 0.8, "{auc} {next_auc}");
}

#[test]
fn honest_features_are_not_named() {
    let report = &small_fit().report;
    let leak = |warning: &Warning| matches!(warning, Warning::SuspectedLeak { .. });
    assert!(!report.warnings.iter().any(leak));
}

#[test]
fn a_goal_of_chance_makes_a_poor_model() {
    let schema = schema();
    let mut rows = dataset(&schema, 3000, 5);
    let mut rng = crate::rng::Rng::new(8);
    rows.outcomes.fill_with(|| rng.unit() < 0.2);
    let fitted = fit(rows, &cutoffs(6), schema, &small(false), &mut || ()).unwrap();
    let poor = |warning: &Warning| matches!(warning, Warning::PoorModel { .. });
    assert!(fitted.report.warnings.iter().any(poor));
}

#[test]
fn a_moving_base_rate_is_told() {
    let schema = schema();
    let mut rows = dataset(&schema, 3000, 5);
    for (row, outcome) in rows.outcomes.iter_mut().enumerate() {
        *outcome &= row % 6 != 0 || row % 24 == 0;
    }
    let report = fit(rows, &cutoffs(6), schema, &small(false), &mut || ())
        .unwrap()
        .report;
    let drift = report.warnings.iter().find_map(|warning| match warning {
        Warning::BaseRateDrift { lowest, highest } => Some((*lowest, *highest)),
        _ => None,
    });
    let (lowest, highest) = drift.unwrap();
    assert_eq!(lowest, report.cutoffs[0].base_rate);
    assert!(highest > 1.5 * lowest);
}

#[test]
fn importance_is_sorted_and_names_what_matters() {
    let report = &large_fit().report;
    let impacts: Vec<f64> = report
        .importance
        .iter()
        .map(|factor| factor.mean_absolute_impact)
        .collect();
    assert!(impacts.is_sorted_by(|a, b| a >= b));
    let of_signal = &schema().features()[0].factor;
    assert!(
        report.importance[..2]
            .iter()
            .any(|factor| factor.factor == *of_signal)
    );
}

#[test]
fn a_report_is_a_document() {
    let report = &small_fit().report;
    let document = serde_json::to_string(report).unwrap();
    assert!(document.contains("\"hold_out\":{\"by_profile\":"));
    let again: Report = serde_json::from_str(&document).unwrap();
    assert_eq!(again.rows, report.rows);
    assert_eq!(again.warnings, report.warnings);
}
