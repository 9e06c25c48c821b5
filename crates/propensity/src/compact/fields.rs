//! Writing the fields of an event, each in as few bytes as it needs.

use super::{CODE, NUMBER};

/// The fields of an event that is being written.
pub struct Fields<'a> {
    pub(super) out: &'a mut Vec<u8>,
    /// Where the widths are.
    pub(super) widths: usize,
    /// Number of the next field.
    pub(super) field: usize,
}

impl Fields<'_> {
    /// Writes the next number. One that is not finite is taken as missing.
    #[inline]
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
            self.field += 1;
        }
    }

    /// Writes the next code.
    #[inline]
    pub fn code(&mut self, code: u32) {
        let width = match code {
            0 => 0,
            1..=0xff => 1,
            0x100..=0xffff => 2,
            _ => 3,
        };
        self.put(code.into(), width, CODE[width]);
    }

    #[inline]
    fn put(&mut self, value: u64, width: usize, bytes: usize) {
        self.out[self.widths + self.field / 4] |= (width << (2 * (self.field % 4))) as u8;
        self.field += 1;
        push(self.out, value, bytes);
    }
}

/// Appends the lowest bytes of a value: as a whole and then cut, which is quicker than so many.
#[inline]
pub(super) fn push(out: &mut Vec<u8>, value: u64, bytes: usize) {
    let end = out.len() + bytes;
    out.extend_from_slice(&value.to_le_bytes());
    out.truncate(end);
}
