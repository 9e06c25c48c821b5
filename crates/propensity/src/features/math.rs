//! Small formulas that groups share.

use crate::schema::Span;
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

/// The factor 2^(-d / h) by which a decayed count shrinks in d days, h = half-life in days.
#[inline]
pub(super) fn decay(from: Micros, to: Micros, half_life: f64) -> f64 {
    if from == to {
        return 1.0;
    }
    (-days_since(from, to) / half_life).exp2()
}

/// [`decay`] for half-lives of W/4, W/2, W, 2W and 4W by squaring: one exponential for all.
#[inline]
pub(super) fn decays(from: Micros, to: Micros, window_days: f64) -> [f64; 5] {
    let mut factor = decay(from, to, Span::Fourfold.days(window_days));
    let mut factors = [1.0; 5];
    for slot in factors.iter_mut().rev() {
        *slot = factor;
        factor *= factor;
    }
    factors
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
        let total: u64 = counts.iter().map(|&count| u64::from(count)).sum();
        if total == 0 || counts.iter().any(|&count| u64::from(count) == total) {
            return 0.0;
        }
        let sum: f64 = counts.iter().map(|&count| self.n_log_n(count.into())).sum();
        // ln N - (1/N) sum n ln n
        ((self.n_log_n(total) - sum) / total as f64).max(0.0)
    }

    fn n_log_n(&self, n: u64) -> f64 {
        self.small
            .get(n as usize)
            .copied()
            .unwrap_or_else(|| n_log_n(n))
    }
}

fn n_log_n(n: u64) -> f64 {
    if n < 2 {
        0.0
    } else {
        n as f64 * (n as f64).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::DAY;

    #[test]
    fn entropy_of_equal_shares_is_the_logarithm_of_their_number() {
        let entropy = Entropy::new();
        assert!((entropy.of(&[5, 5, 0, 5]) - 3_f64.ln()).abs() < 1e-14);
        assert!((entropy.of(&[5000, 5000]) - 2_f64.ln()).abs() < 1e-14);
        assert_eq!((entropy.of(&[0, 7]), entropy.of(&[])), (0.0, 0.0));
    }

    #[test]
    fn a_count_halves_in_its_half_life() {
        let factors = decays(0, 40 * DAY, 40.0);
        assert_eq!(
            factors,
            [1.0 / 16.0, 0.25, 0.5, 0.5_f64.sqrt(), 0.5_f64.sqrt().sqrt()].map(|exact: f64| {
                factors
                    .into_iter()
                    .find(|f| (f - exact).abs() < 1e-15)
                    .unwrap_or(f64::NAN)
            })
        );
        assert_eq!(decay(3, 3, 1e-300), 1.0);
        assert_eq!(decay(0, Micros::MAX, 1.0), 0.0);
    }
}
