//! Quality on real event logs, from packed records to test predictions, beside the reference
//! implementation (`../shared/reference`). Skipped without `../shared`, and in debug builds, which
//! are slow: `cargo test --release -p propensity --test quality -- --nocapture`.
#![expect(clippy::unwrap_used, reason = "helpers of a test may panic")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use propensity::Error;
use propensity::cutoff::Cutoff;
use propensity::event::dictionary::Dictionaries;
use propensity::event::history::{Flags, Profile};
use propensity::event::record::{KeyWidth, Layout};
use propensity::features::Features;
use propensity::features::population::{Rules, Source};
use propensity::features::schema::{ColumnNames, GoalKind, Learner, Schema};
use propensity::fit::{FitParams, Fitted, Sample, fit};
use propensity::learn::dataset::Dataset;
use propensity::learn::metrics::{calibration_error, log_loss, roc_auc};
use propensity::model::{Explanation, Model, Scorer};
use propensity::time::{DAY, Micros, days_between};
use propensity::walk::Partition;

/// A task with the figures that the reference reaches on its test cutoffs.
struct Task {
    name: &'static str,
    /// Predicts that the goal occurs.
    occurs: bool,
    /// Days of the eligible window.
    eligible: Option<i64>,
    window: i64,
    auc: f64,
    log_loss: f64,
    calibration_error: f64,
}

/// Packed events of one log.
struct Log {
    layout: Layout,
    names: ColumnNames,
    dictionaries: Dictionaries,
    bytes: Vec<u8>,
}

/// How far below the reference a figure may lie.
const TOLERANCE: f64 = 0.005;
/// Training rows of the reference.
const MOST_ROWS: u64 = 40_000;

fn shared() -> Option<PathBuf> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("shared"))
        .find(|folder| folder.join("reference/tasks.json").exists());
    if found.is_none() || cfg!(debug_assertions) {
        eprintln!("skipped: needs ../shared and a release build");
    }
    found.filter(|_| !cfg!(debug_assertions))
}

/// Lines of a gzipped file of comma-separated values without quotes, after the header.
fn read(path: &Path) -> Vec<Vec<String>> {
    let output = Command::new("gzip").arg("-dc").arg(path).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let cells = |line: &str| line.split(',').map(str::to_owned).collect();
    text.lines().skip(1).map(cells).collect()
}

/// `1997-01-01T00:00:00` or `1997-01-01 00:00`, UTC.
fn instant(text: &str) -> Micros {
    let part = |range: std::ops::Range<usize>| {
        text.get(range)
            .map_or(0, |digits| digits.parse::<i64>().unwrap())
    };
    let (year, month, day) = (part(0..4), part(5..7), part(8..10));
    // Days from civil (Hinnant): years begin in March, so that leap days come last.
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = 365 * year + year / 4 - year / 100 + year / 400 + day_of_year - 719_468;
    let seconds = part(11..13) * 3600 + part(14..16) * 60 + part(17..19);
    days * DAY + seconds * 1_000_000
}

fn log(layout: Layout, names: ColumnNames) -> Log {
    Log {
        dictionaries: Dictionaries::new(layout.codes, layout.profile_codes),
        layout,
        names,
        bytes: Vec::new(),
    }
}

