//! Predictions, reasons and the stored form of whole models.

use crate::error::Error;
use crate::fit::Algorithm;
use crate::fit::testing::{row, small_fit};
use crate::learn::boosting::{Forest, ForestParts};
use crate::model::factor::FactorImpact;
use crate::model::format::Writer;
use crate::model::{Explanation, Model, SUREST, Scorer, clip, combine, sigmoid};
use crate::rng::Rng;

/// A model of both members, or of one of them.
fn model(algorithm: Algorithm) -> Model {
    let mut model = small_fit().model.clone();
    if !algorithm.is_linear() {
        model.logistic = None;
        model.background.linear.clear();
    }
    if !algorithm.has_trees() {
        model.forest = None;
        model.background.trees.clear();
    }
    model
}

fn rows(model: &Model, count: usize) -> Vec<f64> {
    let features = model.schema.features();
    let mut rng = Rng::new(99);
    (0..count).flat_map(|_| row(&features, &mut rng)).collect()
}

fn explain_all(model: &Model, features: &[f64], check: &mut dyn FnMut(usize, &Explanation)) {
    let mut scorer = Scorer::new(model.clone(), &mut || ()).unwrap();
    let mut visit = |row: usize, explanation: &Explanation| {
        check(row, explanation);
        Ok(())
    };
    scorer
        .explain_rows(features, usize::MAX, &mut visit, &mut || ())
        .unwrap();
}

#[test]
fn the_strongest_factors_are_those_of_all() {
    let model = model(Algorithm::Auto);
    let features = rows(&model, 50);
    let mut all = Vec::new();
    explain_all(&model, &features, &mut |_, explanation| {
        all.push(explanation.factors.to_vec());
    });
    for strongest in [0, 1, 3, model.factors().len(), usize::MAX] {
        let mut scorer = Scorer::new(model.clone(), &mut || ()).unwrap();
        let mut visit = |row: usize, explanation: &Explanation| {
            let first = strongest.min(all[row].len());
            let of = |impacts: &[FactorImpact]| -> Vec<(usize, f64)> {
                impacts.iter().map(|i| (i.factor, i.impact)).collect()
            };
            assert_eq!(of(&explanation.factors[..first]), of(&all[row][..first]));
            assert_eq!(explanation.factors.len(), all[row].len());
            Ok(())
        };
        scorer
            .explain_rows(&features, strongest, &mut visit, &mut || ())
            .unwrap();
    }
}

/// The sum of base and impacts, less the log-odds.
fn rest(explanation: &Explanation) -> f64 {
    let impacts: f64 = explanation.factors.iter().map(|f| f.impact).sum();
    explanation.base + impacts - explanation.prediction.log_odds
}

#[test]
fn base_and_impacts_are_the_log_odds() {
    for algorithm in [Algorithm::Auto, Algorithm::Logistic, Algorithm::Trees] {
        let model = model(algorithm);
        let mut seen = 0;
        explain_all(&model, &rows(&model, 500), &mut |_, explanation| {
            assert!(rest(explanation).abs() < 1e-6, "{}", rest(explanation));
            assert_eq!(explanation.factors.len(), model.factors().len());
            seen += 1;
        });
        assert_eq!(seen, 500);
    }
}

#[test]
fn they_are_so_when_a_half_is_clipped() {
    let mut model = model(Algorithm::Auto);
    let logistic = model.logistic.as_mut().unwrap();
    logistic
        .weights
        .iter_mut()
        .for_each(|weight| *weight *= 40.0);
    let sure = model.background.linear.iter_mut();
    sure.for_each(|mean| *mean *= 40.0);
    let (mut clipped, mut all) = (0, 0);
    let features = rows(&model, 500);
    let mut row = vec![0.0; model.encoder.columns()];
    explain_all(&model, &features, &mut |index, explanation| {
        assert!(rest(explanation).abs() < 1e-6, "{}", rest(explanation));
        let width = features.len() / 500;
        model
            .encoder
            .row(&features[index * width..][..width], &mut row);
        let log_odds = model.logistic.as_ref().unwrap().logit(&row);
        clipped += usize::from(clip(log_odds) != log_odds);
        all += 1;
    });
    assert!(clipped > 20 && clipped < all, "{clipped} of {all}");
}

#[test]
fn auto_is_the_mean_of_its_halves() {
    let model = model(Algorithm::Auto);
    let features = rows(&model, 20);
    let member = |linear: bool| {
        let mut member = model.clone();
        if linear {
            member.forest = None;
        } else {
            member.logistic = None;
        }
        Scorer::new(member, &mut || ()).unwrap()
    };
    let (mut linear, mut trees) = (member(true), member(false));
    let mut both = Scorer::new(model.clone(), &mut || ()).unwrap();
    for row in features.chunks(features.len() / 20) {
        let linear = linear.predict(row).unwrap().log_odds;
        let trees = trees.predict(row).unwrap().log_odds;
        let both = both.predict(row).unwrap();
        assert_eq!(both.log_odds, combine(Some(linear), Some(trees)));
        assert!((both.log_odds - (linear + trees) / 2.0).abs() < 1e-12);
        assert!((0.0..=1.0).contains(&both.probability) && (0..=100).contains(&both.score));
    }
}

