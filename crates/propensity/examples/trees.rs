//! Benchmark of forests: seconds to bin and fit, rows a second to predict and explain. Seconds are
//! of CPU, from Linux's /proc, so that other work on the machine matters little.
//!
//! ```text
//! cargo run --release --example trees -- 500000 60 100
//! python crates/propensity/examples/trees.py 500000 60 100    # LightGBM on the same rows
//! ```
//!
//! Arguments: rows, columns, rounds. Writes the matrix and the outcomes to /tmp for the script.

use std::io::Write;

use propensity::learn::binning::Bins;
use propensity::learn::boosting::{Forest, ForestParams};
use propensity::learn::dataset::Matrix;
use propensity::model::shapley::TreeShapley;
use propensity::rng::Rng;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<usize> = std::env::args()
        .skip(1)
        .map(|argument| argument.parse())
        .collect::<Result<_, _>>()?;
    let [rows, columns, rounds] = arguments[..] else {
        return Err("usage: trees ROWS COLUMNS ROUNDS".into());
    };
    let (x, outcomes) = data(rows, columns);
    write(&x, &outcomes)?;
    let all: Vec<u32> = (0..rows as u32).collect();
    let mut longest = Polls::default();

    let start = cpu_seconds();
    let bins = Bins::new(&x, &all, 255, &mut || longest.poll())?;
    let binned = cpu_seconds() - start;
    let params = ForestParams {
        rounds,
        ..ForestParams::default()
    };
    let forest = Forest::fit(&bins, &outcomes, &all, &params.check()?, &mut || {
        longest.poll()
    })?;
    let seconds = cpu_seconds() - start;
    println!(
        "{rows} x {columns}: bins {binned:.2} s, {} trees {:.2} s, together {seconds:.2} s, longest between polls {:.1} ms",
        forest.trees(),
        seconds - binned,
        longest.longest * 1e3,
    );

    let start = cpu_seconds();
    let logits: Vec<f64> = (0..rows).map(|row| forest.logit(x.row(row))).collect();
    let seconds = cpu_seconds() - start;
    println!(
        "log loss {:.6}, predicts {:.0} rows/s",
        log_loss(&logits, &outcomes),
        rows as f64 / seconds
    );
    explain(&forest, &x, &logits)
}

/// Shapley values of all rows: how fast, and how far from adding up.
fn explain(forest: &Forest, x: &Matrix, logits: &[f64]) -> Result<(), Box<dyn std::error::Error>> {
    let start = cpu_seconds();
    let each: Vec<u32> = (0..x.columns as u32).collect();
    let mut shapley = TreeShapley::new(forest, &each, x.columns, &mut || ())?;
    let built = cpu_seconds() - start;
    let mut out = vec![0.0; 1000 * x.columns];
    let (mut explained, mut worst) = (0, 0.0_f64);
    let start = cpu_seconds();
    for (rows, logits) in x.values.chunks(1000 * x.columns).zip(logits.chunks(1000)) {
        let out = &mut out[..rows.len()];
        shapley.contributions(rows, out, &mut || ())?;
        for (contributions, logit) in out.chunks(x.columns).zip(logits) {
            let sum = shapley.base() + contributions.iter().sum::<f64>();
            worst = worst.max((sum - logit).abs());
            explained += 1;
        }
    }
    let seconds = cpu_seconds() - start;
    let start = cpu_seconds();
    for row in 0..5000 {
        shapley.contributions(x.row(row), &mut out[..x.columns], &mut || ())?;
    }
    println!(
        "tables {:.1} ms, explains {:.0} rows/s, one by one {:.0}; sums off by {worst:.1e} at most",
        built * 1e3,
        f64::from(explained) / seconds,
        5000.0 / (cpu_seconds() - start),
    );
    Ok(())
}

/// CPU time of this thread so far; 0 where /proc has none.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|word| word.parse().ok());
    nanoseconds.unwrap_or(0.0) / 1e9
}

/// The longest time between two polls.
#[derive(Default)]
struct Polls {
    last: Option<f64>,
    longest: f64,
}

impl Polls {
    fn poll(&mut self) {
        let now = cpu_seconds();
        if let Some(last) = self.last {
            self.longest = self.longest.max(now - last);
        }
        self.last = Some(now);
    }
}

/// Columns as the features have them: recencies with missing values, counts, sums, 0/1 columns.
fn data(rows: usize, columns: usize) -> (Matrix, Vec<bool>) {
    let mut rng = Rng::new(42);
    let mut values = Vec::with_capacity(rows * columns);
    let mut outcomes = Vec::with_capacity(rows);
    for _ in 0..rows {
        let activity = exponential(&mut rng);
        let mut log_odds = -3.0;
        for column in 0..columns {
            let value = match column % 5 {
                0 if rng.unit() < 0.3 => f64::NAN,
                0 => 90.0 * exponential(&mut rng) / (0.2 + activity),
                1 => (activity * exponential(&mut rng) * 3.0).floor(),
                2 => (activity * 100.0 * exponential(&mut rng)).round() / 10.0,
                3 => f64::from(u8::from(rng.unit() < 0.02 + 0.1 * (column % 4) as f64)),
                _ => rng.unit() + rng.unit() - 1.0,
            };
            log_odds += 6.0 / columns as f64
                * match column % 5 {
                    0 if value.is_nan() => -0.5,
                    0 => (-value / 60.0).exp(),
                    1 => value.min(4.0) / 3.0,
                    2 => value.ln_1p() / 8.0,
                    3 => value * activity,
                    _ => value * value * 3.0,
                };
            values.push(value as f32);
        }
        outcomes.push(rng.unit() < 1.0 / (1.0 + (-log_odds).exp()));
    }
    let matrix = Matrix {
        rows,
        columns,
        values,
    };
    (matrix, outcomes)
}

fn exponential(rng: &mut Rng) -> f64 {
    -(1.0 - rng.unit()).ln()
}

fn write(x: &Matrix, outcomes: &[bool]) -> std::io::Result<()> {
    let name = format!("/tmp/trees_{}x{}", x.rows, x.columns);
    let mut file = std::io::BufWriter::new(std::fs::File::create(format!("{name}.f32"))?);
    for value in &x.values {
        file.write_all(&value.to_le_bytes())?;
    }
    file.flush()?;
    let outcomes: Vec<u8> = outcomes.iter().map(|&outcome| u8::from(outcome)).collect();
    std::fs::write(format!("{name}.u8"), outcomes)
}

fn log_loss(logits: &[f64], outcomes: &[bool]) -> f64 {
    let losses = logits.iter().zip(outcomes).map(|(&z, &outcome)| {
        let against = if outcome { -z } else { z };
        against.max(0.0) + (-against.abs()).exp().ln_1p()
    });
    losses.sum::<f64>() / logits.len() as f64
}
