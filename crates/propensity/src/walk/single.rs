//! One profile by itself: where somebody else brought its events together.

use super::Partition;
use super::columns::Attributes;
use crate::error::Error;
use crate::event::counts::ReadCounts;
use crate::event::dictionary::Dictionaries;
use crate::event::history::Profile;
use crate::event::record::Layout;

impl Partition {
    /// Calls `visit` with the profile of these events, and what is counted among them: just as
    /// [`Partition::walk`] shows it, but without key and hash.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`], [`Error::OutOfMemory`], and whatever `visit` returns.
    pub fn single(
        &mut self,
        layout: &Layout,
        bytes: &[u8],
        dictionaries: &Dictionaries,
        visit: &mut dyn FnMut(&Profile, ReadCounts) -> Result<(), Error>,
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        self.begin(bytes.len());
        let counts = self.arrivals.add_single(layout, bytes, poll)?;
        let columns = &mut self.arrivals.columns;
        columns.resolve(dictionaries, poll);
        let many = u32::try_from(columns.len()).map_err(|_| Error::OutOfMemory)?;
        self.order.clear();
        self.order.try_reserve(many as usize)?;
        self.order.extend(0..many);
        let tied = |a, b| columns.compare_tied(a, b, dictionaries);
        self.sorter
            .sort(&mut self.order, &columns.times, &tied, poll)?;
        self.arrange(poll)?;
        let columns = &self.arrivals.columns;
        let mut attributes = Attributes::default();
        let profile = Profile {
            key: b"",
            hash: 0,
            history: columns.history(0..columns.len(), &mut attributes),
            attributes: &[],
            marks: &[],
        };
        visit(&profile, counts)
    }
}
