//! Reading the fields of an event.

use super::{CODE, NUMBER};
use crate::error::Error;
use crate::history::Flags;
use crate::time::Micros;

/// What an event begins with.
pub(crate) struct Head {
    pub time: Micros,
    pub kind: u32,
    pub flags: Flags,
}

/// The fields of an event that is being read.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    /// Where the next field is.
    pub(super) at: usize,
    /// Where the widths are.
    pub(super) widths: usize,
    /// Number of the next field.
    pub(super) field: usize,
}

impl Reader<'_> {
    /// The next number, NaN if it is missing.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<f64, Error> {
        let width = self.width()?;
        let value = self.take(NUMBER[width])?;
        Ok(match width {
            0 => f64::NAN,
            1 => f64::from(value as i16) / 100.0,
            2 => f64::from(value as i32) / 100.0,
            _ => f64::from_bits(value),
        })
    }

    /// The next code.
    #[inline]
    pub(crate) fn code(&mut self) -> Result<u32, Error> {
        let width = self.width()?;
        Ok(self.take(CODE[width])? as u32)
    }

    /// Goes to where the event ends.
    #[inline]
    pub(super) fn skip(&mut self, numbers: usize, codes: usize) -> Result<(), Error> {
        for _ in 0..numbers {
            self.at += NUMBER[self.width()?];
        }
        for _ in 0..codes {
            self.at += CODE[self.width()?];
        }
        if self.at > self.bytes.len() {
            return Err(Error::BadRecord);
        }
        Ok(())
    }

    #[inline]
    fn width(&mut self) -> Result<usize, Error> {
        let four = self.bytes.get(self.widths + self.field / 4);
        let width = four.ok_or(Error::BadRecord)? >> (2 * (self.field % 4)) & 0b11;
        self.field += 1;
        Ok(width.into())
    }

    /// The next value of so many bytes, at most 8.
    #[inline]
    pub(super) fn take(&mut self, bytes: usize) -> Result<u64, Error> {
        let rest = self.bytes.get(self.at..).ok_or(Error::BadRecord)?;
        self.at += bytes;
        if let Some(&word) = rest.first_chunk() {
            // Twice by half of it, because no shift is by all 64 bits.
            let beyond = 32 - 4 * bytes;
            return Ok(u64::from_le_bytes(word) << beyond << beyond >> beyond >> beyond);
        }
        let mut word = [0; 8];
        let value = rest.get(..bytes).ok_or(Error::BadRecord)?;
        word[..bytes].copy_from_slice(value);
        Ok(u64::from_le_bytes(word))
    }
}
