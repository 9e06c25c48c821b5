//! Small formulas that groups share.

use super::elementary::ln;
use crate::time::{DAY, Micros};

/// a / b, NaN where b is 0.
#[inline]
pub(super) fn ratio(a: f64, b: f64) -> f64 {
    if b > 0.0 { a / b } else { f64::NAN }
}

/// Days from one instant to another, without the wide integers that extreme instants need: their
/// distance is just the longest that fits.
#[inline]
pub(super) fn days_since(from: Micros, to: Micros) -> f64 {
    to.saturating_sub(from) as f64 / DAY as f64
}

/// Number of instants, oldest first, that are not after `until`.
#[inline]
pub(super) fn count_until(times: &[Micros], until: Micros) -> usize {
    // Short windows are often empty.
    match times.last() {
        Some(&newest) if newest > until => times.partition_point(|&time| time <= until),
        _ => times.len(),
    }
}

/// The value, missing if it overflowed.
#[inline]
pub(super) fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::NAN }
}

/// Entropy of counts in nats, with the logarithms of small counts at hand.
#[derive(Debug)]
pub(super) struct Entropy {
    /// n ln n.
    small: Vec<f64>,
}

impl Entropy {
    pub(super) fn new() -> Self {
        Self {
            small: (0..1024).map(n_log_n).collect(),
        }
    }

    /// -sum s ln s over the shares; 0 without counts.
    pub(super) fn of(&self, counts: &[u32]) -> f64 {
        let total: u32 = counts.iter().sum();
        if counts.iter().max().is_none_or(|&most| most == total) {
            return 0.0;
        }
        let sum: f64 = counts.iter().map(|&count| self.n_log_n(count)).sum();
        // ln N - (1/N) sum n ln n
        ((self.n_log_n(total) - sum) / f64::from(total)).max(0.0)
    }

    #[inline]
    fn n_log_n(&self, n: u32) -> f64 {
        self.small
            .get(n as usize)
            .copied()
            .unwrap_or_else(|| n_log_n(n))
    }
}

fn n_log_n(n: u32) -> f64 {
    if n < 2 {
        0.0
    } else {
        f64::from(n) * ln(n.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_of_equal_shares_is_the_logarithm_of_their_number() {
        let entropy = Entropy::new();
        assert!((entropy.of(&[5, 5, 0, 5]) - 3_f64.ln()).abs() < 1e-14);
        assert!((entropy.of(&[5000, 5000]) - 2_f64.ln()).abs() < 1e-14);
        assert_eq!((entropy.of(&[0, 7]), entropy.of(&[])), (0.0, 0.0));
    }
}
