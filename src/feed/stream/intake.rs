//! What one process takes in: rows of the stream's queries become records in partitions.
//!
//! Advice: the columns that are read here must be those that `query.rs` selects, in that order.

use pgrx::pg_sys::{Datum, NullableDatum};
use propensity::error::OutOfMemory;
use propensity::event::dictionary::{Dictionaries, Dictionary};
use propensity::event::history::{Flags, Mark, MarkKind};
use propensity::event::record::{Fields, Layout};
use propensity::hash::profile_hash;
use propensity::time::Micros;
use propensity::walk::Split;
use propensity::walk::sample::{Sampler, Share};

use super::long_keys;
use super::partitions::Partitions;
use super::tally::{Skipped, Tally};
use crate::pg::datum::{BytesKind, EPOCH, Number};

/// What the rows are, and how their columns are read. Column 0 is always the profile key.
pub enum Rows {
    /// key, time, type, goal, eligible, excluded, numbers.., codes..
    Events {
        numbers: Vec<Number>,
        codes: Vec<BytesKind>,
        /// Later events are left out and counted: they would be from the future.
        until: Micros,
    },
    /// type: the texts that are to be known before others
    Types,
    /// key, cutoff, and for examples optionally the outcome
    Marks { kind: MarkKind, outcome: bool },
    /// key, valid_from or NULL, numbers.., codes..
    Attributes {
        numbers: Vec<Number>,
        codes: Vec<BytesKind>,
    },
}

impl Rows {
    /// Whether the first column is the profile key.
    pub fn has_key(&self) -> bool {
        !matches!(self, Self::Types)
    }
}

/// A row of a query, however it comes.
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

/// Records, and what there is to say about the rows that they were made of.
pub struct Intake {
    pub layout: Layout,
    /// How the profile key is read.
    pub key: BytesKind,
    pub dictionaries: Dictionaries,
    pub partitions: Partitions,
    pub tally: Tally,
    /// Decides, from the events, whose rows are kept; nobody's rows are dropped without it.
    pub sampler: Option<Sampler>,
}

/// How the attributes of a row are read: numbers, then codes.
struct Attributes<'a> {
    numbers: &'a [Number],
    codes: &'a [BytesKind],
}

impl Intake {
    /// Nothing yet.
    pub fn new(layout: Layout, key: BytesKind, dictionaries: Dictionaries) -> Self {
        Self {
            layout,
            key,
            dictionaries,
            partitions: Partitions::new(Split::default()),
            tally: Tally::default(),
            sampler: None,
        }
    }

    /// Takes one row.
    pub fn take(&mut self, rows: &Rows, row: impl Row) -> Result<(), OutOfMemory> {
        let Some(key) = row.get(0) else {
            self.tally.skipped.null_profile += 1;
            return Ok(());
        };
        match rows {
            Rows::Events {
                numbers,
                codes,
                until,
            } => self.event(key, row, &Attributes { numbers, codes }, *until),
            Rows::Types => self.event_type(key).map(drop),
            Rows::Marks { kind, outcome } => self.mark(key, row, *kind, *outcome),
            Rows::Attributes { numbers, codes } => {
                self.attributes(key, row, &Attributes { numbers, codes })
            }
        }
    }

    fn event(
        &mut self,
        key: Datum,
        row: impl Row,
        attributes: &Attributes,
        until: Micros,
    ) -> Result<(), OutOfMemory> {
        let Some(time) = self.time(row) else {
            return Ok(());
        };
        if time > until {
            self.tally.future_event(time);
            return Ok(());
        }
        self.tally.event(time)?;
        // Rows that are dropped count in what is true of all, but nothing else is done with them.
        if let Some(sampler) = &mut self.sampler {
            // SAFETY: the kind was taken from the type of the key column, which is not NULL.
            let hash = unsafe { self.key.read(key, profile_hash) };
            if !sampler.add(hash)? {
                // SAFETY: the query casts the type to text.
                let is_long = |text| unsafe { BytesKind::Varlena.is_long(text) };
                let long = row.get(2).is_some_and(is_long);
                self.tally.skipped.long_text += u64::from(long);
                // SAFETY: the kinds were taken from the types of the columns.
                unsafe { attributes.count(row, 6, &mut self.tally.skipped) };
                return Ok(());
            }
        }
        let kind = match row.get(2) {
            Some(text) => self.event_type(text)?,
            None => 0,
        };
        let flag = |column: usize| row.get(column).is_some_and(is_true);
        let flags = Flags::new(flag(3), flag(4), flag(5));
        self.tally.kept += 1;
        let (dictionaries, skipped) = (&mut self.dictionaries.events, &mut self.tally.skipped);
        with_partition(self.key, key, &mut self.partitions, |out, key| {
            let fields = self.layout.begin_event(out, key, time, kind, flags);
            // SAFETY: the kinds were taken from the types of the columns.
            unsafe { attributes.push(row, 6, time, dictionaries, skipped, fields) }
        })
    }

    /// The code of an event type that is not NULL.
    fn event_type(&mut self, datum: Datum) -> Result<u32, OutOfMemory> {
        let (kinds, long) = (
            &mut self.dictionaries.kinds,
            &mut self.tally.skipped.long_text,
        );
        // SAFETY: the query casts the type to text.
        unsafe { BytesKind::Varlena.code(datum, kinds, long) }
    }

