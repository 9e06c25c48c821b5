//! Reading the events of a sample of the profiles.

use propensity::walk::sample::ordered;
use std::collections::HashSet;

use pgrx::{IntoDatum, pg_sys};
use propensity::event::dictionary::{Dictionaries, Dictionary};
use propensity::hash::profile_hash;
use propensity::time::Micros;
use propensity::walk::Batch;
use propensity::walk::sample::{Sampler, Share};

use super::Stream;
use super::intake::Intake;
use super::partitions::Partitions;
use super::reading::Reading;
use crate::error::Error;
use crate::pg::execute::Param;
use crate::pg::memory::poll;

/// The last place of a share, to compare with `customer_ai_internal.sample_place`.
pub fn sample_end(share: Share) -> Param {
    let end = ordered(share.last_place());
    (pg_sys::INT8OID, end.into_datum())
}

impl Stream {
    /// Reads all events up to `until`, and keeps those of the profiles that the sampler keeps.
    pub fn sample_events(&mut self, until: Micros, sampler: Sampler) -> Result<(), Error> {
        let before = sampler.share();
        self.intake.sampler = Some(sampler);
        self.read_events(until, None)?;
        if self.share() != before {
            self.drop_others()?;
        }
        Ok(())
    }

    /// The share of the profiles that is kept.
    pub fn share(&self) -> Share {
        self.intake
            .sampler
            .as_ref()
            .map_or(Share::ALL, Sampler::share)
    }

    /// How many profiles have events, kept or not, if they were counted.
    pub fn profiles(&self) -> Option<u64> {
        self.intake.sampler.as_ref().map(Sampler::profiles)
    }

    /// Whether texts of profiles that were dropped late may have taken the places of others in a
    /// dictionary: what is told apart would then depend on the order of the rows.
    pub fn is_order_dependent(&self) -> bool {
        self.order_dependent
    }

    /// Leaves out the events of profiles that were dropped after their rows had been taken in.
    fn drop_others(&mut self) -> Result<(), Error> {
        let share = self.share();
        let Self {
            intake, outputs, ..
        } = self;
        let Intake {
            layout,
            dictionaries,
            partitions,
            summary,
            ..
        } = intake;
        let mut distinct_codes = distinct_codes(dictionaries);
        let mut batch = Batch::default();
        summary.kept = 0;
        let mut rest = Partitions::new(partitions.partitioner());
        for number in 0..rest.partitioner().partitions() {
            let mut reading = Reading::new(number..number + 1);
            let mut more = true;
            while more {
                batch.clear();
                more = reading.read(partitions, outputs.as_mut(), &mut batch)?;
                batch.apply_maps(layout, &mut poll)?;
                for record in layout.records(&batch.bytes) {
                    let record = record?;
                    let hash = profile_hash(&record.key);
                    if !share.keeps(hash) {
                        continue;
                    }
                    rest.append(hash, |out| out.extend_from_slice(record.bytes()));
                    summary.kept += 1;
                    for codes in &mut distinct_codes {
                        codes.add(record.code(layout, codes.column))?;
                    }
                }
                poll();
            }
        }
        *partitions = rest;
        if let Some(outputs) = outputs {
            outputs.clear();
        }
        self.order_dependent = distinct_codes.iter().any(|codes| !codes.is_too_large());
        Ok(())
    }
}

/// The texts of a full dictionary that events of the sample have, counted up to one more than it
/// holds: that number would have filled it without anybody else's.
struct DistinctCodes<'a> {
    /// 0 for the type, then the text attributes.
    column: usize,
    dictionary: &'a Dictionary,
    seen: HashSet<u32>,
}

/// One for each dictionary that is full.
fn distinct_codes(dictionaries: &Dictionaries) -> Vec<DistinctCodes<'_>> {
    let all = std::iter::once(&dictionaries.kinds).chain(&dictionaries.events);
    let full = all.enumerate().filter(|(_, one)| one.overflowed());
    full.map(|(column, dictionary)| DistinctCodes {
        column,
        dictionary,
        seen: HashSet::new(),
    })
    .collect()
}

impl DistinctCodes<'_> {
    /// Takes a code, 0 for none. Two texts may have one place in the order, but then in any order.
    fn add(&mut self, code: u32) -> Result<(), Error> {
        if code != 0 && !self.is_too_large() {
            self.seen.try_reserve(1).map_err(propensity::Error::from)?;
            self.seen.insert(self.dictionary.order(code));
        }
        Ok(())
    }

    fn is_too_large(&self) -> bool {
        self.seen.len() > Dictionary::ROOM
    }
}
