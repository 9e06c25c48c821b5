//! Learns a schema in one walk over the profiles, in memory bounded by the dictionaries.

mod choose;

use super::facts::{Ages, Sample, TextFacts};
use super::whole::WholeFacts;
use super::{ColumnNames, Span};
use crate::error::Error;
use crate::event::dictionary::Dictionary;
use crate::event::history::Profile;
use crate::time::{DAY, Micros};
use crate::walk::Visitor;
use std::collections::{BTreeMap, BTreeSet};

/// Facts of types have two places before code 1: no type, and types that are hashes only.
const NO_TYPE: usize = 0;
const HASHED_TYPE: usize = 1;

/// Events of one profile between two calls of `poll`.
const QUANTUM: usize = 1 << 14;

/// How the goal condition is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoalKind {
    /// Each event says whether it meets the goal.
    Events,
    /// Only whole windows do: a condition with aggregates. There is no history of the goal.
    Aggregate,
}

/// What a text attribute is to be, whatever its values look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextUse {
    /// A category.
    Category,
    /// An identifier.
    Identifier,
}

/// Collects what a schema is chosen from.
#[derive(Clone, Debug)]
pub struct Learner {
    names: ColumnNames,
    window_days: f64,
    until: Micros,
    goal: GoalKind,
    /// Text attributes, of events or profiles, that are not judged by their values.
    uses: BTreeMap<String, TextUse>,
    ages: [Ages; Span::FINITE.len()],
    types: Vec<TypeFacts>,
    /// `numbers` entries for each of `types`.
    pairs: Vec<PairFacts>,
    sample: Sample,
    /// Per number of events.
    whole: Vec<WholeFacts>,
    text: Vec<TextFacts>,
    profile_text: Vec<TextFacts>,
    /// Profiles so far; the stamp of the current one.
    profiles: u32,
    events: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct TypeFacts {
    profiles: u32,
    /// The last profile that it was seen with.
    seen: u32,
    events: u64,
    goals: u64,
}

#[derive(Clone, Copy, Debug)]
struct PairFacts {
    profiles: u64,
    seen: u32,
    numbers: u64,
    least: f64,
    greatest: f64,
}

const NO_NUMBERS: PairFacts = PairFacts {
    profiles: 0,
    seen: 0,
    numbers: 0,
    least: f64::INFINITY,
    greatest: f64::NEG_INFINITY,
};

impl Learner {
    /// Starts to learn from events with `time <= until`, for an outcome window in days.
    pub fn new(names: ColumnNames, window_days: f64, until: Micros, goal: GoalKind) -> Self {
        let ages = Span::FINITE.map(|span| {
            let length = span.days(window_days) * DAY as f64;
            Ages::new(length.round() as Micros)
        });
        let columns = |names: &[String]| names.iter().map(|_| TextFacts::default()).collect();
        Self {
            whole: whole(&names, &BTreeSet::new()),
            text: columns(&names.codes),
            profile_text: columns(&names.profile_codes),
            names,
            window_days,
            until,
            goal,
            uses: BTreeMap::new(),
            ages,
            types: Vec::new(),
            pairs: Vec::new(),
            sample: Sample::default(),
            profiles: 0,
            events: 0,
        }
    }

    /// Says what text attributes are to be, by name; the values of all others tell it.
    #[must_use]
    pub fn with_uses(mut self, uses: BTreeMap<String, TextUse>) -> Self {
        self.uses = uses;
        self
    }

    /// Says which numbers of events are amounts, by name, whatever they hold.
    #[must_use]
    pub fn with_amounts(mut self, amounts: &BTreeSet<String>) -> Self {
        self.whole = whole(&self.names, amounts);
        self
    }

    /// The last instant that it learns from.
    pub fn until(&self) -> Micros {
        self.until
    }

