//! Reading records.

use super::cursor::{Cursor, array};
use super::{
    ATTRIBUTES, CODE, EVENT, FLAGS, KIND_BITS, Key, Layout, MARK, MARKS, MORE, NUMBER, SECONDS,
    SHORT, length, time,
};
use crate::error::Error;
use crate::event::counts::ReadCounts;
use crate::event::history::{Flags, MarkKind};
use crate::time::Micros;

/// Records between two calls of `poll`: about a millisecond.
const QUANTUM: usize = 1 << 15;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordKind {
    /// An event, and which conditions it meets.
    Event(Flags),
    /// A row of profile attributes.
    Attributes,
    /// A mark.
    Mark(MarkKind),
    /// What was left out, by its place in [`ReadCounts`] after the events.
    LeftOut(usize),
}

/// A record where it lies.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The profile.
    pub key: Key<'a>,
    tag: u8,
    /// The bytes in which it lies.
    bytes: &'a [u8],
    /// Where it begins, where its time is, where its values and where its long values are, where the next record begins.
    start: usize,
    time: usize,
    values: usize,
    more: usize,
    pub(crate) next: usize,
}

impl Layout {
    /// Reads the record at `offset`, its values still to be read.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`] if no whole record is there.
    #[inline(always)]
    pub(crate) fn record<'a>(&self, bytes: &'a [u8], offset: usize) -> Result<Record<'a>, Error> {
        self.parse(bytes, offset).ok_or(Error::BadRecord)
    }

    #[inline(always)]
    fn parse<'a>(&self, bytes: &'a [u8], start: usize) -> Option<Record<'a>> {
        let tag = *bytes.get(start)?;
        let (key, time) = Key::read(self.key, bytes, start + 1, tag & SHORT != 0)?;
        let (time_bytes, value_bytes) = match tag & KIND_BITS {
            EVENT => (time::bytes(tag & SECONDS != 0), self.event_values()),
            ATTRIBUTES => (time::bytes(tag & SECONDS != 0), self.attribute_values()),
            MARK => (time::bytes(tag & SECONDS != 0), 0),
            _ => (0, 0),
        };
        let values = time + time_bytes;
        let end = values + value_bytes;
        let (mut more, mut next) = (end, end);
        if tag & MORE != 0 {
            let (length, place) = length::read(bytes, end)?;
            (more, next) = (place, place + length);
        }
        (next <= bytes.len()).then_some(Record {
            key,
            tag,
            bytes,
            start,
            time,
            values,
            more,
            next,
        })
    }

    /// The records in `bytes`, one after the other. Ends after the first that is not whole.
    pub fn records<'a>(
        &self,
        bytes: &'a [u8],
    ) -> impl Iterator<Item = Result<Record<'a>, Error>> + use<'a> {
        let (layout, mut offset) = (*self, 0);
        std::iter::from_fn(move || {
            let record = (offset < bytes.len()).then(|| layout.record(bytes, offset))?;
            offset = record.as_ref().map_or(bytes.len(), |record| record.next);
            Some(record)
        })
    }

    /// What is in `bytes`: events, and what was left out.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`] if there is anything else.
    pub fn counts(&self, bytes: &[u8], poll: &mut dyn FnMut()) -> Result<ReadCounts, Error> {
        let mut counts = ReadCounts::default();
        for (number, record) in self.records(bytes).enumerate() {
            record?.count(&mut counts)?;
            if number % QUANTUM == QUANTUM - 1 {
                poll();
            }
        }
        Ok(counts)
    }
}

impl<'a> Record<'a> {
    /// What it is.
    #[inline(always)]
    pub(crate) fn kind(&self) -> Result<RecordKind, Error> {
        let what = usize::from(self.tag >> FLAGS) & ((1 << Flags::BITS) - 1);
        Ok(match self.tag & KIND_BITS {
            EVENT => RecordKind::Event(Flags::from_bits(self.tag >> FLAGS)),
            ATTRIBUTES => RecordKind::Attributes,
            MARK => RecordKind::Mark(*MARKS.get(what).ok_or(Error::BadRecord)?),
            _ => RecordKind::LeftOut(what),
        })
    }

