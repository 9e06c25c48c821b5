//! What a history would count, without the events: asked first where a sample of the profiles is to be drawn.
//!
//! The state is a bytea of integers, so that it needs neither a final function nor one that serializes it: five counts,
//! then three for each stretch of time that has events. It is made anew for every row: a bytea that comes in may be
//! anybody's, and may be compressed or kept apart.

use pgrx::pg_guard;
use pgrx::pg_sys::{self, Datum, FunctionCallInfo, NullableDatum, Pg_finfo_record};
use propensity::event::spread::Stretch;
use propensity::time::Micros;

use super::arguments::{self, Arguments};
use super::document::{bytes_datum, with_bytes};
use super::functions::{
    Phase, V1, aggregate, argument, is_null, keep, refuse_others_once, refuse_types, values,
};
use super::history::{EVENT, FEWEST, UNTIL, arguments_of, until};
use crate::error::Error;

const STATE: usize = 0;

/// A count or an instant, little-endian.
type Word = [u8; 8];
/// Words of the counts.
const HEAD: usize = 5;
/// Words of a stretch: its first and last time, and how many events it has.
const STRETCH: usize = 3;

/// The rows of a profile.
#[derive(Clone, Copy)]
pub struct EventCounts<'a> {
    /// Events up to the instant that is asked about.
    pub events: u64,
    /// Later ones.
    pub future: u64,
    /// Rows whose time is NULL or infinite.
    pub no_time: u64,
    /// Numbers of events that are NaN or infinite.
    pub not_finite: u64,
    /// Texts of events that are too long to be taken whole.
    pub long_text: u64,
    /// When the events are, in order of time.
    stretches: &'a [[Word; STRETCH]],
}

impl<'a> EventCounts<'a> {
    const NONE: Self = Self {
        events: 0,
        future: 0,
        no_time: 0,
        not_finite: 0,
        long_text: 0,
        stretches: &[],
    };

    /// Reads a state.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (words, []) = bytes.as_chunks() else {
            return None;
        };
        let (head, rest) = words.split_first_chunk::<HEAD>()?;
        let (stretches, []) = rest.as_chunks() else {
            return None;
        };
        let [events, future, no_time, not_finite, long_text] = head.map(u64::from_le_bytes);
        Some(Self {
            events,
            future,
            no_time,
            not_finite,
            long_text,
            stretches,
        })
    }

    /// When the events are.
    pub fn stretches(self) -> impl Iterator<Item = Stretch> + Clone + 'a {
        self.stretches.iter().map(|&words| stretch(words))
    }

    fn head(self) -> [u64; HEAD] {
        let rows = [self.events, self.future, self.no_time];
        let [events, future, no_time] = rows;
        [events, future, no_time, self.not_finite, self.long_text]
    }

    /// All rows, used or not.
    pub fn rows(self) -> u64 {
        self.events
            .saturating_add(self.future)
            .saturating_add(self.no_time)
    }
}

fn stretch([first, last, events]: [Word; STRETCH]) -> Stretch {
    Stretch {
        first: i64::from_le_bytes(first),
        last: i64::from_le_bytes(last),
        events: u64::from_le_bytes(events),
    }
}

fn words(stretch: Stretch) -> [Word; STRETCH] {
    let times = [stretch.first, stretch.last].map(i64::to_le_bytes);
    [times[0], times[1], stretch.events.to_le_bytes()]
}

/// A new state of these counts and stretches, which are in order of time.
fn state(
    head: [u64; HEAD],
    stretches: impl Iterator<Item = Stretch> + Clone,
) -> Result<Datum, Error> {
    let mut bytes = Vec::new();
    let length = size_of::<Word>() * (HEAD + STRETCH * stretches.clone().count());
    bytes
        .try_reserve_exact(length)
        .map_err(propensity::Error::from)?;
    bytes.extend(head.map(u64::to_le_bytes).iter().flatten());
    bytes.extend(stretches.flat_map(words).flatten());
    Ok(bytes_datum(&bytes))
}

/// What a row adds.
struct Row {
    head: [u64; HEAD],
    time: Option<Micros>,
}

impl Row {
    /// Adds it to a state, unless its time needs another stretch.
    fn add(&self, bytes: &mut [u8]) -> bool {
        let (words, []) = bytes.as_chunks_mut::<8>() else {
            return false;
        };
        let Some((head, rest)) = words.split_first_chunk_mut::<HEAD>() else {
            return false;
        };
        if let Some(time) = self.time {
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
            *found = self::words(all);
        }
        for (word, more) in head.iter_mut().zip(self.head) {
            *word = u64::from_le_bytes(*word).saturating_add(more).to_le_bytes();
        }
        true
    }
}

