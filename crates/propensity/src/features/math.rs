//! Small formulas that groups share.

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

/// Whether the instant `days` days from another has come by the cutoff; false for a missing number of days.
#[inline]
pub(super) fn is_past(from: Micros, days: f64, cutoff: Micros) -> bool {
    // A cast from float saturates.
    !days.is_nan() && from.saturating_add((days * DAY as f64).round() as Micros) <= cutoff
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
