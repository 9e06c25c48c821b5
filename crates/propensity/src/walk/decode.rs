//! Takes records in: events become columns.

use super::QUANTUM;
use super::columns::{Columns, MANY, reserve};
use super::head::Head;
use super::others::Others;
use super::profiles::Profiles;
use crate::error::Error;
use crate::event::code_map::CodeMap;
use crate::event::counts::ReadCounts;
use crate::event::record::{Layout, Record, RecordKind};

/// Records whose heads are read before their values, column by column: they stay in the first cache.
const CHUNK: usize = 1 << 8;

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
    /// Begins anew, with the number of bytes to come: memory is asked for once, and for no more.
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
        recode: Option<&CodeMap>,
        wants: &dyn Fn(u64) -> bool,
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        let sort_out = |profiles: &mut Profiles, others: &mut Others, record: &Record| {
            let Some(owner) = profiles.number(&record.key, wants)? else {
                return Ok(None);
            };
            if let RecordKind::Event(flags) = record.kind()? {
                profiles.entries[owner as usize].events += 1;
                return Ok(Some(Head::new(record, flags, owner)));
            }
            others.push(owner, record.bytes())?;
            Ok(None)
        };
        self.take_in(layout, bytes, recode, sort_out, poll)
    }

    /// Takes in the events among records of one profile, which has no number; counts what is there.
    pub(super) fn add_single(
        &mut self,
        layout: &Layout,
        bytes: &[u8],
        poll: &mut dyn FnMut(),
    ) -> Result<ReadCounts, Error> {
        let mut counts = ReadCounts::default();
        let sort_out = |_: &mut Profiles, _: &mut Others, record: &Record| {
            record.count(&mut counts)?;
            Ok(match record.kind()? {
                RecordKind::Event(flags) => Some(Head::new(record, flags, 0)),
                _ => None,
            })
        };
        self.take_in(layout, bytes, None, sort_out, poll)?;
        Ok(counts)
    }

    /// Takes in the events that `sort_out` finds among records, chunk by chunk.
    #[inline(always)]
    fn take_in(
        &mut self,
        layout: &Layout,
        bytes: &[u8],
        recode: Option<&CodeMap>,
        mut sort_out: impl FnMut(&mut Profiles, &mut Others, &Record) -> Result<Option<Head>, Error>,
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        self.columns.shape(layout.numbers, layout.codes);
        let (mut offset, mut chunks) = (0, 0_usize);
        while offset < bytes.len() {
            self.heads.clear();
            self.heads.try_reserve(CHUNK)?;
            let (start, mut records) = (offset, 0);
            while records < CHUNK && offset < bytes.len() {
                let record = layout.record(bytes, offset)?;
                let head = sort_out(&mut self.profiles, &mut self.others, &record)?;
                self.heads.extend(head);
                offset = record.next;
                records += 1;
            }
            let expected = self.room_for(offset - start, records)?;
            reserve(&mut self.owners, self.heads.len(), expected)?;
            self.owners.extend(self.heads.iter().map(|head| head.owner));
            self.columns.reserve(self.heads.len(), expected)?;
            self.columns
                .extend(layout, &mut self.heads, bytes, recode)?;
            chunks += 1;
            if chunks.is_multiple_of(QUANTUM / CHUNK) {
                poll();
            }
        }
        Ok(())
    }

    /// After `taken` bytes of `records` records: for how many events there is to be room, those at hand and, if the
    /// records to come are about as long, all others.
    fn room_for(&mut self, taken: usize, records: usize) -> Result<usize, Error> {
        self.expected = self.expected.saturating_sub(taken);
        let more = self.heads.len();
        if self.columns.len() + more > u32::MAX as usize {
            return Err(Error::OutOfMemory);
        }
        Ok(more + self.expected.saturating_mul(records) / taken)
    }

    /// Lets memory go that a partition of usual size does not need.
    pub(super) fn shrink(&mut self) {
        if self.columns.len() > MANY {
            *self = Self::default();
        }
    }
}
