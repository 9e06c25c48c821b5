//! Seconds and memory of encoder, logistic regression and baseline on the matrix that `logistic.py`
//! makes.
#![expect(
    clippy::expect_used,
    reason = "a benchmark without its data has nothing to do"
)]

use std::fs;

use propensity::fit::baseline::{Rfm, RfmFeatures};
use propensity::learn::dataset::{Dataset, Matrix};
use propensity::learn::encoder::Encoder;
use propensity::learn::logistic::Logistic;
use propensity::learn::metrics::roc_auc;

fn main() {
    let path = std::env::var("MATRIX").unwrap_or_else(|_| "/tmp/matrix.bin".to_owned());
    let Ok(bytes) = fs::read(&path) else {
        println!("no {path}: make it by benches/logistic.py");
        return;
    };
    let (x, outcomes) = parse(&bytes);
    drop(bytes);
    let x = encode(x, &outcomes);
    let rows: Vec<u32> = (0..x.rows as u32).collect();
    for strengths in [&[25.0][..], &[1.0, 5.0, 25.0, 125.0]] {
        let (before, start) = (reset_peak(), cpu());
        let models = Logistic::fit(&x, &outcomes, &rows, strengths, &mut || ()).expect("a fit");
        let seconds = cpu() - start;
        let more = (memory("VmHWM:") - before) / 1024;
        let model = &models[models.len() - 1];
        let start = cpu();
        let logits: Vec<f64> = (0..x.rows).map(|row| model.logit(x.row(row))).collect();
        let speed = x.rows as f64 / (cpu() - start) / 1e6;
        let auc = roc_auc(&logits, &outcomes).expect("an area");
        let first = model.weights[0];
        println!(
            "K {strengths:?}: {seconds:.2} CPU s, {more} MB more, AUC {auc:.6} w0 {first:+.9}"
        );
        println!("    scores {speed:.1} million rows a second");
    }
}

/// Takes the matrix for features and encodes it, which leaves it as it is.
fn encode(x: Matrix, outcomes: &[bool]) -> Matrix {
    let dataset = Dataset {
        features: x.columns,
        values: x.values,
        ..Dataset::default()
    };
    let start = cpu();
    let features = RfmFeatures {
        recency: 1,
        tenure: 2,
        events: 4,
        days: 5,
        goal_recency: Some(7),
        goals: Some(8),
    };
    let rfm = Rfm::new(&dataset, &features).expect("six columns");
    let rows: Vec<u32> = (0..x.rows as u32).collect();
    rfm.logits(outcomes, &rows, &rows).expect("a fit");
    println!("baseline: {:.2} CPU s", cpu() - start);
    let (before, start) = (reset_peak(), cpu());
    let encoder = Encoder::fit(&dataset, &vec![None; x.columns], &mut || ()).expect("columns");
    let chosen = cpu() - start;
    let x = encoder.transform(dataset, &mut || ()).expect("a matrix");
    let all = cpu() - start;
    let more = (memory("VmHWM:") - before) / 1024;
    println!("encoder: {chosen:.2} CPU s to choose columns, {all:.2} s in all, {more} MB more");
    x
}

fn parse(bytes: &[u8]) -> (Matrix, Vec<bool>) {
    let (words, _) = bytes.as_chunks::<4>();
    let rows = u32::from_le_bytes(words[0]) as usize;
    let columns = u32::from_le_bytes(words[1]) as usize;
    let values = words[2..2 + rows * columns].iter();
    let x = Matrix {
        rows,
        columns,
        values: values.map(|&word| f32::from_le_bytes(word)).collect(),
    };
    let outcomes = bytes[8 + 4 * rows * columns..]
        .iter()
        .map(|&byte| byte == 1);
    (x, outcomes.collect())
}

/// Sets the peak of resident memory to what is resident now; kB.
fn reset_peak() -> i64 {
    // Where it cannot be reset the peak so far counts, and the difference is a lower bound.
    let _ = fs::write("/proc/self/clear_refs", "5");
    memory("VmHWM:")
}

/// A line of `/proc/self/status` in kB, 0 where there is none.
fn memory(line: &str) -> i64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find(|text| text.starts_with(line));
    let figure = found.and_then(|text| text.split_whitespace().nth(1));
    figure.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Seconds of processor time of this program, which other work on the machine disturbs less than
/// the clock.
fn cpu() -> f64 {
    let text = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = text
        .split(' ')
        .next()
        .and_then(|text| text.parse::<f64>().ok());
    nanoseconds.unwrap_or(f64::NAN) / 1e9
}
