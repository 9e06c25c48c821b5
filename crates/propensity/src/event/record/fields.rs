//! Writing the values of a record.

use super::time::Packed;
use super::{CODE, LONG_CODE, Layout, MORE, NUMBER, SECONDS, key, length};
use crate::time::Micros;

/// The values of a record that is being written.
///
/// Room for all is made at once, and what was not needed is given back at the end: that is quicker than making room for
/// each value.
#[must_use = "a record is not whole until its values end"]
pub struct Fields<'a> {
    out: &'a mut Vec<u8>,
    /// Where the record begins.
    start: usize,
    /// Where the next value goes.
    at: usize,
    /// Where the last value ends: long values are behind it.
    end: usize,
    /// Whether there are any.
    more: bool,
}

impl<'a> Fields<'a> {
    /// Begins a record, given the bytes of its values, at the end of `out`.
    #[inline(always)]
    pub(super) fn begin(
        layout: &Layout,
        out: &'a mut Vec<u8>,
        tag: u8,
        key: &[u8],
        time: Micros,
        values: usize,
    ) -> Self {
        let start = out.len();
        let packed = Packed::new(time);
        let seconds = if packed.seconds { SECONDS } else { 0 };
        let place = key::push(layout.key, out, tag | seconds, key, 8 + values);
        out[place..place + 8].copy_from_slice(&packed.value.to_le_bytes());
        let at = place + packed.bytes;
        let end = at + values;
        if packed.far {
            push_long(out, end, false, &time.to_le_bytes());
        }
        // Made when nothing is left to be changed, so that it stays in registers.
        Self {
            out,
            start,
            at,
            end,
            more: packed.far,
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
    #[inline(always)]
    pub fn end(self) {
        if self.more {
            self.out[self.start] |= MORE;
            length::write(self.out, self.end);
        } else {
            self.out.truncate(self.end);
        }
    }

    /// Writes the next value, a number. One that is not finite is taken as missing.
    #[inline(always)]
    pub fn number(&mut self, number: f64) {
        // One NaN, so that records compare equal; `+ 0.0` makes -0.0 the same as 0.0.
        let number = if number.is_finite() {
            number + 0.0
        } else {
            f64::NAN
        };
        self.put::<NUMBER>(number.to_le_bytes());
    }

    /// Writes the next value, a code.
    #[inline(always)]
    pub fn code(&mut self, code: u32) {
        if code < LONG_CODE.into() {
            self.put::<CODE>((code as u16).to_le_bytes());
        } else {
            self.put::<CODE>(LONG_CODE.to_le_bytes());
            push_long(self.out, self.end, self.more, &code.to_le_bytes());
            self.more = true;
        }
    }

    #[inline(always)]
    fn put<const BYTES: usize>(&mut self, value: [u8; BYTES]) {
        self.out[self.at..self.at + BYTES].copy_from_slice(&value);
        self.at += BYTES;
    }
}

/// Appends a long value to a record whose others end at a place, be there `more` long ones or not.
///
/// Not of [`Fields`], which would then be in memory.
#[cold]
fn push_long(out: &mut Vec<u8>, end: usize, more: bool, value: &[u8]) {
    if !more {
        out.truncate(end);
        out.push(0);
    }
    out.extend_from_slice(value);
}
