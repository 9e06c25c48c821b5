//! Short texts as numbers, to be remembered and compared without hashing.

/// A text of at most 16 bytes: its first and last bytes, which may overlap, and its length.
pub(super) type Short = (u64, u64, usize);

/// Number of places for short texts: a power of two, far above the number of texts that are usual, of which no two should
/// have one place.
pub(super) const RECENT: usize = 256;
/// No text is as long as this says.
pub(super) const NOTHING: Short = (0, 0, usize::MAX);

/// A text in two numbers, if it is short.
#[inline]
pub(super) fn short(text: &[u8]) -> Option<Short> {
    let length = text.len();
    let (first, last) = match length {
        0 => (0, 0),
        1..4 => {
            let ends = u64::from(text[0]) | u64::from(text[length - 1]) << 8;
            (ends, u64::from(text[length / 2]))
        }
        4..8 => (
            u64::from(u32::from_le_bytes(*text.first_chunk()?)),
            u64::from(u32::from_le_bytes(*text.last_chunk()?)),
        ),
        8..=16 => (
            u64::from_le_bytes(*text.first_chunk()?),
            u64::from_le_bytes(*text.last_chunk()?),
        ),
        _ => return None,
    };
    Some((first, last, length))
}

/// Where a short text is remembered: the high bits of a product, after Knuth's multiplicative hashing.
#[inline]
pub(super) fn place((first, last, length): Short) -> usize {
    let mixed = (first ^ last.rotate_left(29) ^ length as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (64 - RECENT.ilog2())) as usize
}