    fn mark(
        &mut self,
        key: Datum,
        row: impl Row,
        kind: MarkKind,
        outcome: bool,
    ) -> Result<(), OutOfMemory> {
        let Some(cutoff) = self.time(row) else {
            return Ok(());
        };
        if !self.keeps(key) {
            return Ok(());
        }
        let given = if outcome { row.get(2) } else { None };
        let kind = match given.map(is_true) {
            Some(true) => MarkKind::PositiveExample,
            Some(false) => MarkKind::NegativeExample,
            None => kind,
        };
        with_partition(self.key, key, &mut self.partitions, |out, key| {
            self.layout.push_mark(out, key, Mark { cutoff, kind });
        });
        Ok(())
    }

    fn attributes(
        &mut self,
        key: Datum,
        row: impl Row,
        attributes: &Attributes,
    ) -> Result<(), OutOfMemory> {
        let valid_from = row.get(1).and_then(micros).unwrap_or(Micros::MIN);
        if !self.keeps(key) {
            // SAFETY: the kinds were taken from the types of the columns.
            unsafe { attributes.count(row, 2, &mut self.tally.skipped) };
            return Ok(());
        }
        let (dictionaries, skipped) = (&mut self.dictionaries.profiles, &mut self.tally.skipped);
        with_partition(self.key, key, &mut self.partitions, |out, key| {
            let fields = self.layout.begin_attributes(out, key, valid_from);
            // SAFETY: the kinds were taken from the types of the columns.
            unsafe { attributes.push(row, 2, 0, dictionaries, skipped, fields) }
        })
    }

    /// Whether the rows of this profile are kept, once the events have decided.
    fn keeps(&self, key: Datum) -> bool {
        let share = self.sampler.as_ref().map(|sampler| sampler.share());
        // SAFETY: the kind was taken from the type of the key column, which is not NULL.
        let hash = || unsafe { self.key.read(key, profile_hash) };
        share.is_none_or(|share| share == Share::ALL || share.keeps(hash()))
    }

    /// The instant in column 1, or none, counted, if it is NULL or infinite.
    fn time(&mut self, row: impl Row) -> Option<Micros> {
        let time = row.get(1).and_then(micros);
        if time.is_none() {
            self.tally.skipped.no_time += 1;
        }
        time
    }
}

impl Attributes<'_> {
    /// Writes the values of a row, which begin in the column `first`, as those of a record, which ends; counts those that
    /// are not finite or long.
    ///
    /// # Safety
    ///
    /// The values are of the kinds.
    #[inline(always)]
    unsafe fn push(
        &self,
        row: impl Row,
        first: usize,
        time: Micros,
        dictionaries: &mut [Dictionary],
        skipped: &mut Skipped,
        mut fields: Fields,
    ) -> Result<(), OutOfMemory> {
        for (number, column) in self.numbers.iter().zip(first..) {
            let mut read = f64::NAN;
            if let Some(value) = row.get(column) {
                // SAFETY: by contract.
                read = unsafe { number.read(value, time) };
                skipped.not_finite += u64::from(read.is_nan());
            }
            fields.number(read);
        }
        let columns = first + self.numbers.len()..;
        for ((kind, dictionary), column) in self.codes.iter().zip(dictionaries).zip(columns) {
            let mut code = 0;
            if let Some(value) = row.get(column) {
                // SAFETY: by contract.
                code = unsafe { kind.code(value, dictionary, &mut skipped.long_text) }?;
            }
            fields.code(code);
        }
        fields.end();
        Ok(())
    }

    /// Counts the values of a row that is dropped which are not finite or long.
    ///
    /// # Safety
    ///
    /// The values are of the kinds.
    unsafe fn count(&self, row: impl Row, first: usize, skipped: &mut Skipped) {
        for (number, column) in self.numbers.iter().zip(first..) {
            // SAFETY: by contract.
            let is_odd = |value| unsafe { number.read(value, 0) }.is_nan();
            skipped.not_finite += u64::from(row.get(column).is_some_and(is_odd));
        }
        for (kind, column) in self.codes.iter().zip(first + self.numbers.len()..) {
            // SAFETY: by contract.
            let is_long = |value| unsafe { kind.is_long(value) };
            skipped.long_text += u64::from(row.get(column).is_some_and(is_long));
        }
    }
}

/// Has `write` append a record to the partition of a key that is not NULL; it gets the key's bytes.
#[inline]
fn with_partition<T>(
    kind: BytesKind,
    key: Datum,
    partitions: &mut Partitions,
    write: impl FnOnce(&mut Vec<u8>, &[u8]) -> T,
) -> T {
    let append = |key: &[u8]| {
        long_keys::check(key);
        partitions.append(profile_hash(key), |out| write(out, key))
    };
    // SAFETY: the kind was taken from the type of the key column.
    unsafe { kind.read(key, append) }
}

/// Whether a boolean is true.
fn is_true(datum: Datum) -> bool {
    datum.value() & 0xff != 0
}

/// A timestamptz as microseconds since 1970, none if infinite.
fn micros(datum: Datum) -> Option<Micros> {
    match datum.value() as i64 {
        i64::MIN | i64::MAX => None,
        // The last of the years that timestamps reach are later than the last of ours.
        since_2000 => Some(since_2000.saturating_add(EPOCH)),
    }
}
