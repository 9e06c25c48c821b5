//! Profiles walked on two threads, each with partitions of its own.

use super::Partition;
use crate::dictionary::Dictionaries;
use crate::error::Error;
use crate::history::Profile;
use crate::parallel::{Begin, both};
use crate::record::Layout;

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

/// A worker that does one thing with every profile.
pub(super) struct Each<'a>(pub &'a mut dyn FnMut(&Profile) -> Result<(), Error>);

impl Worker for Each<'_> {
    fn visit(&mut self, profile: &Profile, _poll: &mut dyn FnMut()) -> Result<(), Error> {
        (self.0)(profile)
    }
}

/// A worker, and the records of its profiles.
#[derive(Debug)]
pub struct Lane<W> {
    /// Whole records: all of each of the profiles.
    pub bytes: Vec<u8>,
    /// Who takes the profiles.
    pub worker: W,
    partition: Partition,
}

impl<W: Worker> Lane<W> {
    /// Nothing to do yet.
    pub fn new(worker: W) -> Self {
        Self {
            bytes: Vec::new(),
            worker,
            partition: Partition::default(),
        }
    }

    fn walk(
        &mut self,
        layout: &Layout,
        dictionaries: &Dictionaries,
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        let worker = &mut self.worker;
        self.partition
            .walk_for(layout, &self.bytes, dictionaries, worker, poll)?;
        worker.finish(poll)
    }
}

/// Walks the lanes, one or two; two side by side if `begin` begins a thread. Errors are those of
/// the first lane that has one, so that threads change nothing.
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
    if let [first, second] = lanes {
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
