//! Records as they were read: of this process, and of others.

use crate::error::Error;
use crate::event::code_map::CodeMap;
use crate::event::record::Layout;
use std::ops::Range;
use std::sync::Arc;

/// Whole records, and which of them have codes of other processes.
#[derive(Debug, Default)]
pub struct Batch {
    /// One record after the other.
    pub bytes: Vec<u8>,
    /// Stretches of the bytes, in order, whose codes are to be replaced.
    foreign: Vec<(Range<usize>, Arc<CodeMap>)>,
}

impl Batch {
    /// Forgets the records.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.foreign.clear();
    }

    /// Has the codes of all bytes from `start` on replaced; no earlier call was about any of them.
    pub fn recode(&mut self, start: usize, recode: &Arc<CodeMap>) {
        let end = self.bytes.len();
        if start == end || recode.is_identity() {
            return;
        }
        match self.foreign.last_mut() {
            Some((last, same)) if last.end == start && Arc::ptr_eq(same, recode) => last.end = end,
            _ => self.foreign.push((start..end, Arc::clone(recode))),
        }
    }

    /// Replaces the codes in the bytes themselves.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`] unless these are whole records, [`Error::OutOfMemory`].
    pub fn apply_maps(&mut self, layout: &Layout, poll: &mut dyn FnMut()) -> Result<(), Error> {
        if self.foreign.is_empty() {
            return Ok(());
        }
        let mut mapped = Vec::new();
        for (bytes, recode) in self.pieces() {
            mapped.try_reserve(bytes.len())?;
            match recode {
                None => mapped.extend_from_slice(bytes),
                Some(recode) => recode.apply(layout, bytes, &mut mapped, poll)?,
            }
        }
        self.bytes = mapped;
        self.foreign.clear();
        Ok(())
    }

    /// The bytes piece by piece, each with how its codes are to be replaced.
    pub fn pieces(&self) -> impl Iterator<Item = (&[u8], Option<&CodeMap>)> {
        let mut done = 0;
        let foreign = self.foreign.iter().flat_map(move |(stretch, recode)| {
            let own = &self.bytes[done..stretch.start];
            done = stretch.end;
            [(own, None), (&self.bytes[stretch.clone()], Some(&**recode))]
        });
        let rest = self.foreign.last().map_or(0, |(stretch, _)| stretch.end);
        foreign.chain([(&self.bytes[rest..], None)])
    }
}
