//! When a schedule of cron is due next.

use super::{DAY, Micros};

const MINUTE: Micros = 60_000_000;

/// The values of a field that count, and whether it is any.
struct Field {
    values: u64,
    any: bool,
}

impl Field {
    /// "*", "5", "1-5", "*/15", "1,2,10-20/5"; None for what this does not know, as names of months.
    fn parse(text: &str, low: u32, high: u32) -> Option<Self> {
        let mut values = 0_u64;
        for part in text.split(',') {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => (range, step.parse::<u32>().ok().filter(|&step| step > 0)?),
                None => (part, 1),
            };
            let (from, to) = match range.split_once('-') {
                _ if range == "*" => (low, high),
                Some((from, to)) => (from.parse().ok()?, to.parse().ok()?),
                None => {
                    let only: u32 = range.parse().ok()?;
                    (only, if part.contains('/') { high } else { only })
                }
            };
            if from < low || to > high || from > to {
                return None;
            }
            for value in (from..=to).step_by(step as usize) {
                values |= 1 << value;
            }
        }
        Some(Self {
            values,
            any: text.starts_with('*'),
        })
    }

    fn has(&self, value: u32) -> bool {
        self.values >> value & 1 == 1
    }
}

/// The first minute after an instant at which a schedule is due, in UTC; None if there is none within ten years, or if the
/// schedule is written in a way that is not known here.
pub fn next(schedule: &str, after: Micros) -> Option<Micros> {
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields[..] else {
        return None;
    };
    let (minutes, hours) = (Field::parse(minute, 0, 59)?, Field::parse(hour, 0, 23)?);
    let (days, months) = (Field::parse(day, 1, 31)?, Field::parse(month, 1, 12)?);
    let mut weekdays = Field::parse(weekday, 0, 7)?;
    // Sunday has two numbers.
    weekdays.values |= weekdays.values >> 7;
    let first = after.div_euclid(MINUTE) + 1;
    let (start, clock) = (first.div_euclid(24 * 60), first.rem_euclid(24 * 60));
    for at in start..start + 3660 {
        let (month, day) = civil(at);
        let (in_month, in_week) = (days.has(day), weekdays.has((at + 4).rem_euclid(7) as u32));
        // As cron: if both are restricted, either is enough.
        let is_day = if days.any || weekdays.any {
            in_month && in_week
        } else {
            in_month || in_week
        };
        if !is_day || !months.has(month) {
            continue;
        }
        let from = if at == start { clock } else { 0 };
        let due = (from..24 * 60)
            .find(|minute| hours.has((minute / 60) as u32) && minutes.has((minute % 60) as u32));
        if let Some(minute) = due {
            return Some(at * DAY + minute * MINUTE);
        }
    }
    None
}

/// Month and day of a number of days since 1970, by the Gregorian calendar.
fn civil(days: i64) -> (u32, u32) {
    // Years begin in March, so that the leap day is the last.
    let shifted = days + 719_468;
    let in_era = shifted.rem_euclid(146_097);
    let year = (in_era - in_era / 1460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let day = in_year - (153 * month + 2) / 5 + 1;
    (((month + 2) % 12 + 1) as u32, day as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days since 1970 of 2027-01-15, a Friday, by `date -ud 2027-01-15 +%s`.
    const FRIDAY: Micros = 1_799_971_200 * 1_000_000;
    const HOUR: Micros = 60 * MINUTE;

    #[test]
    fn the_next_minute_is_later_than_now() {
        let noon = FRIDAY + 12 * HOUR;
        assert_eq!(next("* * * * *", noon), Some(noon + MINUTE));
        assert_eq!(next("0 12 * * *", noon), Some(noon + DAY));
        assert_eq!(next("0 12 * * *", noon - 1), Some(noon));
        assert_eq!(next("*/20 8-9 * * *", noon), Some(FRIDAY + DAY + 8 * HOUR));
    }

    #[test]
    fn either_day_is_enough_where_both_are_restricted() {
        let monday = FRIDAY + 3 * DAY;
        assert_eq!(next("0 0 * * 1", FRIDAY), Some(monday));
        assert_eq!(next("0 0 16 * 1", FRIDAY), Some(FRIDAY + DAY));
        assert_eq!(next("0 0 31 * 1", FRIDAY), Some(monday));
        // Sunday is 0 and 7.
        assert_eq!(next("0 0 * * 7", FRIDAY), next("0 0 * * 0", FRIDAY));
    }

    #[test]
    fn leap_days_are_found() {
        // 2028-02-29 is 410 days after 2027-01-15.
        assert_eq!(next("0 0 29 2 *", FRIDAY), Some(FRIDAY + 410 * DAY));
        assert_eq!(civil(0), (1, 1));
        assert_eq!(civil(-1), (12, 31));
        assert_eq!(next("0 0 30 2 *", FRIDAY), None);
    }

    #[test]
    fn what_is_not_known_has_no_next() {
        for schedule in [
            "",
            "* * * *",
            "60 * * * *",
            "* * * jan *",
            "5-1 * * * *",
            "*/0 * * * *",
        ] {
            assert_eq!(next(schedule, FRIDAY), None, "{schedule}");
        }
    }
}
