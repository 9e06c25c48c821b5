//! Timestamps of PostgreSQL, which count from 2000, and [`Micros`], which count from 1970.

use pgrx::pg_sys::TimestampTz;
use propensity::time::Micros;

/// Microseconds from 1970-01-01 to 2000-01-01.
const EPOCH: Micros = 946_684_800_000_000;

/// A timestamp that is not infinite. The last of the years that timestamps reach are later than the last of ours.
#[inline]
pub fn to_micros(timestamp: TimestampTz) -> Micros {
    timestamp.saturating_add(EPOCH)
}

/// A timestamp, none if it is infinite.
#[inline]
pub fn finite(timestamp: TimestampTz) -> Option<Micros> {
    (timestamp != TimestampTz::MIN && timestamp != TimestampTz::MAX).then(|| to_micros(timestamp))
}

/// An instant as a timestamp.
pub fn from_micros(at: Micros) -> TimestampTz {
    at.saturating_sub(EPOCH)
}
