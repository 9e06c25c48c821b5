//! Text attributes of events that are categories: counts of the kept values, mix, newest value.

use super::feature::{Feature, Unit, during};
use super::math::Entropy;
use super::past::{Past, Places, View};
use super::{Group, Row};
use crate::dictionary::{Dictionaries, Dictionary};
use crate::error::Error;
use crate::history::History;
use crate::schema::{OTHER, Schema, Span, TextColumn};
use std::ops::Range;

const SPANS: [Span; 1] = [Span::Fourfold];
/// The place of a missing value.
const NO_VALUE: u8 = u8::MAX;

/// One attribute.
#[derive(Debug)]
pub(super) struct Category {
    column: usize,
    places: Places,
    /// The finite spans of counts, shortest first.
    spans: Vec<Span>,
    /// Place of the value of each event read.
    seen: Vec<u8>,
    /// Events of each kept value and of all others, all time.
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
            Some(Self {
                column,
                places: Places::new(codes, dictionary.len(), values.len() as u8),
                cells: vec![vec![0; values.len() + 1]; spans.len()],
                spans,
                seen: Vec::new(),
                totals: vec![0; values.len() + 1],
                last: None,
                entropy: Entropy::new(),
            })
        };
        columns.filter_map(category).collect()
    }
}

impl Group for Category {
    fn clear(&mut self) {
        self.seen.clear();
        self.totals.fill(0);
        self.last = None;
    }

    fn extend(&mut self, history: &History, _: &Past, new: Range<usize>) -> Result<(), Error> {
        self.seen.try_reserve(new.len())?;
        for &code in &history.codes[self.column][new] {
            if code == 0 {
                self.seen.push(NO_VALUE);
                continue;
            }
            let place = self.places.of(code);
            self.seen.push(place);
            self.totals[usize::from(place)] += 1;
            self.last = Some(place);
        }
        Ok(())
    }

    fn write(&mut self, view: &View, row: &mut Row) {
        for (cells, &span) in self.cells.iter_mut().zip(&self.spans) {
            cells.fill(0);
            for &place in self.seen[view.start(span)..]
                .iter()
                .filter(|&&place| place != NO_VALUE)
            {
                cells[usize::from(place)] += 1;
            }
        }
        for value in 0..self.totals.len() - 1 {
            for cells in &self.cells {
                row.put(cells[value].into());
            }
            row.put(self.totals[value].into());
        }
        row.hold(|| {
            let total: u32 = self.totals.iter().sum();
            let mode = self.totals.iter().max().copied().unwrap_or_default();
            let share = f64::from(mode) / f64::from(total.max(1));
            let last = self.last.map_or(f64::NAN, f64::from);
            [self.entropy.of(&self.totals), share, last]
        });
    }
}
