//! The time in a record, from 2000 on: in seconds where it is a whole one, else in microseconds, of which seven bytes
//! reach a thousand years in both directions.

use super::cursor::{Size, take};
use crate::time::Micros;

/// 2000-01-01: most events are later, and seconds of 4 bytes reach to 2068.
const BASE: Micros = 946_684_800_000_000;
const SECOND: Micros = 1_000_000;

/// Sizes by form.
const SIZES: [Size; 4] = [Size::of(4), Size::of(7), Size::of(8), Size::of(8)];

/// A time as it is written.
pub(super) struct Packed {
    pub form: u8,
    pub value: u64,
}

impl Packed {
    #[inline]
    pub(super) fn new(time: Micros) -> Self {
        let micros = time.wrapping_sub(BASE);
        let seconds = micros / SECOND;
        if seconds * SECOND == micros && i32::try_from(seconds).is_ok() {
            let value = seconds as u64;
            return Self { form: 0, value };
        }
        let form = if micros << 8 >> 8 == micros { 1 } else { 2 };
        let value = micros as u64;
        Self { form, value }
    }

    /// How many of the lowest bytes of the value are written.
    #[inline]
    pub(super) fn bytes(&self) -> usize {
        SIZES[usize::from(self.form)].bytes
    }
}

/// Reads the time of this form at a place; returns where it ends.
#[inline(always)]
pub(super) fn read(bytes: &[u8], at: usize, form: u8) -> (Micros, usize) {
    let size = SIZES[usize::from(form)];
    let value = take(bytes, at, size);
    // The sign is in the highest of the bytes that were written.
    let beyond = 64 - 8 * size.bytes;
    let signed = (value << beyond) as i64 >> beyond;
    let micros = if form == 0 { signed * SECOND } else { signed };
    (micros.wrapping_add(BASE), at + size.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back_in_as_few_bytes_as_hold_them() {
        let century = 100 * 365 * 24 * 3600 * SECOND;
        for (time, width) in [
            (BASE, 4),
            (0, 4),
            (1_700_000_000 * SECOND, 4),
            (1_700_000_000 * SECOND + 1, 7),
            (BASE - SECOND / 2, 7),
            (century, 7),
            (-12 * century - 1, 8),
            (11 * century, 7),
            (12 * century, 8),
            (Micros::MIN, 8),
            (Micros::MAX, 8),
        ] {
            let packed = Packed::new(time);
            assert_eq!(packed.bytes(), width, "{time}");
            let bytes = packed.value.to_le_bytes();
            for bytes in [&bytes[..width], &[bytes, [7; 8]].concat()] {
                assert_eq!(read(bytes, 0, packed.form), (time, width));
            }
        }
    }
}
