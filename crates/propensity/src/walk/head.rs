//! The head of an event, read before its values.

use crate::event::history::Flags;
use crate::event::record::{Cursor, Record};
use crate::time::Micros;

/// An event whose values are still to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub time: Micros,
    pub cursor: Cursor,
    /// Where the record ends.
    pub next: usize,
    pub owner: u32,
    pub flags: Flags,
}

impl Head {
    #[inline(always)]
    pub(super) fn new(record: &Record, flags: Flags, owner: u32) -> Self {
        let (time, cursor) = record.open();
        Self {
            time,
            cursor,
            next: record.next,
            owner,
            flags,
        }
    }
}
