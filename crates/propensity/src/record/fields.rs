//! Writing the values of a record, each in as few bytes as it needs.

use super::time::Packed;
use super::{CODE, Layout, NUMBER, TIME, key, length};
use crate::time::Micros;

/// Bytes by which room is made: so few, and always as many, that it takes some instructions and no call.
const ROOM: usize = 64;
/// 1.5 * 2^52: an f64 near it is an integer.
const ONE_AND_A_HALF: f64 = 6_755_399_441_055_744.0;

/// Appends so many bytes, or some more.
#[inline(always)]
pub(super) fn make_room(out: &mut Vec<u8>, bytes: usize) {
    let end = out.len() + bytes;
    while out.len() < end {
        out.extend_from_slice(&[0; ROOM]);
    }
}

/// More bytes than a record of so many numbers and codes has after its key, and than are written beyond the last.
#[inline(always)]
pub(super) fn longest(numbers: usize, codes: usize) -> usize {
    let (length, widths, time, beyond) = (3, 1, 8, 8);
    length + widths + time + 9 * numbers + 5 * codes + beyond
}

/// The values of a record that is being written.
///
/// Room for the longest record is made at once, and what was not needed is given back at the end: that is quicker than
/// making room for each value.
#[must_use = "a record is not whole until its values end"]
pub struct Fields<'a> {
    out: &'a mut Vec<u8>,
    /// Where the length goes.
    length: usize,
    /// Where the next byte of widths goes.
    widths: usize,
    /// Where the next value goes.
    at: usize,
    /// Number of the next value.
    field: usize,
    /// Widths of the newest values, up to three, which make no byte yet.
    newest: u8,
}

impl<'a> Fields<'a> {
    /// Begins a record of so many numbers and codes at the end of `out`.
    #[inline(always)]
    pub(super) fn begin(
        layout: &Layout,
        out: &'a mut Vec<u8>,
        tag: u8,
        key: &[u8],
        time: Micros,
        (numbers, codes): (usize, usize),
    ) -> Self {
        let time = Packed::new(time);
        let longest = longest(numbers, codes);
        let length = key::push(layout.key, out, tag | time.form << TIME, key, longest);
        let widths = length + 1;
        let at = widths + (numbers + codes).div_ceil(4);
        out[at..at + 8].copy_from_slice(&time.value.to_le_bytes());
        // Made when nothing is left to be changed, so that it can be returned in registers.
        Self {
            out,
            length,
            widths,
            at: at + time.bytes(),
            field: 0,
            newest: 0,
        }
    }
}

impl Fields<'_> {
    /// Writes all numbers and codes, and ends the record.
    #[inline]
    pub fn values(mut self, numbers: &[f64], codes: &[u32]) {
        numbers.iter().for_each(|&number| self.number(number));
        codes.iter().for_each(|&code| self.code(code));
        self.end();
    }

    /// Ends the record.
    #[inline]
    pub fn end(self) {
        if !self.field.is_multiple_of(4) {
            self.out[self.widths] = self.newest;
        }
        self.out.truncate(self.at);
        length::write(self.out, self.length);
    }

    /// Writes the next value, a number. One that is not finite is taken as missing.
    #[inline(always)]
    pub fn number(&mut self, number: f64) {
        // So that records compare equal -0.0 is 0.0.
        let number = number + 0.0;
        // Rounds: the lowest bits of the sum are the integer, in two's complement.
        let hundredths = (number * 100.0 + ONE_AND_A_HALF).to_bits() as i32;
        if number.to_bits() == (f64::from(hundredths) / 100.0).to_bits() {
            let width = 1 + usize::from(i16::try_from(hundredths).is_err());
            self.put(hundredths as u64, width, NUMBER[width].bytes);
        } else if number.is_finite() {
            self.put(number.to_bits(), 3, NUMBER[3].bytes);
        } else {
            self.put(0, 0, NUMBER[0].bytes);
        }
    }

    /// Writes the next value, a code.
    #[inline(always)]
    pub fn code(&mut self, code: u32) {
        let width = match code {
            0 => 0,
            1..=0xff => 1,
            0x100..=0xffff => 2,
            _ => 3,
        };
        self.put(code.into(), width, CODE[width].bytes);
    }

    #[inline(always)]
    fn put(&mut self, value: u64, width: usize, bytes: usize) {
        self.newest |= (width << (2 * (self.field % 4))) as u8;
        self.field += 1;
        if self.field.is_multiple_of(4) {
            self.out[self.widths] = std::mem::take(&mut self.newest);
            self.widths += 1;
        }
        // Its lowest bytes: all of it, and the next value over those that are too many.
        self.out[self.at..self.at + 8].copy_from_slice(&value.to_le_bytes());
        self.at += bytes;
    }
}
