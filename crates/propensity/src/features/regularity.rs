//! Regularity: gaps between consecutive active days.

use super::feature::{Feature, Unit};
use super::math::ratio;
use super::past::{Past, View};
use super::{Group, Row};
use crate::error::Error;
use crate::history::History;
use crate::schema::Schema;
use crate::time::Micros;
use std::ops::Range;

/// Gaps g (days) between consecutive active days of some events, oldest first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gaps {
    newest: Option<(Micros, i64)>,
    count: f64,
    total: f64,
    squares: f64,
    /// The newest three, newest first.
    recent: [f64; 3],
}

/// Gaps between active days with any event.
#[derive(Debug, Default)]
pub(super) struct Regularity {
    gaps: Gaps,
}

pub(super) fn describe(_: &Schema) -> Vec<Feature> {
    describe_gaps(
        "gap",
        "active days",
        "Regularity",
        "Days since last activity",
    )
}

/// The six features of gaps; `factor` for all but the one that says how overdue the next is.
pub(super) fn describe_gaps(prefix: &str, days: &str, factor: &str, recency: &str) -> Vec<Feature> {
    let feature = |stem: &str, factor: &str, label: String, unit| {
        Feature::new(format!("{prefix}_{stem}"), factor.into(), label, unit)
    };
    vec![
        feature(
            "mean",
            factor,
            format!("mean days between {days}"),
            Unit::Days,
        ),
        feature(
            "std",
            factor,
            format!("spread of days between {days}"),
            Unit::Days,
        ),
        feature(
            "last",
            factor,
            format!("days between the last two {days}"),
            Unit::Days,
        ),
        feature(
            "mean3",
            factor,
            format!("mean days between the last four {days}"),
            Unit::Days,
        ),
        feature(
            "rec_over_mean",
            recency,
            format!("days since the last against the usual days between {days}"),
            Unit::Ratio,
        ),
        feature(
            "cv",
            factor,
            format!("relative spread of days between {days}"),
            Unit::Ratio,
        ),
    ]
}

impl Gaps {
    /// Adds an event.
    #[inline]
    pub(super) fn add(&mut self, time: Micros, date: i64) {
        if let Some((_, newest)) = self.newest
            && newest != date
        {
            let gap = (date - newest) as f64;
            self.count += 1.0;
            self.total += gap;
            self.squares += gap * gap;
            self.recent = [gap, self.recent[0], self.recent[1]];
        }
        self.newest = Some((time, date));
    }

    /// Time of the newest event.
    pub(super) fn newest(&self) -> Option<Micros> {
        self.newest.map(|(time, _)| time)
    }

    /// mean, population std (>= 2 gaps), last, mean of the newest 3, r / max(mean, 0.5),
    /// std / max(mean, 0.5), where r = days since the newest event.
    pub(super) fn write(&self, view: &View, row: &mut Row) {
        let mean = ratio(self.total, self.count);
        let variance = ratio(self.squares, self.count) - mean * mean;
        let std = if self.count >= 2.0 {
            variance.max(0.0).sqrt()
        } else {
            f64::NAN
        };
        let last = if self.count > 0.0 {
            self.recent[0]
        } else {
            f64::NAN
        };
        // `recent` holds zeros where there are fewer than three.
        let mean3 = ratio(self.recent.iter().sum(), self.count.min(3.0));
        // f64::max would take NaN for missing and return 0.5.
        let floor = if mean < 0.5 { 0.5 } else { mean };
        row.put(mean);
        row.put(std);
        row.put(last);
        row.put(mean3);
        row.put(view.age(self.newest()) / floor);
        row.put(std / floor);
    }
}

impl Group for Regularity {
    fn clear(&mut self) {
        self.gaps = Gaps::default();
    }

    fn extend(&mut self, history: &History, past: &Past, new: Range<usize>) -> Result<(), Error> {
        for event in new {
            self.gaps.add(history.times[event], past.dates[event]);
        }
        Ok(())
    }

    fn write(&mut self, view: &View, row: &mut Row) {
        self.gaps.write(view, row);
    }
}
