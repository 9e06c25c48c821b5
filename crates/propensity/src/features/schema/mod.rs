//! What is learned from training data before features: windows, vocabularies, facts of the goal.
//! It is stored with the version and replayed at scoring.

mod facts;
mod learner;
mod trial;
mod whole;

pub use learner::{GoalKind, Learner, TextUse};
pub use trial::Ranks;

use crate::error::Error;
use crate::event::dictionary::Dictionaries;
use crate::time::{DAY, Micros};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The name of all types or values that have no place of their own.
pub const OTHER: &str = "~other";

/// The name of the type of events without one.
pub const MISSING: &str = "~missing";

/// Names of the attributes, in the order of their columns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ColumnNames {
    /// Numeric event attributes.
    pub numbers: Vec<String>,
    /// Per numeric event attribute: whether it is an instant, in days from the event to it; none of them if it is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<bool>,
    /// Text event attributes.
    pub codes: Vec<String>,
    /// Numeric profile attributes.
    pub profile_numbers: Vec<String>,
    /// Per numeric profile attribute: whether it is an instant, in days since 1970-01-01 UTC.
    pub profile_times: Vec<bool>,
    /// Text profile attributes.
    pub profile_codes: Vec<String>,
    /// Instants, of events or profiles, that are known before they come: due dates, bookings. Of all others, one after
    /// the cutoff is not known at it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_ahead: Vec<String>,
    /// The types of all columns in the order of these lists; none of them is known if it is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<ColumnType>,
}

impl ColumnNames {
    /// Per numeric event attribute: whether it is an instant that is known only once it has come.
    pub(crate) fn dated(&self) -> Vec<bool> {
        let times = self.times.iter().copied().chain(std::iter::repeat(false));
        self.dated_of(&self.numbers, times)
    }

    /// The same of numeric profile attributes.
    pub(crate) fn profile_dated(&self) -> Vec<bool> {
        self.dated_of(&self.profile_numbers, self.profile_times.iter().copied())
    }

    fn dated_of(&self, names: &[String], times: impl Iterator<Item = bool>) -> Vec<bool> {
        let dated = |(name, time): (&String, bool)| time && !self.known_ahead.contains(name);
        names.iter().zip(times).map(dated).collect()
    }
}

impl ColumnNames {
    /// What the values of the numeric event attribute at a place are in, if its type says so.
    pub(crate) fn measure(&self, number: usize) -> Option<&'static str> {
        measure(self.types.get(number)?)
    }

    /// The same of the numeric profile attribute at a place.
    pub(crate) fn profile_measure(&self, number: usize) -> Option<&'static str> {
        let before = self.numbers.len() + self.codes.len();
        measure(self.types.get(before + number)?)
    }

    /// How many columns there are.
    pub fn count(&self) -> usize {
        let of_events = self.numbers.len() + self.codes.len();
        of_events + self.profile_numbers.len() + self.profile_codes.len()
    }
}

/// The type of a column. Types of one kind are read alike: what was learned of one holds of the other.
#[derive(Clone, Debug, Default, Eq, Serialize, Deserialize)]
pub struct ColumnType {
    /// What its values are: a number, a text, an instant.
    pub kind: String,
    /// The type as users write it.
    pub sql: String,
}

/// What numbers made of such values are in.
fn measure(column: &ColumnType) -> Option<&'static str> {
    match column.sql.as_str() {
        "interval" => Some("seconds"),
        sql if sql == "time" || sql.starts_with("time ") => Some("hours"),
        _ => None,
    }
}

impl PartialEq for ColumnType {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// A time span before the cutoff, relative to the outcome window W.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Span {
    /// W/4.
    Quarter,
    /// W.
    One,
    /// 4W.
    Fourfold,
    /// All time.
    All,
}

impl Span {
    /// The spans with an end, shortest first; each is four times the one before.
    pub const FINITE: [Self; 3] = [Self::Quarter, Self::One, Self::Fourfold];

