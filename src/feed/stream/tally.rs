//! What there is to say about the rows that were read.

use propensity::error::OutOfMemory;
use propensity::event::spread::Spread;
use propensity::time::Micros;
use serde::{Deserialize, Serialize};

use crate::catalog::Definition;
use crate::catalog::instant;
use crate::error::Error;

/// What was left out while reading, by reason.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Skipped {
    /// Rows without a profile.
    pub null_profile: u64,
    /// Rows whose time is NULL or infinite.
    pub no_time: u64,
    /// Events later than the instant asked for.
    pub future: u64,
    /// Attribute values that are NaN or infinite: taken as missing.
    pub not_finite: u64,
    /// Texts longer than 8 kB: those of the same beginning and length are taken as the same.
    pub long_text: u64,
}

impl Skipped {
    /// The error when everything was left out; `newest` is the time of the newest event, if that is known.
    pub fn no_events(&self, definition: &Definition, newest: Option<Micros>) -> Error {
        Error::NoEvents {
            model: definition.name.clone(),
            future: self.future,
            skipped: self.null_profile + self.no_time,
            newest: newest.and_then(|newest| Some(instant::from_micros(newest).ok()?.to_string())),
        }
    }

    fn add(&mut self, other: Self) {
        self.null_profile = self.null_profile.saturating_add(other.null_profile);
        self.no_time = self.no_time.saturating_add(other.no_time);
        self.future = self.future.saturating_add(other.future);
        self.not_finite = self.not_finite.saturating_add(other.not_finite);
        self.long_text = self.long_text.saturating_add(other.long_text);
    }
}

/// What was read, and what was left out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tally {
    /// What was left out.
    pub skipped: Skipped,
    /// When the events are, those of all profiles.
    pub spread: Spread,
    /// Time of the newest event that was left out because it is later than the instant asked for, `Micros::MIN` if none.
    pub ahead: Micros,
    /// Events read, without those left out.
    pub events: u64,
    /// Those of the profiles that are kept.
    pub kept: u64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            skipped: Skipped::default(),
            spread: Spread::default(),
            ahead: Micros::MIN,
            events: 0,
            kept: 0,
        }
    }
}

impl Tally {
    /// Counts one more event.
    #[inline]
    pub fn event(&mut self, time: Micros) -> Result<(), OutOfMemory> {
        self.events += 1;
        self.spread.add(time)
    }

    /// Counts one more event that is later than the instant asked for.
    #[cold]
    pub fn future_event(&mut self, time: Micros) {
        self.skipped.future += 1;
        self.ahead = time.max(self.ahead);
    }

    /// The error when everything was left out.
    pub fn no_events(&self, definition: &Definition) -> Error {
        let newest = (self.ahead > Micros::MIN).then_some(self.ahead);
        self.skipped.no_events(definition, newest)
    }

    /// Counts in what another process has read.
    pub fn add(&mut self, other: &Self) -> Result<(), OutOfMemory> {
        self.skipped.add(other.skipped);
        self.ahead = other.ahead.max(self.ahead);
        self.events = self.events.saturating_add(other.events);
        self.kept = self.kept.saturating_add(other.kept);
        self.spread.add_all(&other.spread)
    }
}
