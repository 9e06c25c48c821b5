//! Rows to learn from, and short ways to fit them.

use propensity::Error;
use propensity::learn::binning::Bins;
use propensity::learn::boosting::{Forest, ForestParams};
use propensity::learn::dataset::Matrix;
use propensity::rng::Rng;

pub fn matrix(columns: usize, values: Vec<f32>) -> Matrix {
    Matrix {
        rows: values.len() / columns,
        columns,
        values,
    }
}

pub fn all(rows: usize) -> Vec<u32> {
    (0..rows as u32).collect()
}

pub fn bin(x: &Matrix) -> Bins {
    Bins::new(x, &all(x.rows), 255, &mut || ()).unwrap()
}

pub fn fit(x: &Matrix, outcomes: &[bool], params: ForestParams) -> Result<Forest, Error> {
    let params = params.check()?;
    Forest::fit(&bin(x), outcomes, &all(x.rows), &params, &mut || ())
}

/// A few hundred rows whose outcome depends on two columns; the third is constant.
pub fn simple(rows: usize) -> (Matrix, Vec<bool>) {
    let mut rng = Rng::new(17);
    let (mut values, mut outcomes) = (Vec::new(), Vec::new());
    for _ in 0..rows {
        let (a, b) = (rng.unit(), rng.unit());
        let a = if rng.unit() < 0.2 { f64::NAN } else { a };
        values.extend([a as f32, b as f32, 7.0]);
        let p = if a.is_nan() { 0.8 } else { 0.6 * a * b };
        outcomes.push(rng.unit() < p);
    }
    (matrix(3, values), outcomes)
}

pub fn few() -> ForestParams {
    ForestParams {
        min_rows: 5,
        rounds: 20,
        ..ForestParams::default()
    }
}
