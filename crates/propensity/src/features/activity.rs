//! Activity: counts, active days, recency, tenure, decayed counts.

use super::feature::{Feature, Unit, days, during, when};
use super::math::decays;
use super::past::{Past, View};
use super::{Group, Row};
use crate::error::Error;
use crate::history::History;
use crate::schema::{Schema, Span};
use crate::time::Micros;
use std::ops::Range;

/// Events halve in weight after W/4, W/2, W, 2W and 4W; the first events of active days after W.
#[derive(Debug)]
pub(super) struct Activity {
    window_days: f64,
    spans: Vec<Span>,
    newest: Option<Micros>,
    decayed: [f64; 5],
    decayed_days: f64,
}

pub(super) fn describe(schema: &Schema) -> Vec<Feature> {
    let factor = |span| format!("Activity, {}", when(span));
    let mut list = Vec::new();
    for (stem, words) in [("cnt_any", "events"), ("days", "active days")] {
        list.extend(schema.spans().into_iter().map(|span| {
            let label = format!("{words} {}", during(schema, span));
            Feature::new(
                format!("{stem}_{}", span.name()),
                factor(span),
                label,
                Unit::Count,
            )
        }));
    }
    list.push(Feature::new(
        "rec_any".into(),
        "Days since last activity".into(),
        "days since the last event".into(),
        Unit::Days,
    ));
    list.push(Feature::new(
        "ten_first".into(),
        "Time as a customer".into(),
        "days since the first event".into(),
        Unit::Days,
    ));
    let halving = |words, span: Span| {
        format!(
            "{words}, halved in weight every {}",
            days(span.days(schema.window_days))
        )
    };
    list.extend(Span::FINITE.map(|span| {
        let name = format!("decay_any_{}", span.name());
        Feature::new(name, factor(span), halving("events", span), Unit::Number)
    }));
    let label = halving("active days", Span::One);
    list.push(Feature::new(
        "decay_days_W".into(),
        factor(Span::One),
        label,
        Unit::Number,
    ));
    list
}

impl Activity {
    pub(super) fn new(schema: &Schema) -> Self {
        Self {
            window_days: schema.window_days,
            spans: schema.spans(),
            newest: None,
            decayed: [0.0; 5],
            decayed_days: 0.0,
        }
    }
}

impl Group for Activity {
    fn clear(&mut self) {
        self.newest = None;
        self.decayed = [0.0; 5];
        self.decayed_days = 0.0;
    }

    fn extend(&mut self, history: &History, past: &Past, new: Range<usize>) -> Result<(), Error> {
        for event in new {
            let time = history.times[event];
            let factors = decays(self.newest.unwrap_or(time), time, self.window_days);
            for (decayed, factor) in self.decayed.iter_mut().zip(factors) {
                *decayed = *decayed * factor + 1.0;
            }
            let new_day = event == 0 || past.days[event] != past.days[event - 1];
            self.decayed_days =
                self.decayed_days * factors[Span::One as usize] + f64::from(u8::from(new_day));
            self.newest = Some(time);
        }
        Ok(())
    }

    fn write(&mut self, view: &View, row: &mut Row) {
        for &span in &self.spans {
            row.put(view.count(span));
        }
        for &span in &self.spans {
            row.put(view.days(span));
        }
        row.put(view.age(self.newest));
        row.put(view.tenure());
        let newest = self.newest.unwrap_or(view.cutoff);
        let factors = decays(newest, view.cutoff, self.window_days);
        for (decayed, factor) in self.decayed.iter().zip(factors) {
            row.put(decayed * factor);
        }
        row.put(self.decayed_days * factors[Span::One as usize]);
    }
}
