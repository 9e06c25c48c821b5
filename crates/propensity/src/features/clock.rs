//! Time of day: shares of all events by weekday and UTC hour.

use super::feature::{Feature, Unit};
use super::math::Entropy;
use super::past::View;
use super::quantum::Quantum;
use super::{Group, Row};
use crate::error::Error;
use crate::history::History;
use crate::schema::Schema;
use crate::time::DAY;

/// Days of whole weeks that make every date positive.
const WEEKS: i64 = 7 << 32;

#[derive(Debug)]
pub(super) struct Clock {
    has_hours: bool,
    /// Events by weekday, Monday first.
    weekdays: [u32; 7],
    /// Events by quarter of the day.
    quarters: [u32; 4],
    entropy: Entropy,
}

pub(super) fn describe(schema: &Schema) -> Vec<Feature> {
    let feature = |name: String, label: String, unit| {
        Feature::new(name, "Time of day / weekday".into(), label, unit)
    };
    let share = "share of events on weekends".into();
    let mut list = vec![feature("weekend_share".into(), share, Unit::Share)];
    if schema.has_hours {
        list.extend([0, 6, 12, 18].map(|from| {
            let to = from + 6;
            let label = format!("share of events from {from} to {to} o'clock (UTC)");
            feature(format!("h{from}_{to}"), label, Unit::Share)
        }));
        let label = "hour of the last event (UTC)".into();
        list.push(feature("last_hour".into(), label, Unit::Hour));
    }
    let label = "diversity of weekdays".into();
    list.push(feature("dow_entropy".into(), label, Unit::Number));
    list
}

impl Clock {
    pub(super) fn new(schema: &Schema) -> Self {
        Self {
            has_hours: schema.has_hours,
            weekdays: [0; 7],
            quarters: [0; 4],
            entropy: Entropy::new(),
        }
    }
}

impl Group for Clock {
    fn clear(&mut self) {
        self.weekdays = [0; 7];
        self.quarters = [0; 4];
    }

    fn extend(&mut self, history: &History, new: &Quantum) -> Result<(), Error> {
        let times = &history.times[new.events.clone()];
        for (&time, &date) in times.iter().zip(&new.dates) {
            // 1970-01-01 was a Thursday.
            self.weekdays[((date + WEEKS + 3) as u64 % 7) as usize] += 1;
            // Midnight of the first date may be before all instants.
            let quarter = time.wrapping_sub(date.wrapping_mul(DAY)) as u64 / (DAY as u64 / 4);
            self.quarters[quarter as usize & 3] += 1;
        }
        Ok(())
    }

    fn write(&mut self, view: &View, row: &mut Row) -> Result<(), Error> {
        let total = (view.events as f64).max(1.0);
        row.hold(|| [f64::from(self.weekdays[5] + self.weekdays[6]) / total]);
        if self.has_hours {
            row.hold(|| self.quarters.map(|quarter| f64::from(quarter) / total));
            let hour = |time: &i64| time.rem_euclid(DAY) as f64 * 24.0 / DAY as f64;
            row.hold(|| [view.times().last().map_or(f64::NAN, hour)]);
        }
        row.hold(|| [self.entropy.of(&self.weekdays)]);
        Ok(())
    }
}
