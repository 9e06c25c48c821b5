//! What all groups of one call of an aggregate share: how arguments are read, the dictionaries that codes come from, the
//! model that answers, and memory that is used again for every row and every profile.

use std::ptr::null_mut;

use pgrx::pg_sys::{self, MemoryContext, NullableDatum};
use propensity::event::answer;
use propensity::event::counts::ReadCounts;
use propensity::event::dictionary::Dictionaries;
use propensity::event::portable::{self, Scratch};
use propensity::event::record::{KeyWidth, Layout};
use propensity::model::Model;

use super::answerer::{Answerer, Output};
use super::arguments::Arguments;
use super::request::{Purpose, Request};
use super::row_log::RowLog;
use crate::error::Error;
use crate::pg::memory::{RowPoll, poll};

/// Bytes of the longest history that travels: postgres_fdw fetches it as text, in twice as many, of which PostgreSQL
/// allows a gigabyte.
const LONGEST: usize = 256 << 20;

/// What all groups of a call share.
pub struct CallState {
    pub request: Request,
    /// Only where a model answers.
    answerer: Option<Answerer>,
    layout: Layout,
    dictionaries: Dictionaries,
    /// Only where rows are collected.
    arguments: Option<Arguments>,
    polls: RowPoll,
    /// The states; one log, unless there are grouping sets.
    #[expect(clippy::vec_box, reason = "PostgreSQL is told where a log is")]
    logs: Vec<Box<RowLog>>,
    /// Rows of one profile that was received.
    bytes: Vec<u8>,
    answer: Vec<u8>,
    scratch: Scratch,
}

impl CallState {
    /// The state of a call that has a model answer.
    pub fn answering(
        request: Request,
        model: Model,
        arguments: Option<Arguments>,
    ) -> Result<Self, Error> {
        let names = &model.schema.names;
        if !names.profile_numbers.is_empty() || !names.profile_codes.is_empty() {
            return Err(Error::NeedsProfiles);
        }
        let mut shared = Self::new(request, names.numbers.len(), names.codes.len(), arguments);
        // So that features can be set up before the events come.
        model.schema.preload(&mut shared.dictionaries)?;
        let most_factors = match request.purpose {
            Purpose::Answer { factors, .. } => usize::try_from(factors).unwrap_or(usize::MAX),
            Purpose::Collect { .. } => 0,
        };
        shared.answerer = Some(Answerer::new(model, most_factors, &shared.dictionaries));
        Ok(shared)
    }

    /// The state of a call that collects events with these numbers of attributes.
    pub fn collecting(
        request: Request,
        (numbers, codes): (u32, u32),
        arguments: Option<Arguments>,
    ) -> Result<Self, Error> {
        if numbers.saturating_add(codes) > pg_sys::FUNC_MAX_ARGS {
            return Err(propensity::Error::BadRecord.into());
        }
        Ok(Self::new(
            request,
            numbers as usize,
            codes as usize,
            arguments,
        ))
    }

    fn new(request: Request, numbers: usize, codes: usize, arguments: Option<Arguments>) -> Self {
        let layout = Layout {
            key: KeyWidth::Fixed(0),
            numbers,
            codes,
            profile_numbers: 0,
            profile_codes: 0,
        };
        Self {
            request,
            answerer: None,
            layout,
            dictionaries: Dictionaries::new(codes, 0),
            arguments,
            polls: RowPoll::default(),
            logs: Vec::new(),
            bytes: Vec::new(),
            answer: Vec::new(),
            scratch: Scratch::default(),
        }
    }

    /// The states in a memory context.
    #[inline]
    pub fn log(&mut self, context: MemoryContext) -> *mut RowLog {
        match self.logs.first_mut() {
            Some(log) if log.is_of(context) => &raw mut **log,
            _ => self.find_log(context),
        }
    }

    #[cold]
    fn find_log(&mut self, context: MemoryContext) -> *mut RowLog {
        let open = self.logs.iter().position(|log| log.is_of(context));
        let free = || self.logs.iter().position(|log| log.is_of(null_mut()));
        let place = open.or_else(free).unwrap_or(self.logs.len());
        if place == self.logs.len() {
            let log = RowLog::new(self);
            self.logs.push(log);
        }
        let log = &mut self.logs[place];
        if open.is_none() {
            // SAFETY: it is in a box of this call state, which goes with the query, after its states.
            unsafe { log.open(context) };
        }
        &raw mut **log
    }

    /// Appends a row to `out`.
    ///
    /// # Safety
    /// The values are of the types that the arguments were made for.
    #[inline]
    pub unsafe fn pack(
        &mut self,
        values: &[NullableDatum],
        out: &mut Vec<u8>,
    ) -> Result<(), Box<Error>> {
        self.polls.row();
        let Some(arguments) = &mut self.arguments else {
            return Err(Error::DirectCall.into());
        };
        let mut counts = ReadCounts::default();
        // SAFETY: by contract.
        unsafe {
            let time = arguments.time(values);
            if let Some(time) = counts.admit(time, self.request.as_of) {
                let (record, dictionaries) = ((&self.layout, &b""[..]), &mut self.dictionaries);
                arguments.push(values, time, record, dictionaries, &mut counts, out)?;
            }
        }
        self.layout.leave_out(out, counts);
        Ok(())
    }

    /// Answers for a profile of these rows.
    pub fn answer(&mut self, output: Output, bytes: &[u8]) -> Result<&[u8], Error> {
        self.answer.clear();
        let Some(answerer) = &mut self.answerer else {
            return Err(Error::DirectCall);
        };
        answerer.answer(
            &self.request,
            output,
            (&self.layout, bytes),
            &self.dictionaries,
            &mut self.answer,
        )?;
        Ok(&self.answer)
    }

    /// The events of a profile as bytes that mean the same everywhere.
    pub fn history(&mut self, bytes: &[u8]) -> Result<&[u8], Error> {
        check_length(bytes.len())?;
        let counts = self.layout.counts(bytes, &mut poll)?;
        self.answer.clear();
        answer::write_head(&mut self.answer, true, counts);
        self.write_portable(bytes)?;
        check_length(self.answer.len())?;
        Ok(&self.answer)
    }

    fn write_portable(&mut self, bytes: &[u8]) -> Result<(), Error> {
        Ok(portable::write(
            &self.layout,
            bytes,
            &self.dictionaries,
            &mut self.answer,
            &mut self.scratch,
            &mut poll,
        )?)
    }

    /// Rows as bytes that mean the same in another process.
    pub fn serialize(&mut self, bytes: &[u8]) -> Result<&[u8], Error> {
        let counts = self.layout.counts(bytes, &mut poll)?;
        self.answer.clear();
        self.answer.extend_from_slice(&self.request.to_bytes());
        counts.push(&mut self.answer);
        self.write_portable(bytes)?;
        Ok(&self.answer)
    }

    /// The rows in what [`CallState::serialize`] wrote after its [`Request`] and counts.
    pub fn deserialize(&mut self, counts: ReadCounts, portable: &[u8]) -> Result<&[u8], Error> {
        let Self {
            layout,
            dictionaries,
            bytes,
            scratch,
            ..
        } = self;
        bytes.clear();
        portable::read(
            layout,
            b"",
            portable,
            dictionaries,
            bytes,
            scratch,
            &mut poll,
        )?;
        layout.leave_out(bytes, counts);
        Ok(bytes)
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
