//! Regularity: gaps between consecutive active days.

use super::feature::{Feature, Unit};
use super::math::ratio;
use super::past::View;
use super::quantum::Quantum;
use super::words;
use super::{Group, Row};
use crate::error::Error;
use crate::event::history::History;
use crate::features::schema::Schema;

/// Gaps g (days) between consecutive active days of some events, oldest first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gaps {
    /// The newest active day.
    newest: Option<i64>,
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
    let factors = [words::BETWEEN_ACTIVE_DAYS, words::SINCE_LAST_EVENT];
    describe_gaps("gap", words::gaps("event", words::ACTIVE_DAYS), factors)
}

/// The six features of gaps; the first factor is for all but the one that says how overdue the next is.
pub(super) fn describe_gaps(prefix: &str, labels: [String; 6], factors: [&str; 2]) -> Vec<Feature> {
    const STEMS: [(&str, usize, Unit); 6] = [
        ("mean", 0, Unit::Days),
        ("std", 0, Unit::Days),
        ("last", 0, Unit::Days),
        ("mean3", 0, Unit::Days),
        ("rec_over_mean", 1, Unit::Ratio),
        ("cv", 0, Unit::Ratio),
    ];
    let gaps = STEMS.into_iter().zip(labels);
    gaps.map(|((stem, factor, unit), label)| {
        let name = format!("{prefix}_{stem}");
        Feature::new(name, factors[factor].to_owned(), label, unit)
    })
    .collect()
}

impl Gaps {
    /// Adds an event of this date.
    #[inline]
    pub(super) fn add(&mut self, date: i64) {
        if let Some(newest) = self.newest
            && newest != date
        {
            let gap = (date - newest) as f64;
            self.count += 1.0;
            self.total += gap;
            self.squares += gap * gap;
            self.recent = [gap, self.recent[0], self.recent[1]];
        }
        self.newest = Some(date);
    }

    fn mean(&self) -> f64 {
        ratio(self.total, self.count)
    }

    fn std(&self) -> f64 {
        if self.count < 2.0 {
            return f64::NAN;
        }
        let mean = self.mean();
        (self.squares / self.count - mean * mean).max(0.0).sqrt()
    }

    fn last(&self) -> f64 {
        if self.count > 0.0 {
            self.recent[0]
        } else {
            f64::NAN
        }
    }

    /// Of the newest three; where there are fewer, `recent` holds zeros.
    fn mean3(&self) -> f64 {
        ratio(self.recent.iter().sum(), self.count.min(3.0))
    }

    /// max(mean, 0.5), NaN without gaps.
    fn floor(&self) -> f64 {
        let mean = self.mean();
        if mean < 0.5 { 0.5 } else { mean }
    }

    /// mean, population std (>= 2 gaps), last, mean of the newest 3, r / max(mean, 0.5),
    /// std / max(mean, 0.5), where r = days since the newest event, `recency`.
    pub(super) fn write(&self, recency: f64, row: &mut Row) {
        row.hold(|| [self.mean(), self.std(), self.last(), self.mean3()]);
        row.put([recency / self.floor()]);
        row.hold(|| [self.std() / self.floor()]);
    }
}

impl Group for Regularity {
    fn clear(&mut self) {
        self.gaps = Gaps::default();
    }

    fn extend(&mut self, _: &History, new: &Quantum) -> Result<(), Error> {
        for &date in &new.dates {
            self.gaps.add(date);
        }
        Ok(())
    }

    fn write(&mut self, view: &View, row: &mut Row) -> Result<(), Error> {
        self.gaps.write(view.recency(), row);
        Ok(())
    }
}
