//! The key of a profile in a record.
//!
//! ```text
//! integer     4 bytes if it is short, 8 otherwise
//! fixed       its bytes
//! variable    length (1 byte if it is short, 4 otherwise), its bytes
//! ```

use super::SHORT;
use super::cursor::array;
use super::room::make_room;
use serde::{Deserialize, Serialize};
use std::ops::Deref;

/// How the bytes of a profile key are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyWidth {
    /// So many bytes, always: 8 for an integer, 16 for a uuid.
    Fixed(usize),
    /// Any number of bytes: text.
    Variable,
}

/// The bytes of a key that was read.
#[derive(Clone, Copy, Debug)]
pub enum Key<'a> {
    /// Those of an integer, some of which may not be in the record.
    Integer([u8; 8]),
    /// Where they lie in the record.
    Bytes(&'a [u8]),
}

impl Deref for Key<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Integer(bytes) => bytes,
            Self::Bytes(bytes) => bytes,
        }
    }
}

impl<'a> Key<'a> {
    /// Reads the key at a place; returns where it ends.
    #[inline(always)]
    pub(super) fn read(
        width: KeyWidth,
        bytes: &'a [u8],
        at: usize,
        short: bool,
    ) -> Option<(Self, usize)> {
        let (start, length) = match width {
            KeyWidth::Fixed(8) if short => {
                let integer = u32::from_le_bytes(array(bytes, at));
                let integer = u64::from(integer).to_le_bytes();
                return Some((Self::Integer(integer), at + 4));
            }
            KeyWidth::Fixed(8) => return Some((Self::Integer(array(bytes, at)), at + 8)),
            KeyWidth::Fixed(length) => (at, length),
            KeyWidth::Variable if short => (at + 1, usize::from(*bytes.get(at)?)),
            KeyWidth::Variable => {
                let length = u32::from_le_bytes(array(bytes, at));
                (at + 4, length as usize)
            }
        };
        let key = bytes.get(start..)?.get(..length)?;
        Some((Self::Bytes(key), start + length))
    }
}

/// Appends a tag, a key and room for at least a number of bytes; returns where the key ends.
#[inline(always)]
pub(super) fn push(width: KeyWidth, out: &mut Vec<u8>, tag: u8, key: &[u8], room: usize) -> usize {
    let start = out.len();
    if let (KeyWidth::Fixed(8), Some(integer)) = (width, key.as_array()) {
        make_room(out, 1 + integer.len() + room);
        let short = u64::from_le_bytes(*integer) >> u32::BITS == 0;
        out[start] = with_length(tag, short);
        out[start + 1..start + 9].copy_from_slice(integer);
        return start + if short { 5 } else { 9 };
    }
    push_bytes(width, out, tag, key);
    let end = out.len();
    make_room(out, room);
    end
}

/// Appends a tag and a key that is no integer.
#[inline]
fn push_bytes(width: KeyWidth, out: &mut Vec<u8>, tag: u8, key: &[u8]) {
    match width {
        KeyWidth::Fixed(width) => {
            debug_assert_eq!(key.len(), width);
            out.push(tag);
        }
        KeyWidth::Variable => {
            let short = u8::try_from(key.len());
            out.push(with_length(tag, short.is_ok()));
            match short {
                Ok(length) => out.push(length),
                Err(_) => out.extend_from_slice(&(key.len() as u32).to_le_bytes()),
            }
        }
    }
    out.extend_from_slice(key);
}

/// A tag that says whether the key is short.
#[inline(always)]
fn with_length(tag: u8, short: bool) -> u8 {
    tag | (SHORT * u8::from(short))
}
