//! Profiles walked on two threads, each with partitions of its own.

use super::Partition;
use crate::dictionary::Dictionaries;
use crate::error::Error;
use crate::history::Profile;
use crate::parallel::{Begin, both};
use crate::record::Layout;
use std::cell::RefCell;

/// What is done with profiles.
pub trait Worker: Send {
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
        // Both the walk and the worker poll.
        let poll = RefCell::new(poll);
        let call = || (poll.borrow_mut())();
        let (partition, worker) = (&mut self.partition, &mut self.worker);
        partition.walk(
            layout,
            &self.bytes,
            dictionaries,
            &mut |profile| worker.visit(profile, &mut || call()),
            &mut || call(),
        )?;
        worker.finish(&mut || call())
    }
}

/// Walks the lanes, one or two; two side by side if `begin` begins a thread. Errors are those of
/// the first lane that has one, so that threads change nothing.
///
/// # Errors
///
/// Those of [`Partition::walk`] and of the workers.
pub fn walk<W: Worker>(
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