    /// The name in feature names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quarter => "W/4",
            Self::One => "W",
            Self::Fourfold => "4W",
            Self::All => "all",
        }
    }

    /// The span in days; infinite for all time.
    pub fn days(self, window_days: f64) -> f64 {
        match self {
            Self::Quarter => window_days / 4.0,
            Self::One => window_days,
            Self::Fourfold => window_days * 4.0,
            Self::All => f64::INFINITY,
        }
    }
}

/// An event type with features of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventType {
    /// By its text.
    Named(String),
    /// Events without a type; all of them where there is no type column.
    Missing,
    /// All types that are not kept.
    Other,
}

impl EventType {
    /// The name in feature names.
    pub fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::Missing => MISSING,
            Self::Other => OTHER,
        }
    }
}

/// A numeric attribute of one event type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// Index in [`Schema::types`].
    pub kind: usize,
    /// Index in [`ColumnNames::numbers`].
    pub attribute: usize,
}

/// What a text attribute is good for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TextColumn {
    /// A category: the kept values, those of most profiles first.
    Category(Vec<String>),
    /// An identifier: only the number of its distinct values means something.
    Identifier,
}

/// What there are no features of: because others tell more, or because nothing can be made of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Numbers of events.
    pub numbers: Vec<String>,
    /// Event types, which count together as one.
    pub types: Vec<String>,
    /// Numbers of an event type, "type.number", where others of its types are kept.
    #[serde(default)]
    pub pairs: Vec<String>,
    /// Numbers of events that are identifiers by what they hold.
    #[serde(default)]
    pub identifiers: Vec<String>,
    /// Columns of types that nothing is made of.
    #[serde(default)]
    pub columns: Vec<LeftOutColumn>,
}

/// A column that nothing is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOutColumn {
    /// Its name.
    pub name: String,
    /// Its type as users write it.
    pub sql_type: String,
}

impl LeftOut {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Facts of a goal that single events meet or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoalFacts {
    /// The types that contain goal events, at most 256.
    pub types: Vec<EventType>,
    /// Every event is a goal event.
    pub every_event: bool,
    /// Every event of the goal's types is a goal event.
    pub whole_types: bool,
    /// What users call the goal, if they named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Choices made from the events up to the first evaluation cutoff (docs/method.md 1 and 2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// The outcome window W, in days.
    pub window_days: f64,
    /// The finite spans in use, shortest first.
    pub spans: Vec<Span>,
    /// The event types with features of their own, those of most profiles first.
    pub types: Vec<EventType>,
    /// The numeric attributes in use, those of most profiles first.
    pub pairs: Vec<Pair>,
    /// Names of the columns.
    pub names: ColumnNames,
    /// Per text event attribute.
    pub text: Vec<TextColumn>,
    /// Per text profile attribute; an identifier has no feature.
    pub profile_text: Vec<TextColumn>,
    /// Facts of the goal; none if it is a condition with aggregates.
    pub goal: Option<GoalFacts>,
}

impl Schema {
    /// Spans in use with all time at the end.
    pub fn spans(&self) -> Vec<Span> {
        self.spans.iter().copied().chain([Span::All]).collect()
    }

    /// Takes the texts that it knows into dictionaries that have none yet.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn preload(&self, dictionaries: &mut Dictionaries) -> Result<(), Error> {
        let goal = self.goal.iter().flat_map(|goal| &goal.types);
        for kind in self.types.iter().chain(goal) {
            if let EventType::Named(text) = kind {
                dictionaries.kinds.know(text)?;
            }
        }
        let events = self.text.iter().zip(&mut dictionaries.events);
        let profiles = self.profile_text.iter().zip(&mut dictionaries.profiles);
        for (column, dictionary) in events.chain(profiles) {
            if let TextColumn::Category(values) = column {
                for text in values {
                    dictionary.know(text)?;
                }
            }
        }
        Ok(())
    }

