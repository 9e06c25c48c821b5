//! How a row becomes a record or is counted: the one place that says so, for the rows of a query of ours, for those that
//! come to a parallel worker, and for those that an aggregate is given.

mod raw;

use pgrx::pg_sys::{Datum, NullableDatum};
use propensity::error::OutOfMemory;
use propensity::event::counts::ReadCounts;
use propensity::event::dictionary::{Dictionaries, Dictionary};
use propensity::event::history::Flags;
use propensity::event::record::{Fields, Layout};
use propensity::time::Micros;

use crate::pg::datum::{BytesKind, Number};
use crate::pg::timestamp;
pub use raw::{LocalTime, RawText, RawTime};

/// Where the columns of an event stand, behind its profile: its time, its type, whether it is a goal, makes eligible and
/// excludes, then its attributes.
pub const TIME: usize = 0;
pub const TYPE: usize = 1;
pub const GOAL: usize = 2;
pub const ELIGIBLE: usize = 3;
pub const EXCLUDED: usize = 4;
pub const ATTRIBUTES: usize = 5;

/// A row, however it comes.
pub trait Row: Copy {
    /// The value in a column, none if it is NULL.
    fn get(self, column: usize) -> Option<Datum>;
}

/// Values, and whether they are NULL: as in a slot of the executor.
impl Row for (&[Datum], &[bool]) {
    #[inline]
    fn get(self, column: usize) -> Option<Datum> {
        let (values, nulls) = self;
        (!nulls[column]).then(|| values[column])
    }
}

/// As the arguments of a function.
impl Row for &[NullableDatum] {
    #[inline]
    fn get(self, column: usize) -> Option<Datum> {
        (!self[column].isnull).then(|| self[column].value)
    }
}

/// How the time of an event is read.
pub trait TimeColumn {
    /// The instant, none if it is infinite.
    ///
    /// # Safety
    ///
    /// The value is of the type that this was made for.
    unsafe fn read(&mut self, value: Datum) -> Option<Micros>;
}

/// How a text is read.
pub trait TextColumn {
    /// The code of a text; adds one to `long` if it is a long one.
    ///
    /// # Safety
    ///
    /// The value is of the type that this was made for.
    unsafe fn code(
        &mut self,
        value: Datum,
        dictionary: &mut Dictionary,
        long: &mut u64,
    ) -> Result<u32, OutOfMemory>;

    /// Whether [`TextColumn::code`] counts the value as a long text.
    ///
    /// # Safety
    ///
    /// As for [`TextColumn::code`].
    unsafe fn is_long(&self, value: Datum) -> bool;
}

/// A timestamptz.
pub struct Instant;

impl TimeColumn for Instant {
    #[inline]
    unsafe fn read(&mut self, value: Datum) -> Option<Micros> {
        timestamp::finite(value.value() as i64)
    }
}

impl TextColumn for BytesKind {
    #[inline]
    unsafe fn code(
        &mut self,
        value: Datum,
        dictionary: &mut Dictionary,
        long: &mut u64,
    ) -> Result<u32, OutOfMemory> {
        // SAFETY: by contract.
        unsafe { BytesKind::code(*self, value, dictionary, long) }
    }

    #[inline]
    unsafe fn is_long(&self, value: Datum) -> bool {
        // SAFETY: by contract.
        unsafe { BytesKind::is_long(*self, value) }
    }
}

/// How the attributes of a row are read: numbers, then texts.
pub struct Attributes<Text> {
    pub numbers: Vec<Number>,
    pub texts: Vec<Text>,
}

