//! What people call columns, event types and values. Words only: no feature is computed by them, and features keep their
//! names.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::feature::{Feature, Unit};
use crate::features::schema::{EventType, Schema, TextColumn};

/// What a column is called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Called {
    /// In place of its name.
    pub label: Option<String>,
    /// What its numbers are in: "EUR", "€", "km".
    pub unit: Option<String>,
}

/// What columns, event types and values are called, by their names in the data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    columns: BTreeMap<String, Called>,
    types: BTreeMap<String, String>,
    values: BTreeMap<String, BTreeMap<String, String>>,
}

impl Labels {
    /// Whether nothing is called anything else.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty() && self.types.is_empty() && self.values.is_empty()
    }

    /// Every label and unit.
    pub fn texts(&self) -> impl Iterator<Item = &String> {
        let of_columns = self.columns.values();
        let of_columns = of_columns.flat_map(|called| called.label.iter().chain(&called.unit));
        let of_values = self.values.values().flat_map(BTreeMap::values);
        of_columns.chain(self.types.values()).chain(of_values)
    }

    /// Says what a column is called.
    pub fn call_column(&mut self, name: String, called: Called) {
        self.columns.insert(name, called);
    }

    /// Says what events of a type are called.
    pub fn call_type(&mut self, name: String, label: String) {
        self.types.insert(name, label);
    }

    /// Says what a value of a column is called.
    pub fn call_value(&mut self, column: String, value: String, label: String) {
        self.values.entry(column).or_default().insert(value, label);
    }

    /// What a column is called, if not by its name.
    pub fn label(&self, column: &str) -> Option<&String> {
        self.columns.get(column)?.label.as_ref()
    }

    fn unit(&self, column: &str) -> Option<&String> {
        self.columns.get(column)?.unit.as_ref()
    }

    /// What these columns are called, each by another name.
    fn of_columns(&self, names: &mut [String]) {
        call(names, |name| self.label(name));
    }

    fn of_types<'a>(&self, types: impl Iterator<Item = &'a mut EventType>) {
        let mut named: Vec<&mut String> = types
            .filter_map(|kind| match kind {
                EventType::Named(name) => Some(name),
                EventType::Missing | EventType::Other => None,
            })
            .collect();
        let mut names: Vec<String> = named.iter().map(|name| (**name).clone()).collect();
        call(&mut names, |name| self.types.get(name));
        for (name, called) in named.iter_mut().zip(names) {
            **name = called;
        }
    }

    fn of_values(&self, column: &str, values: &mut TextColumn) {
        if let (Some(labels), TextColumn::Category(values)) = (self.values.get(column), values) {
            call(values, |value| labels.get(value));
        }
    }
}

/// The label that a comment on a column is, if it is one: a short line, not a description.
pub fn label_in(comment: &str) -> Option<&str> {
    const LONGEST: usize = 40;
    let label = comment.trim();
    let label = label.strip_suffix('.').unwrap_or(label);
    let is_short = (1..=LONGEST).contains(&label.chars().count());
    (is_short && !label.contains(is_invisible)).then_some(label)
}

/// What does not show, or makes other characters show elsewhere.
pub fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Puts labels in the place of names. Two things of one label keep their names behind it: they are still two.
fn call<'a>(names: &mut [String], label: impl Fn(&String) -> Option<&'a String>) {
    let called: Vec<Option<&String>> = names.iter().map(&label).collect();
    // By what is shown of it, each thing once.
    let things: BTreeSet<(&String, &String)> = names
        .iter()
        .zip(&called)
        .map(|(name, label)| (label.unwrap_or(name), name))
        .collect();
    let mut seen = BTreeSet::new();
    let shared: BTreeSet<String> = things
        .iter()
        .filter(|(shown, _)| !seen.insert(*shown))
        .map(|(shown, _)| (*shown).clone())
        .collect();
    let renamed: Vec<Option<String>> = names
        .iter()
        .zip(&called)
        .map(|(name, label)| {
            let label = (*label)?;
            Some(match shared.contains(label) {
                true => format!("{label} ({name})"),
                false => label.clone(),
            })
        })
        .collect();
    for (name, label) in names.iter_mut().zip(renamed) {
        if let Some(label) = label {
            *name = label;
        }
    }
}

impl Schema {
    /// The features of [`Self::features`], in the same order and of the same names, in the words that people use.
    pub fn called(&self, labels: &Labels) -> Vec<Feature> {
        let plain = self.features();
        if labels.is_empty() {
            return plain;
        }
        let called = self.in_words(labels).features();
        let pair = |(plain, called): (Feature, Feature)| Feature {
            measure: measure(&plain, labels).or(plain.measure),
            name: plain.name,
            attribute: plain.attribute,
            readable_rank: plain.readable_rank,
            ..called
        };
        plain.into_iter().zip(called).map(pair).collect()
    }

    /// The schema with labels for names: good for words, and for nothing else.
    fn in_words(&self, labels: &Labels) -> Self {
        let mut schema = self.clone();
        let names = &self.names;
        let events = names.codes.iter().zip(&mut schema.text);
        let profiles = names.profile_codes.iter().zip(&mut schema.profile_text);
        for (column, values) in events.chain(profiles) {
            labels.of_values(column, values);
        }
        // A number and a text of events may share a label, and so may a column of profiles: their factors differ.
        for names in [
            &mut schema.names.numbers,
            &mut schema.names.codes,
            &mut schema.names.profile_numbers,
            &mut schema.names.profile_codes,
        ] {
            labels.of_columns(names);
        }
        let of_goal = schema.goal.iter_mut().flat_map(|goal| &mut goal.types);
        labels.of_types(schema.types.iter_mut().chain(of_goal));
        schema
    }
}

