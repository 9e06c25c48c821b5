//! A worker, and the partition whose profiles it visits.

use super::{Batch, Partition};
use crate::error::Error;
use crate::event::dictionary::Dictionaries;
use crate::event::history::Profile;
use crate::event::record::Layout;

/// Bytes of a batch whose memory is kept for the next.
const USUAL: usize = 1 << 21;

/// What is done with profiles.
pub trait Worker {
    /// What becomes of the profiles of a stretch.
    type Made;

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

    /// Gives what became of the profiles since it was asked the last time.
    ///
    /// # Errors
    ///
    /// Those of work that was put off.
    fn finish(&mut self, poll: &mut dyn FnMut()) -> Result<Self::Made, Error>;
}

/// Records of a stretch: of some profiles, all or a part of what there is of them.
#[derive(Debug, Default)]
pub(super) struct Piece {
    /// Whole records.
    pub batch: Batch,
    /// Of the first piece: bytes of the whole stretch.
    pub begins: Option<usize>,
    /// Whether more pieces come: the profiles are only visited after the last.
    pub more: bool,
}

/// A worker, and memory for the records of its profiles.
#[derive(Debug)]
pub(super) struct Lane<'a, W> {
    worker: W,
    layout: &'a Layout,
    dictionaries: &'a Dictionaries,
    partition: Partition,
}

impl<'a, W: Worker> Lane<'a, W> {
    pub(super) fn new(worker: W, layout: &'a Layout, dictionaries: &'a Dictionaries) -> Self {
        Self {
            worker,
            layout,
            dictionaries,
            partition: Partition::default(),
        }
    }

    /// Takes a piece in, whose batch is empty then; after the last, visits the profiles and gives what became of them.
    pub(super) fn walk(
        &mut self,
        piece: &mut Piece,
        poll: &mut dyn FnMut(),
    ) -> Result<Option<W::Made>, Error> {
        let Self {
            worker,
            layout,
            dictionaries,
            partition,
        } = self;
        let Piece {
            batch,
            begins,
            more,
        } = piece;
        if let Some(bytes) = *begins {
            partition.begin(bytes);
        }
        partition.add(layout, batch, &|hash| worker.wants(hash), poll)?;
        batch.clear();
        if *more {
            return Ok(None);
        }
        if batch.bytes.capacity() > USUAL {
            // The profiles may need the memory.
            *batch = Batch::default();
        }
        let visit =
            &mut |profile: &Profile<'_>, poll: &mut dyn FnMut()| worker.visit(profile, poll);
        partition.visit(layout, dictionaries, visit, poll)?;
        worker.finish(poll).map(Some)
    }
}
