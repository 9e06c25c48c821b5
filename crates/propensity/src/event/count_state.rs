//! The state of an aggregate that counts the events of one profile and says when they are: bytes.
//!
//! ```text
//! events  future  no_time  not_finite  long_text
//! then, for each stretch of time that has events, in order of time
//!     first  last  events
//! ```
//!
//! Each of these is eight bytes, little-endian.

use super::counts::ReadCounts;
use super::spread::Stretch;
use crate::error::{Error, OutOfMemory};
use crate::time::Micros;

/// A count or an instant.
type Word = [u8; 8];
/// Words of the counts.
const HEAD: usize = 5;
/// Words of a stretch.
const STRETCH: usize = 3;

/// A state, read.
#[derive(Clone, Copy, Debug)]
pub struct CountState<'a> {
    /// The counts of the rows.
    pub counts: ReadCounts,
    stretches: &'a [[Word; STRETCH]],
}

impl<'a> CountState<'a> {
    /// Reads a state.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`] for bytes that are none.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        Self::parse(bytes).ok_or(Error::BadRecord)
    }

    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (words, []) = bytes.as_chunks() else {
            return None;
        };
        let (head, rest) = words.split_first_chunk::<HEAD>()?;
        let (stretches, []) = rest.as_chunks() else {
            return None;
        };
        let counts = ReadCounts::from_profile(head.map(u64::from_le_bytes));
        Some(Self { counts, stretches })
    }

    /// When the events are.
    pub fn stretches(self) -> impl Iterator<Item = Stretch> + Clone + 'a {
        self.stretches.iter().map(|&words| stretch(words))
    }
}

/// A state of these counts and stretches, which are in order of time.
fn write(
    counts: ReadCounts,
    stretches: impl Iterator<Item = Stretch> + Clone,
) -> Result<Vec<u8>, OutOfMemory> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size_of::<Word>() * (HEAD + STRETCH * stretches.clone().count()))?;
    bytes.extend(counts.of_profile().map(u64::to_le_bytes).iter().flatten());
    bytes.extend(stretches.flat_map(words_of).flatten());
    Ok(bytes)
}

/// The state of no rows.
///
/// # Errors
///
/// [`OutOfMemory`].
pub fn empty() -> Result<Vec<u8>, OutOfMemory> {
    write(ReadCounts::default(), std::iter::empty())
}

/// The state, or none yet, with a row added: its counts, and its time if it is an event that counts.
///
/// # Errors
///
/// [`Error::BadRecord`] for a state that is none, [`Error::OutOfMemory`].
pub fn with_row(
    state: Option<&[u8]>,
    counts: ReadCounts,
    time: Option<Micros>,
) -> Result<Vec<u8>, Error> {
    let new = time.map(Stretch::of);
    let Some(bytes) = state else {
        return Ok(write(counts, new.into_iter())?);
    };
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len())?;
    copy.extend_from_slice(bytes);
    if add_in_place(&mut copy, counts, time) {
        return Ok(copy);
    }
    let old = CountState::read(bytes)?;
    let mut sum = old.counts;
    sum.add(counts);
    let time = time.unwrap_or(Micros::MIN);
    let before = old.stretches().take_while(|stretch| stretch.first < time);
    let behind = old.stretches().skip_while(|stretch| stretch.first < time);
    Ok(write(sum, before.chain(new).chain(behind))?)
}

/// Adds a row to a state and returns true, unless its time needs another stretch.
fn add_in_place(bytes: &mut [u8], counts: ReadCounts, time: Option<Micros>) -> bool {
    let (words, []) = bytes.as_chunks_mut::<8>() else {
        return false;
    };
    let Some((head, rest)) = words.split_first_chunk_mut::<HEAD>() else {
        return false;
    };
    if let Some(time) = time {
        let stretches = rest.as_chunks_mut::<STRETCH>().0;
        let place = stretches.partition_point(|&words| stretch(words).first <= time);
        // Its own stretch begins before it, or is the next one.
        let around = stretches.iter_mut().skip(place.saturating_sub(1)).take(2);
        let Some(found) = around
            .into_iter()
            .find(|found| stretch(**found).takes(time))
        else {
            return false;
        };
        let mut all = stretch(*found);
        all.add(Stretch::of(time));
        *found = words_of(all);
    }
    for (word, more) in head.iter_mut().zip(counts.of_profile()) {
        *word = u64::from_le_bytes(*word).saturating_add(more).to_le_bytes();
    }
    true
}

