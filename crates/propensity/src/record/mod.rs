//! Packed records: how one row of an event source, a profile table or a set of marks travels from
//! the query to the partition of its profile.
//!
//! ```text
//! event       tag  key  time        type:u32  numbers:f64...  codes:u32...
//! attributes  tag  key  valid_from            numbers:f64...  codes:u32...
//! mark        tag  key  cutoff
//! ```
//!
//! Little-endian, without padding. The tag is one byte: what the record is, and its flags or its
//! kind of mark. A key of fixed width has just its bytes, others a length (u32) before them.

mod values;

pub(crate) use values::{EventBody, Fields, Values};

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::history::{Flags, Mark, MarkKind};
use crate::time::Micros;

/// How the bytes of a profile key are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyWidth {
    /// So many bytes, always: 8 for an integer, 16 for a uuid.
    Fixed(usize),
    /// Any number of bytes: text.
    Variable,
}

/// What a record consists of: the same for all records of a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Width of the profile key.
    pub key: KeyWidth,
    /// Number of numeric event attributes.
    pub numbers: usize,
    /// Number of text event attributes.
    pub codes: usize,
    /// Number of numeric profile attributes.
    pub profile_numbers: usize,
    /// Number of text profile attributes.
    pub profile_codes: usize,
}

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordKind {
    /// An event.
    Event,
    /// A row of profile attributes.
    Attributes,
    /// A mark.
    Mark,
}

/// A record where it lies in a partition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    /// What it is.
    pub kind: RecordKind,
    /// The key's bytes.
    pub key: &'a [u8],
    /// Time of the event, `valid_from` of the attributes, cutoff of the mark.
    pub time: Micros,
    /// Offset of the next record.
    pub next: usize,
}

const KIND_BITS: u8 = 0b11;
const EVENT: u8 = 0;
const ATTRIBUTES: u8 = 1;
const MARK: u8 = 2;
/// The flags of an event and the kind of a mark start at this bit.
const SHIFT: u8 = 2;
const MARKS: [MarkKind; 6] = [
    MarkKind::Eligible,
    MarkKind::Excluded,
    MarkKind::Goal,
    MarkKind::Example,
    MarkKind::PositiveExample,
    MarkKind::NegativeExample,
];

