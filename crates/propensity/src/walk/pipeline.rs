//! A visitor, and the partition whose profiles it visits.

use super::{Batch, Partition};
use crate::error::Error;
use crate::event::dictionary::Dictionaries;
use crate::event::history::Profile;
use crate::event::record::Layout;

/// Bytes of a batch whose memory is kept for the next.
const USUAL: usize = 1 << 21;

/// What is done with profiles.
pub trait Visitor {
    /// What becomes of the profiles of a morsel.
    type Output;

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
    fn finish(&mut self, poll: &mut dyn FnMut()) -> Result<Self::Output, Error>;
}

/// Records of a morsel: of some profiles, all or a part of what there is of them.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// Whole records.
    pub batch: Batch,
    /// Of the first part: bytes of the whole morsel.
    pub begins: Option<usize>,
    /// Whether more parts come: the profiles are only visited after the last.
    pub more: bool,
}

/// A visitor, and memory for the records of its profiles.
#[derive(Debug)]
pub(super) struct Pipeline<'a, W> {
    visitor: W,
    layout: &'a Layout,
    dictionaries: &'a Dictionaries,
    partition: Partition,
}

impl<'a, W: Visitor> Pipeline<'a, W> {
    pub(super) fn new(visitor: W, layout: &'a Layout, dictionaries: &'a Dictionaries) -> Self {
        Self {
            visitor,
            layout,
            dictionaries,
            partition: Partition::default(),
        }
    }

    /// Takes a part in, whose batch is empty then; after the last, visits the profiles and gives what became of them.
    pub(super) fn walk(
        &mut self,
        part: &mut Part,
        poll: &mut dyn FnMut(),
    ) -> Result<Option<W::Output>, Error> {
        let Self {
            visitor,
            layout,
            dictionaries,
            partition,
        } = self;
        let Part {
            batch,
            begins,
            more,
        } = part;
        if let Some(bytes) = *begins {
            partition.begin(bytes);
        }
        partition.add(layout, batch, &|hash| visitor.wants(hash), poll)?;
        batch.clear();
        if *more {
            return Ok(None);
        }
        if batch.bytes.capacity() > USUAL {
            // The profiles may need the memory.
            *batch = Batch::default();
        }
        let visit =
            &mut |profile: &Profile<'_>, poll: &mut dyn FnMut()| visitor.visit(profile, poll);
        partition.visit(layout, dictionaries, visit, poll)?;
        visitor.finish(poll).map(Some)
    }
}
