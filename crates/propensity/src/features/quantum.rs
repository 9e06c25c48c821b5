//! The events that are read next, and what several groups need of each.

use super::decay::{Decay, Scale};
use super::elementary::exp2;
use super::places::Places;
use crate::error::Error;
use crate::event::history::History;
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
    /// Takes in these events.
    pub(super) fn fill(
        &mut self,
        history: &History,
        events: Range<usize>,
        places: &Places,
        decay: &Decay,
    ) -> Result<(), Error> {
        let before = self.dates.last().copied().filter(|_| events.start > 0);
        self.dates.clear();
        self.opens_day.clear();
        self.kinds.clear();
        self.weights.clear();
        self.dates.try_reserve(events.len())?;
        self.opens_day.try_reserve(events.len())?;
        self.kinds.try_reserve(events.len())?;
        self.weights.try_reserve(events.len())?;
        let times = &history.times[events.clone()];
        let codes = &history.kinds[events.clone()];
        self.dates.extend(times.iter().map(|&time| date(time)));
        let opens_day = |pair: &[i64]| pair[0] != pair[1];
        self.opens_day.push(before != self.dates.first().copied());
        self.opens_day.extend(self.dates.windows(2).map(opens_day));
        self.kinds.extend(codes.iter().map(|&code| places.of(code)));
        // Two loops, so that the compiler computes two exponentials at once.
        self.weights
            .extend(times.iter().map(|&time| decay.exponent(time)));
        for weight in &mut self.weights {
            *weight = exp2(*weight);
        }
        self.events = events;
        Ok(())
    }
}