/// What the values of a feature are in, if they are values of an attribute as it is.
fn measure(feature: &Feature, labels: &Labels) -> Option<String> {
    let is_plain = matches!(feature.unit, Unit::Amount | Unit::Number);
    let unit = labels.unit(feature.attribute.as_ref()?);
    unit.filter(|_| is_plain).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::schema::{ColumnNames, ColumnType, GoalFacts, Pair, Span};

    fn schema() -> Schema {
        let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let named = |name: &str| EventType::Named(name.to_owned());
        Schema {
            window_days: 30.0,
            spans: vec![Span::One],
            types: vec![named("buy"), named("W_Valideren")],
            pairs: vec![Pair {
                kind: 0,
                attribute: 0,
            }],
            names: ColumnNames {
                numbers: texts(&["amount"]),
                codes: texts(&["country"]),
                profile_numbers: texts(&["age", "spend"]),
                profile_times: vec![false, false],
                ..ColumnNames::default()
            },
            text: vec![TextColumn::Category(texts(&["FR", "DE"]))],
            profile_text: Vec::new(),
            goal: Some(GoalFacts {
                types: vec![named("buy")],
                every_event: false,
                whole_types: true,
                name: None,
            }),
        }
    }

    fn labels() -> Labels {
        let mut labels = Labels::default();
        let called = |label: &str, unit: Option<&str>| Called {
            label: Some(label.to_owned()),
            unit: unit.map(str::to_owned),
        };
        labels.call_column("amount".into(), called("order value", Some("€")));
        labels.call_column("age".into(), called("worth", None));
        labels.call_column("spend".into(), called("worth", None));
        labels.call_type("buy".into(), "purchase".into());
        labels.call_value("country".into(), "FR".into(), "France".into());
        labels
    }

    fn found(name: &str) -> Feature {
        let features = schema().called(&labels());
        let found = features.into_iter().find(|feature| feature.name == name);
        found.unwrap()
    }

    #[test]
    fn names_stay_and_words_change() {
        let (plain, called) = (schema().features(), schema().called(&labels()));
        assert_eq!(plain.len(), called.len());
        for (plain, called) in plain.iter().zip(&called) {
            assert_eq!(plain.name, called.name);
            assert_eq!(plain.attribute, called.attribute);
            assert_eq!(plain.readable_rank, called.readable_rank);
            assert_eq!(plain.unit, called.unit);
        }
        assert_eq!(schema().called(&Labels::default()), plain);
    }

    #[test]
    fn columns_types_and_values_are_called_by_their_labels() {
        let total = found("sum_buy.amount_W");
        assert_eq!(
            total.label,
            "total order value of purchase events in the last 30 days"
        );
        assert_eq!(total.measure.as_deref(), Some("€"));
        // The goal is the event type, and has its label.
        assert_eq!(
            found("goal_rec").label,
            "days since the last purchase event"
        );
        assert_eq!(
            found("rec_buy").factor,
            "Days since the last purchase event"
        );
        assert_eq!(found("cnt_W_Valideren_W").measure, None);
        assert_eq!(found("cnt_country=FR_all").factor, "country = France");
        assert_eq!(found("cnt_country=DE_all").factor, "country = DE");
    }

    #[test]
    fn a_short_comment_is_a_label() {
        assert_eq!(label_in(" order value. "), Some("order value"));
        assert_eq!([label_in("two\nlines"), label_in("a\u{202e}b")], [None; 2]);
        assert_eq!(label_in(&"x".repeat(41)), None);
        assert_eq!([label_in(""), label_in(" ."), label_in("\u{1}")], [None; 3]);
    }

    #[test]
    fn a_type_says_what_its_numbers_are_in() {
        let column = |sql: &str| ColumnType {
            kind: sql.to_owned(),
            sql: sql.to_owned(),
        };
        let mut schema = schema();
        schema.names.types = ["interval", "text", "time without time zone", "int"]
            .map(column)
            .to_vec();
        let measure = |name: &str, labels: &Labels| {
            let features = schema.called(labels);
            let found = features.into_iter().find(|feature| feature.name == name);
            found.unwrap().measure
        };
        let plain = Labels::default();
        assert_eq!(
            measure("sum_buy.amount_W", &plain).as_deref(),
            Some("seconds")
        );
        assert_eq!(measure("profile.age", &labels()).as_deref(), Some("hours"));
        assert_eq!(measure("profile.spend", &plain), None);
        assert_eq!(measure("cnt_any_W", &plain), None);
        assert_eq!(measure("sum_buy.amount_W", &labels()).as_deref(), Some("€"));
    }

    #[test]
    fn two_of_one_label_are_still_two() {
        assert_eq!(found("profile.age").factor, "worth (age)");
        assert_eq!(found("profile.spend").factor, "worth (spend)");
        assert_eq!(found("profile.spend").attribute.as_deref(), Some("spend"));
        let mut labels = labels();
        labels.call_type("W_Valideren".into(), "purchase".into());
        let features = schema().called(&labels);
        let factor = |name: &str| {
            let found = features.iter().find(|feature| feature.name == name);
            found.unwrap().factor.as_str()
        };
        // The goal is the one of them.
        let bought = "Days since the last purchase (buy) event";
        assert_eq!([factor("rec_buy"), factor("goal_rec")], [bought; 2]);
        let looked = "Days since the last purchase (W_Valideren) event";
        assert_eq!(factor("rec_W_Valideren"), looked);
    }
}
