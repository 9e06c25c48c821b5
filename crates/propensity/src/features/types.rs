//! The same per event type; only with more than one type.

use super::feature::{Feature, Unit};
use super::past::View;
use super::quantum::Quantum;
use super::words;
use super::{Group, Row};
use crate::error::Error;
use crate::event::history::History;
use crate::features::schema::{Schema, Span};
use crate::time::Micros;

const SPANS: [Span; 3] = [Span::Quarter, Span::One, Span::Fourfold];

#[derive(Debug)]
pub(super) struct Types {
    /// The finite spans, shortest first.
    spans: Vec<Span>,
    /// Per type; the last is of events without a place in the schema.
    types: Vec<State>,
    /// Events of each type, all time.
    totals: Vec<u32>,
    /// Per finite span, the same.
    cells: Vec<Vec<u32>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// If there is any.
    newest: Micros,
    decayed: f64,
}

pub(super) fn describe(schema: &Schema) -> Vec<Feature> {
    let mut list = Vec::new();
    if schema.types.len() < 2 {
        return list;
    }
    for kind in &schema.types {
        let name = kind.name();
        let events = words::events_of(schema, kind);
        let event = words::event_of(schema, kind);
        let count = |span| words::over(schema, &events, span);
        list.extend(schema.choose(&SPANS).into_iter().map(|span| {
            let label = format!("{events} {}", words::during(schema, span));
            Feature::new(
                format!("cnt_{name}_{}", span.name()),
                count(span),
                label,
                Unit::Count,
            )
        }));
        list.push(Feature::new(
            format!("rec_{name}"),
            words::since_last(&event),
            words::days_since_last(&event),
            Unit::Days,
        ));
        let label = words::weighted(&events);
        let decay = format!("decay_{name}_W");
        list.push(Feature::new(decay, count(Span::One), label, Unit::Number));
    }
    list
}

impl Types {
    pub(super) fn new(schema: &Schema) -> Option<Self> {
        let types = schema.types.len();
        let mut spans = schema.choose(&SPANS);
        spans.pop();
        (types > 1).then(|| Self {
            cells: vec![vec![0; types + 1]; spans.len()],
            spans,
            types: vec![State::default(); types + 1],
            totals: vec![0; types + 1],
        })
    }
}

impl Group for Types {
    fn clear(&mut self) {
        self.types.fill(State::default());
        self.totals.fill(0);
    }

    fn extend(&mut self, history: &History, new: &Quantum) -> Result<(), Error> {
        if let Some(scale) = &new.scale {
            for state in &mut self.types {
                state.decayed = scale.apply(state.decayed);
            }
        }
        let times = &history.times[new.events.clone()];
        for ((&time, &kind), &weight) in times.iter().zip(&new.kinds).zip(&new.weights) {
            let kind = usize::from(kind);
            let state = &mut self.types[kind];
            state.decayed += weight;
            state.newest = time;
            self.totals[kind] += 1;
        }
        Ok(())
    }

    fn write(&mut self, view: &View, row: &mut Row) -> Result<(), Error> {
        for (cells, &span) in self.cells.iter_mut().zip(&self.spans) {
            cells.fill(0);
            for kind in view.kinds(view.start(span)..view.events) {
                cells[usize::from(kind)] += 1;
            }
        }
        let types = self.types.iter().zip(&self.totals).enumerate();
        for (kind, (state, &total)) in types.take(self.types.len() - 1) {
            for cells in &self.cells {
                row.put([cells[kind].into()]);
            }
            let age = (total > 0).then_some(state.newest);
            let decayed = view.scale.apply(state.decayed);
            row.put([total.into(), view.age(age), decayed]);
        }
        Ok(())
    }
}
