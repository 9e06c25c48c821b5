//! Benchmark of a whole fit: seconds of CPU of this process, peak memory above that of the rows
//! given, and the longest time between two polls. From Linux's /proc, so that other work on the
//! machine matters little.
//!
//! ```text
//! cargo run --release --example fit -- 80000 23 7
//! ```
//!
//! Arguments: rows, event types, numeric attributes (six features for each type, ten for each attribute).

use propensity::cutoff::Cutoff;
use propensity::features::schema::{ColumnNames, EventType, GoalFacts, Pair, Schema, Span};
use propensity::features::{Feature, Unit};
use propensity::fit::{FitParams, fit};
use propensity::learn::dataset::Dataset;
use propensity::rng::Rng;
use propensity::time::DAY;

const CUTOFFS: i64 = 6;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<usize> = std::env::args()
        .skip(1)
        .map(|argument| argument.parse())
        .collect::<Result<_, _>>()?;
    let [rows, types, attributes] = arguments[..] else {
        return Err("usage: fit ROWS TYPES ATTRIBUTES".into());
    };
    let schema = schema(types, attributes);
    let dataset = dataset(&schema, rows)?;
    let features = dataset.features;
    let cutoffs: Vec<Cutoff> = (0..CUTOFFS)
        .map(|index| Cutoff {
            at: 30 * DAY * index,
            outcome_until: 30 * DAY * (index + 1),
            ..Cutoff::default()
        })
        .collect();
    let given = dataset.values.capacity() * 4;
    let mut polls = Polls::default();
    let start = seconds();
    let params = FitParams::default();
    let fitted = fit(dataset, &cutoffs, schema, &params, &mut || polls.poll())?;
    let held = fitted.report.hold_out.ok_or("nothing held out")?;
    println!(
        "{rows} x {features}: {:.2} s, {:?} rounds, AUC {:.4}, log loss {:.5}; peak {} MB, rows {} MB; longest between polls {:.1} ms",
        seconds() - start,
        fitted.report.rounds.unwrap_or(0),
        held.model.auc,
        held.model.log_loss,
        peak() >> 20,
        given >> 20,
        1e3 * polls.longest,
    );
    Ok(())
}

fn schema(types: usize, attributes: usize) -> Schema {
    let name = |stem: &str, index| format!("{stem}{index}");
    Schema {
        window_days: 30.0,
        spans: Span::FINITE.to_vec(),
        types: (0..types)
            .map(|kind| EventType::Named(name("type", kind)))
            .collect(),
        pairs: (0..attributes)
            .map(|attribute| Pair { kind: 0, attribute })
            .collect(),
        names: ColumnNames {
            numbers: (0..attributes)
                .map(|attribute| name("number", attribute))
                .collect(),
            ..ColumnNames::default()
        },
        text: Vec::new(),
        profile_text: Vec::new(),
        goal: Some(GoalFacts {
            types: vec![EventType::Named(name("type", 0))],
            every_event: false,
            whole_types: true,
            name: None,
        }),
    }
}

/// Recencies with missing values, counts and amounts of profiles that differ in activity.
fn dataset(schema: &Schema, rows: usize) -> Result<Dataset, Box<dyn std::error::Error>> {
    let features = schema.features();
    let mut rng = Rng::new(42);
    let mut dataset = Dataset::new(features.len());
    dataset.values.reserve_exact(rows * features.len());
    for index in 0..rows {
        let activity = exponential(&mut rng);
        let has = rng.unit() < 0.6;
        let value = |feature: &Feature| match feature.unit {
            Unit::Days if !has || rng.unit() < 0.1 => f64::NAN,
            Unit::Days => 90.0 * exponential(&mut rng) / (0.2 + activity),
            Unit::Count => (activity * exponential(&mut rng) * 3.0).floor(),
            _ if !has => f64::NAN,
            _ => (activity * 100.0 * exponential(&mut rng)).round() / 10.0,
        };
        let row: Vec<f64> = features.iter().map(value).collect();
        let recent = row.iter().step_by(9).filter(|value| **value < 2.0).count();
        let log_odds = -3.0 + 1.2 * activity - 4.0 * recent as f64 / features.len() as f64;
        let outcome = rng.unit() < 1.0 / (1.0 + (-log_odds).exp());
        let cutoff = index as u32 % CUTOFFS as u32;
        dataset.push(&row, outcome, cutoff, index as u64 / CUTOFFS as u64)?;
    }
    Ok(dataset)
}

fn exponential(rng: &mut Rng) -> f64 {
    -(1.0 - rng.unit()).ln()
}

/// CPU time of this thread so far; 0 where /proc has none.
fn seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|word| word.parse().ok());
    nanoseconds.unwrap_or(0.0) / 1e9
}

/// The most bytes this process has had.
fn peak() -> usize {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let words = line.and_then(|line| line.split_whitespace().next());
    words.and_then(|word| word.parse().ok()).unwrap_or(0) << 10
}

/// The longest time between two polls.
#[derive(Default)]
struct Polls {
    last: Option<f64>,
    longest: f64,
}

impl Polls {
    fn poll(&mut self) {
        let now = seconds();
        if let Some(last) = self.last {
            self.longest = self.longest.max(now - last);
        }
        self.last = Some(now);
    }
}
