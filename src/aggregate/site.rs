//! What all groups of one call of an aggregate share: how arguments are read, the dictionaries that codes come from, the
//! model that answers, and memory that is used again for every row and every profile.

use pgrx::pg_sys::{self, NullableDatum};
use propensity::answer::{self, Counts};
use propensity::dictionary::Dictionaries;
use propensity::model::Model;
use propensity::portable::{self, Scratch};
use propensity::record::{EventFlags, KeyWidth, Layout};
use propensity::time::DAY;

use super::answerer::{Answerer, Group, Want};
use super::arguments::{self, Arguments};
use super::ask::{Ask, Task};
use crate::error::Error;
use crate::memory::poll;
use crate::stream::Stream;

/// Rows between two polls.
const QUANTUM: u32 = 4096;
/// Bytes of the longest history that travels: postgres_fdw fetches it as text, in twice as many, of which PostgreSQL
/// allows a gigabyte.
const LONGEST: usize = 256 << 20;

/// What all groups of a call share.
pub struct Site {
    pub ask: Ask,
    /// Only where a model answers.
    answerer: Option<Answerer>,
    layout: Layout,
    dictionaries: Dictionaries,
    /// Only where rows are collected.
    arguments: Option<Arguments>,
    rows: u32,
    numbers: Vec<f64>,
    codes: Vec<u32>,
    record: Vec<u8>,
    answer: Vec<u8>,
    scratch: Scratch,
}

impl Site {
    /// A site of a call that has a model answer.
    pub fn answering(ask: Ask, model: Model, arguments: Option<Arguments>) -> Result<Self, Error> {
        let names = &model.schema.names;
        if !names.profile_numbers.is_empty() || !names.profile_codes.is_empty() {
            return Err(Error::NeedsProfiles);
        }
        let mut site = Self::new(ask, names.numbers.len(), names.codes.len(), arguments);
        // So that features can be set up before the events come.
        Stream::know(&mut site.dictionaries, &model.schema)?;
        let most_factors = match ask.task {
            Task::Answer { factors, .. } => usize::try_from(factors).unwrap_or(usize::MAX),
            Task::Collect { .. } => 0,
        };
        site.answerer = Some(Answerer::new(model, most_factors, &site.dictionaries));
        Ok(site)
    }

    /// A site of a call that collects events of so many attributes.
    pub fn collecting(
        ask: Ask,
        (numbers, codes): (u32, u32),
        arguments: Option<Arguments>,
    ) -> Result<Self, Error> {
        if numbers.saturating_add(codes) > pg_sys::FUNC_MAX_ARGS {
            return Err(propensity::Error::BadRecord.into());
        }
        Ok(Self::new(ask, numbers as usize, codes as usize, arguments))
    }

    fn new(ask: Ask, numbers: usize, codes: usize, arguments: Option<Arguments>) -> Self {
        Self {
            ask,
            answerer: None,
            layout: Layout {
                key: KeyWidth::Fixed(0),
                numbers,
                codes,
                profile_numbers: 0,
                profile_codes: 0,
            },
            dictionaries: Dictionaries::new(codes, 0),
            arguments,
            rows: 0,
            numbers: Vec::new(),
            codes: Vec::new(),
            record: Vec::new(),
            answer: Vec::new(),
            scratch: Scratch::default(),
        }
    }