    /// Time of the event, `valid_from` of the attributes, cutoff of the mark, and where the values are.
    #[inline(always)]
    pub(crate) fn open(&self) -> (Micros, Cursor) {
        match time::read(self.bytes, self.time, self.tag & SECONDS != 0) {
            Some(time) => (time, Cursor::new(self.values, self.more)),
            None => self.open_far(),
        }
    }

    #[cold]
    fn open_far(&self) -> (Micros, Cursor) {
        let time = Micros::from_le_bytes(array(self.bytes, self.more));
        (time, Cursor::new(self.values, self.more + 8))
    }

    /// Adds the record to what is counted.
    #[inline]
    pub(crate) fn count(&self, counts: &mut ReadCounts) -> Result<(), Error> {
        let count = match self.kind()? {
            RecordKind::Event(_) => {
                counts.events += 1;
                return Ok(());
            }
            RecordKind::LeftOut(0) => &mut counts.future,
            RecordKind::LeftOut(1) => &mut counts.no_time,
            RecordKind::LeftOut(2) => &mut counts.not_finite,
            RecordKind::LeftOut(3) => &mut counts.long_text,
            _ => return Err(Error::BadRecord),
        };
        let many = self.bytes[self.more..self.next].first_chunk();
        *count = count.saturating_add(many.map_or(1, |&many| u64::from_le_bytes(many)));
        Ok(())
    }

    /// The whole record.
    pub fn bytes(&self) -> &'a [u8] {
        &self.bytes[self.start..self.next]
    }

    /// A code of an event: of its type at 0, then of its text attributes; 0 if missing.
    pub fn code(&self, layout: &Layout, column: usize) -> u32 {
        let (_, mut cursor) = self.open();
        let mut code = cursor.code(self.bytes, 0);
        for place in layout.event_codes().take(column) {
            code = cursor.code(self.bytes, place);
        }
        code
    }

    /// Reads an event: its time, the code of its type, its values.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`] if there are others.
    pub(crate) fn event(
        &self,
        layout: &Layout,
        numbers: &mut Vec<f64>,
        codes: &mut Vec<u32>,
    ) -> Result<(Micros, u32), Error> {
        let (time, mut cursor) = self.open();
        let kind = cursor.code(self.bytes, 0);
        let counts = (layout.numbers, layout.codes);
        self.values(cursor, CODE, counts, numbers, codes)?;
        Ok((time, kind))
    }

    /// Reads an attribute row: from when it holds, its values.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`] if there are others.
    pub(crate) fn attributes(
        &self,
        layout: &Layout,
        numbers: &mut Vec<f64>,
        codes: &mut Vec<u32>,
    ) -> Result<Micros, Error> {
        let (valid_from, cursor) = self.open();
        let counts = (layout.profile_numbers, layout.profile_codes);
        self.values(cursor, 0, counts, numbers, codes)?;
        Ok(valid_from)
    }

    /// The cutoff of a mark.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`] if there is more.
    pub(crate) fn cutoff(&self) -> Result<Micros, Error> {
        let (cutoff, cursor) = self.open();
        self.end(cursor)?;
        Ok(cutoff)
    }

    /// Reads `counts` numbers and codes, which begin `first` bytes behind the first value.
    fn values(
        &self,
        mut cursor: Cursor,
        first: usize,
        counts: (usize, usize),
        numbers: &mut Vec<f64>,
        codes: &mut Vec<u32>,
    ) -> Result<(), Error> {
        let places = (first..).step_by(NUMBER).take(counts.0);
        numbers.clear();
        numbers.extend(places.map(|place| cursor.number(self.bytes, place)));
        let places = (first + NUMBER * counts.0..).step_by(CODE).take(counts.1);
        codes.clear();
        codes.extend(places.map(|place| cursor.code(self.bytes, place)));
        self.end(cursor)
    }

    /// Checks that the long values end where the record does.
    fn end(&self, cursor: Cursor) -> Result<(), Error> {
        let whole = cursor.more == self.next;
        whole.then_some(()).ok_or(Error::BadRecord)
    }
}