    /// The span itself or, if it is not in use, the nearest that is, on a log scale.
    pub(crate) fn near(&self, wanted: Span) -> Span {
        let distance = |span: &Span| (*span as i32 - wanted as i32).abs();
        let nearest = self.spans.iter().copied().min_by_key(distance);
        nearest.unwrap_or(Span::All)
    }

    /// The nearest spans in use and all time, none twice.
    pub(crate) fn choose(&self, wanted: &[Span]) -> Vec<Span> {
        let near = wanted
            .iter()
            .map(|&span| self.near(span))
            .chain([Span::All]);
        let mut chosen: Vec<Span> = near.collect();
        chosen.dedup();
        chosen
    }

    /// The name of the goal: that of its event type if it is just this type, else "goal".
    pub fn goal_name(&self) -> &str {
        match &self.goal {
            Some(GoalFacts {
                name: Some(name), ..
            }) => name,
            Some(goal) if goal.whole_types => match goal.types.as_slice() {
                [EventType::Named(name)] => name,
                _ => "goal",
            },
            _ => "goal",
        }
    }

    /// What of a schema of more candidates is not in this one: attributes no type of which is kept, and event types.
    pub fn left_out(&self, candidates: &Self) -> LeftOut {
        let used = |schema: &Self| -> BTreeSet<String> {
            let attributes = schema.pairs.iter().map(|pair| pair.attribute);
            attributes
                .map(|at| schema.names.numbers[at].clone())
                .collect()
        };
        let (all, kept) = (used(candidates), used(self));
        let named = |schema: &Self| -> Vec<(EventType, String)> {
            let named = |pair: &Pair| {
                let attribute = schema.names.numbers[pair.attribute].clone();
                (schema.types[pair.kind].clone(), attribute)
            };
            schema.pairs.iter().map(named).collect()
        };
        let ours = named(self);
        // A type that is not kept, or a number of which nothing is, is named as such.
        let pairs = named(candidates).into_iter().filter(|pair| {
            !ours.contains(pair) && self.types.contains(&pair.0) && kept.contains(&pair.1)
        });
        let kinds = candidates.types.iter();
        let types = kinds.filter(|kind| !self.types.contains(kind));
        LeftOut {
            numbers: all.difference(&kept).cloned().collect(),
            types: types.map(|kind| kind.name().to_owned()).collect(),
            pairs: pairs
                .map(|(kind, attribute)| format!("{}.{attribute}", kind.name()))
                .collect(),
            ..LeftOut::default()
        }
    }

    /// Whether events have no type at all.
    pub(crate) fn untyped(&self) -> bool {
        self.types == [EventType::Missing]
    }

    /// A span in microseconds; the longest possible for all time.
    pub(crate) fn micros(&self, span: Span) -> Micros {
        // A cast from float saturates.
        (span.days(self.window_days) * DAY as f64).round() as Micros
    }

    /// Checks a schema that was read from storage.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupted`] if features could not be computed by it.
    pub fn validate(&self) -> Result<(), Error> {
        let fits =
            |pair: &Pair| pair.kind < self.types.len() && pair.attribute < self.names.numbers.len();
        let sound = [
            self.window_days.is_finite() && self.window_days > 0.0,
            self.spans.is_sorted_by(|a, b| a < b) && !self.spans.contains(&Span::All),
            self.types.len() < usize::from(u8::MAX),
            self.pairs.iter().all(fits),
            self.text.len() == self.names.codes.len(),
            self.profile_text.len() == self.names.profile_codes.len(),
            self.names.profile_times.len() == self.names.profile_numbers.len(),
            self.names.types.is_empty() || self.names.types.len() == self.names.count(),
        ];
        if sound.contains(&false) {
            return Err(Error::Corrupted {
                reason: "the schema of the features does not fit together",
            });
        }
        Ok(())
    }
}
