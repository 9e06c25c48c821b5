//! The same per event type, and the mix of types; only with more than one type.

use super::feature::{Feature, Unit, days, during, event_of, events_of, when};
use super::math::{Entropy, decay};
use super::past::{NO_TYPE, Past, View};
use super::{Group, Row};
use crate::error::Error;
use crate::history::History;
use crate::schema::{Schema, Span};
use crate::time::Micros;
use std::ops::Range;

const SPANS: [Span; 3] = [Span::Quarter, Span::One, Span::Fourfold];

#[derive(Debug)]
pub(super) struct Types {
    window_days: f64,
    /// The finite spans, shortest first.
    spans: Vec<Span>,
    types: Vec<State>,
    /// Events of each type, all time.
    totals: Vec<u32>,
    /// Per type and finite span: events that no shorter span holds.
    cells: Vec<u32>,
    last: Option<u8>,
    entropy: Entropy,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    newest: Option<Micros>,
    decayed: f64,
}

pub(super) fn describe(schema: &Schema) -> Vec<Feature> {
    let mut list = Vec::new();
    if schema.types.len() < 2 {
        return list;
    }
    for kind in &schema.types {
        let name = kind.name();
        let count = |span| format!("{name} count, {}", when(span));
        list.extend(schema.choose(&SPANS).into_iter().map(|span| {
            let label = format!("{} {}", events_of(kind), during(schema, span));
            Feature::new(
                format!("cnt_{name}_{}", span.name()),
                count(span),
                label,
                Unit::Count,
            )
        }));
        list.push(Feature::new(
            format!("rec_{name}"),
            format!("Days since last {name}"),
            format!("days since the last {}", event_of(kind)),
            Unit::Days,
        ));
        let label = format!(
            "{}, halved in weight every {}",
            events_of(kind),
            days(schema.window_days)
        );
        let decay = format!("decay_{name}_W");
        list.push(Feature::new(decay, count(Span::One), label, Unit::Number));
    }
    let factor = "Mix of event types";
    list.push(Feature::new(
        "type_entropy".into(),
        factor.into(),
        "diversity of event types".into(),
        Unit::Number,
    ));
    let names = schema
        .types
        .iter()
        .map(|kind| kind.name().to_owned())
        .collect();
    let label = "type of the last event".into();
    list.push(Feature::category(
        "last_type".into(),
        factor.into(),
        label,
        names,
    ));
    list
}

impl Types {
    pub(super) fn new(schema: &Schema) -> Option<Self> {
        let types = schema.types.len();
        let mut spans = schema.choose(&SPANS);
        spans.pop();
        (types > 1).then(|| Self {
            window_days: schema.window_days,
            cells: vec![0; types * spans.len()],
            spans,
            types: vec![State::default(); types],
            totals: vec![0; types],
            last: None,
            entropy: Entropy::new(),
        })
    }
}

impl Group for Types {
    fn clear(&mut self) {
        self.types.fill(State::default());
        self.totals.fill(0);
        self.last = None;
    }

    fn extend(&mut self, history: &History, past: &Past, new: Range<usize>) -> Result<(), Error> {
        for event in new {
            let kind = past.types[event];
            if kind == NO_TYPE {
                continue;
            }
            let time = history.times[event];
            let state = &mut self.types[usize::from(kind)];
            let factor = decay(state.newest.unwrap_or(time), time, self.window_days);
            state.decayed = state.decayed * factor + 1.0;
            state.newest = Some(time);
            self.totals[usize::from(kind)] += 1;
            self.last = Some(kind);
        }
        Ok(())
    }

    fn write(&mut self, view: &View, row: &mut Row) {
        let width = self.spans.len();
        self.cells.fill(0);
        let mut end = view.events;
        for (index, &span) in self.spans.iter().enumerate() {
            let start = view.start(span);
            for &kind in view.past.types[start..end]
                .iter()
                .filter(|&&kind| kind != NO_TYPE)
            {
                self.cells[usize::from(kind) * width + index] += 1;
            }
            end = start;
        }
        for (kind, state) in self.types.iter().enumerate() {
            let Some(newest) = state.newest else {
                // No count, no recency, no decayed count: most types of most profiles.
                let counts = std::iter::repeat_n(0.0, width + 1);
                row.hold_many(width + 3, || counts.chain([f64::NAN, 0.0]));
                continue;
            };
            let mut count = 0;
            for cell in &self.cells[kind * width..][..width] {
                count += cell;
                row.put(count.into());
            }
            row.put(self.totals[kind].into());
            row.put(view.age(state.newest));
            row.put(state.decayed * decay(newest, view.cutoff, self.window_days));
        }
        row.hold(|| {
            [
                self.entropy.of(&self.totals),
                self.last.map_or(f64::NAN, f64::from),
            ]
        });
    }
}
