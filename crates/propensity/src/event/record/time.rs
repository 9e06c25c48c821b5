//! The time in a record, from 2000 on: in seconds where it is a whole one, else in microseconds, of which seven bytes
//! reach a thousand years in both directions. One that is further away is a long value.

use super::cursor::array;
use crate::time::Micros;

/// 2000-01-01: most events are later, and seconds of 4 bytes reach to 2068.
const BASE: Micros = 946_684_800_000_000;
const SECOND: Micros = 1_000_000;
/// Bytes of seconds, and of microseconds.
const SECONDS: usize = 4;
const MICROS: usize = 7;
/// Bits of a word beyond microseconds.
const BEYOND: usize = 64 - 8 * MICROS;
/// Stands for what seven bytes do not hold.
const FAR: Micros = Micros::MIN >> BEYOND;

/// A time as it is written.
pub(super) struct Packed {
    /// Whether in seconds.
    pub seconds: bool,
    pub value: u64,
    /// How many of the lowest bytes of the value are written.
    pub bytes: usize,
    /// Whether it is a long value.
    pub far: bool,
}

impl Packed {
    #[inline(always)]
    pub(super) fn new(time: Micros) -> Self {
        let micros = time.wrapping_sub(BASE);
        let seconds = micros / SECOND;
        if seconds * SECOND == micros && i32::try_from(seconds).is_ok() {
            return Self {
                seconds: true,
                value: seconds as u64,
                bytes: SECONDS,
                far: false,
            };
        }
        let far = micros << BEYOND >> BEYOND != micros || micros == FAR;
        Self {
            seconds: false,
            value: if far { FAR } else { micros } as u64,
            bytes: MICROS,
            far,
        }
    }
}

/// Bytes of a time.
#[inline(always)]
pub(super) fn bytes(seconds: bool) -> usize {
    if seconds { SECONDS } else { MICROS }
}

/// Reads a time; none if it is a long value.
#[inline(always)]
pub(super) fn read(bytes: &[u8], at: usize, seconds: bool) -> Option<Micros> {
    if seconds {
        let seconds = i32::from_le_bytes(array(bytes, at));
        return Some(Micros::from(seconds) * SECOND + BASE);
    }
    // The byte before comes with it, because 8 bytes are read at once: there is always one, the tag.
    let micros = i64::from_le_bytes(array(bytes, at - 1)) >> BEYOND;
    (micros != FAR).then(|| micros.wrapping_add(BASE))
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
            (-11 * century, 7),
            (11 * century, 7),
        ] {
            let packed = Packed::new(time);
            assert_eq!((packed.bytes, packed.far), (width, false), "{time}");
            let bytes = [&[9][..], &packed.value.to_le_bytes()[..width]].concat();
            assert_eq!(read(&bytes, 1, packed.seconds), Some(time));
        }
    }

    #[test]
    fn times_far_away_are_long_values() {
        let far = FAR.wrapping_add(BASE);
        for time in [Micros::MIN, Micros::MAX, far - 1, far, -(far - 2 * BASE)] {
            let packed = Packed::new(time);
            assert!(packed.far && !packed.seconds, "{time}");
            let bytes = [&[9][..], &packed.value.to_le_bytes()[..MICROS]].concat();
            assert_eq!(read(&bytes, 1, false), None);
        }
    }
}
