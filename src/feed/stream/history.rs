//! Taking in the histories of profiles, made where their events are: the very records that their rows would have
//! become.

use propensity::event::answer::Answer;
use propensity::event::count_state::CountState;
use propensity::event::portable::{self, Scratch};
use propensity::hash::profile_hash;
use propensity::walk::sample::Sampler;

use super::{Feeder, Stream};
use crate::error::Error;
use crate::pg::memory::poll;

impl Stream {
    /// What brought the events.
    pub fn feeder(&self) -> Feeder {
        self.feeder
    }

    /// Has the sampler decide, from the counts of all profiles, whose histories are to come.
    pub fn expect_sample(&mut self, sampler: Sampler) {
        self.intake.sampler = Some(sampler);
    }

    /// Takes notice of rows without a profile.
    pub fn skip_without_profile(&mut self, rows: u64) {
        let counts = &mut self.intake.summary.counts;
        counts.null_profile = counts.null_profile.saturating_add(rows);
    }

    /// Takes notice of a profile whose history may come.
    pub fn take_counts(&mut self, key: &[u8], state: &CountState) -> Result<(), Error> {
        let CountState { counts, .. } = *state;
        let summary = &mut self.intake.summary;
        summary
            .add_profile(counts, state.stretches())
            .map_err(unreadable)?;
        if let (Some(sampler), 1..) = (&mut self.intake.sampler, counts.events) {
            sampler.add(profile_hash(key))?;
        }
        Ok(())
    }

    /// Takes in the events of a profile. Whose history comes twice has the events of both.
    ///
    /// # Errors
    /// 08P01 for what is no history, or that of a profile which is not of the sample.
    pub fn take_history(
        &mut self,
        key: &[u8],
        history: &Answer,
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        self.feeder = Feeder::PushedDown;
        let hash = profile_hash(key);
        if !self.share().keeps(hash) {
            return Err(Error::BadAnswer);
        }
        let intake = &mut self.intake;
        let bytes = history.history().map_err(unreadable)?;
        let (layout, dictionaries) = (&intake.layout, &mut intake.dictionaries);
        let read = intake.partitions.append(hash, |out| {
            portable::read(layout, key, bytes, dictionaries, out, scratch, &mut poll)
        });
        read.map_err(unreadable)?;
        let summary = &mut intake.summary;
        let counts = history.counts;
        summary.kept = summary.kept.saturating_add(counts.events);
        // Of a sample, the rest was known from the counts.
        if intake.sampler.is_none() {
            let stretches = scratch.stretches().iter().copied();
            summary.add_profile(counts, stretches).map_err(unreadable)?;
        }
        Ok(())
    }
}

fn unreadable(error: propensity::Error) -> Error {
    match error {
        propensity::Error::BadRecord => Error::BadAnswer,
        error => error.into(),
    }
}
