//! A partition: packed records of some profiles, sorted and walked profile by profile.
//!
//! Nothing is sorted that need not be: a hash table numbers the profiles, a counting sort brings
//! each profile's events together, and only those that did not arrive in order are sorted.

mod columns;
mod lane;
mod order;
mod profiles;
mod single;
mod sort;
mod split;

use crate::dictionary::Dictionaries;
use crate::error::Error;
use crate::history::Profile;
use crate::record::{Layout, RecordKind};
use crate::time::Micros;
pub use lane::{Lane, Worker, walk};
pub use split::{PARTITIONS, partition_of};

use columns::Columns;
use lane::Each;
use order::View;
use profiles::Profiles;
use sort::Sorter;
use split::Parts;

/// Units of work between two calls of `poll`: about a millisecond.
const QUANTUM: usize = 1 << 15;

/// Sorts and walks partitions, one after the other, in memory that it keeps.
#[derive(Debug, Default)]
pub struct Partition {
    profiles: Profiles,
    /// The profile of every record, in the order of the records.
    owners: Vec<u32>,
    /// Events, those of a profile together.
    events: Vec<Event>,
    /// Attributes and marks: rank of the profile, offset.
    others: Vec<(u32, usize)>,
    sorter: Sorter,
    columns: Columns,
    parts: Parts,
}

#[derive(Clone, Copy, Debug)]
struct Event {
    time: Micros,
    offset: usize,
}

impl Partition {
    /// Calls `visit` for every profile in the order of (hash, key), its events in their total
    /// order: by time, then type, numbers and codes, so that the order of records means nothing.
    ///
    /// `bytes` holds whole records of the layout, and all records of each of its profiles.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`], [`Error::OutOfMemory`], and whatever `visit` returns.
    pub fn walk(
        &mut self,
        layout: &Layout,
        bytes: &[u8],
        dictionaries: &Dictionaries,
        visit: &mut dyn FnMut(&Profile) -> Result<(), Error>,
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        self.walk_for(layout, bytes, dictionaries, &mut Each(visit), poll)
    }

    /// The same for the profiles that a worker wants.
    fn walk_for(
        &mut self,
        layout: &Layout,
        bytes: &[u8],
        dictionaries: &Dictionaries,
        worker: &mut dyn Worker,
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        let mut parts = std::mem::take(&mut self.parts);
        for part in parts.of(layout, bytes, poll)? {
            self.walk_part(layout, part, dictionaries, worker, poll)?;
        }
        self.parts = parts;
        Ok(())
    }

    fn walk_part(
        &mut self,
        layout: &Layout,
        bytes: &[u8],
        dictionaries: &Dictionaries,
        worker: &mut dyn Worker,
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        self.number(layout, bytes, poll)?;
        self.profiles.sort(bytes)?;
        self.gather(layout, bytes, poll)?;
        let view = View {
            layout,
            bytes,
            dictionaries,
        };
        let (mut start, mut other, mut work) = (0, 0, 0);
        for rank in 0..self.profiles.order.len() {
            let entry = self.profiles.entries[self.profiles.order[rank] as usize];
            let events = &mut self.events[start..entry.events];
            let rest = &self.others[other..];
            let mine = rest.partition_point(|&(owner, _)| owner as usize == rank);
            if worker.wants(entry.hash) {
                let tied = |a, b| view.compare_tied(a, b);
                self.sorter.sort(events, tied, poll)?;
                self.columns.fill(events, &view, poll)?;
                self.columns.fill_others(&rest[..mine], &view)?;
                let profile = self.columns.profile(entry.hash, entry.key(bytes));
                worker.visit(&profile, poll)?;
            }
            work += events.len() + mine + 1;
            if work >= QUANTUM {
                poll();
                work = 0;
            }
            start = entry.events;
            other += mine;
        }
        Ok(())
    }

    /// Finds the profile of every record, and counts.
    fn number(
        &mut self,
        layout: &Layout,
        bytes: &[u8],
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        self.profiles.clear();
        self.owners.clear();
        let mut offset = 0;
        while offset < bytes.len() {
            let record = layout.record(bytes, offset)?;
            let key = layout.head(record.key) + offset - 8 - record.key.len();
            let owner = self.profiles.number(bytes, key, record.key)?;
            if record.kind == RecordKind::Event {
                self.profiles.entries[owner as usize].events += 1;
            }
            self.owners.try_reserve(1)?;
            self.owners.push(owner);
            offset = record.next;
            if self.owners.len().is_multiple_of(QUANTUM) {
                poll();
            }
        }
        Ok(())
    }

    /// Brings the events of each profile together, in the order of visit.
    fn gather(
        &mut self,
        layout: &Layout,
        bytes: &[u8],
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        let mut total = 0;
        for &number in &self.profiles.order {
            let entry = &mut self.profiles.entries[number as usize];
            total += std::mem::replace(&mut entry.events, total);
        }
        let blank = Event { time: 0, offset: 0 };
        self.events.clear();
        self.events.try_reserve(total)?;
        self.events.resize(total, blank);
        self.others.clear();
        let mut offset = 0;
        for (count, &owner) in self.owners.iter().enumerate() {
            let record = layout.record(bytes, offset)?;
            if record.kind == RecordKind::Event {
                let next = &mut self.profiles.entries[owner as usize].events;
                let time = record.time;
                self.events[*next] = Event { time, offset };
                *next += 1;
            } else {
                self.others.try_reserve(1)?;
                self.others.push((owner, offset));
            }
            offset = record.next;
            if count.is_multiple_of(QUANTUM) {
                poll();
            }
        }
        self.rank_others()
    }

    /// Orders attributes and marks by the rank of their profile.
    fn rank_others(&mut self) -> Result<(), Error> {
        if self.others.is_empty() {
            return Ok(());
        }
        // The table is done with: it holds the ranks now.
        let ranks = &mut self.profiles.table;
        for (rank, &number) in self.profiles.order.iter().enumerate() {
            ranks[number as usize] = rank as u32;
        }
        for (owner, _) in &mut self.others {
            *owner = ranks[*owner as usize];
        }
        self.others.sort_unstable();
        Ok(())
    }
}
