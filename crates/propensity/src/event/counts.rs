//! How many rows were read, what was left out of them, and when their events are.

use serde::{Deserialize, Serialize};

use super::spread::{Spread, Stretch};
use crate::error::{Error, OutOfMemory};
use crate::time::Micros;

/// How many rows were read, and what was left out of them, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadCounts {
    /// Events up to the instant asked for.
    pub events: u64,
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

impl ReadCounts {
    /// Counts an event, or why it is left out. Returns its time if it is up to `until`.
    #[inline(always)]
    pub fn admit(&mut self, time: Option<Micros>, until: Micros) -> Option<Micros> {
        match time {
            None => {
                self.no_time += 1;
                None
            }
            Some(time) if time > until => {
                self.future += 1;
                None
            }
            Some(time) => {
                self.events += 1;
                Some(time)
            }
        }
    }

    /// Adds the counts of other rows.
    pub fn add(&mut self, other: Self) {
        self.events = self.events.saturating_add(other.events);
        self.null_profile = self.null_profile.saturating_add(other.null_profile);
        self.no_time = self.no_time.saturating_add(other.no_time);
        self.future = self.future.saturating_add(other.future);
        self.not_finite = self.not_finite.saturating_add(other.not_finite);
        self.long_text = self.long_text.saturating_add(other.long_text);
    }

    /// The number of rows with a profile, used or not.
    pub fn rows(self) -> u64 {
        self.events
            .saturating_add(self.future)
            .saturating_add(self.no_time)
    }

    /// The same rows as rows without a profile, of which nothing else is counted.
    pub fn without_profile(self) -> Self {
        Self {
            null_profile: self.rows(),
            ..Self::default()
        }
    }

    /// The counts of a profile, in the order in which they travel.
    pub(super) fn of_profile(self) -> [u64; 5] {
        [
            self.events,
            self.future,
            self.no_time,
            self.not_finite,
            self.long_text,
        ]
    }

    /// The inverse of [`ReadCounts::of_profile`].
    pub(super) fn from_profile(counts: [u64; 5]) -> Self {
        let [events, future, no_time, not_finite, long_text] = counts;
        Self {
            events,
            null_profile: 0,
            no_time,
            future,
            not_finite,
            long_text,
        }
    }

    /// Appends the counts of a profile, each in 1 to 10 bytes.
    pub fn push(self, out: &mut Vec<u8>) {
        for count in self.of_profile() {
            push_varint(out, count);
        }
    }

    /// Takes the counts of a profile from the beginning of `rest`.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`] if there are none.
    pub fn take(rest: &mut &[u8]) -> Result<Self, Error> {
        let mut counts = [0; 5];
        for count in &mut counts {
            *count = take_varint(rest).ok_or(Error::BadRecord)?;
        }
        Ok(Self::from_profile(counts))
    }
}

/// What was read of all profiles: counts, and when the events are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReadSummary {
    /// Rows read, and what was left out.
    pub counts: ReadCounts,
    /// Events of the profiles that are kept.
    pub kept: u64,
    /// When the events are, those of all profiles.
    pub spread: Spread,
    /// Time of the newest event that was left out because it is later than the instant asked for, `Micros::MIN` if none.
    pub newest_future: Micros,
}

impl Default for ReadSummary {
    fn default() -> Self {
        Self {
            counts: ReadCounts::default(),
            kept: 0,
            spread: Spread::default(),
            newest_future: Micros::MIN,
        }
    }
}

impl ReadSummary {
    /// Counts an event, or why it is left out. Returns its time if it is up to `until`.
    ///
    /// # Errors
    ///
    /// [`OutOfMemory`].
    #[inline(always)]
    pub fn admit(
        &mut self,
        time: Option<Micros>,
        until: Micros,
    ) -> Result<Option<Micros>, OutOfMemory> {
        let admitted = self.counts.admit(time, until);
        match (admitted, time) {
            (Some(time), _) => self.spread.add(time)?,
            (None, Some(later)) => self.newest_future = later.max(self.newest_future),
            (None, None) => {}
        }
        Ok(admitted)
    }

    /// Adds the counts of a profile whose events lie in these stretches.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`] for a stretch that is none, [`Error::OutOfMemory`].
    pub fn add_profile(
        &mut self,
        counts: ReadCounts,
        mut stretches: impl Iterator<Item = Stretch>,
    ) -> Result<(), Error> {
        self.counts.add(counts);
        stretches.try_for_each(|stretch| self.spread.add_stretch(stretch))
    }

    /// Adds what another process has read.
    ///
    /// # Errors
    ///
    /// [`OutOfMemory`].
    pub fn add(&mut self, other: &Self) -> Result<(), OutOfMemory> {
        self.counts.add(other.counts);
        self.kept = self.kept.saturating_add(other.kept);
        self.newest_future = other.newest_future.max(self.newest_future);
        self.spread.add_all(&other.spread)
    }
}

/// Seven bits a byte, the lowest first; all but the last byte have the highest bit.
fn push_varint(out: &mut Vec<u8>, mut count: u64) {
    while count > 0x7f {
        out.push(count as u8 | 0x80);
        count >>= 7;
    }
    out.push(count as u8);
}

fn take_varint(rest: &mut &[u8]) -> Option<u64> {
    let mut count = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, left) = rest.split_first()?;
        *rest = left;
        let bits = u64::from(byte & 0x7f);
        if bits << shift >> shift != bits {
            return None;
        }
        count |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(count);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_counts_once_or_is_left_out_for_one_reason() {
        let mut summary = ReadSummary::default();
        let times = [Some(5), None, Some(7), Some(8), Some(30), Some(9)];
        let admitted = times.map(|time| summary.admit(time, 7).unwrap());
        assert_eq!(admitted, [Some(5), None, Some(7), None, None, None]);
        assert_eq!(
            summary.counts,
            ReadCounts {
                events: 2,
                no_time: 1,
                future: 3,
                ..ReadCounts::default()
            }
        );
        assert_eq!(summary.newest_future, 30);
        let span = summary.spread.span(0);
        assert_eq!((span.first, span.last), (5, 7));
    }

    #[test]
    fn counts_of_a_profile_travel_and_say_nothing_of_rows_without_one() {
        let counts = ReadCounts {
            events: 300,
            null_profile: 4,
            no_time: u64::MAX,
            future: 0,
            not_finite: 127,
            long_text: 128,
        };
        let mut bytes = Vec::new();
        counts.push(&mut bytes);
        assert_eq!(bytes.len(), 2 + 1 + 10 + 1 + 2);
        bytes.push(9);
        let mut rest = bytes.as_slice();
        let null_profile = 0;
        let expected = ReadCounts {
            null_profile,
            ..counts
        };
        assert_eq!(ReadCounts::take(&mut rest), Ok(expected));
        assert_eq!(rest, [9]);
        assert_eq!(counts.rows(), u64::MAX);
        assert_eq!(ReadCounts::take(&mut &bytes[..4]), Err(Error::BadRecord));
    }
}
