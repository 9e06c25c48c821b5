//! Features of one profile at a cutoff (docs/method.md 2), one file per group.
//!
//! Events are read once, oldest first, into running state: whatever state there is after an event
//! depends on the events up to it and on nothing else. A cutoff reads on to its last event, looks
//! back over its windows, and writes a row; an earlier cutoff starts over. So a row depends on the
//! events with `time <= cutoff` bit by bit, and not on which other cutoffs are asked for.

mod activity;
mod attributes;
mod category;
mod decay;
mod distinct;
mod elementary;
mod feature;
mod goal;
mod label;
mod math;
mod numeric;
mod past;
mod places;
pub mod population;
mod quantum;
mod regularity;
pub mod schema;
pub mod suppose;
mod types;
mod variety;
mod words;

pub use feature::{Feature, Unit};
pub use label::{Called, Labels, is_invisible, label_in};

use crate::error::Error;
use crate::event::dictionary::Dictionaries;
use crate::event::history::{History, Profile};
use crate::features::schema::{Schema, Span};
use crate::time::Micros;
use past::{Past, QUANTUM, View};
use quantum::Quantum;
use std::collections::BTreeSet;

/// Cells copied at once: 1 kB.
const PIECE: usize = 1 << 7;

/// A group of features: running state, and what it writes at a cutoff.
trait Group: std::fmt::Debug + Send {
    /// Forgets the profile.
    fn clear(&mut self);

    /// Reads further events.
    fn extend(&mut self, history: &History, new: &Quantum) -> Result<(), Error>;

    /// Writes the group's features.
    fn write(&mut self, view: &View, row: &mut Row) -> Result<(), Error>;
}

/// The cells of a feature row, filled from the left. They still hold the profile's row before.
struct Row<'a> {
    cells: &'a mut [f64],
    /// Whether events were read since the row before.
    changed: bool,
}

impl<'a> Row<'a> {
    /// The next cells.
    #[inline]
    fn take(&mut self, count: usize) -> &'a mut [f64] {
        let (next, rest) = std::mem::take(&mut self.cells).split_at_mut(count);
        self.cells = rest;
        next
    }

    /// Writes the next values: finite, or NaN where missing.
    #[inline]
    fn put<const N: usize>(&mut self, values: [f64; N]) {
        self.take(N).copy_from_slice(&values);
    }

    /// The next values, which follow from the running state alone and not from the cutoff: they
    /// are only computed if events were read since the row before.
    #[inline]
    fn hold<const N: usize>(&mut self, values: impl FnOnce() -> [f64; N]) {
        let cells = self.take(N);
        if self.changed {
            cells.copy_from_slice(&values());
        }
    }
}

/// Computes feature rows, profile by profile, in memory that it keeps.
#[derive(Debug)]
pub struct Features {
    spans: Vec<(Span, Micros)>,
    /// The last row of the profile.
    row: Vec<f64>,
    /// Whether `row` is older than the running state.
    changed: bool,
    past: Past,
    groups: Vec<Box<dyn Group>>,
}

impl Features {
    /// Features of a schema. The dictionaries are those that the events' codes come from.
    pub fn new(schema: &Schema, dictionaries: &Dictionaries) -> Self {
        Self::of_width(schema, dictionaries, schema.features().len())
    }

    /// The same where it is known how many features there are: describing them takes longer than computing a row.
    pub fn of_width(schema: &Schema, dictionaries: &Dictionaries, width: usize) -> Self {
        let mut groups: Vec<Box<dyn Group>> = vec![Box::new(activity::Activity::new(schema))];
        if let Some(types) = types::Types::new(schema) {
            groups.push(Box::new(types));
        }
        groups.push(Box::<regularity::Regularity>::default());
        if let Some(goal) = goal::GoalHistory::new(schema, &dictionaries.kinds) {
            groups.push(Box::new(goal));
        }
        groups.push(Box::new(numeric::Numeric::new(schema)));
        for category in category::Category::all(schema, dictionaries) {
            groups.push(Box::new(category));
        }
        groups.push(Box::new(variety::Variety::new(schema)));
        groups.push(Box::new(attributes::ProfileAttributes::new(
            schema,
            dictionaries,
        )));
        Self {
            row: vec![f64::NAN; width],
            changed: true,
            spans: schema
                .spans
                .iter()
                .map(|&span| (span, schema.micros(span)))
                .collect(),
            past: Past::new(schema, &dictionaries.kinds),
            groups,
        }
    }

    /// Number of features.
    pub fn len(&self) -> usize {
        self.row.len()
    }

    /// Whether there are no features.
    pub fn is_empty(&self) -> bool {
        self.row.is_empty()
    }

    /// Begins with another profile.
    pub fn start(&mut self) {
        self.past.clear();
        self.changed = true;
        self.groups.iter_mut().for_each(|group| group.clear());
    }

    /// Writes the features at the cutoff to `out`, which holds [`Self::len`] values: finite, or
    /// NaN where missing; a category is the index of its value. Cutoffs may come in any order, but
    /// ascending order is the fast one.
    ///
    /// The profile is the same as at the last [`Self::start`].
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`]; [`Error::LengthMismatch`] if `out` is of another length.
    pub fn row(
        &mut self,
        profile: &Profile,
        cutoff: Micros,
        out: &mut [f64],
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        if out.len() != self.row.len() {
            return Err(Error::LengthMismatch {
                found: out.len(),
                required: self.row.len(),
            });
        }
        self.read(&profile.history, cutoff, poll)?;
        let view = View::new(profile, &self.past, cutoff, &self.spans);
        let mut row = Row {
            cells: &mut self.row,
            changed: self.changed,
        };
        for group in &mut self.groups {
            group.write(&view, &mut row)?;
            if view.events > QUANTUM {
                poll();
            }
        }
        debug_assert!(row.cells.is_empty(), "fewer values than features");
        self.changed = false;
        // What is longer is copied by an instruction that is slow where it was just written.
        for (out, row) in out.chunks_mut(PIECE).zip(self.row.chunks(PIECE)) {
            out.copy_from_slice(row);
        }
        Ok(())
    }

    /// Brings the running state to the last event with `time <= cutoff`.
    fn read(
        &mut self,
        history: &History,
        cutoff: Micros,
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        let until = history.until(cutoff);
        if until < self.past.len() {
            self.start();
        }
        while self.past.len() < until {
            self.changed = true;
            self.past.extend(history, until)?;
            for group in &mut self.groups {
                group.extend(history, &self.past.new)?;
            }
            if self.past.len() > QUANTUM {
                poll();
            }
        }
        Ok(())
    }
}

impl Schema {
    /// The features, in the order of a row. Names are unique.
    pub fn features(&self) -> Vec<Feature> {
        let groups = [
            activity::describe,
            types::describe,
            regularity::describe,
            goal::describe,
            numeric::describe,
            category::describe,
            variety::describe,
            attributes::describe,
        ];
        let mut features: Vec<Feature> =
            groups.iter().flat_map(|describe| describe(self)).collect();
        let mut names = BTreeSet::new();
        for feature in &mut features {
            // An event type may be called "any", an attribute may come from two sources.
            while !names.insert(feature.name.clone()) {
                feature.name.push('\'');
            }
        }
        features
    }
}