    /// Learns from one profile, calling `poll` at a fixed quantum of its events.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn add(&mut self, profile: &Profile, poll: &mut dyn FnMut()) -> Result<(), Error> {
        self.profiles += 1;
        if let Some(row) = profile.attributes_at(self.until) {
            for (facts, &code) in self.profile_text.iter_mut().zip(&row.codes) {
                facts.add(code, self.profiles)?;
            }
        }
        let history = &profile.history;
        let known = history.until(self.until);
        let times = &history.times[..known];
        self.events += known as u64;
        for ages in &mut self.ages {
            ages.add(times, self.until);
        }
        for event in 0..known {
            if event % QUANTUM == QUANTUM - 1 {
                poll();
            }
            let place = place(history.kinds[event]);
            self.add_type(place, history.flags[event].goal())?;
            for (attribute, column) in history.numbers.iter().enumerate() {
                self.add_number(place, attribute, column[event], profile.hash)?;
            }
        }
        for (facts, column) in self.whole.iter_mut().zip(history.numbers) {
            let mut before = f64::NAN;
            let times = times.chunks(QUANTUM);
            for (times, numbers) in times.zip(column[..known].chunks(QUANTUM)) {
                before = facts.add(times, numbers, before)?;
                if numbers.len() == QUANTUM {
                    poll();
                }
            }
        }
        for (facts, column) in self.text.iter_mut().zip(history.codes) {
            for codes in column[..known].chunks(QUANTUM) {
                for &code in codes {
                    facts.add(code, self.profiles)?;
                }
                if codes.len() == QUANTUM {
                    poll();
                }
            }
        }
        Ok(())
    }

    /// Adds what another, that started alike, has learned from other profiles: the result is that of one that has learned
    /// from all.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn merge(&mut self, other: Self) -> Result<(), Error> {
        self.profiles += other.profiles;
        self.events += other.events;
        for (ages, others) in self.ages.iter_mut().zip(&other.ages) {
            ages.merge(others);
        }
        self.make_room(other.types.len())?;
        for (facts, others) in self.types.iter_mut().zip(&other.types) {
            facts.profiles += others.profiles;
            facts.events += others.events;
            facts.goals += others.goals;
        }
        for (facts, others) in self.pairs.iter_mut().zip(&other.pairs) {
            facts.profiles += others.profiles;
            facts.numbers += others.numbers;
            facts.least = facts.least.min(others.least);
            facts.greatest = facts.greatest.max(others.greatest);
        }
        self.sample.merge(other.sample)?;
        for (facts, others) in self.whole.iter_mut().zip(&other.whole) {
            facts.merge(others)?;
        }
        let texts = self.text.iter_mut().chain(&mut self.profile_text);
        let others = other.text.iter().chain(&other.profile_text);
        texts
            .zip(others)
            .try_for_each(|(facts, others)| facts.merge(others))
    }

    #[inline]
    fn make_room(&mut self, places: usize) -> Result<(), Error> {
        if places > self.types.len() {
            self.types.try_reserve(places - self.types.len())?;
            self.types.resize(places, TypeFacts::default());
            let pairs = places * self.names.numbers.len();
            self.pairs.try_reserve(pairs - self.pairs.len())?;
            self.pairs.resize(pairs, NO_NUMBERS);
        }
        Ok(())
    }

    fn add_type(&mut self, place: usize, goal: bool) -> Result<(), Error> {
        self.make_room(place + 1)?;
        let facts = &mut self.types[place];
        facts.events += 1;
        facts.goals += u64::from(goal);
        if facts.seen != self.profiles {
            facts.seen = self.profiles;
            facts.profiles += 1;
        }
        Ok(())
    }

    fn add_number(
        &mut self,
        place: usize,
        attribute: usize,
        number: f64,
        hash: u64,
    ) -> Result<(), Error> {
        if number.is_nan() {
            return Ok(());
        }
        let facts = &mut self.pairs[place * self.names.numbers.len() + attribute];
        facts.numbers += 1;
        facts.least = facts.least.min(number);
        facts.greatest = facts.greatest.max(number);
        if facts.seen != self.profiles {
            facts.seen = self.profiles;
            facts.profiles += 1;
            self.sample.add(hash, place, attribute)?;
        }
        Ok(())
    }
}

impl Visitor for &mut Learner {
    type Output = ();

    fn visit(&mut self, profile: &Profile, poll: &mut dyn FnMut()) -> Result<(), Error> {
        self.add(profile, poll)
    }

    fn finish(&mut self, _poll: &mut dyn FnMut()) -> Result<(), Error> {
        Ok(())
    }
}

/// Facts of the numbers of events, of which instants are no identifiers either.
fn whole(names: &ColumnNames, amounts: &BTreeSet<String>) -> Vec<WholeFacts> {
    let times = names.times.iter().copied().chain(std::iter::repeat(false));
    let numbers = names.numbers.iter().zip(times);
    numbers
        .map(|(name, is_time)| WholeFacts::new(is_time || amounts.contains(name)))
        .collect()
}

/// Where the facts of a type are.
fn place(code: u32) -> usize {
    match code {
        0 => NO_TYPE,
        code if Dictionary::is_hash(code) => HASHED_TYPE,
        code => code as usize + 1,
    }
}
