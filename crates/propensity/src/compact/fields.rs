//! Writing the fields of an event, each in as few bytes as it needs.

use super::{CODE, NUMBER};

/// Bytes by which room is made: so few, and always as many, that it takes some instructions and no call.
const ROOM: usize = 64;

/// The fields of an event that is being written.
///
/// Room for the longest event is made at once, and what was not needed is given back at the end: that is quicker than
/// making room for each field.
#[must_use = "an event is not whole until its fields end"]
pub struct Fields<'a> {
    out: &'a mut Vec<u8>,
    /// Where the next byte of widths goes.
    widths: usize,
    /// Where the next field goes.
    at: usize,
    /// Number of the next field.
    field: usize,
    /// Widths of the newest fields, up to three, which make no byte yet.
    newest: u8,
}

impl<'a> Fields<'a> {
    /// Begins an event at the end of `out`: its tag, room for so many bytes of widths, and its age of so many bytes.
    #[inline]
    pub(super) fn begin(
        out: &'a mut Vec<u8>,
        longest: usize,
        tag: u8,
        widths: usize,
        (age, bytes): (u64, usize),
    ) -> Self {
        let start = out.len();
        while out.len() < start + longest {
            out.extend_from_slice(&[0; ROOM]);
        }
        out[start] = tag;
        let at = start + 1 + widths;
        out[at..at + 8].copy_from_slice(&age.to_le_bytes());
        // Made when nothing is left to be changed, so that it can be returned in registers.
        Self {
            out,
            widths: start + 1,
            at: at + bytes,
            field: 0,
            newest: 0,
        }
    }
}

impl Fields<'_> {
    /// Ends the event.
    #[inline]
    pub fn end(self) {
        if !self.field.is_multiple_of(4) {
            self.out[self.widths] = self.newest;
        }
        self.out.truncate(self.at);
    }

    /// Writes the next number. One that is not finite is taken as missing.
    #[inline(always)]
    pub fn number(&mut self, number: f64) {
        // As in a record: -0.0 is 0.0.
        let number = number + 0.0;
        let hundredths = (number * 100.0 + 0.5_f64.copysign(number)) as i32;
        if number.to_bits() == (f64::from(hundredths) / 100.0).to_bits() {
            let width = 1 + usize::from(i16::try_from(hundredths).is_err());
            self.put(hundredths as u64, width, NUMBER[width]);
        } else if number.is_finite() {
            self.put(number.to_bits(), 3, NUMBER[3]);
        } else {
            self.put(0, 0, NUMBER[0]);
        }
    }

    /// Writes the next code.
    #[inline(always)]
    pub fn code(&mut self, code: u32) {
        let width = match code {
            0 => 0,
            1..=0xff => 1,
            0x100..=0xffff => 2,
            _ => 3,
        };
        self.put(code.into(), width, CODE[width]);
    }

    #[inline(always)]
    fn put(&mut self, value: u64, width: usize, bytes: usize) {
        self.newest |= (width << (2 * (self.field % 4))) as u8;
        self.field += 1;
        if self.field.is_multiple_of(4) {
            self.out[self.widths] = std::mem::take(&mut self.newest);
            self.widths += 1;
        }
        self.push(value, bytes);
    }

    /// Writes the lowest bytes of a value: all of it, and the next field over those that are too many.
    #[inline(always)]
    fn push(&mut self, value: u64, bytes: usize) {
        self.out[self.at..self.at + 8].copy_from_slice(&value.to_le_bytes());
        self.at += bytes;
    }
}
