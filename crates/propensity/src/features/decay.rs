//! Decayed counts: sums over events whose weight halves with every half-life, W, of their age.
//!
//! A weight is taken relative to a reference instant of the profile and so never changes: one
//! exponential per event serves all sums, and a sum is brought to a cutoff by a factor. Weights
//! grow with time, so the reference moves to an event that is too far from it. The events up to
//! it alone decide that, as they must decide every bit.

use super::elementary::exp2;
use crate::time::{DAY, Micros};

/// How far from the reference an event may be, in half-lives: its weight is at most 2^124.
const REACH: f64 = 124.0;

#[derive(Debug)]
pub(super) struct Decay {
    /// Half-lives per microsecond.
    rate: f64,
    reach: Micros,
    reference: Micros,
}

/// Brings sums to another instant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    to_newest: f64,
    onward: f64,
}

impl Decay {
    pub(super) fn new(window_days: f64) -> Self {
        let half_life = window_days * DAY as f64;
        Self {
            rate: 1.0 / half_life,
            // A cast from float saturates.
            reach: (REACH * half_life) as Micros,
            reference: 0,
        }
    }

    /// Moves the reference.
    pub(super) fn refer_to(&mut self, at: Micros) {
        self.reference = at;
    }

    /// The last instant that has a weight.
    pub(super) fn end(&self) -> Micros {
        self.reference.saturating_add(self.reach)
    }

    /// Two to its power is the weight of an event between the reference and the end.
    #[inline]
    pub(super) fn exponent(&self, at: Micros) -> f64 {
        at.saturating_sub(self.reference) as f64 * self.rate
    }

    /// From the reference to `at`, for sums whose newest event is at `newest`.
    pub(super) fn scale(&self, newest: Micros, at: Micros) -> Scale {
        Scale {
            to_newest: exp2(-self.exponent(newest)),
            onward: exp2(-(at.saturating_sub(newest) as f64 * self.rate)),
        }
    }
}

impl Scale {
    /// For sums of nothing.
    pub(super) const NONE: Self = Self {
        to_newest: 1.0,
        onward: 1.0,
    };

    /// In two steps, as the product of both factors may be too small where the result is not.
    #[inline]
    pub(super) fn apply(&self, sum: f64) -> f64 {
        sum * self.to_newest * self.onward
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_halves_in_its_half_life() {
        let mut decay = Decay::new(40.0);
        decay.refer_to(7 * DAY);
        let factor = |days: i64| decay.scale(7 * DAY, (7 + days) * DAY).apply(1.0);
        assert!((factor(40) - 0.5).abs() < 1e-15);
        assert!((factor(120) - 0.125).abs() < 1e-15);
        assert!((factor(20) - 0.5_f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn the_greatest_weight_can_be_brought_to_any_instant() {
        for window in [1e-5, 1.0, 30.0, 1e9] {
            let mut decay = Decay::new(window);
            decay.refer_to(Micros::MIN);
            let end = decay.end();
            let sum = exp2(decay.exponent(end));
            assert!(sum.is_finite());
            assert!((decay.scale(end, end).apply(sum) - 1.0).abs() < 1e-12);
            let last = decay.scale(end, Micros::MAX).apply(sum);
            assert!((0.0..=1.0 + 1e-12).contains(&last));
        }
    }
}
