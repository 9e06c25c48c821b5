//! Instants and durations.

pub mod cron;
mod length;

pub use length::Length;

/// An instant: microseconds since 1970-01-01 00:00 UTC.
pub type Micros = i64;

/// Microseconds of a day.
pub const DAY: Micros = 86_400_000_000;

/// The duration from `from` to `to` in days, negative when `to` is earlier.
pub fn days_between(from: Micros, to: Micros) -> f64 {
    // i128: the whole range of PostgreSQL timestamps fits in i64, their difference may not.
    (i128::from(to) - i128::from(from)) as f64 / DAY as f64
}

/// The UTC date of an instant, as days since 1970-01-01.
pub fn date(at: Micros) -> i64 {
    at.div_euclid(DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_before_the_epoch_is_minus_one() {
        assert_eq!(date(-1), -1);
        assert_eq!(date(0), 0);
        assert_eq!(date(DAY - 1), 0);
    }

    #[test]
    fn extreme_instants_do_not_overflow() {
        assert!(days_between(Micros::MIN, Micros::MAX) > 2.0e8);
    }
}
