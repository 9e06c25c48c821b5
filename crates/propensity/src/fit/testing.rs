//! Made-up training data for tests of fitting, models and their stored form.

use std::sync::OnceLock;

use crate::cutoff::Cutoff;
use crate::features::Feature;
use crate::features::schema::{ColumnNames, EventType, Schema, Span, TextColumn};
use crate::fit::{FitParams, Fitted, fit};
use crate::hash::profile_hash;
use crate::learn::dataset::Dataset;
use crate::rng::Rng;
use crate::time::DAY;

/// Cutoffs 30 days apart with outcome windows of 30 days.
pub fn cutoffs(count: usize) -> Vec<Cutoff> {
    (0..count as i64)
        .map(|index| Cutoff {
            at: 30 * DAY * index,
            eligible_from: i64::MIN,
            outcome_until: 30 * DAY * (index + 1),
            ..Cutoff::default()
        })
        .collect()
}

/// A row of features: small counts, some missing, categories among their values.
pub fn row(features: &[Feature], rng: &mut Rng) -> Vec<f64> {
    let value = |feature: &Feature| match &feature.values {
        _ if rng.unit() < 0.05 => f64::NAN,
        Some(values) => f64::from(rng.below(values.len() as u32)),
        None => (-3.0 * rng.unit().max(1e-9).ln()).floor(),
    };
    features.iter().map(value).collect()
}

/// Rows at six cutoffs, whose outcome depends on the first two features; about one in five is
/// positive.
pub fn dataset(schema: &Schema, rows: usize, seed: u64) -> Dataset {
    dataset_by(schema, rows, seed, |row| {
        let signal: f64 = row[..2].iter().filter(|value| !value.is_nan()).sum();
        1.0 / (1.0 + (3.2 - 0.35 * signal).exp())
    })
}

/// The same with outcomes of this probability, given a row.
pub fn dataset_by(
    schema: &Schema,
    rows: usize,
    seed: u64,
    probability: impl Fn(&[f64]) -> f64,
) -> Dataset {
    let features = schema.features();
    let mut rng = Rng::new(seed);
    let mut dataset = Dataset::new(features.len());
    for index in 0..rows {
        let row = row(&features, &mut rng);
        let outcome = rng.unit() < probability(&row);
        let profile = profile_hash(&(index as u32 / 6).to_le_bytes());
        dataset
            .push(&row, outcome, (index % 6) as u32, profile)
            .unwrap();
    }
    dataset
}

/// The fit of 1,500 made-up rows by default, made once.
pub fn small_fit() -> &'static Fitted {
    static FITTED: OnceLock<Fitted> = OnceLock::new();
    FITTED.get_or_init(|| fitted(1500, &FitParams::default()))
}

/// The same of 3,600 rows.
pub fn large_fit() -> &'static Fitted {
    static FITTED: OnceLock<Fitted> = OnceLock::new();
    FITTED.get_or_init(|| fitted(3600, &FitParams::default()))
}

/// A fit on made-up rows.
pub fn fitted(rows: usize, params: &FitParams) -> Fitted {
    let schema = schema();
    let dataset = dataset(&schema, rows, 7);
    fit(dataset, &cutoffs(6), schema, params, &mut || ()).unwrap()
}

/// The schema of events without types or attributes, with a profile attribute.
pub fn schema() -> Schema {
    let countries = ["France", "a \"quoted\" one", "Spain"].map(str::to_owned);
    Schema {
        window_days: 30.0,
        spans: vec![Span::One, Span::Fourfold],
        types: vec![EventType::Missing],
        pairs: Vec::new(),
        names: ColumnNames {
            profile_codes: vec!["country".to_owned()],
            ..ColumnNames::default()
        },
        text: Vec::new(),
        profile_text: vec![TextColumn::Category(countries.to_vec())],
        goal: None,
    }
}
