//! What a history would count, without the events: asked first where a sample of the profiles is to be drawn.
//!
//! The state is a bytea of seven integers, changed in place, so that it needs neither a final function nor one that
//! serializes it.

use pgrx::pg_guard;
use pgrx::pg_sys::{Datum, FunctionCallInfo, NullableDatum, Pg_finfo_record};
use pgrx::varlena;
use propensity::time::Micros;

use super::arguments::{self, Arguments};
use super::document::{bytes_datum, with_bytes};
use super::functions::{V1, aggregate, argument, is_null, keep, values};
use super::history::{EVENT, UNTIL, arguments_of, until};
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
        self.events += other.events;
        self.future += other.future;
        self.no_time += other.no_time;
        self.not_finite += other.not_finite;
        self.long_text += other.long_text;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    /// All rows, used or not.
    pub fn rows(self) -> u64 {
        self.events + self.future + self.no_time
    }
}

/// Counts an event as `Site::pack` does.
unsafe fn count(
    arguments: &mut Arguments,
    event: &[NullableDatum],
    until: Micros,
    counts: &mut EventCounts,
) {
    // SAFETY: the values are of the types that the arguments were made for.
    unsafe {
        let Some(time) = arguments.time.read(event[arguments::TIME]) else {
            counts.no_time += 1;
            return;
        };
        if time > until {
            counts.future += 1;
            return;
        }
        counts.events += 1;
        counts.first = counts.first.min(time);
        counts.last = counts.last.max(time);
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
        aggregate(call, || {
            let values = values(call);
            let until = until(values[UNTIL])?;
            let mut reader: *mut Arguments = (*(*call).flinfo).fn_extra.cast();
            if reader.is_null() {
                reader = keep(call, arguments_of(call)?.1);
            }
            change(call, |counts| {
                count(&mut *reader, &values[EVENT..], until, counts)
            })
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
        aggregate(call, || {
            let other = match is_null(call, 1) {
                true => NONE,
                false => counts_of(argument(call, 1))?,
            };
            change(call, |counts| counts.add(other))
        })
    }
}

/// Changes the state of a call in place; the first one is made.
unsafe fn change(
    call: FunctionCallInfo,
    work: impl FnOnce(&mut EventCounts),
) -> Result<Datum, Box<Error>> {
    // SAFETY: in an aggregate, whose state is the first argument: a bytea that PostgreSQL keeps as it was returned
    // last, of which only as many bytes are changed as it was checked to hold.
    unsafe {
        if is_null(call, STATE) {
            let mut counts = NONE;
            work(&mut counts);
            return Ok(bytes_datum(&counts.to_bytes()));
        }
        let state = argument(call, STATE);
        let mut counts = counts_of(state)?;
        work(&mut counts);
        let place = varlena::vardata_any(state.cast_mut_ptr()).cast_mut();
        std::ptr::copy_nonoverlapping(counts.to_bytes().as_ptr(), place.cast(), BYTES);
        Ok(state)
    }
}

/// The counts in a state.
unsafe fn counts_of(state: Datum) -> Result<EventCounts, Box<Error>> {
    // SAFETY: a bytea.
    let read = unsafe { with_bytes(state, EventCounts::read) };
    Ok(read.ok_or(Error::DirectCall)?)
}
