//! One profile by itself: where somebody else brought its events together.

use super::{Event, Partition};
use crate::answer::Counts;
use crate::compact::Events;
use crate::dictionary::Dictionaries;
use crate::error::Error;
use crate::history::Profile;
use std::cmp::Ordering;

impl Partition {
    /// The profile of these events, and what is counted among them: just as [`Partition::walk`] shows
    /// it, but without key and hash.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`], [`Error::OutOfMemory`].
    pub fn single(
        &mut self,
        events: &Events,
        dictionaries: &Dictionaries,
        poll: &mut dyn FnMut(),
    ) -> Result<(Profile<'_>, Counts), Error> {
        let Events { compact, bytes } = *events;
        self.events.clear();
        let counts = compact.scan(bytes, poll, |time, offset| {
            self.events.try_reserve(1)?;
            self.events.push(Event { time, offset });
            Ok(())
        })?;
        let tied = |a: Event, b: Event| {
            let order = compact.compare_tied(bytes, [a.offset, b.offset], dictionaries);
            order.unwrap_or(Ordering::Equal)
        };
        self.sorter.sort(&mut self.events, tied, poll)?;
        self.columns.fill_compact(&self.events, events, poll)?;
        Ok((self.columns.profile(0, b""), counts))
    }
}
