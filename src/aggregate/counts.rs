//! What a history would count, without the events: asked first where a sample of the profiles is to be drawn.
//!
//! The state is a bytea of six integers, changed in place, so that it needs neither a final function nor one that
//! serializes it.

use pgrx::pg_guard;
use pgrx::pg_sys::{Datum, FunctionCallInfo, NullableDatum, Pg_finfo_record};
use pgrx::varlena;
use propensity::time::{DAY, Micros};
use serde::Deserialize;

use super::arguments::{self, Time};
use super::document::{bytes_datum, with_bytes};
use super::functions::{V1, aggregate, argument, is_null, keep, values};
use super::history::until;
use crate::error::Error;
use crate::stream::Number;

const STATE: usize = 0;
const UNTIL: usize = 1;
const OPTIONS: usize = 2;
const TIME: usize = 3;
const NUMBERS: usize = 4;

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
    first: Micros::MAX,
    last: Micros::MIN,
};

/// Bytes of the counts.
const BYTES: usize = 48;

impl EventCounts {
    /// Reads what [`EventCounts::to_bytes`] wrote.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (words, []) = bytes.as_chunks() else {
            return None;
        };
        let &[events, future, no_time, not_finite, first, last] = words else {
            return None;
        };
        Some(Self {
            events: u64::from_le_bytes(events),
            future: u64::from_le_bytes(future),
            no_time: u64::from_le_bytes(no_time),
            not_finite: u64::from_le_bytes(not_finite),
            first: i64::from_le_bytes(first),
            last: i64::from_le_bytes(last),
        })
    }

    fn to_bytes(self) -> [u8; BYTES] {
        let counts = [self.events, self.future, self.no_time, self.not_finite];
        let words = counts.map(u64::to_le_bytes).into_iter();
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
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    /// All rows, used or not.
    pub fn rows(self) -> u64 {
        self.events + self.future + self.no_time
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    /// Time zone of times without one.
    timezone: String,
}

/// How the columns of a row are read.
struct Reader {
    time: Time,
    numbers: Vec<Number>,
}

impl Reader {
    /// Looks at the types of a call's arguments.
    unsafe fn of(call: FunctionCallInfo, options: NullableDatum) -> Result<Self, Error> {
        // SAFETY: a call of `event_counts_collect`.
        unsafe {
            let text = arguments::json_text(options);
            let options: Options =
                serde_json::from_str(&text).map_err(|error| Error::Argument {
                    argument: "options",
                    found: error.to_string(),
                    required: "an object of timezone".to_owned(),
                })?;
            let number = |place: usize| {
                let name = format!("number {}", place - NUMBERS + 1);
                arguments::number(&name, arguments::type_of(call, place))
            };
            Ok(Self {
                time: Time::of(call, TIME, &options.timezone)?,
                numbers: (NUMBERS..(*call).nargs as usize)
                    .map(number)
                    .collect::<Result<_, _>>()?,
            })
        }
    }

    /// Counts a row as `Site::pack` does.
    unsafe fn count(&mut self, values: &[NullableDatum], until: Micros, counts: &mut EventCounts) {
        // SAFETY: the values are of the types that this was made for.
        unsafe {
            let Some(time) = self.time.read(values[TIME]) else {
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
            let days = time as f64 / DAY as f64;
            for (number, value) in self.numbers.iter().zip(&values[NUMBERS..]) {
                let is_nan = !value.isnull && number.read(value.value, days).is_nan();
                counts.not_finite += u64::from(is_nan);
            }
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
            let mut reader: *mut Reader = (*(*call).flinfo).fn_extra.cast();
            if reader.is_null() {
                reader = keep(call, Reader::of(call, values[OPTIONS])?);
            }
            change(call, |counts| (*reader).count(values, until, counts))
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
) -> Result<Datum, Error> {
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
unsafe fn counts_of(state: Datum) -> Result<EventCounts, Error> {
    // SAFETY: a bytea.
    let read = unsafe { with_bytes(state, EventCounts::read) };
    read.ok_or(Error::DirectCall)
}
