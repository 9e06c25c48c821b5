//! Profiles walked on two threads, each with partitions of its own.

use super::{Batch, Partition};
use crate::dictionary::Dictionaries;
use crate::error::Error;
use crate::history::Profile;
use crate::parallel::{Begin, both};
use crate::record::Layout;

/// Bytes of a batch whose memory is kept for the next.
const USUAL: usize = 1 << 22;

/// What is done with profiles.
pub trait Worker {
    /// Whether to visit the profile with this hash: the events of others need not be sorted.
    fn wants(&self, _hash: u64) -> bool {
        true
    }

    /// Takes the next profile; calls `poll` in long work.
    ///
    /// # Errors
    ///
    /// Those of the work.
    fn visit(&mut self, profile: &Profile, poll: &mut dyn FnMut()) -> Result<(), Error>;

    /// Does what was put off, after the last profile of a walk.
    ///
    /// # Errors
    ///
    /// Those of the work.
    fn finish(&mut self, _poll: &mut dyn FnMut()) -> Result<(), Error> {
        Ok(())
    }
}

/// A worker, and the records of its profiles.
#[derive(Debug)]
pub struct Lane<W> {
    /// Whole records, of the profiles since the last walk.
    pub batch: Batch,
    /// Whether more records of these profiles come later: they are only visited after the last.
    pub more: bool,
    /// Who takes the profiles.
    pub worker: W,
    partition: Partition,
}

impl<W: Worker> Lane<W> {
    /// Nothing to do yet.
    pub fn new(worker: W) -> Self {
        Self {
            batch: Batch::default(),
            more: false,
            worker,
            partition: Partition::default(),
        }
    }

    /// Begins with other profiles, of whose records so many bytes are to come.
    pub fn begin(&mut self, bytes: usize) {
        self.partition.begin(bytes);
    }

    /// Whether there are no records to take in and no profiles to visit.
    fn is_idle(&self) -> bool {
        self.batch.bytes.is_empty() && self.partition.is_empty()
    }

    fn walk(
        &mut self,
        layout: &Layout,
        dictionaries: &Dictionaries,
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        let Self {
            batch,
            more,
            worker,
            partition,
        } = self;
        partition.add(layout, batch, &|hash| worker.wants(hash), poll)?;
        batch.clear();
        if *more {
            return Ok(());
        }
        if batch.bytes.capacity() > USUAL {
            // The profiles may need the memory.
            *batch = Batch::default();
        }
        let visit =
            &mut |profile: &Profile<'_>, poll: &mut dyn FnMut()| worker.visit(profile, poll);
        partition.visit(layout, dictionaries, visit, poll)?;
        worker.finish(poll)
    }
}

/// Walks the lanes, one or two; two side by side if both have records and `begin` begins a thread.
/// Errors are those of the first lane that has one, so that threads change nothing; nothing can be
/// walked after one.
///
/// # Errors
///
/// Those of [`Partition::walk`] and of the workers.
pub fn walk<W: Worker + Send>(
    lanes: &mut [Lane<W>],
    layout: &Layout,
    dictionaries: &Dictionaries,
    begin: Option<Begin>,
    poll: &mut dyn FnMut(),
) -> Result<(), Error> {
    if lanes.iter().all(|lane| !lane.is_idle())
        && let [first, second] = lanes
    {
        let (first, second) = both(
            begin,
            |poll| first.walk(layout, dictionaries, poll),
            |poll| second.walk(layout, dictionaries, poll),
            poll,
        );
        return first.and(second);
    }
    lanes
        .iter_mut()
        .try_for_each(|lane| lane.walk(layout, dictionaries, poll))
}
