//! Activity: counts, active days, recency, tenure, decayed counts.

use super::decay::powers;
use super::feature::{Feature, Unit, days, during, when};
use super::past::View;
use super::quantum::Quantum;
use super::{Group, Row};
use crate::error::Error;
use crate::history::History;
use crate::schema::{Schema, Span};

/// Events halve in weight after W/4, W/2, W, 2W and 4W; the first events of active days after W.
#[derive(Debug)]
pub(super) struct Activity {
    spans: Vec<Span>,
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
            spans: schema.spans(),
            decayed: [0.0; 5],
            decayed_days: 0.0,
        }
    }
}

impl Group for Activity {
    fn clear(&mut self) {
        self.decayed = [0.0; 5];
        self.decayed_days = 0.0;
    }

    fn extend(&mut self, _: &History, new: &Quantum) -> Result<(), Error> {
        if let Some(scale) = &new.scale {
            for (sum, span) in self.decayed.iter_mut().zip(Span::FINITE) {
                *sum = scale.apply(*sum, span);
            }
            self.decayed_days = scale.apply(self.decayed_days, Span::One);
        }
        for (&weight, &opens_day) in new.weights.iter().zip(&new.opens_day) {
            let weights = powers(weight);
            for (sum, weight) in self.decayed.iter_mut().zip(weights) {
                *sum += weight;
            }
            self.decayed_days += f64::from(u8::from(opens_day)) * weights[Span::One as usize];
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
        for (&sum, span) in self.decayed.iter().zip(Span::FINITE) {
            row.put([view.scale.apply(sum, span)]);
        }
        row.put([view.scale.apply(self.decayed_days, Span::One)]);
        Ok(())
    }
}
