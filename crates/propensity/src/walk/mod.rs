//! Walking events profile by profile: hash partitions, samples of profiles, two threads.
//!
//! A partition: packed records of some profiles, sorted and walked profile by profile.
//!
//! Nothing is sorted that need not be: a hash table numbers the profiles while their records become
//! columns, a counting sort brings each profile's events together, and only those that did not
//! arrive in order are sorted. At last every column is brought into that order by itself, so that
//! the events of a profile are a part of each.

mod batch;
mod columns;
mod decode;
mod head;
mod others;
mod parallel;
mod partitioner;
mod pipeline;
mod profiles;
pub mod sample;
mod single;
mod sort;

use crate::error::Error;
use crate::event::dictionary::Dictionaries;
use crate::event::history::Profile;
use crate::event::record::Layout;
pub use batch::Batch;
pub use parallel::{Morsels, WalkContext, walk_parallel};
pub use partitioner::Partitioner;
pub use pipeline::Visitor;

use columns::{Attributes, MANY, Scratch};
use decode::Arrivals;
use sort::Sorter;

/// Units of work between two calls of `poll`: about a millisecond.
const QUANTUM: usize = 1 << 15;

/// Gets the next profile, and what to call in long work.
pub type Visit<'a, E> = dyn FnMut(&Profile, &mut dyn FnMut()) -> Result<(), E> + 'a;

/// Sorts and walks partitions, one after the other, in memory that it keeps.
#[derive(Debug, Default)]
pub struct Partition {
    arrivals: Arrivals,
    /// Places of events in the columns, those of a profile together.
    order: Vec<u32>,
    /// By number of the profile: where the next of its events goes.
    next: Vec<u32>,
    sorter: Sorter,
    scratch: Scratch,
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
        self.begin(bytes.len());
        self.arrivals.add(layout, bytes, None, &|_| true, poll)?;
        self.visit(layout, dictionaries, &mut |profile, _| visit(profile), poll)
    }

    /// Begins with other profiles, given the number of bytes of their records.
    pub fn begin(&mut self, bytes: usize) {
        self.arrivals.begin(bytes);
    }

    /// Takes whole records of the layout in, but for those of profiles with a hash that is not wanted.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`], [`Error::OutOfMemory`].
    pub fn add(
        &mut self,
        layout: &Layout,
        batch: &Batch,
        wants: &dyn Fn(u64) -> bool,
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        let mut parts = batch.pieces();
        parts.try_for_each(|(bytes, recode)| self.arrivals.add(layout, bytes, recode, wants, poll))
    }

    /// Visits the profiles whose records were taken in, as [`Partition::walk`] does, and forgets them.
    ///
    /// # Errors
    ///
    /// Those of [`Partition::walk`], and that of `visit`, as it is.
    pub fn visit<E: From<Error>>(
        &mut self,
        layout: &Layout,
        dictionaries: &Dictionaries,
        visit: &mut Visit<E>,
        poll: &mut dyn FnMut(),
    ) -> Result<(), E> {
        self.sort(dictionaries, poll)?;
        let Arrivals {
            profiles,
            columns,
            others,
            ..
        } = &mut self.arrivals;
        if !others.is_empty() {
            others.sort(profiles.ranks());
        }
        let mut attributes = Attributes::default();
        let (mut start, mut other, mut work) = (0, 0, 0);
        for (rank, &number) in profiles.order.iter().enumerate() {
            let entry = &profiles.entries[number as usize];
            let events = start..start + entry.events as usize;
            let rest = others.of(rank, other);
            (start, other) = (events.end, rest.end);
            work += events.len() + rest.len() + 1;
            let (rows, marks) = others.unpack(rest, layout, &dictionaries.profiles)?;
            let profile = Profile {
                key: profiles.key(entry),
                hash: entry.hash,
                history: columns.history(events, &mut attributes),
                attributes: rows,
                marks,
            };
            visit(&profile, poll)?;
            if work >= QUANTUM {
                poll();
                work = 0;
            }
        }
        self.arrivals.shrink();
        self.arrivals.begin(0);
        Ok(())
    }

    /// Brings the profiles into the order of their visit, and their events into the total order.
    fn sort(&mut self, dictionaries: &Dictionaries, poll: &mut dyn FnMut()) -> Result<(), Error> {
        self.arrivals.columns.resolve(dictionaries, poll);
        self.gather(poll)?;
        let Self {
            arrivals: Arrivals {
                profiles, columns, ..
            },
            order,
            sorter,
            ..
        } = self;
        let tied = |a, b| columns.compare_tied(a, b, dictionaries);
        let (mut start, mut work) = (0, 0);
        for &number in &profiles.order {
            let end = start + profiles.entries[number as usize].events as usize;
            sorter.sort(&mut order[start..end], &columns.times, &tied, poll)?;
            work += end - start + 1;
            if work >= QUANTUM {
                poll();
                work = 0;
            }
            start = end;
        }
        self.arrange(poll)
    }

    /// Brings the events of each profile together, in the order of visit.
    fn gather(&mut self, poll: &mut dyn FnMut()) -> Result<(), Error> {
        let Arrivals {
            profiles, owners, ..
        } = &mut self.arrivals;
        profiles.sort()?;
        self.next.clear();
        self.next.try_reserve(profiles.entries.len())?;
        self.next.resize(profiles.entries.len(), 0);
        let mut total = 0;
        for &number in &profiles.order {
            self.next[number as usize] = total;
            total += profiles.entries[number as usize].events;
        }
        self.order.clear();
        self.order.try_reserve_exact(owners.len())?;
        self.order.resize(owners.len(), 0);
        let mut place = 0;
        for some in owners.chunks(QUANTUM) {
            for &owner in some {
                let next = &mut self.next[owner as usize];
                self.order[*next as usize] = place;
                *next += 1;
                place += 1;
            }
            poll();
        }
        if owners.len() > MANY {
            *owners = Vec::new();
        }
        Ok(())
    }

    /// Brings the columns into the order that was found.
    fn arrange(&mut self, poll: &mut dyn FnMut()) -> Result<(), Error> {
        let columns = &mut self.arrivals.columns;
        columns.arrange(&self.order, &mut self.scratch, poll)?;
        if self.order.len() > MANY {
            self.order = Vec::new();
        }
        Ok(())
    }
}