/// The state of the rows of two states.
///
/// # Errors
///
/// [`Error::BadRecord`] for a state that is none, [`Error::OutOfMemory`].
pub fn join(one: &[u8], other: &[u8]) -> Result<Vec<u8>, Error> {
    let (one, other) = (CountState::read(one)?, CountState::read(other)?);
    let mut counts = one.counts;
    counts.add(other.counts);
    let mut all: Vec<Stretch> = Vec::new();
    all.try_reserve_exact(one.stretches.len() + other.stretches.len())?;
    all.extend(one.stretches().chain(other.stretches()));
    all.sort_unstable_by_key(|stretch| stretch.first);
    all.dedup_by(|next, stretch| {
        let same = stretch.takes(next.first);
        if same {
            stretch.add(*next);
        }
        same
    });
    Ok(write(counts, all.iter().copied())?)
}

fn stretch([first, last, events]: [Word; STRETCH]) -> Stretch {
    Stretch {
        first: i64::from_le_bytes(first),
        last: i64::from_le_bytes(last),
        events: u64::from_le_bytes(events),
    }
}

fn words_of(stretch: Stretch) -> [Word; STRETCH] {
    [
        stretch.first.to_le_bytes(),
        stretch.last.to_le_bytes(),
        stretch.events.to_le_bytes(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::DAY;

    const EVENT: ReadCounts = ReadCounts {
        events: 1,
        null_profile: 0,
        no_time: 0,
        future: 0,
        not_finite: 2,
        long_text: 1,
    };

    /// The state of events at these days.
    fn state(days: &[i64]) -> Vec<u8> {
        days.iter().fold(empty().unwrap(), |state, day| {
            with_row(Some(&state), EVENT, Some(day * DAY)).unwrap()
        })
    }

    #[test]
    fn rows_add_up_in_any_order_and_division() {
        let days = [900, 0, 402, 1, 900, 403, 20_000];
        let all = state(&days);
        let mut backwards = days;
        backwards.reverse();
        assert_eq!(state(&backwards), all);
        for end in 0..=days.len() {
            let (one, other) = days.split_at(end);
            assert_eq!(join(&state(one), &state(other)).unwrap(), all, "{end}");
        }
        let read = CountState::read(&all).unwrap();
        let counts = [read.counts.events, read.counts.not_finite];
        assert_eq!((counts, read.counts.long_text), ([7, 14], 7));
        let firsts: Vec<i64> = read.stretches().map(|found| found.first / DAY).collect();
        assert_eq!(firsts, [0, 402, 900, 20_000]);
        let events: Vec<u64> = read.stretches().map(|found| found.events).collect();
        assert_eq!(events, [2, 2, 2, 1]);
    }

    #[test]
    fn a_row_that_is_left_out_has_no_stretch() {
        let late = ReadCounts {
            future: 1,
            ..ReadCounts::default()
        };
        let bytes = with_row(None, late, None).unwrap();
        let bytes = with_row(Some(&bytes), late, None).unwrap();
        let read = CountState::read(&bytes).unwrap();
        assert_eq!((read.counts.future, read.stretches().count()), (2, 0));
    }

    #[test]
    fn other_bytes_are_refused() {
        let good = state(&[3]);
        for bytes in [&good[1..], &good[8..], &good[..good.len() - 8], &[]] {
            assert!(CountState::read(bytes).is_err());
            assert!(with_row(Some(bytes), EVENT, Some(0)).is_err());
            assert!(join(&good, bytes).is_err());
        }
    }
}
