//! The codes of one process replaced by those of another, where records pass between them.

use crate::dictionary::Dictionaries;
use crate::error::Error;
use crate::record::{Layout, RecordKind};

/// Records between two calls of `poll`: about a millisecond.
const QUANTUM: usize = 1 << 16;

/// New codes by old ones: of the event types, then of each text attribute.
#[derive(Debug)]
pub struct Recode {
    codes: Vec<Vec<u32>>,
}

impl Recode {
    /// From the codes of one process to those of another, which takes in the texts that it lacks.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn new(from: &Dictionaries, into: &mut Dictionaries) -> Result<Self, Error> {
        let mut codes = vec![into.kinds.take_in(&from.kinds)?];
        for (into, from) in into.events.iter_mut().zip(&from.events) {
            codes.push(into.take_in(from)?);
        }
        Ok(Self { codes })
    }

    /// Whether all codes stay as they are.
    fn is_identity(&self) -> bool {
        let same = |codes: &Vec<u32>| (0..).zip(codes).all(|(old, &new)| old == new);
        self.codes.iter().all(same)
    }

    /// Replaces the codes of events, in place. Those of texts past the limit of a dictionary are
    /// hashes, which stay.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`] unless these are whole records.
    pub fn apply(
        &self,
        layout: &Layout,
        bytes: &mut [u8],
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        if self.is_identity() {
            return Ok(());
        }
        let (mut offset, mut records) = (0, 0_usize);
        while offset < bytes.len() {
            let record = layout.record(bytes, offset)?;
            let (kind, head, next) = (record.kind, layout.head(record.key), record.next);
            if kind == RecordKind::Event {
                layout.replace_codes(head, &mut bytes[offset..next], |column, code| {
                    self.new_code(column, code)
                });
            }
            offset = next;
            records += 1;
            if records.is_multiple_of(QUANTUM) {
                poll();
            }
        }
        Ok(())
    }

    #[inline]
    fn new_code(&self, column: usize, code: u32) -> u32 {
        let codes = self.codes.get(column);
        let new = codes.and_then(|codes| codes.get(code as usize)).copied();
        new.unwrap_or(code)
    }
}
