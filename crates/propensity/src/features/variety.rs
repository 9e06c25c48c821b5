//! Variety: the number of distinct types, values and identifiers.

use super::distinct::Distinct;
use super::feature::{Feature, Unit, during};
use super::past::View;
use super::quantum::Quantum;
use super::{Group, Row};
use crate::error::Error;
use crate::history::History;
use crate::schema::{Schema, Span};

const SPANS: [Span; 1] = [Span::One];

/// Of types, if there are several, then of each text attribute.
#[derive(Debug)]
pub(super) struct Variety {
    /// The finite spans, shortest first.
    spans: Vec<Span>,
    /// Number of types, if there are several.
    types: Option<u32>,
    /// All time.
    all: Vec<Distinct>,
    /// One span.
    some: Distinct,
}

pub(super) fn describe(schema: &Schema) -> Vec<Feature> {
    let types = (schema.types.len() > 1).then_some(("types", "event types"));
    let columns = schema
        .names
        .codes
        .iter()
        .map(|name| (name.as_str(), name.as_str()));
    let mut list = Vec::new();
    for (name, words) in types.into_iter().chain(columns) {
        list.extend(schema.choose(&SPANS).into_iter().map(|span| {
            Feature::new(
                format!("nuniq_{name}_{}", span.name()),
                format!("Variety of {words}"),
                format!("different {words} {}", during(schema, span)),
                Unit::Count,
            )
        }));
    }
    list
}

impl Variety {
    pub(super) fn new(schema: &Schema) -> Self {
        let types = schema.types.len();
        let several = types > 1;
        let sources = usize::from(several) + schema.names.codes.len();
        let mut spans = schema.choose(&SPANS);
        spans.pop();
        Self {
            spans,
            types: several.then_some(types as u32),
            all: (0..sources).map(|_| Distinct::default()).collect(),
            some: Distinct::default(),
        }
    }
}

impl Group for Variety {
    fn clear(&mut self) {
        self.all.iter_mut().for_each(Distinct::clear);
    }

    fn extend(&mut self, history: &History, new: &Quantum) -> Result<(), Error> {
        let mut all = self.all.iter_mut();
        if let Some(types) = self.types
            && let Some(distinct) = all.next()
        {
            distinct.extend(new.kinds.iter().map(|&kind| code(kind, types)))?;
        }
        for (distinct, column) in all.zip(history.codes) {
            distinct.extend(column[new.events.clone()].iter().copied())?;
        }
        Ok(())
    }

    fn write(&mut self, view: &View, row: &mut Row) -> Result<(), Error> {
        let mut all = self.all.iter();
        if let Some(types) = self.types
            && let Some(distinct) = all.next()
        {
            for &span in &self.spans {
                self.some.clear();
                let kinds = view.kinds(view.start(span)..view.events);
                self.some.extend(kinds.map(|kind| code(kind, types)))?;
                row.put([self.some.count() as f64]);
            }
            row.hold(|| [distinct.count() as f64]);
        }
        for (distinct, column) in all.zip(view.profile.history.codes) {
            for &span in &self.spans {
                self.some.clear();
                let codes = column[view.start(span)..view.events].iter();
                self.some.extend(codes.copied())?;
                row.put([self.some.count() as f64]);
            }
            row.hold(|| [distinct.count() as f64]);
        }
        Ok(())
    }
}

/// Places of types are codes, but for the one of events without a place in the schema.
#[inline]
fn code(kind: u8, types: u32) -> u32 {
    match u32::from(kind) {
        kind if kind == types => 0,
        kind => kind + 1,
    }
}
