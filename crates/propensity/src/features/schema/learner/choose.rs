//! Chooses a schema from what was learned: which types, numbers and values there are features of.

use super::{GoalKind, HASHED_TYPE, Learner, NO_NUMBERS, NO_TYPE, PairFacts};
use crate::error::Error;
use crate::event::dictionary::{Dictionaries, Dictionary};
use crate::features::schema::facts::TextFacts;
use crate::features::schema::trial::Ranks;
use crate::features::schema::{EventType, GoalFacts, Pair, Schema, Span};

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

impl Learner {
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
