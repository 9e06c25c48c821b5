//! Profile attributes: the row in force at the cutoff.

use super::feature::{Feature, Unit};
use super::math::{finite, is_past};
use super::past::View;
use super::places::Places;
use super::quantum::Quantum;
use super::words;
use super::{Group, Row};
use crate::error::Error;
use crate::event::dictionary::{Dictionaries, Dictionary};
use crate::event::history::History;
use crate::features::schema::{OTHER, Schema, TextColumn};
use crate::time::DAY;

#[derive(Debug)]
pub(super) struct ProfileAttributes {
    /// Per numeric attribute: whether it is an instant.
    times: Vec<bool>,
    /// Per numeric attribute: whether it is an instant that is known only once it has come.
    dated: Vec<bool>,
    /// Text attributes that are categories: column, places of the values.
    categories: Vec<(usize, Places)>,
}

pub(super) fn describe(schema: &Schema) -> Vec<Feature> {
    let names = &schema.names;
    let instants = names.profile_times.iter().filter(|&&time| time).count();
    let mut list = Vec::new();
    let numbers = names.profile_numbers.iter().zip(&names.profile_times);
    for (place, (name, &time)) in numbers.enumerate() {
        let feature = if time {
            let stem = match instants {
                1 => "ten_profile".to_owned(),
                _ => format!("ten_profile.{name}"),
            };
            let [factor, label] = words::since(name);
            Feature::new(stem, factor, label, Unit::Days)
        } else {
            Feature::new(
                format!("profile.{name}"),
                name.clone(),
                name.clone(),
                Unit::Number,
            )
            .in_measure(names.profile_measure(place))
        };
        list.push(feature.of_attribute(name));
    }
    for (name, column) in names.profile_codes.iter().zip(&schema.profile_text) {
        if let TextColumn::Category(values) = column {
            let values = values.iter().cloned().chain([OTHER.to_owned()]).collect();
            let feature = format!("profile.{name}");
            let feature = Feature::category(feature, name.clone(), name.clone(), values);
            list.push(feature.of_attribute(name));
        }
    }
    list
}

impl ProfileAttributes {
    pub(super) fn new(schema: &Schema, dictionaries: &Dictionaries) -> Self {
        let places = |values: &[String], dictionary: &Dictionary| {
            let codes = values.iter().map(|value| dictionary.code(value.as_bytes()));
            Places::new(codes, dictionary.len(), values.len() as u8)
        };
        let columns = schema
            .profile_text
            .iter()
            .zip(&dictionaries.profiles)
            .enumerate();
        let categories = columns.filter_map(|(column, (text, dictionary))| match text {
            TextColumn::Category(values) => Some((column, places(values, dictionary))),
            TextColumn::Identifier => None,
        });
        Self {
            times: schema.names.profile_times.clone(),
            dated: schema.names.profile_dated(),
            categories: categories.collect(),
        }
    }
}

impl Group for ProfileAttributes {
    fn clear(&mut self) {}

    fn extend(&mut self, _: &History, _: &Quantum) -> Result<(), Error> {
        Ok(())
    }

    fn write(&mut self, view: &View, row: &mut Row) -> Result<(), Error> {
        let attributes = view.profile.attributes_at(view.cutoff);
        let today = view.cutoff as f64 / DAY as f64;
        for (column, &time) in self.times.iter().enumerate() {
            let mut value = attributes.map_or(f64::NAN, |row| row.numbers[column]);
            if self.dated[column] && !is_past(0, value, view.cutoff) {
                value = f64::NAN;
            }
            row.put([finite(if time { today - value } else { value })]);
        }
        for (column, places) in &self.categories {
            let code = attributes.map_or(0, |row| row.codes[*column]);
            row.put([if code == 0 {
                f64::NAN
            } else {
                places.of(code).into()
            }]);
        }
        Ok(())
    }
}
