//! Taking in the histories of profiles, made where their events are: the very records that their rows would have
//! become.

use propensity::event::answer::Answer;
use propensity::event::portable::{self, Scratch};
use propensity::hash::profile_hash;
use propensity::walk::sample::Sampler;

use super::{Feeder, Stream};
use crate::aggregate::EventCounts;
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
        let skipped = &mut self.intake.tally.skipped;
        skipped.null_profile = skipped.null_profile.saturating_add(rows);
    }

    /// Takes notice of a profile whose history may come.
    pub fn take_counts(&mut self, key: &[u8], counts: &EventCounts) -> Result<(), Error> {
        let tally = &mut self.intake.tally;
        tally.events = tally.events.saturating_add(counts.events);
        for stretch in counts.stretches() {
            tally.spread.add_stretch(stretch).map_err(unreadable)?;
        }
        tally.skipped.no_time = tally.skipped.no_time.saturating_add(counts.no_time);
        tally.skipped.future = tally.skipped.future.saturating_add(counts.future);
        tally.skipped.not_finite = tally.skipped.not_finite.saturating_add(counts.not_finite);
        tally.skipped.long_text = tally.skipped.long_text.saturating_add(counts.long_text);
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
        let tally = &mut intake.tally;
        let counts = history.counts;
        tally.kept = tally.kept.saturating_add(counts.events);
        // Of a sample, the rest was known from the counts.
        if intake.sampler.is_none() {
            tally.events = tally.events.saturating_add(counts.events);
            for &stretch in scratch.stretches() {
                tally.spread.add_stretch(stretch).map_err(unreadable)?;
            }
            tally.skipped.no_time = tally.skipped.no_time.saturating_add(counts.no_time);
            tally.skipped.future = tally.skipped.future.saturating_add(counts.future);
            tally.skipped.not_finite = tally.skipped.not_finite.saturating_add(counts.not_finite);
            tally.skipped.long_text = tally.skipped.long_text.saturating_add(counts.long_text);
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
