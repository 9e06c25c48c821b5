//! Takes records in: events become columns.

use super::QUANTUM;
use super::columns::{Columns, MANY, reserve};
use super::others::Others;
use super::profiles::Profiles;
use crate::error::Error;
use crate::history::Flags;
use crate::recode::Recode;
use crate::record::{Layout, RecordKind, event_flags};
use crate::time::Micros;

/// Records whose heads are read before their fields, column by column: they stay in the first cache.
const CHUNK: usize = 1 << 9;

/// What precedes the fields of an event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub time: Micros,
    /// Where the fields are.
    pub body: usize,
    owner: u32,
    pub flags: Flags,
}

/// The records of some profiles, in the order of their arrival.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    pub profiles: Profiles,
    /// The number of the profile of each event.
    pub owners: Vec<u32>,
    pub columns: Columns,
    pub others: Others,
    heads: Vec<Head>,
    /// Bytes that are still to come.
    expected: usize,
}

impl Arrivals {
    /// Begins anew, with so many bytes to come: memory is asked for once, and for no more.
    pub(super) fn begin(&mut self, bytes: usize) {
        self.profiles.clear();
        self.owners.clear();
        self.columns.clear();
        self.others.clear();
        self.expected = bytes;
    }

    /// Takes whole records in, their codes replaced, but for those of profiles that are not wanted.
    pub(super) fn add(
        &mut self,
        layout: &Layout,
        bytes: &[u8],
        recode: Option<&Recode>,
        wants: &dyn Fn(u64) -> bool,
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        self.columns.shape(layout.numbers, layout.codes);
        let (mut offset, mut chunks) = (0, 0_usize);
        while offset < bytes.len() {
            offset = self.add_chunk(layout, bytes, offset, recode, wants)?;
            chunks += 1;
            if chunks.is_multiple_of(QUANTUM / CHUNK) {
                poll();
            }
        }
        Ok(())
    }

    /// Takes in the records from an offset on, so many as make a chunk; returns where they end.
    fn add_chunk(
        &mut self,
        layout: &Layout,
        bytes: &[u8],
        start: usize,
        recode: Option<&Recode>,
        wants: &dyn Fn(u64) -> bool,
    ) -> Result<usize, Error> {
        self.heads.clear();
        self.heads.try_reserve(CHUNK)?;
        let mut offset = start;
        let mut records = 0;
        while records < CHUNK && offset < bytes.len() {
            let record = layout.record(bytes, offset)?;
            if let Some(owner) = self.profiles.number(record.key, wants)? {
                if record.kind == RecordKind::Event {
                    self.profiles.entries[owner as usize].events += 1;
                    self.heads.push(Head {
                        time: record.time,
                        body: offset + layout.head(record.key),
                        owner,
                        flags: event_flags(bytes[offset]),
                    });
                } else {
                    self.others.push(owner, &bytes[offset..record.next])?;
                }
            }
            offset = record.next;
            records += 1;
        }
        let taken = offset - start;
        self.expected = self.expected.saturating_sub(taken);
        let more = self.heads.len();
        // The records to come are about as long as these.
        let expected = more + self.expected / (taken / records);
        if self.owners.len() + more > u32::MAX as usize {
            return Err(Error::OutOfMemory);
        }
        reserve(&mut self.owners, more, expected)?;
        self.owners.extend(self.heads.iter().map(|head| head.owner));
        self.columns.reserve(more, expected)?;
        self.columns
            .extend(&self.heads, &layout.fields(bytes, 0), recode);
        Ok(offset)
    }

    /// Lets memory go that a partition of usual size does not need.
    pub(super) fn shrink(&mut self) {
        if self.columns.len() > MANY {
            *self = Self::default();
        }
    }
}
