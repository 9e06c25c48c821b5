//! Learns a schema in one walk over the profiles, in memory bounded by the dictionaries.

use super::facts::{Ages, Sample, TextFacts};
use super::trial::Ranks;
use super::whole::WholeFacts;
use super::{ColumnNames, EventType, GoalFacts, Pair, Schema, Span};
use crate::error::Error;
use crate::event::dictionary::{Dictionaries, Dictionary};
use crate::event::history::Profile;
use crate::time::{DAY, Micros};
use crate::walk::Visitor;
use std::collections::{BTreeMap, BTreeSet};

/// How many event types have features of their own, the rest sharing one, and how many numeric attributes of a type.
struct Limits {
    types: usize,
    pairs: usize,
}

/// Where there are no more, or nothing is known but their number.
const USUAL: Limits = Limits {
    types: 24,
    pairs: 14,
};
/// Where there are more, and it is known what they tell.
const RANKED: Limits = Limits {
    types: 24,
    pairs: 24,
};
/// What is looked at to know that.
const CANDIDATES: Limits = Limits {
    types: 200,
    pairs: 1000,
};
/// Values of a category that are kept: of an event attribute, of a profile attribute.
const MAX_VALUES: usize = 8;
const MAX_PROFILE_VALUES: usize = 20;
/// Types of the goal that are kept.
const MAX_GOAL_TYPES: usize = 256;
/// Fewer numbers than this teach nothing.
const MIN_NUMBERS: u64 = 20;
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
    /// Starts to learn from events with `time <= until`, for an outcome window of so many days.
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

    /// Chooses. Lists are cut by the number of profiles, ties by name.
    ///
    /// # Errors
    ///
    /// [`Error::NoRows`] if no event was known.
    pub fn finish(self, dictionaries: &Dictionaries) -> Result<Schema, Error> {
        self.choose(dictionaries, &Ranks::default(), &USUAL)
    }

    /// Chooses where there is more than features are made of: what tells most, then what most profiles have.
    ///
    /// # Errors
    ///
    /// [`Error::NoRows`] if no event was known.
    pub fn finish_by(self, dictionaries: &Dictionaries, ranks: &Ranks) -> Result<Schema, Error> {
        self.choose(dictionaries, ranks, &RANKED)
    }

    /// A schema of what there is to choose from, if that is more than features are made of.
    ///
    /// # Errors
    ///
    /// [`Error::NoRows`] if no event was known.
    pub fn candidates(&self, dictionaries: &Dictionaries) -> Result<Option<Schema>, Error> {
        let all = self.clone();
        let all = all.choose(dictionaries, &Ranks::default(), &CANDIDATES)?;
        let types = all.types.iter().filter(|kind| **kind != EventType::Other);
        let exceeds = types.count() > USUAL.types || all.pairs.len() > USUAL.pairs;
        Ok(exceeds.then_some(all))
    }

    /// Numbers that no features are made of, because they are identifiers by what they hold.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn identifiers(&self) -> Result<Vec<String>, Error> {
        let mut found = Vec::new();
        for (facts, name) in self.whole.iter().zip(&self.names.numbers) {
            if facts.is_identifier()? {
                found.push(name.clone());
            }
        }
        Ok(found)
    }

    fn choose(
        self,
        dictionaries: &Dictionaries,
        ranks: &Ranks,
        limits: &Limits,
    ) -> Result<Schema, Error> {
        if self.events == 0 {
            return Err(Error::NoRows);
        }
        let identifiers = self.identifiers()?;
        let ranked = self.ranked_types(&dictionaries.kinds, ranks);
        let kept: Vec<usize> = ranked
            .iter()
            .take(limits.types)
            .map(|&(place, _)| place)
            .collect();
        let mut types: Vec<EventType> = ranked
            .iter()
            .take(limits.types)
            .map(|(_, kind)| kind.clone())
            .collect();
        let hashed = self
            .types
            .get(HASHED_TYPE)
            .is_some_and(|facts| facts.events > 0);
        if ranked.len() > limits.types || hashed {
            types.push(EventType::Other);
        }
        let text = |facts: &[TextFacts], names: &[String], dictionaries: &[Dictionary], most| {
            let columns = facts.iter().zip(names).zip(dictionaries);
            columns
                .map(|((facts, name), dictionary)| {
                    facts.choose(dictionary, most, self.uses.get(name).copied())
                })
                .collect()
        };
        Ok(Schema {
            window_days: self.window_days,
            spans: self.spans(),
            pairs: self.choose_pairs(&kept, &types, ranks, limits, &identifiers),
            types,
            text: text(
                &self.text,
                &self.names.codes,
                &dictionaries.events,
                MAX_VALUES,
            ),
            profile_text: text(
                &self.profile_text,
                &self.names.profile_codes,
                &dictionaries.profiles,
                MAX_PROFILE_VALUES,
            ),
            goal: (self.goal == GoalKind::Events).then(|| self.goal_facts(&ranked)),
            names: self.names,
        })
    }

    fn spans(&self) -> Vec<Span> {
        let spans = Span::FINITE.into_iter().zip(&self.ages);
        let reached = spans.filter(|(_, ages)| ages.reached(self.events));
        reached.map(|(span, _)| span).collect()
    }

    /// All types that have a text or are missing: what tells most, then by descending number of profiles, then name.
    fn ranked_types(&self, kinds: &Dictionary, ranks: &Ranks) -> Vec<(usize, EventType)> {
        let name = |place: usize| match place {
            NO_TYPE => Some(EventType::Missing),
            HASHED_TYPE => None,
            _ => {
                let text = kinds.text(place as u32 - 1)?;
                Some(EventType::Named(text.to_owned()))
            }
        };
        let seen = (0..self.types.len()).filter(|&place| self.types[place].events > 0);
        let mut ranked: Vec<_> = seen
            .filter_map(|place| Some((place, name(place)?)))
            .collect();
        ranked.sort_unstable_by(|(a, left), (b, right)| {
            let (left, right) = (left.name(), right.name());
            let by_rank = ranks.of_type(right).total_cmp(&ranks.of_type(left));
            let by_profiles = self.types[*b].profiles.cmp(&self.types[*a].profiles);
            by_rank.then(by_profiles).then_with(|| left.cmp(right))
        });
        ranked
    }

    fn choose_pairs(
        &self,
        kept: &[usize],
        types: &[EventType],
        ranks: &Ranks,
        limits: &Limits,
        identifiers: &[String],
    ) -> Vec<Pair> {
        let amounts = |attribute: &usize| !identifiers.contains(&self.names.numbers[*attribute]);
        let mut found = Vec::new();
        for kind in 0..types.len() {
            for attribute in (0..self.names.numbers.len()).filter(amounts) {
                let facts = match kept.get(kind) {
                    Some(place) => self.pairs[place * self.names.numbers.len() + attribute],
                    None => self.other_pair(kept, attribute),
                };
                if facts.numbers >= MIN_NUMBERS && facts.least < facts.greatest {
                    found.push((facts.profiles, Pair { kind, attribute }));
                }
            }
        }
        let names = |pair: &Pair| {
            let attribute = self.names.numbers[pair.attribute].as_str();
            (types[pair.kind].name(), attribute)
        };
        let rank = |pair: &Pair| {
            let (kind, attribute) = names(pair);
            ranks.of_pair(kind, attribute)
        };
        let mut found: Vec<(f64, u64, Pair)> = found
            .into_iter()
            .map(|(profiles, pair)| (rank(&pair), profiles, pair))
            .collect();
        found.sort_by(|(rank_a, a, left), (rank_b, b, right)| {
            let by_rank = rank_b.total_cmp(rank_a);
            by_rank
                .then_with(|| b.cmp(a))
                .then_with(|| names(left).cmp(&names(right)))
        });
        found
            .into_iter()
            .take(limits.pairs)
            .map(|(.., pair)| pair)
            .collect()
    }

    /// Facts of an attribute over all types that are not kept.
    fn other_pair(&self, kept: &[usize], attribute: usize) -> PairFacts {
        let mut all = NO_NUMBERS;
        for place in (0..self.types.len()).filter(|place| !kept.contains(place)) {
            let facts = self.pairs[place * self.names.numbers.len() + attribute];
            all.numbers += facts.numbers;
            all.least = all.least.min(facts.least);
            all.greatest = all.greatest.max(facts.greatest);
        }
        all.profiles = self.sample.profiles(kept, attribute);
        all
    }

    fn goal_facts(&self, ranked: &[(usize, EventType)]) -> GoalFacts {
        let with_goals = || self.types.iter().filter(|facts| facts.goals > 0);
        let goals: u64 = with_goals().map(|facts| facts.goals).sum();
        let own: u64 = with_goals().map(|facts| facts.events).sum();
        let types = ranked
            .iter()
            .filter(|&&(place, _)| self.types[place].goals > 0);
        GoalFacts {
            types: types
                .take(MAX_GOAL_TYPES)
                .map(|(_, kind)| kind.clone())
                .collect(),
            every_event: goals == self.events,
            whole_types: goals == own,
            name: None,
        }
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
