//! Models stored by earlier versions of the library must predict for ever what they predicted then.

use std::path::Path;

use propensity::model::{Model, Scorer};
use serde::Deserialize;

/// A row and what the model said of it when it was stored.
#[derive(Deserialize)]
struct Expected {
    features: Vec<Option<f64>>,
    log_odds: f64,
    score: i16,
    base: f64,
    impacts: Vec<(String, f64)>,
}

#[test]
fn format_1_predicts_what_it_did() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let bytes = std::fs::read(folder.join("format_1.model")).unwrap();
    let text = std::fs::read_to_string(folder.join("format_1.json")).unwrap();
    let expected: Vec<Expected> = serde_json::from_str(&text).unwrap();
    assert_eq!(expected.len(), 8);

    let model = Model::decode(&bytes).unwrap();
    assert_eq!(model.encode().unwrap(), bytes);
    let factors = model.factors();
    let mut scorer = Scorer::new(model, &mut || ()).unwrap();
    for row in expected {
        let features: Vec<f64> = row.features.iter().map(|v| v.unwrap_or(f64::NAN)).collect();
        let found = scorer.explain(&features).unwrap();
        // Only the logarithm and exponential of the platform may differ, in the last bit.
        assert!((found.prediction.log_odds - row.log_odds).abs() < 1e-9);
        assert!((found.base - row.base).abs() < 1e-9);
        assert_eq!(found.prediction.score, row.score);
        for (name, impact) in row.impacts {
            let same = |f: &&propensity::factor::FactorImpact| factors.name(f.factor) == name;
            let found = found.factors.iter().find(same).unwrap();
            assert!((found.impact - impact).abs() < 1e-9, "{name}");
        }
    }
}