impl Layout {
    /// Appends an event. Numbers that are not finite are taken as missing.
    #[inline]
    #[expect(
        clippy::too_many_arguments,
        reason = "an event is just that; a struct would be built and taken apart for every row"
    )]
    pub fn push_event(
        &self,
        out: &mut Vec<u8>,
        key: &[u8],
        time: Micros,
        kind: u32,
        flags: Flags,
        numbers: &[f64],
        codes: &[u32],
    ) {
        debug_assert_eq!((numbers.len(), codes.len()), (self.numbers, self.codes));
        self.begin_event(out, key, time, kind, flags);
        push_values(out, numbers, codes);
    }

    /// Begins an event at the end of `out`; its numbers and then its codes must follow.
    #[inline]
    pub fn begin_event(
        &self,
        out: &mut Vec<u8>,
        key: &[u8],
        time: Micros,
        kind: u32,
        flags: Flags,
    ) {
        // Once, so that appending the parts is not more than copying them.
        out.reserve(self.head(key) + self.body(RecordKind::Event));
        let tag = EVENT | flags.bits() << SHIFT;
        match (self.key, key.as_array(), key.as_array()) {
            (KeyWidth::Fixed(8), Some(key), _) => push_event_head::<8>(out, tag, key, time, kind),
            (KeyWidth::Fixed(16), _, Some(key)) => push_event_head::<16>(out, tag, key, time, kind),
            _ => {
                self.push_head(out, tag, key, time);
                out.extend_from_slice(&kind.to_le_bytes());
            }
        }
    }

    /// Appends a mark.
    pub fn push_mark(&self, out: &mut Vec<u8>, key: &[u8], mark: Mark) {
        let kind = MARKS.iter().position(|&kind| kind == mark.kind);
        let tag = MARK | (kind.unwrap_or_default() as u8) << SHIFT;
        self.push_head(out, tag, key, mark.cutoff);
    }

    /// Appends a row of profile attributes. Numbers that are not finite are taken as missing.
    pub fn push_attributes(
        &self,
        out: &mut Vec<u8>,
        key: &[u8],
        valid_from: Micros,
        numbers: &[f64],
        codes: &[u32],
    ) {
        debug_assert_eq!(
            (numbers.len(), codes.len()),
            (self.profile_numbers, self.profile_codes)
        );
        self.begin_attributes(out, key, valid_from);
        push_values(out, numbers, codes);
    }

    /// Begins a row of profile attributes at the end of `out`; its numbers and then its codes must follow.
    pub fn begin_attributes(&self, out: &mut Vec<u8>, key: &[u8], valid_from: Micros) {
        self.push_head(out, ATTRIBUTES, key, valid_from);
    }

    fn push_head(&self, out: &mut Vec<u8>, tag: u8, key: &[u8], time: Micros) {
        out.push(tag);
        match self.key {
            KeyWidth::Fixed(width) => debug_assert_eq!(key.len(), width),
            KeyWidth::Variable => out.extend_from_slice(&(key.len() as u32).to_le_bytes()),
        }
        out.extend_from_slice(key);
        out.extend_from_slice(&time.to_le_bytes());
    }

    /// Reads the head of the record at `offset`.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`] if no whole record is there.
    #[inline]
    pub(crate) fn record<'a>(&self, bytes: &'a [u8], offset: usize) -> Result<Record<'a>, Error> {
        self.parse(bytes, offset).ok_or(Error::BadRecord)
    }

    /// The records in `bytes`, one after the other: the key of each and its bytes as a whole. Ends
    /// after the first that is not whole.
    pub fn records<'a>(
        &self,
        bytes: &'a [u8],
    ) -> impl Iterator<Item = Result<(&'a [u8], &'a [u8]), Error>> {
        let mut offset = 0;
        std::iter::from_fn(move || {
            let start = offset;
            let record = (start < bytes.len()).then(|| self.record(bytes, start))?;
            offset = record.as_ref().map_or(bytes.len(), |record| record.next);
            Some(record.map(|record| (record.key, &bytes[start..record.next])))
        })
    }

    #[inline]
    fn parse<'a>(&self, bytes: &'a [u8], offset: usize) -> Option<Record<'a>> {
        let (tag, rest) = bytes.get(offset..)?.split_first()?;
        let (width, rest) = match self.key {
            KeyWidth::Fixed(width) => (width, rest),
            KeyWidth::Variable => {
                let (width, rest) = rest.split_first_chunk()?;
                (u32::from_le_bytes(*width) as usize, rest)
            }
        };
        let (key, rest) = rest.split_at_checked(width)?;
        let (time, rest) = rest.split_first_chunk()?;
        let kind = match tag & KIND_BITS {
            EVENT => RecordKind::Event,
            ATTRIBUTES => RecordKind::Attributes,
            MARK if usize::from(tag >> SHIFT) < MARKS.len() => RecordKind::Mark,
            _ => return None,
        };
        let rest = rest.get(self.body(kind)..)?;
        Some(Record {
            kind,
            key,
            time: i64::from_le_bytes(*time),
            next: bytes.len() - rest.len(),
        })
    }

    /// Bytes after the time.
    fn body(&self, kind: RecordKind) -> usize {
        match kind {
            RecordKind::Event => 4 + 8 * self.numbers + 4 * self.codes,
            RecordKind::Attributes => 8 * self.profile_numbers + 4 * self.profile_codes,
            RecordKind::Mark => 0,
        }
    }

    /// Bytes of a record before its body, its key being so long.
    pub(crate) fn head(&self, key: &[u8]) -> usize {
        match self.key {
            KeyWidth::Fixed(width) => 1 + width + 8,
            KeyWidth::Variable => 5 + key.len() + 8,
        }
    }

    /// Bytes of an event, its key being so long.
    pub fn event(&self, key: &[u8]) -> usize {
        self.head(key) + self.body(RecordKind::Event)
    }

    /// The fields of an event after its time; `body` starts there.
    #[inline]
    pub(crate) fn event_body<'a>(&self, body: &'a [u8]) -> Option<EventBody<'a>> {
        let (kind, rest) = body.split_first_chunk()?;
        let values = Values::split(rest, self.numbers, self.codes)?;
        Some(EventBody {
            kind: u32::from_le_bytes(*kind),
            values,
        })
    }

    /// A code of an event, given whole: of its type at 0, then of its text attributes; 0 if missing.
    pub fn code(&self, key: &[u8], event: &[u8], column: usize) -> u32 {
        let fields = self.fields(event, self.head(key));
        match column.checked_sub(1) {
            None => fields.kind(0),
            Some(column) => fields.code(0, column),
        }
    }

    /// Replaces the codes of an event, given whole: of its type, column 0, and of its text attributes.
    pub(crate) fn replace_codes(
        &self,
        head: usize,
        event: &mut [u8],
        mut replace: impl FnMut(usize, u32) -> u32,
    ) {
        let codes = head + 4 + 8 * self.numbers;
        let places = std::iter::once(head).chain((0..self.codes).map(|code| codes + 4 * code));
        for (column, place) in places.enumerate() {
            if let Some(bytes) = event
                .get_mut(place..)
                .and_then(|rest| rest.first_chunk_mut())
            {
                *bytes = replace(column, u32::from_le_bytes(*bytes)).to_le_bytes();
            }
        }
    }

    /// Reads the fields of events one by one; an event's head takes `head` bytes.
    pub(crate) fn fields<'a>(&self, bytes: &'a [u8], head: usize) -> Fields<'a> {
        let numbers = head + 4;
        Fields {
            bytes,
            kind: head,
            numbers,
            codes: numbers + 8 * self.numbers,
        }
    }

    /// The values of an attribute row; `body` starts after its time.
    pub(crate) fn attributes_body<'a>(&self, body: &'a [u8]) -> Option<Values<'a>> {
        Values::split(body, self.profile_numbers, self.profile_codes)
    }
}

