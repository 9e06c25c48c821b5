//! Reading the values of a record.

use super::{CODE, LONG_CODE, NUMBER};

/// Where the values of a record are.
///
/// What is not there reads as zeros: that the last long value ends where the record does tells whether all were there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor {
    /// Where the first value is; the others follow without gaps.
    at: usize,
    /// Where the next long value is.
    pub more: usize,
}

impl Cursor {
    #[inline(always)]
    pub(super) fn new(at: usize, more: usize) -> Self {
        Self { at, more }
    }

    /// The number at an offset in bytes from the first value, NaN if it is missing.
    #[inline(always)]
    pub(crate) fn number(&self, bytes: &[u8], offset: usize) -> f64 {
        f64::from_le_bytes(array::<NUMBER>(bytes, self.at + offset))
    }

    /// The code at an offset in bytes from the first value, 0 if it is missing. To be read in order.
    #[inline(always)]
    pub(crate) fn code(&mut self, bytes: &[u8], offset: usize) -> u32 {
        match u16::from_le_bytes(array::<CODE>(bytes, self.at + offset)) {
            LONG_CODE => u32::from_le_bytes(self.long(bytes)),
            code => code.into(),
        }
    }

    #[cold]
    fn long(&mut self, bytes: &[u8]) -> [u8; 4] {
        let value = array(bytes, self.more);
        self.more += value.len();
        value
    }
}

/// So many bytes from a place on.
#[inline(always)]
pub(super) fn array<const BYTES: usize>(bytes: &[u8], at: usize) -> [u8; BYTES] {
    let found = bytes.get(at..at + BYTES);
    found
        .and_then(|found| found.first_chunk().copied())
        .unwrap_or([0; BYTES])
}
