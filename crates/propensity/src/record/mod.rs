//! Packed records: how one row of an event source, a profile table or a set of marks travels from the query to the
//! partition of its profile, and how an aggregate keeps those of very many profiles until it answers.
//!
//! ```text
//! event       tag  key  length  widths  time        type  numbers...  codes...
//! attributes  tag  key  length  widths  valid_from        numbers...  codes...
//! mark        tag  key  length          cutoff
//! left out    tag  key  length          count:u64 unless it is 1
//! ```
//!
//! Little-endian, without padding. The tag is one byte: what the record is, its flags or kind, how its time is written
//! and whether its key is short. The length is that of what follows it. Each byte of widths says of four fields how many
//! bytes they take: as few as hold the value.
//!
//! `key`, `length` and `time` write and read one of these, `fields` writes the values; `read` finds records, `cursor` reads
//! their values.

mod cursor;
mod fields;
mod key;
mod length;
mod read;
mod time;

pub(crate) use cursor::Cursor;
pub use fields::Fields;
pub use key::{Key, KeyWidth};
pub use read::Record;
pub(crate) use read::RecordKind;

use serde::{Deserialize, Serialize};

use crate::answer::Counts;
use crate::history::{Flags, Mark, MarkKind};
use crate::time::Micros;
use cursor::Size;

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
/// Where it is said how the time is written.
const TIME: u8 = FLAGS + Flags::BITS;
/// Whether the key is short.
const SHORT: u8 = 1 << 7;

/// Sizes of a code by its width.
const CODE: [Size; 4] = [Size::of(0), Size::of(1), Size::of(2), Size::of(4)];
/// Sizes of a number by its width: missing, in hundredths, as it is.
const NUMBER: [Size; 4] = [Size::of(0), Size::of(2), Size::of(4), Size::of(8)];

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
        let mut fields = Fields::begin(self, out, tag, key, time, (self.numbers, 1 + self.codes));
        fields.code(kind);
        fields
    }

    /// Appends a mark.
    pub fn push_mark(&self, out: &mut Vec<u8>, key: &[u8], mark: Mark) {
        let kind = MARKS.iter().position(|&kind| kind == mark.kind);
        let tag = MARK | (kind.unwrap_or_default() as u8) << FLAGS;
        Fields::begin(self, out, tag, key, mark.cutoff, (0, 0)).end();
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
        let fields = (self.profile_numbers, self.profile_codes);
        Fields::begin(self, out, ATTRIBUTES, key, valid_from, fields)
    }

    /// Appends what was left out, for a profile without a key; events count themselves.
    #[inline]
    pub fn leave_out(&self, out: &mut Vec<u8>, counts: Counts) {
        let counts = [
            counts.future,
            counts.no_time,
            counts.not_finite,
            counts.long_text,
        ];
        for (which, count) in counts.into_iter().enumerate() {
            if count > 0 {
                let tag = LEFT_OUT | (which as u8) << FLAGS;
                let length = if count == 1 { 0 } else { 8 };
                let end = key::push(self.key, out, tag, b"", 1 + 8);
                out.truncate(end);
                out.push(length);
                out.extend_from_slice(&count.to_le_bytes()[..usize::from(length)]);
            }
        }
    }

    /// Bytes of an event in columns, with what tells its profile.
    pub fn unpacked(&self) -> usize {
        size_of::<Micros>() + size_of::<Flags>() + 8 * (1 + self.numbers) + 4 * (1 + self.codes)
    }

    /// More bytes than an event has, its key being so long.
    pub(crate) fn longest(&self, key: &[u8]) -> usize {
        1 + 4 + key.len() + fields::longest(self.numbers, 1 + self.codes)
    }
}

#[cfg(test)]
mod tests;
