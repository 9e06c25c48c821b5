//! The part of a profile's history that features have read so far, and the view of it at a cutoff.

use super::decay::{Decay, Scale};
use super::math::{count_until, days_since, is_past};
use super::places::Places;
use super::quantum::Quantum;
use crate::error::Error;
use crate::event::dictionary::Dictionary;
use crate::event::history::{History, Profile};
use crate::features::schema::{EventType, Schema, Span};
use crate::time::Micros;
use std::ops::Range;

/// Most events read at once: well under a millisecond.
pub(super) const QUANTUM: usize = 1 << 12;

/// What is known of the events read so far.
#[derive(Debug)]
pub(super) struct Past {
    /// Position of the first event of each active day.
    days: Vec<u32>,
    /// The newest events.
    pub new: Quantum,
    decay: Decay,
    /// Place in the schema of the type by code; the number of types for those that have none.
    places: Places,
}

impl Past {
    pub(super) fn new(schema: &Schema, kinds: &Dictionary) -> Self {
        let other = schema
            .types
            .iter()
            .position(|kind| *kind == EventType::Other);
        let code = |kind: &EventType| match kind {
            EventType::Named(name) => kinds.code(name.as_bytes()),
            EventType::Missing => Some(0),
            EventType::Other => None,
        };
        let rest = other.unwrap_or(schema.types.len()) as u8;
        Self {
            days: Vec::new(),
            new: Quantum::default(),
            decay: Decay::new(schema.window_days),
            places: Places::new(schema.types.iter().map(code), kinds.len(), rest),
        }
    }

    pub(super) fn clear(&mut self) {
        self.days.clear();
        self.new.events = 0..0;
    }

    /// Number of events read.
    pub(super) fn len(&self) -> usize {
        self.new.events.end
    }

    /// Reads further events: at least one if there is any before `until`, and not more than have
    /// weights of the same reference.
    pub(super) fn extend(&mut self, history: &History, until: usize) -> Result<(), Error> {
        let start = self.len();
        let times = &history.times[start..until.min(start + QUANTUM)];
        let Some(&first) = times.first() else {
            return Ok(());
        };
        self.new.scale = None;
        if start == 0 {
            self.decay.refer_to(first);
        } else if first > self.decay.end() {
            let newest = history.times[start - 1];
            self.new.scale = Some(self.decay.scale(newest, first));
            self.decay.refer_to(first);
        }
        let new = start..start + count_until(times, self.decay.end());
        self.new.fill(history, new, &self.places, &self.decay)?;
        self.days.try_reserve(times.len())?;
        for (event, _) in (start..)
            .zip(&self.new.opens_day)
            .filter(|&(_, &first)| first)
        {
            self.days.push(event as u32);
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
    /// Brings decayed counts to the cutoff.
    pub scale: Scale,
    /// Per span: position of its first event.
    starts: [usize; 4],
    /// Per span: number of active days whose first event is before it.
    days: [usize; 4],
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
        let (mut starts, mut days) = ([0; 4], [0; 4]);
        let (mut start, mut day) = (0, 0);
        // The longest first: the next begins in it.
        for &(span, length) in spans.iter().rev() {
            start += count_until(&times[start..], cutoff.saturating_sub(length));
            starts[span as usize] = start;
            day += past.days[day..].partition_point(|&first| (first as usize) < start);
            days[span as usize] = day;
        }
        let scale = |&newest: &Micros| past.decay.scale(newest, cutoff);
        Self {
            profile,
            past,
            cutoff,
            events: times.len(),
            scale: times.last().map_or(Scale::NONE, scale),
            starts,
            days,
        }
    }

    /// Whether an instant, in days from an event, has come by the cutoff.
    pub(super) fn knows(&self, event: usize, days: f64) -> bool {
        is_past(self.profile.history.times[event], days, self.cutoff)
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
        (self.past.days.len() - self.days[span as usize]) as f64
    }

    /// Places of the types of the events from a position on.
    pub(super) fn kinds(&self, events: Range<usize>) -> impl Iterator<Item = u8> {
        let codes = self.profile.history.kinds[events].iter();
        codes.map(|&code| self.past.places.of(code))
    }

    /// Age in days, NaN without an instant.
    #[inline]
    pub(super) fn age(&self, time: Option<Micros>) -> f64 {
        time.map_or(f64::NAN, |time| days_since(time, self.cutoff))
    }

    /// Age of the newest event in days.
    pub(super) fn recency(&self) -> f64 {
        self.age(self.times().last().copied())
    }

    /// Age of the oldest event in days.
    pub(super) fn tenure(&self) -> f64 {
        self.age(self.times().first().copied())
    }
}
