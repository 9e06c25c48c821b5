//! Variety: the number of distinct values of each identifier, of which nothing else means anything.

use super::distinct::Distinct;
use super::feature::{Feature, Unit};
use super::past::View;
use super::quantum::Quantum;
use super::words;
use super::{Group, Row};
use crate::error::Error;
use crate::event::history::History;
use crate::features::schema::{Schema, Span, TextColumn};

const SPANS: [Span; 1] = [Span::One];

#[derive(Debug)]
pub(super) struct Variety {
    /// The finite spans, shortest first.
    spans: Vec<Span>,
    /// Per identifier: its column, and its values of all time.
    all: Vec<(usize, Distinct)>,
    /// One span.
    some: Distinct,
}

/// Positions of the identifiers.
fn identifiers(schema: &Schema) -> impl Iterator<Item = usize> {
    let columns = schema.text.iter().enumerate();
    columns.filter_map(|(column, text)| (*text == TextColumn::Identifier).then_some(column))
}

pub(super) fn describe(schema: &Schema) -> Vec<Feature> {
    let mut list = Vec::new();
    for column in identifiers(schema) {
        let name = &schema.names.codes[column];
        list.extend(schema.choose(&SPANS).into_iter().map(|span| {
            Feature::new(
                format!("nuniq_{name}_{}", span.name()),
                words::variety(name),
                words::different(name, &words::during(schema, span)),
                Unit::Count,
            )
            .of_attribute(name)
        }));
    }
    list
}

impl Variety {
    pub(super) fn new(schema: &Schema) -> Self {
        let mut spans = schema.choose(&SPANS);
        spans.pop();
        Self {
            spans,
            all: identifiers(schema)
                .map(|column| (column, Distinct::default()))
                .collect(),
            some: Distinct::default(),
        }
    }
}

impl Group for Variety {
    fn clear(&mut self) {
        self.all
            .iter_mut()
            .for_each(|(_, distinct)| distinct.clear());
    }

    fn extend(&mut self, history: &History, new: &Quantum) -> Result<(), Error> {
        for (column, distinct) in &mut self.all {
            let codes = &history.codes[*column][new.events.clone()];
            distinct.extend(codes.iter().copied())?;
        }
        Ok(())
    }

    fn write(&mut self, view: &View, row: &mut Row) -> Result<(), Error> {
        for (column, distinct) in &self.all {
            let codes = view.profile.history.codes[*column];
            for &span in &self.spans {
                self.some.clear();
                let codes = &codes[view.start(span)..view.events];
                self.some.extend(codes.iter().copied())?;
                row.put([self.some.count() as f64]);
            }
            row.hold(|| [distinct.count() as f64]);
        }
        Ok(())
    }
}
