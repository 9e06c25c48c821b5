//! Text attributes of events that are categories: counts of the kept values, mix, newest value.

use super::feature::{Feature, Unit, during};
use super::math::Entropy;
use super::past::{Places, View};
use super::quantum::Quantum;
use super::{Group, Row};
use crate::dictionary::{Dictionaries, Dictionary};
use crate::error::Error;
use crate::history::History;
use crate::schema::{OTHER, Schema, Span, TextColumn};

const SPANS: [Span; 1] = [Span::Fourfold];

/// One attribute.
#[derive(Debug)]
pub(super) struct Category {
    column: usize,
    /// Kept values, all others, and missing ones.
    places: Places,
    /// The finite spans of counts, shortest first.
    spans: Vec<Span>,
    /// Events of each place, all time.
    totals: Vec<u32>,
    /// Per finite span, the same.
    cells: Vec<Vec<u32>>,
    last: Option<u8>,
    entropy: Entropy,
}

pub(super) fn describe(schema: &Schema) -> Vec<Feature> {
    let mut list = Vec::new();
    for (name, column) in schema.names.codes.iter().zip(&schema.text) {
        if let TextColumn::Category(values) = column {
            list.extend(describe_category(schema, name, values));
        }
    }
    list
}

fn describe_category(schema: &Schema, name: &str, values: &[String]) -> Vec<Feature> {
    let mut list = Vec::new();
    for value in values {
        list.extend(schema.choose(&SPANS).into_iter().map(|span| {
            Feature::new(
                format!("cnt_{name}={value}_{}", span.name()),
                format!("{name} = {value}"),
                format!("events with {name} = {value} {}", during(schema, span)),
                Unit::Count,
            )
        }));
    }
    let factor = format!("{name} mix");
    let mut add = |stem: &str, label: String, unit| {
        list.push(Feature::new(
            format!("{stem}_{name}"),
            factor.clone(),
            label,
            unit,
        ));
    };
    add("ent", format!("diversity of {name}"), Unit::Number);
    add(
        "modeshare",
        format!("share of the most frequent {name}"),
        Unit::Share,
    );
    let names = values.iter().cloned().chain([OTHER.to_owned()]).collect();
    let label = format!("last {name}");
    list.push(Feature::category(
        format!("last_{name}"),
        factor,
        label,
        names,
    ));
    list
}

impl Category {
    /// The categories of a schema, in the order of the columns.
    pub(super) fn all(schema: &Schema, dictionaries: &Dictionaries) -> Vec<Self> {
        let columns = schema.text.iter().zip(&dictionaries.events).enumerate();
        let category = |(column, (text, dictionary)): (usize, (&TextColumn, &Dictionary))| {
            let TextColumn::Category(values) = text else {
                return None;
            };
            let mut spans = schema.choose(&SPANS);
            spans.pop();
            let codes = values.iter().map(|value| dictionary.code(value.as_bytes()));
            let places = Places::new(codes, dictionary.len(), values.len() as u8);
            Some(Self {
                column,
                places: places.with_missing((values.len() + 1) as u8),
                cells: vec![vec![0; values.len() + 2]; spans.len()],
                spans,
                totals: vec![0; values.len() + 2],
                last: None,
                entropy: Entropy::new(),
            })
        };
        columns.filter_map(category).collect()
    }
}

impl Group for Category {
    fn clear(&mut self) {
        self.totals.fill(0);
        self.last = None;
    }

    fn extend(&mut self, history: &History, new: &Quantum) -> Result<(), Error> {
        let missing = self.totals.len() - 1;
        for &code in &history.codes[self.column][new.events.clone()] {
            let place = self.places.of(code);
            self.totals[usize::from(place)] += 1;
            if usize::from(place) != missing {
                self.last = Some(place);
            }
        }
        Ok(())
    }

    fn write(&mut self, view: &View, row: &mut Row) -> Result<(), Error> {
        let codes = &view.profile.history.codes[self.column][..view.events];
        for (cells, &span) in self.cells.iter_mut().zip(&self.spans) {
            cells.fill(0);
            for &code in &codes[view.start(span)..] {
                cells[usize::from(self.places.of(code))] += 1;
            }
        }
        let values = self.totals.len() - 2;
        for (value, &total) in self.totals[..values].iter().enumerate() {
            for cells in &self.cells {
                row.put([cells[value].into()]);
            }
            row.put([total.into()]);
        }
        row.hold(|| {
            let present = &self.totals[..=values];
            let total: u32 = present.iter().sum();
            let mode = present.iter().max().copied().unwrap_or_default();
            let share = f64::from(mode) / f64::from(total.max(1));
            let last = self.last.map_or(f64::NAN, f64::from);
            [self.entropy.of(present), share, last]
        });
        Ok(())
    }
}
