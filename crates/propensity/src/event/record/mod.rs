//! Packed records: how one row of an event source, a profile table or a set of marks travels from the query to the
//! partition of its profile, and how an aggregate keeps those of very many profiles until it answers.
//!
//! ```text
//! event       tag  key  time        type  numbers...  codes...    long values
//! attributes  tag  key  valid_from        numbers...  codes...    long values
//! mark        tag  key  cutoff                                    long values
//! left out    tag  key                                            count:u64 unless it is 1
//! ```
//!
//! Little-endian, without padding. The tag is one byte: what the record is, its flags or kind, how its time is written,
//! whether its key is short and whether there are long values. A number is an f64, NaN if missing, a code a u16. Times and codes
//! that are too large for their places are long values, which come last, behind their length, in the order of the places.
//!
//! `key`, `length` and `time` write and read one of these, `fields` writes the values; `read` finds records, `cursor` reads
//! their values.

mod cursor;
mod fields;
mod key;
mod length;
mod read;
mod room;
mod time;

pub(crate) use cursor::Cursor;
pub use fields::Fields;
pub use key::{Key, KeyWidth};
pub use read::Record;
pub(crate) use read::RecordKind;

use serde::{Deserialize, Serialize};

use crate::event::counts::ReadCounts;
use crate::event::history::{Flags, Mark, MarkKind};
use crate::time::Micros;

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

/// What a tag says a record is.
const KIND_BITS: u8 = 0b11;
const EVENT: u8 = 0;
const ATTRIBUTES: u8 = 1;
const MARK: u8 = 2;
const LEFT_OUT: u8 = 3;
/// Where the flags of an event, the kind of a mark and what was left out start.
const FLAGS: u8 = 2;
/// Whether the time is in seconds, whether there are long values, whether the key is short.
const SECONDS: u8 = 1 << 5;
const MORE: u8 = 1 << 6;
const SHORT: u8 = 1 << 7;

/// Bytes of a number and of a code.
const NUMBER: usize = 8;
const CODE: usize = 2;
/// Stands for a code that is a long value.
const LONG_CODE: u16 = u16::MAX;

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
        let fields = self.begin_event(out, key, time, kind, flags);
        fields.values(numbers, codes);
    }

    /// Begins an event at the end of `out`; its numbers, its codes and its end must follow.
    #[inline(always)]
    pub fn begin_event<'a>(
        &self,
        out: &'a mut Vec<u8>,
        key: &[u8],
        time: Micros,
        kind: u32,
        flags: Flags,
    ) -> Fields<'a> {
        let tag = EVENT | flags.bits() << FLAGS;
        let mut fields = Fields::begin(self, out, tag, key, time, self.event_values());
        fields.code(kind);
        fields
    }

    /// Appends a mark.
    pub fn push_mark(&self, out: &mut Vec<u8>, key: &[u8], mark: Mark) {
        let kind = MARKS.iter().position(|&kind| kind == mark.kind);
        let tag = MARK | (kind.unwrap_or_default() as u8) << FLAGS;
        Fields::begin(self, out, tag, key, mark.cutoff, 0).end();
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
        let fields = self.begin_attributes(out, key, valid_from);
        fields.values(numbers, codes);
    }

    /// Begins a row of profile attributes at the end of `out`; its numbers, its codes and its end must follow.
    pub fn begin_attributes<'a>(
        &self,
        out: &'a mut Vec<u8>,
        key: &[u8],
        valid_from: Micros,
    ) -> Fields<'a> {
        let values = self.attribute_values();
        Fields::begin(self, out, ATTRIBUTES, key, valid_from, values)
    }

    /// Appends what was left out, for a profile without a key; events count themselves.
    #[inline]
    pub fn leave_out(&self, out: &mut Vec<u8>, counts: ReadCounts) {
        let counts = [
            counts.future,
            counts.no_time,
            counts.not_finite,
            counts.long_text,
        ];
        for (which, count) in counts.into_iter().enumerate() {
            if count > 0 {
                let tag = LEFT_OUT | (which as u8) << FLAGS;
                let more = if count == 1 { 0 } else { MORE };
                let end = key::push(self.key, out, tag | more, b"", 0);
                if more != 0 {
                    out.push(0);
                    out.extend_from_slice(&count.to_le_bytes());
                    length::write(out, end);
                }
            }
        }
    }

    /// Bytes of an event in columns, with what tells its profile.
    pub fn unpacked(&self) -> usize {
        size_of::<Micros>() + size_of::<Flags>() + 8 * (1 + self.numbers) + 4 * (1 + self.codes)
    }

    /// More bytes than an event has, its key being so long.
    pub(crate) fn longest(&self, key: &[u8]) -> usize {
        let long_values = 8 + 4 * (1 + self.codes);
        32 + key.len() + self.event_values() + long_values
    }

    /// Bytes of the values of an event.
    #[inline(always)]
    fn event_values(&self) -> usize {
        NUMBER * self.numbers + CODE * (1 + self.codes)
    }

    /// Bytes of the values of a row of profile attributes.
    #[inline(always)]
    fn attribute_values(&self) -> usize {
        NUMBER * self.profile_numbers + CODE * self.profile_codes
    }

    /// Where the numbers and codes of an event are behind its first value, which is the type.
    #[inline(always)]
    pub(crate) fn event_numbers(&self) -> impl Iterator<Item = usize> + use<> {
        (CODE..).step_by(NUMBER).take(self.numbers)
    }

    #[inline(always)]
    pub(crate) fn event_codes(&self) -> impl Iterator<Item = usize> + use<> {
        let first = CODE + NUMBER * self.numbers;
        (first..).step_by(CODE).take(self.codes)
    }
}

#[cfg(test)]
mod tests;
