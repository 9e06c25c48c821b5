//! One profile by itself: where somebody else brought its records together.

use super::order::View;
use super::{Event, Partition, QUANTUM, sort};
use crate::dictionary::Dictionaries;
use crate::error::Error;
use crate::history::Profile;
use crate::record::{Layout, RecordKind};

impl Partition {
    /// The profile whose records, and no others, are `bytes`: just as [`Partition::walk`] shows it,
    /// but for its hash, which is 0.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`], [`Error::OutOfMemory`].
    pub fn single<'a>(
        &'a mut self,
        layout: &Layout,
        bytes: &'a [u8],
        dictionaries: &Dictionaries,
        poll: &mut dyn FnMut(),
    ) -> Result<Profile<'a>, Error> {
        self.events.clear();
        self.others.clear();
        let (mut offset, mut key) = (0, &[][..]);
        while offset < bytes.len() {
            let record = layout.record(bytes, offset)?;
            if record.kind == RecordKind::Event {
                self.events.try_reserve(1)?;
                let time = record.time;
                self.events.push(Event { time, offset });
                if self.events.len().is_multiple_of(QUANTUM) {
                    poll();
                }
            } else {
                self.others.try_reserve(1)?;
                self.others.push((0, offset));
            }
            (offset, key) = (record.next, record.key);
        }
        let view = View {
            layout,
            bytes,
            dictionaries,
        };
        sort(&mut self.events, &view, poll);
        self.columns.fill(&self.events, &view, poll)?;
        self.columns.fill_others(&self.others, &view)?;
        Ok(self.columns.profile(0, key))
    }
}
