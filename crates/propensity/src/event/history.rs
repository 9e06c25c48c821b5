//! What is known of one profile: its events, its attributes, and marks set from outside.

use crate::time::Micros;

/// Which conditions an event meets by itself: in one byte, because three of them, written one by one, wait for
/// one another when they are read as one. Ordered as events are that differ in nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flags(u8);

impl Flags {
    const GOAL: u8 = 1;
    const ELIGIBLE: u8 = 1 << 1;
    const EXCLUDED: u8 = 1 << 2;
    /// How many bits there are.
    pub(crate) const BITS: u8 = 3;

    /// None of the conditions is met.
    pub const NONE: Self = Self(0);

    /// Whether the event meets the goal condition, the eligible condition, the exclude condition.
    #[inline]
    pub fn new(goal: bool, eligible: bool, excluded: bool) -> Self {
        Self(u8::from(goal) | u8::from(eligible) << 1 | u8::from(excluded) << 2)
    }

    /// The bits of a number; others are passed over.
    #[inline]
    pub(crate) fn from_bits(bits: u8) -> Self {
        Self(bits & ((1 << Self::BITS) - 1))
    }

    /// As a number below `1 << BITS`.
    #[inline]
    pub(crate) fn bits(self) -> u8 {
        self.0
    }

    /// Whether the event meets the goal condition.
    #[inline]
    pub fn goal(self) -> bool {
        self.0 & Self::GOAL != 0
    }

    /// Whether the event meets the eligible condition.
    #[inline]
    pub fn eligible(self) -> bool {
        self.0 & Self::ELIGIBLE != 0
    }

    /// Whether the event meets the exclude condition.
    #[inline]
    pub fn excluded(self) -> bool {
        self.0 & Self::EXCLUDED != 0
    }
}

/// The events of one profile, oldest first. All slices have one entry per event.
///
/// Events at the same instant are in a total order (type text, then values), so that the order of
/// rows in a table changes nothing.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    /// When each event happened.
    pub times: &'a [Micros],
    /// Code of the event type in the dictionary of types; 0 = no type (SQL NULL).
    pub kinds: &'a [u32],
    /// Which conditions each event meets by itself.
    pub flags: &'a [Flags],
    /// `numbers[attribute][event]`; NaN = missing, otherwise finite.
    pub numbers: &'a [&'a [f64]],
    /// `codes[attribute][event]`: code in that attribute's dictionary; 0 = missing.
    pub codes: &'a [&'a [u32]],
}

impl History<'_> {
    /// Number of events with `time <= cutoff`: the length of the prefix that features may see.
    pub fn until(&self, cutoff: Micros) -> usize {
        match self.times {
            // Most profiles come after a cutoff or are gone by it.
            [first, ..] if *first > cutoff => 0,
            [.., last] if *last <= cutoff => self.times.len(),
            times => times.partition_point(|&time| time <= cutoff),
        }
    }
}

/// Attributes of a profile from a profile table, in force from an instant on.
#[derive(Clone, Debug, PartialEq)]
pub struct Attributes {
    /// From when they hold; `Micros::MIN` for a table without `valid_from`.
    pub valid_from: Micros,
    /// Values of the numeric attributes, NaN = missing. Dates and timestamps are days since
    /// 1970-01-01 UTC.
    pub numbers: Vec<f64>,
    /// Codes of the text attributes in their dictionaries, 0 = missing.
    pub codes: Vec<u32>,
}

/// What a mark says about its profile at its cutoff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkKind {
    /// An eligible condition with aggregates is for this profile not what it is over no events.
    Eligible,
    /// The same of an exclude condition.
    Excluded,
    /// The same of the goal, in the outcome window.
    Goal,
    /// An example to train on, its outcome to be found from the goal.
    Example,
    /// An example to train on that is given as positive.
    PositiveExample,
    /// An example to train on that is given as negative.
    NegativeExample,
}

/// A fact about a profile at a cutoff that was found outside its own events one by one: a
/// condition with aggregates, or a row of an `examples` relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The cutoff it speaks of.
    pub cutoff: Micros,
    /// What it says.
    pub kind: MarkKind,
}

/// Everything known of one profile.
#[derive(Clone, Copy, Debug)]
pub struct Profile<'a> {
    /// The key's bytes, as the record carried them.
    pub key: &'a [u8],
    /// [`crate::hash::profile_hash`] of the key.
    pub hash: u64,
    /// Its events.
    pub history: History<'a>,
    /// Its attribute rows, oldest first.
    pub attributes: &'a [Attributes],
    /// Its marks, sorted.
    pub marks: &'a [Mark],
}

impl Profile<'_> {
    /// The attribute row in force at the cutoff, if any.
    pub fn attributes_at(&self, cutoff: Micros) -> Option<&Attributes> {
        let after = self
            .attributes
            .partition_point(|row| row.valid_from <= cutoff);
        self.attributes[..after].last()
    }

    /// Whether the mark is set.
    pub fn has_mark(&self, cutoff: Micros, kind: MarkKind) -> bool {
        self.marks.binary_search(&Mark { cutoff, kind }).is_ok()
    }
}
