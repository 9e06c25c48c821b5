//! What all groups of one call of an aggregate share: the decoded model, how arguments are read, the dictionaries
//! that codes come from, and memory that is used again for every row and every profile.

use pgrx::pg_sys::NullableDatum;
use propensity::answer::{self, Counts};
use propensity::cutoff::Cutoff;
use propensity::dictionary::Dictionaries;
use propensity::features::Features;
use propensity::model::{Model, Scorer};
use propensity::partition::Partition;
use propensity::population::{Rules, Source};
use propensity::portable::{self, Scratch};
use propensity::record::{EventFlags, KeyWidth, Layout};
use propensity::time::{DAY, Micros};

use super::arguments::{self, Arguments};
use crate::error::Error;
use crate::memory::poll;
use crate::stream::Stream;

/// Rows between two polls.
const QUANTUM: u32 = 4096;
/// Bytes of an [`Ask`] on its way.
const ASK: usize = 40;

/// What is asked of every profile.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// Hash of the document.
    pub model: u128,
    pub as_of: Micros,
    /// The eligible window begins after this; `Micros::MIN` = ever.
    pub eligible_after: Micros,
    /// How many factors are wanted with a score.
    pub factors: u64,
}

/// What a final function answers.
#[derive(Clone, Copy)]
pub enum Want {
    Features,
    Score,
}

/// What all groups of a call share.
pub struct Site {
    pub ask: Ask,
    model: Model,
    /// Only made where scores are wanted.
    scorer: Option<Scorer>,
    layout: Layout,
    dictionaries: Dictionaries,
    features: Features,
    partition: Partition,
    row: Vec<f64>,
    /// Only where rows are collected.
    arguments: Option<Arguments>,
    rows: u32,
    numbers: Vec<f64>,
    codes: Vec<u32>,
    record: Vec<u8>,
    answer: Vec<u8>,
    json: String,
    scratch: Scratch,
}

impl Site {
    pub fn new(ask: Ask, model: Model, arguments: Option<Arguments>) -> Result<Self, Error> {
        let names = &model.schema.names;
        if !names.profile_numbers.is_empty() || !names.profile_codes.is_empty() {
            return Err(Error::NeedsProfiles);
        }
        let layout = Layout {
            key: KeyWidth::Fixed(0),
            numbers: names.numbers.len(),
            codes: names.codes.len(),
            profile_numbers: 0,
            profile_codes: 0,
        };
        // So that features can be set up before the events come.
        let mut dictionaries = Dictionaries::new(layout.codes, 0);
        Stream::know(&mut dictionaries, &model.schema)?;
        let features = Features::new(&model.schema, &dictionaries);
        Ok(Self {
            row: vec![0.0; features.len()],
            ask,
            model,
            scorer: None,
            layout,
            dictionaries,
            features,
            partition: Partition::default(),
            arguments,
            rows: 0,
            numbers: Vec::new(),
            codes: Vec::new(),
            record: Vec::new(),
            answer: Vec::new(),
            json: String::new(),
            scratch: Scratch::default(),
        })
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
        let cutoff = Cutoff {
            at: self.ask.as_of,
            eligible_from: self.ask.eligible_after,
            outcome_until: Micros::MAX,
        };
        // Who is eligible without a condition comes with a condition that is true.
        let rules = Rules {
            eligible: Source::Events,
            excluded: Source::Events,
            goal: Source::Events,
            occurs: true,
        };
        let profile =
            self.partition
                .single(&self.layout, records, &self.dictionaries, &mut poll)?;
        let eligible = rules.eligible(&profile, &cutoff);
        self.answer.clear();
        answer::write_head(&mut self.answer, eligible, counts);
        if eligible {
            self.features.start();
            self.features
                .row(&profile, cutoff.at, &mut self.row, &mut poll)?;
            match want {
                Want::Features => answer::write_features(&mut self.answer, &self.row),
                Want::Score => self.write_score()?,
            }
        }
        Ok(&self.answer)
    }

    fn write_score(&mut self) -> Result<(), Error> {
        let scorer = match &mut self.scorer {
            Some(scorer) => scorer,
            none => none.insert(Scorer::new(self.model.clone(), &mut poll)?),
        };
        let explanation = scorer.explain(&self.row)?;
        self.json.clear();
        let most = usize::try_from(self.ask.factors).unwrap_or(usize::MAX);
        explanation
            .grouping
            .write_json(explanation.factors, most, &mut self.json);
        let prediction = explanation.prediction;
        answer::write_score(
            &mut self.answer,
            prediction.probability,
            prediction.score,
            &self.json,
        );
        Ok(())
    }

    /// A state as bytes that mean the same in another process.
    pub fn serialize(&mut self, records: &[u8], counts: Counts) -> Result<&[u8], Error> {
        let out = &mut self.answer;
        out.clear();
        out.extend_from_slice(&self.ask.to_bytes());
        counts.push(out);
        portable::write(
            &self.layout,
            records,
            &self.dictionaries,
            out,
            &mut self.scratch,
            &mut poll,
        )?;
        Ok(out)
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
        portable::read(layout, portable, dictionaries, record, scratch, &mut poll)?;
        Ok(&self.record)
    }
}

impl Ask {
    fn to_bytes(self) -> [u8; ASK] {
        let mut bytes = [0; ASK];
        bytes[..16].copy_from_slice(&self.model.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.as_of.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.eligible_after.to_le_bytes());
        bytes[32..].copy_from_slice(&self.factors.to_le_bytes());
        bytes
    }

    /// What a serialized state asks, and the rest of it.
    pub fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (model, rest) = bytes.split_first_chunk()?;
        let (as_of, rest) = rest.split_first_chunk()?;
        let (eligible_after, rest) = rest.split_first_chunk()?;
        let (factors, rest) = rest.split_first_chunk()?;
        let ask = Self {
            model: u128::from_le_bytes(*model),
            as_of: i64::from_le_bytes(*as_of),
            eligible_after: i64::from_le_bytes(*eligible_after),
            factors: u64::from_le_bytes(*factors),
        };
        Some((ask, rest))
    }
}

#[inline]
fn is_true(value: NullableDatum) -> bool {
    !value.isnull && value.value.value() & 0xff != 0
}
