//! Reading the values of a record.

use super::{CODE, NUMBER};

/// How many bytes a value takes, and which of a word these are.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub bytes: usize,
    mask: u64,
}

impl Size {
    pub(super) const fn of(bytes: usize) -> Self {
        let mask = match bytes {
            0 => 0,
            _ => u64::MAX >> (u64::BITS as usize - 8 * bytes),
        };
        Self { bytes, mask }
    }
}

/// Where the next value of a record is, and how many bytes each of its values takes.
///
/// What is not there reads as zeros: that the last value ends where the record does tells whether all were there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor {
    /// Where the next value is.
    pub at: usize,
    /// Where the widths are.
    widths: usize,
}

impl Cursor {
    #[inline(always)]
    pub(super) fn new(at: usize, widths: usize) -> Self {
        Self { at, widths }
    }

    /// The next value, which is the one of this place among all, as a number; NaN if it is missing.
    #[inline(always)]
    pub(crate) fn number(&mut self, bytes: &[u8], field: usize) -> f64 {
        let width = self.width(bytes, field);
        let value = self.take(bytes, NUMBER[width]);
        match width {
            0 => f64::NAN,
            1 => f64::from(value as i16) / 100.0,
            2 => f64::from(value as i32) / 100.0,
            _ => f64::from_bits(value),
        }
    }

    /// The next value, which is the one of this place among all, as a code; 0 if it is missing.
    #[inline(always)]
    pub(crate) fn code(&mut self, bytes: &[u8], field: usize) -> u32 {
        let width = self.width(bytes, field);
        self.take(bytes, CODE[width]) as u32
    }

    #[inline(always)]
    fn width(&self, bytes: &[u8], field: usize) -> usize {
        let four = bytes.get(self.widths + field / 4);
        usize::from(four.copied().unwrap_or_default() >> (2 * (field % 4)) & 0b11)
    }

    #[inline(always)]
    fn take(&mut self, bytes: &[u8], size: Size) -> u64 {
        let value = take(bytes, self.at, size);
        self.at += size.bytes;
        value
    }
}

/// The value of so many bytes at a place.
#[inline(always)]
pub(super) fn take(bytes: &[u8], at: usize, size: Size) -> u64 {
    let word = bytes.get(at..).and_then(|rest| rest.first_chunk());
    word.map_or_else(|| last_bytes(bytes, at), |&word| u64::from_le_bytes(word)) & size.mask
}

/// What is left from a place on, less than 8 bytes.
#[cold]
fn last_bytes(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..).unwrap_or_default();
    let mut word = [0; 8];
    word[..rest.len()].copy_from_slice(rest);
    u64::from_le_bytes(word)
}
