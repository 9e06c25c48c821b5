//! The events that are read next, and what several groups need of each.

use super::decay::{Decay, Scale};
use super::past::Places;
use crate::error::Error;
use crate::history::History;
use crate::time::date;
use std::ops::Range;

#[derive(Debug, Default)]
pub(super) struct Quantum {
    /// Their positions.
    pub events: Range<usize>,
    /// UTC dates.
    pub dates: Vec<i64>,
    /// Whether an event is the first of its day.
    pub opens_day: Vec<bool>,
    /// The places of their types in the schema.
    pub kinds: Vec<u8>,
    /// Their weights in decayed counts.
    pub weights: Vec<f64>,
    /// What decayed counts must be brought by first: the weights have a new reference.
    pub scale: Option<Scale>,
}

impl Quantum {
    /// Takes in these events; the one before them was on the date `newest`.
    pub(super) fn fill(
        &mut self,
        history: &History,
        events: Range<usize>,
        places: &Places,
        decay: &Decay,
    ) -> Result<(), Error> {
        let mut newest = self.dates.last().copied().filter(|_| events.start > 0);
        self.dates.clear();
        self.opens_day.clear();
        self.kinds.clear();
        self.weights.clear();
        self.dates.try_reserve(events.len())?;
        self.opens_day.try_reserve(events.len())?;
        self.kinds.try_reserve(events.len())?;
        self.weights.try_reserve(events.len())?;
        let times = &history.times[events.clone()];
        self.dates.extend(times.iter().map(|&time| date(time)));
        for &date in &self.dates {
            self.opens_day.push(newest != Some(date));
            newest = Some(date);
        }
        let codes = history.kinds[events.clone()].iter();
        self.kinds.extend(codes.map(|&code| places.of(code)));
        self.weights
            .extend(times.iter().map(|&time| decay.weight(time)));
        self.events = events;
        Ok(())
    }
}
