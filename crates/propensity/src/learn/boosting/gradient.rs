//! Gradients of the log loss, from log-odds to fixed point.

use crate::learn::tree::sums::{Pair, Scale};

/// Rows computed side by side.
const LANES: usize = 64;

/// Gradient `p - outcome` and hessian `p (1 - p)` of the log loss in some rows.
///
/// * `log_odds`, `outcomes`, `pairs`: indexed by `rows`.
pub(super) fn gradients(
    rows: &[u32],
    log_odds: &[f64],
    outcomes: &[bool],
    scale: Scale,
    pairs: &mut [Pair],
) {
    let mut p = [0.0; LANES];
    for rows in rows.chunks(LANES) {
        for (p, &row) in p.iter_mut().zip(rows) {
            *p = log_odds[row as usize];
        }
        p.iter_mut().for_each(|p| *p = sigmoid(*p));
        for (&p, &row) in p.iter().zip(rows) {
            let outcome = f64::from(u8::from(outcomes[row as usize]));
            pairs[row as usize] = scale.pack(p - outcome, p * (1.0 - p));
        }
    }
}

/// `1 / (1 + exp(-z))` within 1e-14, `z` limited to `[-40, 40]`.
///
/// Not the C library's: that one has several versions of `exp`, chosen by the processor, and the
/// same data should give the same trees on every machine. Without branches, so that several rows
/// are computed at once.
fn sigmoid(z: f64) -> f64 {
    // exp(x) = 2^k exp(r) with k an integer and |r| <= ln(2) / 2. Adding 1.5 * 2^52 rounds to an
    // integer, which is then in the lowest bits. ln(2) comes in two parts, the first with so few
    // digits that its product with k is exact.
    const ROUND: f64 = 1.5 * (1u64 << 52) as f64;
    const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    // Taylor's series: the first term left out is below 0.3466^12 / 12! = 6e-15.
    const SERIES: [f64; 12] = [
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ];
    let x = (-z).clamp(-40.0, 40.0);
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    let power = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1.0_f64.to_bits()));
    let exp = SERIES.iter().fold(0.0, |sum, term| sum * r + term) * power;
    1.0 / (1.0 + exp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sigmoid_equals_the_library_s() {
        for step in -4000..=4000 {
            let z = f64::from(step) / 100.0;
            let exact = 1.0 / (1.0 + (-z).exp());
            assert!((sigmoid(z) / exact - 1.0).abs() < 1e-14, "{z}");
        }
        assert!(sigmoid(f64::MAX) > 1.0 - 1e-15 && sigmoid(f64::MIN) < 1e-15);
    }

    #[test]
    fn only_the_rows_given_are_written() {
        let scale = Scale::new(100);
        let mut pairs = [[7; 2]; 100];
        let rows: Vec<u32> = (0..100).filter(|row| row % 10 != 3).collect();
        let outcomes: Vec<bool> = (0..100).map(|row| row % 2 == 0).collect();
        gradients(&rows, &[0.0; 100], &outcomes, scale, &mut pairs);
        for (row, &pair) in pairs.iter().enumerate() {
            let gradient = if row % 2 == 0 { -0.5 } else { 0.5 };
            let written = scale.pack(gradient, 0.25);
            assert_eq!(pair, if row % 10 == 3 { [7; 2] } else { written });
        }
    }
}
