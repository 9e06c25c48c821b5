//! Trend: the rate of a short span against that of the time before it.

use super::feature::{Feature, Unit, days};
use super::past::View;
use super::quantum::Quantum;
use super::{Group, Row};
use crate::error::Error;
use crate::history::History;
use crate::schema::{Schema, Span};

const EVENTS: [(Span, Span); 3] = [
    (Span::Quarter, Span::One),
    (Span::One, Span::Double),
    (Span::One, Span::Fourfold),
];
const DAYS: [(Span, Span); 1] = [(Span::One, Span::Fourfold)];

#[derive(Debug)]
pub(super) struct Trend {
    events: Vec<Comparison>,
    days: Vec<Comparison>,
}

#[derive(Clone, Copy, Debug)]
struct Comparison {
    short: Span,
    long: Span,
    /// (b - a) / a
    scale: f64,
}

pub(super) fn describe(schema: &Schema) -> Vec<Feature> {
    let factor = || "Activity trend".to_owned();
    let mut list = Vec::new();
    for (stem, words, pairs) in [
        ("cnt", "events", &EVENTS[..]),
        ("days", "active days", &DAYS),
    ] {
        list.extend(comparisons(schema, pairs).into_iter().map(|found| {
            let (a, b) = (
                found.short.days(schema.window_days),
                found.long.days(schema.window_days),
            );
            let label = format!(
                "{words} of the last {} against the {} before",
                days(a),
                days(b - a)
            );
            let name = format!("trend_{stem}_{}_{}", found.short.name(), found.long.name());
            Feature::new(name, factor(), label, Unit::Ratio)
        }));
    }
    let label = "events per day since the first event".into();
    list.push(Feature::new(
        "rate_life".into(),
        factor(),
        label,
        Unit::Number,
    ));
    list
}

/// The pairs of spans in use nearest to those wanted, none twice.
fn comparisons(schema: &Schema, wanted: &[(Span, Span)]) -> Vec<Comparison> {
    let near = wanted
        .iter()
        .map(|&(short, long)| (schema.near(short), schema.near(long)));
    let mut pairs: Vec<(Span, Span)> = near
        .filter(|&(short, long)| short < long && long < Span::All)
        .collect();
    pairs.dedup();
    let compare = |(short, long): (Span, Span)| {
        let (a, b) = (
            short.days(schema.window_days),
            long.days(schema.window_days),
        );
        Comparison {
            short,
            long,
            scale: (b - a) / a,
        }
    };
    pairs.into_iter().map(compare).collect()
}

impl Trend {
    pub(super) fn new(schema: &Schema) -> Self {
        Self {
            events: comparisons(schema, &EVENTS),
            days: comparisons(schema, &DAYS),
        }
    }
}

impl Comparison {
    /// (n_a + 0.5) / (n_b - n_a + 0.5) x (b - a) / a
    fn of(&self, count: impl Fn(Span) -> f64) -> f64 {
        let (short, long) = (count(self.short), count(self.long));
        (short + 0.5) / (long - short + 0.5) * self.scale
    }
}

impl Group for Trend {
    fn clear(&mut self) {}

    fn extend(&mut self, _: &History, _: &Quantum) -> Result<(), Error> {
        Ok(())
    }

    fn write(&mut self, view: &View, row: &mut Row) -> Result<(), Error> {
        for comparison in &self.events {
            row.put([comparison.of(|span| view.count(span))]);
        }
        for comparison in &self.days {
            row.put([comparison.of(|span| view.days(span))]);
        }
        row.put([view.count(Span::All) / (view.tenure() + 1.0)]);
        Ok(())
    }
}
