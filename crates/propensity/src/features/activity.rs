//! Activity: counts, active days, recency, tenure, decayed counts.

use super::feature::{Feature, Unit};
use super::past::View;
use super::quantum::Quantum;
use super::words;
use super::{Group, Row};
use crate::error::Error;
use crate::event::history::History;
use crate::features::schema::{Schema, Span};

/// Events, and the first events of active days, halve in weight after W.
#[derive(Debug)]
pub(super) struct Activity {
    spans: Vec<Span>,
    decayed: f64,
    decayed_days: f64,
}

pub(super) fn describe(schema: &Schema) -> Vec<Feature> {
    let factor = |span| words::over(schema, words::ACTIVITY, span);
    let mut list = Vec::new();
    for (stem, what) in [("cnt_any", words::EVENTS), ("days", words::ACTIVE_DAYS)] {
        list.extend(schema.spans().into_iter().map(|span| {
            let label = format!("{what} {}", words::during(schema, span));
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
        words::SINCE_LAST_EVENT.into(),
        words::SINCE_LAST_EVENT.to_lowercase(),
        Unit::Days,
    ));
    list.push(Feature::new(
        "ten_first".into(),
        words::SINCE_FIRST_EVENT.into(),
        words::SINCE_FIRST_EVENT.to_lowercase(),
        Unit::Days,
    ));
    for (name, what) in [
        ("decay_any_W", words::EVENTS),
        ("decay_days_W", words::ACTIVE_DAYS),
    ] {
        let label = words::weighted(what);
        list.push(Feature::new(
            name.into(),
            factor(Span::One),
            label,
            Unit::Number,
        ));
    }
    list
}

impl Activity {
    pub(super) fn new(schema: &Schema) -> Self {
        Self {
            spans: schema.spans(),
            decayed: 0.0,
            decayed_days: 0.0,
        }
    }
}

impl Group for Activity {
    fn clear(&mut self) {
        self.decayed = 0.0;
        self.decayed_days = 0.0;
    }

    fn extend(&mut self, _: &History, new: &Quantum) -> Result<(), Error> {
        if let Some(scale) = &new.scale {
            self.decayed = scale.apply(self.decayed);
            self.decayed_days = scale.apply(self.decayed_days);
        }
        for (&weight, &opens_day) in new.weights.iter().zip(&new.opens_day) {
            self.decayed += weight;
            self.decayed_days += f64::from(u8::from(opens_day)) * weight;
        }
        Ok(())
    }

    fn write(&mut self, view: &View, row: &mut Row) -> Result<(), Error> {
        for &span in &self.spans {
            row.put([view.count(span)]);
        }
        for &span in &self.spans {
            row.put([view.days(span)]);
        }
        row.put([view.recency(), view.tenure()]);
        row.put([
            view.scale.apply(self.decayed),
            view.scale.apply(self.decayed_days),
        ]);
        Ok(())
    }
}