    /// The record of a row, empty if the row is left out.
    ///
    /// # Safety
    /// The values are of the types that the arguments were made for.
    #[inline]
    pub unsafe fn pack(
        &mut self,
        values: &[NullableDatum],
        counts: &mut Counts,
    ) -> Result<&[u8], Error> {
        self.rows += 1;
        if self.rows == QUANTUM {
            self.rows = 0;
            poll();
        }
        self.record.clear();
        let Some(arguments) = &mut self.arguments else {
            return Err(Error::DirectCall);
        };
        // SAFETY: by contract.
        unsafe {
            let Some(time) = arguments.time.read(values[arguments::TIME]) else {
                counts.no_time += 1;
                return Ok(&self.record);
            };
            if time > self.ask.as_of {
                counts.future += 1;
                return Ok(&self.record);
            }
            counts.events += 1;
            let Dictionaries { kinds, events, .. } = &mut self.dictionaries;
            let kind = arguments
                .kind
                .code(values[arguments::TYPE], kinds, counts)?;
            let (numbers, codes) =
                values[arguments::ATTRIBUTES..].split_at(arguments.numbers.len());
            let days = time as f64 / DAY as f64;
            self.numbers.clear();
            for (number, value) in arguments.numbers.iter().zip(numbers) {
                let read = if value.isnull {
                    f64::NAN
                } else {
                    let read = number.read(value.value, days);
                    counts.not_finite += u64::from(read.is_nan());
                    read
                };
                self.numbers.push(read);
            }
            self.codes.clear();
            for ((text, value), dictionary) in arguments.codes.iter_mut().zip(codes).zip(events) {
                self.codes.push(text.code(*value, dictionary, counts)?);
            }
            let flags = EventFlags {
                goal: is_true(values[arguments::GOAL]),
                eligible: is_true(values[arguments::ELIGIBLE]),
                excluded: is_true(values[arguments::EXCLUDED]),
            };
            let (numbers, codes) = (&self.numbers, &self.codes);
            self.layout
                .push_event(&mut self.record, b"", time, kind, flags, numbers, codes);
        }
        Ok(&self.record)
    }

    /// Answers for a profile whose records these are.
    pub fn answer(&mut self, want: Want, records: &[u8], counts: Counts) -> Result<&[u8], Error> {
        self.answer.clear();
        let Some(answerer) = &mut self.answerer else {
            return Err(Error::DirectCall);
        };
        let group = Group {
            layout: &self.layout,
            records,
            dictionaries: &self.dictionaries,
            counts,
        };
        answerer.answer(&self.ask, want, group, &mut self.answer)?;
        Ok(&self.answer)
    }

    /// The records of a profile as bytes that mean the same everywhere.
    pub fn history(&mut self, records: &[u8], counts: Counts) -> Result<&[u8], Error> {
        check_length(records.len())?;
        self.answer.clear();
        answer::write_head(&mut self.answer, true, counts);
        self.write_portable(records)?;
        check_length(self.answer.len())?;
        Ok(&self.answer)
    }

    fn write_portable(&mut self, records: &[u8]) -> Result<(), Error> {
        Ok(portable::write(
            &self.layout,
            records,
            &self.dictionaries,
            &mut self.answer,
            &mut self.scratch,
            &mut poll,
        )?)
    }

    /// A state as bytes that mean the same in another process.
    pub fn serialize(&mut self, records: &[u8], counts: Counts) -> Result<&[u8], Error> {
        self.answer.clear();
        self.answer.extend_from_slice(&self.ask.to_bytes());
        counts.push(&mut self.answer);
        self.write_portable(records)?;
        Ok(&self.answer)
    }

    /// The records in what [`Site::serialize`] wrote after its [`Ask`] and counts.
    pub fn deserialize(&mut self, portable: &[u8]) -> Result<&[u8], Error> {
        self.record.clear();
        let Self {
            layout,
            dictionaries,
            record,
            scratch,
            ..
        } = self;
        portable::read(
            layout,
            b"",
            portable,
            dictionaries,
            record,
            scratch,
            &mut poll,
        )?;
        Ok(&self.record)
    }
}

fn check_length(bytes: usize) -> Result<(), Error> {
    if bytes > LONGEST {
        return Err(Error::HistoryTooLong {
            bytes,
            limit: LONGEST,
        });
    }
    Ok(())
}

#[inline]
fn is_true(value: NullableDatum) -> bool {
    !value.isnull && value.value.value() & 0xff != 0
}