/// Counts an event as `Site::pack` does.
unsafe fn count(arguments: &mut Arguments, event: &[NullableDatum], until: Micros) -> Row {
    // SAFETY: the values are of the types that the arguments were made for.
    unsafe {
        let mut counts = EventCounts::NONE;
        let time = arguments.time.read(event[arguments::TIME]);
        match time {
            None => counts.no_time = 1,
            Some(time) if time > until => counts.future = 1,
            Some(_) => counts.events = 1,
        }
        let Some(time) = time.filter(|&time| time <= until) else {
            return Row {
                head: counts.head(),
                time: None,
            };
        };
        let (numbers, texts) = event[arguments::ATTRIBUTES..].split_at(arguments.numbers.len());
        for (number, value) in arguments.numbers.iter().zip(numbers) {
            let is_nan = !value.isnull && number.read(value.value, time).is_nan();
            counts.not_finite += u64::from(is_nan);
        }
        counts.long_text += u64::from(arguments.kind.is_long(event[arguments::TYPE]));
        for (text, value) in arguments.codes.iter().zip(texts) {
            counts.long_text += u64::from(text.is_long(*value));
        }
        Row {
            head: counts.head(),
            time: Some(time),
        }
    }
}

#[unsafe(no_mangle)]
extern "C-unwind" fn pg_finfo_event_counts_collect() -> *const Pg_finfo_record {
    &raw const V1
}

/// Counts a row.
#[pg_guard]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn event_counts_collect(call: FunctionCallInfo) -> Datum {
    // SAFETY: PostgreSQL calls it as declared in sql/aggregates.sql; what is in `fn_extra` was put there by `keep`.
    unsafe {
        aggregate(call, &[Phase::Rows], FEWEST, || {
            let values = values(call);
            let until = until(values[UNTIL])?;
            let mut reader: *mut Arguments = (*(*call).flinfo).fn_extra.cast();
            if reader.is_null() {
                refuse_types(call, &[(STATE, pg_sys::BYTEAOID)])?;
                reader = keep(call, arguments_of(call)?.1);
            }
            let row = count(&mut *reader, &values[EVENT..], until);
            change(call, &row)
        })
    }
}

#[unsafe(no_mangle)]
extern "C-unwind" fn pg_finfo_event_counts_combine() -> *const Pg_finfo_record {
    &raw const V1
}

/// Adds the counts of one state to those of another.
#[pg_guard]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn event_counts_combine(call: FunctionCallInfo) -> Datum {
    // SAFETY: as above.
    unsafe {
        aggregate(call, &[Phase::Rows], 2, || {
            refuse_others_once(call)?;
            let both =
                [STATE, 1].map(|place| (!is_null(call, place)).then(|| argument(call, place)));
            match both {
                [Some(one), Some(other)] => {
                    let joined =
                        with_bytes(one, |one| with_bytes(other, |other| joined(one, other)));
                    Ok(joined?)
                }
                [Some(one), None] | [None, Some(one)] => Ok(with_bytes(one, bytes_datum)),
                [None, None] => Ok(state([0; HEAD], std::iter::empty())?),
            }
        })
    }
}

/// The counts of two states together.
fn joined(one: &[u8], other: &[u8]) -> Result<Datum, Error> {
    let read = |bytes| EventCounts::read(bytes).ok_or(Error::DirectCall);
    let (one, other) = (read(one)?, read(other)?);
    let mut head = one.head();
    for (count, more) in head.iter_mut().zip(other.head()) {
        *count = count.saturating_add(more);
    }
    let mut all: Vec<Stretch> = Vec::new();
    let most = one.stretches.len() + other.stretches.len();
    all.try_reserve_exact(most)
        .map_err(propensity::Error::from)?;
    all.extend(one.stretches().chain(other.stretches()));
    all.sort_unstable_by_key(|stretch| stretch.first);
    all.dedup_by(|next, stretch| {
        let same = stretch.takes(next.first);
        if same {
            stretch.add(*next);
        }
        same
    });
    state(head, all.iter().copied())
}

/// The state of a call with a row added; the first one is made.
unsafe fn change(call: FunctionCallInfo, row: &Row) -> Result<Datum, Box<Error>> {
    let new = row.time.map(Stretch::of);
    // SAFETY: the state is a bytea, if it is not NULL.
    let changed = unsafe {
        if is_null(call, STATE) {
            return Ok(state(row.head, new.into_iter())?);
        }
        with_bytes(argument(call, STATE), |bytes| {
            let mut copy = Vec::new();
            copy.try_reserve_exact(bytes.len())
                .map_err(propensity::Error::from)?;
            copy.extend_from_slice(bytes);
            if row.add(&mut copy) {
                return Ok(bytes_datum(&copy));
            }
            let counts = EventCounts::read(bytes).ok_or(Error::DirectCall)?;
            let mut head = counts.head();
            for (count, more) in head.iter_mut().zip(row.head) {
                *count = count.saturating_add(more);
            }
            let time = row.time.unwrap_or(Micros::MIN);
            let before = counts
                .stretches()
                .take_while(|stretch| stretch.first < time);
            let behind = counts
                .stretches()
                .skip_while(|stretch| stretch.first < time);
            state(head, before.chain(new).chain(behind))
        })
    };
    Ok(changed?)
}
