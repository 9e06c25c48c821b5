//! What a history would count, without the events: asked first where a sample of the profiles is to be drawn.
//!
//! The state is a bytea of seven integers, so that it needs neither a final function nor one that serializes it. It is
//! made anew for every row: a bytea that comes in may be anybody's, and may be compressed or kept apart.

use pgrx::pg_guard;
use pgrx::pg_sys::{self, Datum, FunctionCallInfo, NullableDatum, Pg_finfo_record};
use propensity::time::Micros;

use super::arguments::{self, Arguments};
use super::document::{bytes_datum, with_bytes};
use super::functions::{
    Phase, V1, aggregate, argument, is_null, keep, refuse_others_once, refuse_types, values,
};
use super::history::{EVENT, FEWEST, UNTIL, arguments_of, until};
use crate::error::Error;

const STATE: usize = 0;

/// The rows of a profile.
#[derive(Clone, Copy)]
pub struct EventCounts {
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
    /// Time of the oldest event, `Micros::MAX` if none.
    pub first: Micros,
    /// Time of the newest event, `Micros::MIN` if none.
    pub last: Micros,
}

const NONE: EventCounts = EventCounts {
    events: 0,
    future: 0,
    no_time: 0,
    not_finite: 0,
    long_text: 0,
    first: Micros::MAX,
    last: Micros::MIN,
};

/// Bytes of the counts.
const BYTES: usize = 56;

impl EventCounts {
    /// Reads what [`EventCounts::to_bytes`] wrote.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (words, []) = bytes.as_chunks() else {
            return None;
        };
        let &[events, future, no_time, not_finite, long_text, first, last] = words else {
            return None;
        };
        Some(Self {
            events: u64::from_le_bytes(events),
            future: u64::from_le_bytes(future),
            no_time: u64::from_le_bytes(no_time),
            not_finite: u64::from_le_bytes(not_finite),
            long_text: u64::from_le_bytes(long_text),
            first: i64::from_le_bytes(first),
            last: i64::from_le_bytes(last),
        })
    }

    fn to_bytes(self) -> [u8; BYTES] {
        let rows = [self.events, self.future, self.no_time];
        let counts = rows.into_iter().chain([self.not_finite, self.long_text]);
        let words = counts.map(u64::to_le_bytes);
        let times = [self.first, self.last].map(i64::to_le_bytes);
        let mut bytes = [0; BYTES];
        for (place, word) in bytes.as_chunks_mut().0.iter_mut().zip(words.chain(times)) {
            *place = word;
        }
        bytes
    }

    fn add(&mut self, other: Self) {
        self.events = self.events.saturating_add(other.events);
        self.future = self.future.saturating_add(other.future);
        self.no_time = self.no_time.saturating_add(other.no_time);
        self.not_finite = self.not_finite.saturating_add(other.not_finite);
        self.long_text = self.long_text.saturating_add(other.long_text);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    /// All rows, used or not.
    pub fn rows(self) -> u64 {
        self.events
            .saturating_add(self.future)
            .saturating_add(self.no_time)
    }
}

/// The counts of one event, as `Site::pack` has them.
unsafe fn count(arguments: &mut Arguments, event: &[NullableDatum], until: Micros) -> EventCounts {
    let mut counts = NONE;
    // SAFETY: the values are of the types that the arguments were made for.
    unsafe {
        let Some(time) = arguments.time.read(event[arguments::TIME]) else {
            counts.no_time = 1;
            return counts;
        };
        if time > until {
            counts.future = 1;
            return counts;
        }
        (counts.events, counts.first, counts.last) = (1, time, time);
        let (numbers, texts) = event[arguments::ATTRIBUTES..].split_at(arguments.numbers.len());
        for (number, value) in arguments.numbers.iter().zip(numbers) {
            let is_nan = !value.isnull && number.read(value.value, time).is_nan();
            counts.not_finite += u64::from(is_nan);
        }
        counts.long_text += u64::from(arguments.kind.is_long(event[arguments::TYPE]));
        for (text, value) in arguments.codes.iter().zip(texts) {
            counts.long_text += u64::from(text.is_long(*value));
        }
    }
    counts
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
            add(call, count(&mut *reader, &values[EVENT..], until))
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
            let other = match is_null(call, 1) {
                true => NONE,
                false => counts_of(argument(call, 1))?,
            };
            add(call, other)
        })
    }
}

/// The sum of the state of a call, which may be NULL, and other counts.
unsafe fn add(call: FunctionCallInfo, other: EventCounts) -> Result<Datum, Box<Error>> {
    // SAFETY: the state is a bytea, if it is not NULL.
    let mut counts = unsafe {
        match is_null(call, STATE) {
            true => NONE,
            false => counts_of(argument(call, STATE))?,
        }
    };
    counts.add(other);
    Ok(bytes_datum(&counts.to_bytes()))
}

/// The counts in a state.
unsafe fn counts_of(state: Datum) -> Result<EventCounts, Box<Error>> {
    // SAFETY: a bytea.
    let read = unsafe { with_bytes(state, EventCounts::read) };
    Ok(read.ok_or(Error::DirectCall)?)
}