#[test]
fn batch_and_live_agree_bit_by_bit() {
    let model = model(Algorithm::Auto);
    let features = rows(&model, 300);
    let mut scorer = Scorer::new(model.clone(), &mut || ()).unwrap();
    explain_all(&model, &features, &mut |index, batch| {
        let width = features.len() / 300;
        let row = &features[index * width..][..width];
        let prediction = scorer.predict(row).unwrap();
        let live = scorer.explain(row).unwrap();
        assert_eq!(
            live.prediction.log_odds.to_bits(),
            prediction.log_odds.to_bits()
        );
        assert_eq!(batch.prediction, prediction);
        // values may be NaN, so compare what matters
        assert_eq!(batch.base.to_bits(), live.base.to_bits());
        for (one, other) in batch.factors.iter().zip(live.factors) {
            assert_eq!(
                (one.factor, one.impact.to_bits()),
                (other.factor, other.impact.to_bits())
            );
        }
    });
}

#[test]
fn the_strongest_factor_comes_first() {
    let model = model(Algorithm::Auto);
    explain_all(&model, &rows(&model, 50), &mut |_, explanation| {
        let sorted = explanation
            .factors
            .is_sorted_by(|a, b| a.impact.abs() >= b.impact.abs());
        assert!(sorted);
    });
}

#[test]
fn impacts_on_the_background_average_to_nothing() {
    let model = model(Algorithm::Auto);
    let features = rows(&model, 400);
    let (model, typical) = super::with_background(model, &features, &mut || ()).unwrap();
    let importance = typical.importance;
    let mut sums = vec![0.0; model.factors().len()];
    explain_all(&model, &features, &mut |_, explanation| {
        for factor in explanation.factors {
            sums[factor.factor] += factor.impact / 400.0;
        }
    });
    assert!(sums.iter().all(|sum| sum.abs() < 1e-9), "{sums:?}");
    assert!(importance.iter().all(|&impact| impact >= 0.0));
}

#[test]
fn a_row_of_another_width_is_refused() {
    let model = model(Algorithm::Logistic);
    let width = model.schema.features().len();
    let mut scorer = Scorer::new(model, &mut || ()).unwrap();
    let expected = Error::LengthMismatch {
        found: width - 1,
        required: width,
    };
    assert_eq!(scorer.predict(&vec![0.0; width - 1]), Err(expected));
    assert!(scorer.explain(&vec![0.0; width + 1]).is_err());
}

#[test]
fn a_stored_model_comes_back_the_same() {
    for algorithm in [Algorithm::Auto, Algorithm::Logistic, Algorithm::Trees] {
        let model = model(algorithm);
        let bytes = model.encode().unwrap();
        let again = Model::decode(&bytes).unwrap();
        assert_eq!(again.encode().unwrap(), bytes);
        assert_eq!(again.schema, model.schema);
        let features = rows(&model, 50);
        let mut expected = Vec::new();
        explain_all(&model, &features, &mut |_, found| {
            expected.push(found.prediction)
        });
        explain_all(&again, &features, &mut |row, found| {
            assert_eq!(found.prediction, expected[row]);
        });
    }
}

/// A model of few trees, small enough to damage it in every place.
fn small() -> Model {
    let mut model = model(Algorithm::Auto);
    let parts = model.forest.as_ref().unwrap().parts();
    let end = parts.roots[2] as usize;
    let parts = ForestParts {
        roots: parts.roots[..2].to_vec(),
        nodes: parts.nodes[..end].to_vec(),
        ..parts.clone()
    };
    model.forest = Some(Forest::new(parts).unwrap());
    model
}

#[test]
fn every_truncation_is_found() {
    let bytes = small().encode().unwrap();
    for length in 0..bytes.len() {
        let found = Model::decode(&bytes[..length]);
        assert!(matches!(found, Err(Error::Corrupted { .. })), "{length}");
    }
}

