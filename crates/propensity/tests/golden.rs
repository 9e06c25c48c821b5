//! Models stored by earlier versions of the library predict what they predicted then, or are refused
//! by a clear error: those of format 1 had features that there are no more.

use std::path::{Path, PathBuf};

use propensity::Error;
use propensity::model::{Model, Scorer};
use serde::Deserialize;

/// A row and what the model said of it when it was stored.
#[derive(Deserialize)]
struct Expected {
    features: Vec<Option<f64>>,
    log_odds: f64,
    score: i16,
    base: f64,
    /// In the order of the factors. Their names, which may be worded anew, are for who reads the file.
    impacts: Vec<(String, f64)>,
}

fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    folder.join(name)
}

#[test]
fn format_1_is_refused_as_old() {
    let bytes = std::fs::read(file("format_1.model")).unwrap();
    let found = Model::decode(&bytes).err();
    let expected = Error::UnknownFormat {
        found: 1,
        required: 2,
    };
    assert_eq!(found, Some(expected));
}

#[test]
fn format_2_predicts_what_it_did() {
    let bytes = std::fs::read(file("format_2.model")).unwrap();
    let text = std::fs::read_to_string(file("format_2.json")).unwrap();
    let expected: Vec<Expected> = serde_json::from_str(&text).unwrap();
    assert_eq!(expected.len(), 8);

    let model = Model::decode(&bytes).unwrap();
    assert_eq!(model.encode().unwrap(), bytes);
    let mut scorer = Scorer::new(model, &mut || ()).unwrap();
    for row in expected {
        let features = row.features.iter().map(|value| value.unwrap_or(f64::NAN));
        let found = scorer.explain(&features.collect::<Vec<_>>()).unwrap();
        // Only the logarithm and exponential of the platform may differ, in the last bit.
        assert!((found.prediction.log_odds - row.log_odds).abs() < 1e-9);
        assert!((found.base - row.base).abs() < 1e-9);
        assert_eq!(found.prediction.score, row.score);
        assert!(!row.impacts.is_empty());
        assert_eq!(found.factors.len(), row.impacts.len());
        for (found, (name, impact)) in found.factors.iter().zip(row.impacts) {
            assert!((found.impact - impact).abs() < 1e-9, "{name}");
        }
    }
}