impl<Text: TextColumn> Attributes<Text> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.numbers.len() + self.texts.len()
    }

    /// Writes the values of a row, which begin in the column `first`, as those of a record, which ends; counts those that
    /// are not finite or long.
    ///
    /// # Safety
    ///
    /// The values are of the types that this was made for.
    #[inline(always)]
    pub unsafe fn push(
        &mut self,
        row: impl Row,
        first: usize,
        time: Micros,
        dictionaries: &mut [Dictionary],
        counts: &mut ReadCounts,
        mut fields: Fields,
    ) -> Result<(), OutOfMemory> {
        for (number, column) in self.numbers.iter().zip(first..) {
            let mut read = f64::NAN;
            if let Some(value) = row.get(column) {
                // SAFETY: by contract.
                read = unsafe { number.read(value, time) };
                counts.not_finite += u64::from(read.is_nan());
            }
            fields.number(read);
        }
        let columns = first + self.numbers.len()..;
        for ((text, dictionary), column) in self.texts.iter_mut().zip(dictionaries).zip(columns) {
            let mut code = 0;
            if let Some(value) = row.get(column) {
                // SAFETY: by contract.
                code = unsafe { text.code(value, dictionary, &mut counts.long_text) }?;
            }
            fields.code(code);
        }
        fields.end();
        Ok(())
    }

    /// Counts what [`Attributes::push`] would, and does nothing else.
    ///
    /// # Safety
    ///
    /// As for [`Attributes::push`].
    pub unsafe fn count(&self, row: impl Row, first: usize, counts: &mut ReadCounts) {
        for (number, column) in self.numbers.iter().zip(first..) {
            // SAFETY: by contract.
            let is_odd = |value| unsafe { number.read(value, 0) }.is_nan();
            counts.not_finite += u64::from(row.get(column).is_some_and(is_odd));
        }
        for (text, column) in self.texts.iter().zip(first + self.numbers.len()..) {
            // SAFETY: by contract.
            let is_long = |value| unsafe { text.is_long(value) };
            counts.long_text += u64::from(row.get(column).is_some_and(is_long));
        }
    }
}

/// How the columns of an event are read.
pub struct EventColumns<Time, Text> {
    pub time: Time,
    pub kind: Text,
    pub attributes: Attributes<Text>,
}

impl<Time: TimeColumn, Text: TextColumn> EventColumns<Time, Text> {
    /// The time of an event, none if it is NULL or infinite.
    ///
    /// # Safety
    ///
    /// The row has these columns.
    #[inline(always)]
    pub unsafe fn time(&mut self, row: impl Row) -> Option<Micros> {
        // SAFETY: by contract.
        row.get(TIME)
            .and_then(|value| unsafe { self.time.read(value) })
    }

    /// Writes an event of this time as a record of `key`; counts its values that are not finite or long.
    ///
    /// # Safety
    ///
    /// As for [`EventColumns::time`].
    #[inline(always)]
    pub unsafe fn push(
        &mut self,
        row: impl Row,
        time: Micros,
        (layout, key): (&Layout, &[u8]),
        dictionaries: &mut Dictionaries,
        counts: &mut ReadCounts,
        out: &mut Vec<u8>,
    ) -> Result<(), OutOfMemory> {
        let Dictionaries { kinds, events, .. } = dictionaries;
        let kind = match row.get(TYPE) {
            // SAFETY: by contract.
            Some(text) => unsafe { self.kind.code(text, kinds, &mut counts.long_text) }?,
            None => 0,
        };
        let flag = |column: usize| row.get(column).is_some_and(is_true);
        let flags = Flags::new(flag(GOAL), flag(ELIGIBLE), flag(EXCLUDED));
        let fields = layout.begin_event(out, key, time, kind, flags);
        // SAFETY: by contract.
        unsafe {
            self.attributes
                .push(row, ATTRIBUTES, time, events, counts, fields)
        }
    }

    /// Counts the values of an event that are not finite or long, and does nothing else.
    ///
    /// # Safety
    ///
    /// As for [`EventColumns::time`].
    pub unsafe fn count(&self, row: impl Row, counts: &mut ReadCounts) {
        // SAFETY: by contract.
        unsafe {
            let is_long = |value| self.kind.is_long(value);
            counts.long_text += u64::from(row.get(TYPE).is_some_and(is_long));
            self.attributes.count(row, ATTRIBUTES, counts);
        }
    }
}

/// Whether a boolean is true.
#[inline]
pub fn is_true(datum: Datum) -> bool {
    datum.value() & 0xff != 0
}
