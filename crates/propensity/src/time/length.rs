//! Lengths of windows by the calendar.

use std::fmt::{self, Display, Formatter};

/// Microseconds of the units of the clock.
const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3600 * SECOND;

/// A length of time by the calendar, in which neither months nor days are all of one length: PostgreSQL's interval.
///
/// It displays as text that PostgreSQL reads back as the same interval under every IntervalStyle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Length {
    /// Months, a year being twelve.
    pub months: i32,
    /// Days.
    pub days: i32,
    /// Microseconds.
    pub micros: i64,
}

impl Length {
    /// The length in days of 24 hours, the unit of windows in features: as PostgreSQL's `extract(epoch FROM ...)` has
    /// it, a year is 365.25 days, and a month of no whole year 30.
    pub fn in_days(self) -> f64 {
        const QUARTER: i64 = 6 * HOUR;
        let (years, months) = (i64::from(self.months / 12), i64::from(self.months % 12));
        let quarters = 1461 * years + 4 * (30 * months + i64::from(self.days));
        let micros = i128::from(quarters) * i128::from(QUARTER) + i128::from(self.micros);
        micros as f64 / SECOND as f64 / 86_400.0
    }

    /// The length in the words of everyday.
    pub fn words(self) -> String {
        let months = match self.months {
            months if months % 12 == 0 => counted((months / 12).into(), "years"),
            months => counted(months.into(), "months"),
        };
        let seconds = self.micros / SECOND;
        let time = match self.micros {
            micros if micros % SECOND != 0 => vec![counted(micros, "microseconds")],
            _ => vec![
                counted(seconds / 3600, "hours"),
                counted(seconds / 60 % 60, "minutes"),
                counted(seconds % 60, "seconds"),
            ],
        };
        let parts = [months, counted(self.days.into(), "days")]
            .into_iter()
            .chain(time);
        joined(parts)
    }
}

impl Display for Length {
    fn fmt(&self, out: &mut Formatter) -> fmt::Result {
        let (time, unit) = match self.micros {
            micros if micros % HOUR == 0 => (micros / HOUR, "hours"),
            micros if micros % SECOND == 0 => (micros / SECOND, "seconds"),
            micros => (micros, "microseconds"),
        };
        let parts = [
            (i64::from(self.months), "mons"),
            (i64::from(self.days), "days"),
            (time, unit),
        ];
        let part = |(number, unit)| (number != 0).then(|| format!("{number} {unit}"));
        out.write_str(&joined(parts.into_iter().map(part)))
    }
}

/// The parts that there are, one after the other.
fn joined(parts: impl Iterator<Item = Option<String>>) -> String {
    let parts: Vec<String> = parts.flatten().collect();
    if parts.is_empty() {
        "0 days".to_owned()
    } else {
        parts.join(" ")
    }
}

/// A number of units, whose name is in the plural; none if there are none.
fn counted(count: i64, unit: &str) -> Option<String> {
    let unit = if count == 1 {
        unit.trim_end_matches('s')
    } else {
        unit
    };
    (count != 0).then(|| format!("{count} {unit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn length(months: i32, days: i32, micros: i64) -> Length {
        Length {
            months,
            days,
            micros,
        }
    }

    #[test]
    fn days_are_those_of_postgresql() {
        // SELECT extract(epoch FROM interval '...')::float8 / 86400, PostgreSQL 15
        for (length, days) in [
            (length(0, 0, 0), 0.0),
            (length(0, 45, 0), 45.0),
            (length(1, 0, 0), 30.0),
            (length(12, 0, 0), 365.25),
            (length(30, 10, 12 * HOUR), 921.0),
            (length(0, 0, 1), 1.0 / SECOND as f64 / 86_400.0),
        ] {
            assert_eq!(length.in_days(), days, "{length}");
        }
    }

    #[test]
    fn texts_read_back_and_words_are_those_of_people() {
        let seconds = |seconds| length(0, 0, seconds * SECOND);
        for (length, text, words) in [
            (length(0, 0, 0), "0 days", "0 days"),
            (length(0, 30, 0), "30 days", "30 days"),
            (
                length(1, 1, 12 * HOUR),
                "1 mons 1 days 12 hours",
                "1 month 1 day 12 hours",
            ),
            (length(14, 0, 0), "14 mons", "14 months"),
            (length(24, 0, HOUR), "24 mons 1 hours", "2 years 1 hour"),
            (seconds(5461), "5461 seconds", "1 hour 31 minutes 1 second"),
            (seconds(30), "30 seconds", "30 seconds"),
            (
                length(0, 2, 7),
                "2 days 7 microseconds",
                "2 days 7 microseconds",
            ),
        ] {
            assert_eq!(
                (length.to_string().as_str(), length.words().as_str()),
                (text, words)
            );
        }
    }
}