#[test]
fn every_flipped_bit_is_found() {
    let mut bytes = small().encode().unwrap();
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(Model::decode(&bytes).is_err(), "bit {bit}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
}

/// Bytes with a right CRC, whatever is in them.
fn sealed(body: &[u8]) -> Vec<u8> {
    let mut bytes = body.to_vec();
    bytes.extend(crc32fast::hash(body).to_le_bytes());
    bytes
}

#[test]
fn tampering_with_a_right_checksum_never_panics() {
    let bytes = small().encode().unwrap();
    let body = &bytes[..bytes.len() - 4];
    let mut refused = 0;
    // Bytes apart, so that every field of every array is met in some element.
    for at in (8..body.len()).step_by(5) {
        for value in [0, 0xff] {
            let mut body = body.to_vec();
            body[at] = value;
            // Whatever still decodes must be safe to predict with.
            match Model::decode(&sealed(&body)) {
                Ok(model) => {
                    let features = rows(&model, 1);
                    let mut scorer = Scorer::new(model, &mut || ()).unwrap();
                    let explanation = scorer.explain(&features).unwrap();
                    assert!(!explanation.prediction.probability.is_nan());
                }
                Err(Error::Corrupted { .. }) => refused += 1,
                Err(error) => panic!("{error}"),
            }
        }
    }
    assert!(refused > body.len() / 10, "{refused} of {}", body.len());
}

#[test]
fn trailing_bytes_are_refused() {
    let bytes = small().encode().unwrap();
    let mut body = bytes[..bytes.len() - 4].to_vec();
    body.push(0);
    let error = Model::decode(&sealed(&body)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the stored model is damaged: bytes are left over"
    );
}

#[test]
fn odd_parts_are_refused() {
    let model = small();
    let broken = |change: &dyn Fn(&mut Model)| {
        let mut model = model.clone();
        change(&mut model);
        match model.encode() {
            Err(Error::Corrupted { reason }) => reason,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        broken(&|model| model.base_rate = 1.0),
        "its base rate is not between 0 and 1"
    );
    assert_eq!(
        broken(&|model| model.background.trees.truncate(1)),
        "its background has another size"
    );
    assert_eq!(
        broken(&|model| (model.logistic, model.forest) = (None, None)),
        "it has no learner"
    );
    assert_eq!(
        broken(&|model| model.logistic.as_mut().unwrap().weights[0] = f64::NAN),
        "weights of the logistic regression"
    );
}

#[test]
fn a_bomb_of_words_is_refused_unparsed() {
    let words = format!("{{\"schema\":[{}\"\"]}}", "\"\",".repeat((1 << 18) + 1));
    let mut writer = Writer::default();
    writer.bytes(words.as_bytes()).unwrap();
    let error = Model::decode(&writer.finish()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the stored model is damaged: its words are too many"
    );
}

#[test]
fn words_that_are_no_model_are_refused() {
    for words in [
        &b""[..],
        b"{}",
        b"[[[[",
        b"\xff",
        b"{\"schema\":null,\"encoder\":null}",
    ] {
        let mut writer = Writer::default();
        writer.bytes(words).unwrap();
        let error = Model::decode(&writer.finish()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the stored model is damaged: its words do not parse"
        );
    }
}

#[test]
fn combining_is_the_mean_in_log_odds() {
    assert_eq!(combine(Some(1.0), Some(-2.0)), -0.5);
    assert_eq!(combine(Some(1.0), None), 1.0);
    assert_eq!(combine(None, Some(-2.0)), -2.0);
}

#[test]
fn each_half_is_clipped_at_one_in_a_million() {
    assert!((sigmoid(SUREST) - (1.0 - 1e-6)).abs() < 1e-15);
    assert_eq!(combine(Some(1e9), Some(0.0)), SUREST / 2.0);
    assert_eq!(combine(Some(-50.0), None), -SUREST);
}

/// Writes the files that `tests/golden.rs` reads. Only a new format or a schema that computes other
/// features may need new ones; the old ones stay, beside what they must predict.
#[test]
#[ignore = "writes tests/golden, for a new format only"]
fn write_golden_files() {
    let model = small();
    let features = rows(&model, 8);
    let width = features.len() / 8;
    let mut expected = Vec::new();
    explain_all(&model, &features, &mut |row, explanation| {
        let number = |value: &f64| (!value.is_nan()).then_some(*value);
        let features: Vec<_> = features[row * width..][..width]
            .iter()
            .map(number)
            .collect();
        let named = |impact: &FactorImpact| {
            (
                model.factors().name(impact.factor).to_owned(),
                impact.impact,
            )
        };
        expected.push(serde_json::json!({
            "features": features,
            "log_odds": explanation.prediction.log_odds,
            "score": explanation.prediction.score,
            "base": explanation.base,
            "impacts": explanation.factors.iter().map(named).collect::<Vec<_>>(),
        }));
    });
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let name = format!("{folder}/format_{}", crate::model::format::FORMAT);
    std::fs::write(format!("{name}.model"), model.encode().unwrap()).unwrap();
    let expected = serde_json::to_string_pretty(&expected).unwrap();
    std::fs::write(format!("{name}.json"), expected + "\n").unwrap();
}
