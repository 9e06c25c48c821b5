//! Columns as they are, without the casts of our own queries: postgres_fdw ships hardly any cast. They are converted here
//! to the same values.

use std::ffi::CStr;
use std::ops::RangeInclusive;

use pgrx::pg_sys::{self, Datum, FmgrInfo};
use propensity::error::OutOfMemory;
use propensity::event::dictionary::Dictionary;
use propensity::time::{DAY, Micros};

use super::{TextColumn, TimeColumn, is_true};
use crate::pg::datum::BytesKind;
use crate::pg::timestamp;
use crate::source::{FIRST_DAY, LAST_DAY};

/// How a time is read.
pub enum RawTime {
    Instant,
    /// A timestamp in the time zone given.
    Local(LocalTime),
}

/// Functions of PostgreSQL that read a time without a time zone.
pub struct LocalTime {
    /// `timestamp(date)`, for a date.
    pub midnight: Option<FmgrInfo>,
    /// `timezone(text, timestamp)`.
    pub timezone: FmgrInfo,
    /// Name of the zone, a text.
    pub zone: Datum,
}

/// How a text is read.
pub enum RawText {
    Bytes(BytesKind),
    /// `true` or `false`.
    Bool,
    /// char(n): without the blanks at its end.
    Padded,
    /// By the output function of its type: enums, domains over them, names.
    Output(FmgrInfo),
}

impl TimeColumn for RawTime {
    #[inline]
    unsafe fn read(&mut self, value: Datum) -> Option<Micros> {
        let instant = match self {
            Self::Instant => value,
            // SAFETY: the functions take these types.
            Self::Local(local) => unsafe { local.read(value) },
        };
        timestamp::finite(instant.value() as i64)
    }
}

impl LocalTime {
    unsafe fn read(&mut self, value: Datum) -> Datum {
        // SAFETY: by the types of the functions; none has a collation.
        unsafe {
            let local = match &mut self.midnight {
                Some(midnight) => {
                    let day = within(
                        i64::from(value.value() as i32),
                        1,
                        i64::from(i32::MIN)..=i64::from(i32::MAX),
                    );
                    let day = Datum::from(day as i32);
                    pg_sys::FunctionCall1Coll(midnight, pg_sys::InvalidOid, day)
                }
                None => Datum::from(within(value.value() as i64, DAY, i64::MIN..=i64::MAX)),
            };
            pg_sys::FunctionCall2Coll(&raw mut self.timezone, pg_sys::InvalidOid, self.zone, local)
        }
    }
}

/// A local time between the first and the last day whose midnights are instants in every time zone; what is before
/// or after is taken as these, as the stream does. `day` is the length of a day, the ends of `all` mean infinity.
fn within(value: i64, day: i64, all: RangeInclusive<i64>) -> i64 {
    if [all.start(), all.end()].contains(&&value) {
        value
    } else {
        value.clamp(FIRST_DAY.number * day, LAST_DAY.number * day)
    }
}

impl TextColumn for RawText {
    // What an output function returns lives in the memory of the row.
    #[inline]
    unsafe fn code(
        &mut self,
        value: Datum,
        dictionary: &mut Dictionary,
        long: &mut u64,
    ) -> Result<u32, OutOfMemory> {
        // SAFETY: by contract.
        unsafe {
            match self {
                Self::Bytes(kind) => kind.code(value, dictionary, long),
                Self::Bool if is_true(value) => dictionary.intern(b"true"),
                Self::Bool => dictionary.intern(b"false"),
                Self::Padded => {
                    BytesKind::Varlena.read_text(value, |text| dictionary.intern(trim_blanks(text)))
                }
                Self::Output(function) => {
                    let text = pg_sys::OutputFunctionCall(function, value);
                    dictionary.intern(CStr::from_ptr(text).to_bytes())
                }
            }
        }
    }

    unsafe fn is_long(&self, value: Datum) -> bool {
        match self {
            // SAFETY: by contract.
            Self::Bytes(kind) => unsafe { kind.is_long(value) },
            Self::Bool | Self::Padded | Self::Output(_) => false,
        }
    }
}

fn trim_blanks(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|&byte| byte != b' ');
    &text[..end.map_or(0, |last| last + 1)]
}