impl Log {
    fn push(&mut self, customer: &str, time: Micros, kind: &str, numbers: &[f64]) {
        let key = customer.parse::<i64>().unwrap().to_be_bytes();
        let purchase = kind == "purchase";
        let flags = Flags::new(purchase, purchase, false);
        let kind = self.dictionaries.kinds.intern(kind.as_bytes()).unwrap();
        let Self { layout, bytes, .. } = self;
        layout.push_event(bytes, &key, time, kind, flags, numbers, &[]);
    }
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

fn cdnow(shared: &Path) -> Log {
    let layout = Layout {
        key: KeyWidth::Fixed(8),
        numbers: 2,
        codes: 0,
        profile_numbers: 0,
        profile_codes: 0,
    };
    let names = ColumnNames {
        numbers: strings(&["cds", "amount"]),
        ..ColumnNames::default()
    };
    let mut log = log(layout, names);
    for row in read(&shared.join("data/cdnow/transactions.csv.gz")) {
        let numbers = [number(&row[2]), number(&row[3])];
        log.push(&row[0], instant(&row[1]), "purchase", &numbers);
    }
    log
}

fn online_retail(shared: &Path) -> Log {
    let layout = Layout {
        key: KeyWidth::Fixed(8),
        numbers: 4,
        codes: 0,
        profile_numbers: 0,
        profile_codes: 1,
    };
    let names = ColumnNames {
        numbers: strings(&["lines", "products", "quantity", "revenue"]),
        profile_codes: strings(&["country"]),
        ..ColumnNames::default()
    };
    let mut log = log(layout, names);
    let mut countries = BTreeMap::new();
    for row in read(&shared.join("data/online_retail/invoices.csv.gz")) {
        let numbers: Vec<f64> = row[3..7].iter().map(|cell| number(cell)).collect();
        let kind = if row[7] == "1" { "cancel" } else { "purchase" };
        log.push(&row[0], instant(&row[1]), kind, &numbers);
        countries.entry(row[0].clone()).or_insert(row[8].clone());
    }
    for (customer, country) in countries {
        let key = customer.parse::<i64>().unwrap().to_be_bytes();
        let code = log.dictionaries.profiles[0].intern(country.as_bytes());
        let Log { layout, bytes, .. } = &mut log;
        layout.push_attributes(bytes, &key, Micros::MIN, &[], &[code.unwrap()]);
    }
    log
}

/// The cutoffs of one stage of a task.
fn cutoffs(shared: &Path, task: &Task, stage: &str) -> Vec<Cutoff> {
    let text = std::fs::read_to_string(shared.join("reference/tasks.json")).unwrap();
    let tasks: serde_json::Value = serde_json::from_str(&text).unwrap();
    let listed = tasks[task.name][stage]["cutoffs"].as_array().unwrap();
    let cutoff = |text: &serde_json::Value| {
        let at = instant(text.as_str().unwrap());
        Cutoff {
            at,
            eligible_from: task.eligible.map_or(Micros::MIN, |days| at - days * DAY),
            outcome_until: at + task.window * DAY,
            ..Cutoff::default()
        }
    };
    listed.iter().map(cutoff).collect()
}

fn walk(log: &Log, visit: &mut dyn FnMut(&Profile) -> Result<(), Error>) {
    Partition::default()
        .walk(
            &log.layout,
            &log.bytes,
            &log.dictionaries,
            visit,
            &mut || (),
        )
        .unwrap();
}

/// Rows of the population at the cutoffs; a uniform sample if there are more than `most`.
fn rows(log: &Log, schema: &Schema, task: &Task, cutoffs: &[Cutoff], most: u64) -> Dataset {
    let rules = Rules {
        eligible: Source::Events,
        excluded: Source::None,
        goal: Source::Events,
        occurs: task.occurs,
    };
    let mut population = 0;
    walk(log, &mut |profile| {
        population += cutoffs
            .iter()
            .filter(|c| rules.eligible(profile, c))
            .count() as u64;
        Ok(())
    });
    let sample = Sample::new(population, most);
    let mut features = Features::new(schema, &log.dictionaries);
    let mut row = vec![0.0; features.len()];
    let mut dataset = Dataset::new(features.len());
    walk(log, &mut |profile| {
        features.start();
        for (index, cutoff) in cutoffs.iter().enumerate() {
            if rules.eligible(profile, cutoff) && sample.keeps(profile.hash, cutoff.at) {
                features.row(profile, cutoff.at, &mut row, &mut || ())?;
                let outcome = rules.outcome(profile, cutoff);
                dataset.push(&row, outcome, index as u32, profile.hash)?;
            }
        }
        Ok(())
    });
    dataset
}

fn learn(log: &Log, task: &Task, until: Micros) -> Schema {
    let window = days_between(0, task.window * DAY);
    let mut learner = Learner::new(log.names.clone(), window, until, GoalKind::Events);
    walk(log, &mut |profile| learner.add(profile, &mut || ()));
    learner.finish(&log.dictionaries).unwrap()
}

/// Area, log loss and calibration error on the test rows by the model as it is stored, and rows
/// explained per second. Reasons must add up to 1e-6.
fn measure(fitted: &Fitted, test: &Dataset) -> [f64; 4] {
    let bytes = fitted.model.encode().unwrap();
    let start = Instant::now();
    let model = Model::decode(&bytes).unwrap();
    let milliseconds = 1e3 * start.elapsed().as_secs_f64();
    eprintln!("  {} bytes decoded in {milliseconds:.1} ms", bytes.len());
    let mut scorer = Scorer::new(model, &mut || ()).unwrap();
    let features: Vec<f64> = test.values.iter().map(|&value| f64::from(value)).collect();
    let mut probabilities = Vec::with_capacity(test.rows());
    let mut json = String::new();
    let mut visit = |_: usize, explanation: &Explanation| {
        let prediction = explanation.prediction;
        let impacts: f64 = explanation.factors.iter().map(|factor| factor.impact).sum();
        assert!((explanation.base + impacts - prediction.log_odds).abs() < 1e-6);
        probabilities.push(prediction.probability);
        json.clear();
        explanation.grouping.write_json(
            explanation.factors,
            explanation.prediction.log_odds,
            3,
            &mut json,
        );
        Ok(())
    };
    let start = Instant::now();
    scorer
        .explain_rows(&features, usize::MAX, &mut visit, &mut || ())
        .unwrap();
    let speed = test.rows() as f64 / start.elapsed().as_secs_f64();
    eprintln!("  {json}");
    [
        roc_auc(&probabilities, &test.outcomes).unwrap(),
        log_loss(&probabilities, &test.outcomes).unwrap(),
        calibration_error(&probabilities, &test.outcomes).unwrap(),
        speed,
    ]
}

fn check(log: &Log, shared: &Path, task: &Task) {
    let [mut train, validation, test] =
        ["train", "val", "test"].map(|stage| cutoffs(shared, task, stage));
    let schema = learn(log, task, validation[0].at);
    train.extend(validation);
    train.retain(|cutoff| cutoff.outcome_until <= test[0].at);
    let dataset = rows(log, &schema, task, &train, MOST_ROWS);
    let test = rows(log, &schema, task, &test, u64::MAX);
    let rows = dataset.rows();
    let start = Instant::now();
    let fitted = fit(dataset, &train, schema, &FitParams::default(), &mut || ()).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let found = measure(&fitted, &test);
    let report = &fitted.report;
    eprintln!(
        "{}: {rows} rows of {} features, K {:?}, {:?} rounds, fitted in {seconds:.1} s, {:.0} rows \
         explained a second; AUC {:.4} ({:.4}), log loss {:.4} ({:.4}), calibration error {:.4} \
         ({:.4})",
        task.name,
        report.features,
        report.strength,
        report.rounds,
        found[3],
        found[0],
        task.auc,
        found[1],
        task.log_loss,
        found[2],
        task.calibration_error
    );
    assert!(found[0] > task.auc - TOLERANCE);
    assert!(found[1] < task.log_loss + TOLERANCE);
    assert!(found[2] < task.calibration_error + 2.0 * TOLERANCE);
    let hold_out = report.hold_out.as_ref().unwrap();
    assert!(hold_out.model.auc > hold_out.recency.unwrap().auc);
}

#[test]
fn cdnow_is_as_good_as_the_reference() {
    let Some(shared) = shared() else { return };
    let log = cdnow(&shared);
    let task = Task {
        name: "cdnow_90",
        occurs: true,
        eligible: None,
        window: 90,
        auc: 0.8404,
        log_loss: 0.2954,
        calibration_error: 0.0073,
    };
    check(&log, &shared, &task);
    let task = Task {
        name: "cdnow_30",
        eligible: Some(180),
        window: 30,
        auc: 0.7177,
        log_loss: 0.4420,
        calibration_error: 0.0182,
        ..task
    };
    check(&log, &shared, &task);
}

#[test]
fn online_retail_is_as_good_as_the_reference() {
    let Some(shared) = shared() else { return };
    let log = online_retail(&shared);
    let task = Task {
        name: "retail_30",
        occurs: true,
        eligible: None,
        window: 30,
        auc: 0.7454,
        log_loss: 0.5546,
        calibration_error: 0.0680,
    };
    check(&log, &shared, &task);
    let task = Task {
        name: "retail_churn60",
        occurs: false,
        eligible: Some(90),
        window: 60,
        auc: 0.7406,
        log_loss: 0.5824,
        calibration_error: 0.0438,
    };
    check(&log, &shared, &task);
}
