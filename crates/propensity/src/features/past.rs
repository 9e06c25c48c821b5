//! The part of a profile's history that features have read so far, and the view of it at a cutoff.

use super::math::{count_until, days_since};
use crate::error::Error;
use crate::history::{History, Profile};
use crate::schema::{EventType, Schema, Span};
use crate::time::{Micros, date};
use std::ops::Range;

/// The type of an event that has no place in the schema.
pub(super) const NO_TYPE: u8 = u8::MAX;

/// What several groups need of every event read so far.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// UTC date of each event.
    pub dates: Vec<i64>,
    /// Number of active days up to and including each event.
    pub days: Vec<u32>,
    /// Index of each event's type in the schema, or [`NO_TYPE`].
    pub types: Vec<u8>,
    /// Index of the type by code.
    places: Places,
}

/// Small numbers for codes: the place of a kept text in its list.
#[derive(Debug, Default)]
pub(super) struct Places {
    by_code: Vec<u8>,
    rest: u8,
}

impl Places {
    /// `kept` yields a code, if it is known, for each place; all other codes get `rest`.
    pub(super) fn new(kept: impl Iterator<Item = Option<u32>>, codes: usize, rest: u8) -> Self {
        let mut by_code = vec![rest; codes + 1];
        for (place, code) in kept.enumerate() {
            if let Some(slot) = code.and_then(|code| by_code.get_mut(code as usize)) {
                *slot = place as u8;
            }
        }
        Self { by_code, rest }
    }

    /// 0 for these codes, 1 for all others.
    pub(super) fn flags(these: impl Iterator<Item = u32>, codes: usize) -> Self {
        let mut by_code = vec![1; codes + 1];
        for code in these {
            if let Some(slot) = by_code.get_mut(code as usize) {
                *slot = 0;
            }
        }
        Self { by_code, rest: 1 }
    }

    #[inline]
    pub(super) fn of(&self, code: u32) -> u8 {
        self.by_code
            .get(code as usize)
            .copied()
            .unwrap_or(self.rest)
    }
}

impl Past {
    pub(super) fn new(schema: &Schema, kinds: &crate::dictionary::Dictionary) -> Self {
        let other = schema
            .types
            .iter()
            .position(|kind| *kind == EventType::Other);
        let code = |kind: &EventType| match kind {
            EventType::Named(name) => kinds.code(name.as_bytes()),
            EventType::Missing => Some(0),
            EventType::Other => None,
        };
        let rest = other.map_or(NO_TYPE, |place| place as u8);
        Self {
            places: Places::new(schema.types.iter().map(code), kinds.len(), rest),
            ..Self::default()
        }
    }

    pub(super) fn clear(&mut self) {
        self.dates.clear();
        self.days.clear();
        self.types.clear();
    }

    /// Number of events read.
    pub(super) fn len(&self) -> usize {
        self.dates.len()
    }

    pub(super) fn extend(&mut self, history: &History, new: Range<usize>) -> Result<(), Error> {
        self.dates.try_reserve(new.len())?;
        self.days.try_reserve(new.len())?;
        self.types.try_reserve(new.len())?;
        let mut days = self.days.last().copied().unwrap_or_default();
        let mut newest = self.dates.last().copied();
        for event in new {
            let date = date(history.times[event]);
            days += u32::from(newest != Some(date));
            newest = Some(date);
            self.dates.push(date);
            self.days.push(days);
            self.types.push(self.places.of(history.kinds[event]));
        }
        Ok(())
    }
}

/// A profile as it is known at a cutoff.
pub(super) struct View<'a> {
    pub profile: &'a Profile<'a>,
    pub past: &'a Past,
    pub cutoff: Micros,
    /// Number of events with `time <= cutoff`.
    pub events: usize,
    /// Per span: position of its first event.
    starts: [usize; 6],
}

impl<'a> View<'a> {
    /// `past` holds just the events up to the cutoff; `spans` are those in use, with their length.
    pub(super) fn new(
        profile: &'a Profile<'a>,
        past: &'a Past,
        cutoff: Micros,
        spans: &[(Span, Micros)],
    ) -> Self {
        let times = &profile.history.times[..past.len()];
        let mut starts = [0; 6];
        let mut start = 0;
        // The longest first: the next begins in it.
        for &(span, length) in spans.iter().rev() {
            start += count_until(&times[start..], cutoff.saturating_sub(length));
            starts[span as usize] = start;
        }
        Self {
            profile,
            past,
            cutoff,
            events: times.len(),
            starts,
        }
    }

    /// Events read, oldest first.
    pub(super) fn times(&self) -> &'a [Micros] {
        &self.profile.history.times[..self.events]
    }

    /// Position of the first event of a span in use.
    #[inline]
    pub(super) fn start(&self, span: Span) -> usize {
        self.starts[span as usize]
    }

    /// Number of events in the span.
    #[inline]
    pub(super) fn count(&self, span: Span) -> f64 {
        (self.events - self.start(span)) as f64
    }

    /// Number of active days whose first event is in the span.
    #[inline]
    pub(super) fn days(&self, span: Span) -> f64 {
        let until = |events: usize| match events {
            0 => 0,
            _ => self.past.days[events - 1],
        };
        f64::from(until(self.events) - until(self.start(span)))
    }

    /// Age in days, NaN without an instant.
    #[inline]
    pub(super) fn age(&self, time: Option<Micros>) -> f64 {
        time.map_or(f64::NAN, |time| days_since(time, self.cutoff))
    }

    /// Age of the oldest event in days.
    pub(super) fn tenure(&self) -> f64 {
        self.age(self.times().first().copied())
    }
}