/// Appends what precedes the values of an event, with a key of usual width: at once.
#[inline]
fn push_event_head<const WIDTH: usize>(
    out: &mut Vec<u8>,
    tag: u8,
    key: &[u8; WIDTH],
    time: Micros,
    kind: u32,
) {
    let mut head = [0; 1 + 16 + 8 + 4];
    let (time_at, kind_at) = (1 + WIDTH, 1 + WIDTH + 8);
    head[0] = tag;
    head[1..time_at].copy_from_slice(key);
    head[time_at..kind_at].copy_from_slice(&time.to_le_bytes());
    head[kind_at..kind_at + 4].copy_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&head[..kind_at + 4]);
}

/// The flags in the tag of an event.
#[inline]
pub(crate) fn event_flags(tag: u8) -> Flags {
    Flags::from_bits(tag >> SHIFT)
}

/// The kind in the tag of a mark.
pub(crate) fn mark_kind(tag: u8) -> Option<MarkKind> {
    MARKS.get(usize::from(tag >> SHIFT)).copied()
}

fn push_values(out: &mut Vec<u8>, numbers: &[f64], codes: &[u32]) {
    numbers.iter().for_each(|&number| push_number(out, number));
    codes.iter().for_each(|&code| push_code(out, code));
}

/// Appends a number to a record. One that is not finite is taken as missing.
#[inline]
pub fn push_number(out: &mut Vec<u8>, number: f64) {
    // One NaN, so that records compare equal; `+ 0.0` makes -0.0 the same as 0.0.
    let number = if number.is_finite() {
        number + 0.0
    } else {
        f64::NAN
    };
    out.extend_from_slice(&number.to_le_bytes());
}

/// Appends a code to a record.
#[inline]
pub fn push_code(out: &mut Vec<u8>, code: u32) {
    out.extend_from_slice(&code.to_le_bytes());
}

#[cfg(test)]
mod tests;
