//! Decayed counts: sums over events whose weight halves with every half-life of their age.
//!
//! A weight is taken relative to a reference instant of the profile and so never changes: one
//! exponential per event serves all sums, and a sum is brought to a cutoff by a factor. Weights
//! grow with time, so the reference moves to an event that is too far from it. The events up to
//! it alone decide that, as they must decide every bit.

use super::elementary::exp2;
use crate::schema::Span;
use crate::time::{DAY, Micros};

/// How far from the reference an event may be, in half-lives of 4W: the weight for W/4, the 16th
/// power of that for 4W, is at most 2^496.
const REACH: f64 = 31.0;

/// Weights for a half-life of 4W.
#[derive(Debug)]
pub(super) struct Decay {
    /// Half-lives per microsecond.
    rate: f64,
    reach: Micros,
    reference: Micros,
}

/// Brings sums to another instant, for half-lives of W/4, W/2, W, 2W and 4W.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    to_newest: [f64; 5],
    onward: [f64; 5],
}

impl Decay {
    pub(super) fn new(window_days: f64) -> Self {
        let half_life = Span::Fourfold.days(window_days) * DAY as f64;
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
        let onward = exp2(-(at.saturating_sub(newest) as f64 * self.rate));
        Scale {
            to_newest: powers(exp2(-self.exponent(newest))),
            onward: powers(onward),
        }
    }
}

impl Scale {
    /// For sums of nothing.
    pub(super) const NONE: Self = Self {
        to_newest: [1.0; 5],
        onward: [1.0; 5],
    };

    /// In two steps, as the product of both factors may be too small where the result is not.
    #[inline]
    pub(super) fn apply(&self, sum: f64, half_life: Span) -> f64 {
        sum * self.to_newest[half_life as usize] * self.onward[half_life as usize]
    }
}

/// The weights for half-lives of W/4, W/2, W, 2W and 4W, given that for 4W: squares.
#[inline]
pub(super) fn powers(weight: f64) -> [f64; 5] {
    let (w2, w4) = (weight * weight, (weight * weight) * (weight * weight));
    [(w4 * w4) * (w4 * w4), w4 * w4, w4, w2, weight]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_halves_in_its_half_life() {
        let mut decay = Decay::new(40.0);
        decay.refer_to(7 * DAY);
        let scale = decay.scale(7 * DAY, 47 * DAY);
        let factors = Span::FINITE.map(|span| scale.apply(1.0, span));
        let exact = [1.0 / 16.0, 0.25, 0.5, 0.5_f64.sqrt(), 0.5_f64.sqrt().sqrt()];
        for (factor, exact) in factors.into_iter().zip(exact) {
            assert!((factor - exact).abs() < 1e-15, "{factor}, {exact}");
        }
    }

    #[test]
    fn the_greatest_weight_can_be_brought_to_any_instant() {
        for window in [1e-5, 1.0, 30.0, 1e9] {
            let mut decay = Decay::new(window);
            decay.refer_to(Micros::MIN);
            let end = decay.end();
            let weights = powers(exp2(decay.exponent(end)));
            for span in Span::FINITE {
                let sum = weights[span as usize];
                assert!(sum.is_finite());
                assert!((decay.scale(end, end).apply(sum, span) - 1.0).abs() < 1e-12);
                let last = decay.scale(end, Micros::MAX).apply(sum, span);
                assert!((0.0..=1.0 + 1e-12).contains(&last));
            }
        }
    }
}
