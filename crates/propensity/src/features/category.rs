//! Text attributes of events that are categories: all-time counts of the kept values.

use super::feature::{Feature, Unit};
use super::past::View;
use super::places::Places;
use super::quantum::Quantum;
use super::words;
use super::{Group, Row};
use crate::error::Error;
use crate::event::dictionary::{Dictionaries, Dictionary};
use crate::event::history::History;
use crate::features::schema::{Schema, Span, TextColumn};

/// One attribute.
#[derive(Debug)]
pub(super) struct Category {
    column: usize,
    /// Kept values, and one place for all else.
    places: Places,
    /// Events of each place.
    totals: Vec<u32>,
}

pub(super) fn describe(schema: &Schema) -> Vec<Feature> {
    let mut list = Vec::new();
    for (name, column) in schema.names.codes.iter().zip(&schema.text) {
        let TextColumn::Category(values) = column else {
            continue;
        };
        list.extend(values.iter().map(|value| {
            Feature::new(
                format!("cnt_{name}={value}_{}", Span::All.name()),
                words::category(name, value),
                words::events_with(name, value, &words::during(schema, Span::All)),
                Unit::Count,
            )
            .of_attribute(name)
        }));
    }
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
            let codes = values.iter().map(|value| dictionary.code(value.as_bytes()));
            Some(Self {
                column,
                places: Places::new(codes, dictionary.len(), values.len() as u8),
                totals: vec![0; values.len() + 1],
            })
        };
        columns.filter_map(category).collect()
    }
}

impl Group for Category {
    fn clear(&mut self) {
        self.totals.fill(0);
    }

    fn extend(&mut self, history: &History, new: &Quantum) -> Result<(), Error> {
        for &code in &history.codes[self.column][new.events.clone()] {
            self.totals[usize::from(self.places.of(code))] += 1;
        }
        Ok(())
    }

    fn write(&mut self, _: &View, row: &mut Row) -> Result<(), Error> {
        for &total in &self.totals[..self.totals.len() - 1] {
            row.hold(|| [total.into()]);
        }
        Ok(())
    }
}
