//! Events of one profile in few bytes: how an aggregate keeps those of very many profiles until it answers.
//!
//! ```text
//! event     tag  widths  age  type  numbers...  codes...
//! left out  tag  count:u64 unless it is 1
//! ```
//!
//! The tag is a byte: what it is, and the flags of an event and how its age is written, or what was left
//! out. The age says how long before the newest possible event it was. Each byte of widths says of four
//! fields, from the type on, how many bytes they take. Little-endian.
//!
//! `fields` writes an event, `reader` reads one, `events` goes through all.

mod events;
mod fields;
mod reader;

pub use events::Events;
pub use fields::Fields;
pub(crate) use reader::{Head, Reader};

use crate::answer::Counts;
use crate::error::Error;
use crate::history::Flags;
use crate::portable::{Events as _, Records};
use crate::record::Layout;
use crate::time::Micros;

/// Events read between two calls of `poll`: about a millisecond.
const QUANTUM: u64 = 1 << 15;
const SECOND: u64 = 1_000_000;

/// What a tag is about, in its lowest bit.
const EVENT: u8 = 0;
const LEFT_OUT: u8 = 1;
/// Where the flags of an event, or what was left out, start.
const FLAGS: u8 = 1;
/// Where it is said how the age is written: in seconds, in 6 bytes, in 8.
const AGE: u8 = FLAGS + Flags::BITS;
/// Of what was left out: how often follows.
const MANY: u8 = 1 << 7;

/// Bytes of a code by its width.
const CODE: [usize; 4] = [0, 1, 2, 4];
/// Bytes of a number by its width: missing, in hundredths, as it is.
const NUMBER: [usize; 4] = [0, 2, 4, 8];
/// Bytes of an age.
const AGES: [usize; 4] = [4, 6, 8, 8];

/// Makes events compact and reads them again.
#[derive(Clone, Copy, Debug)]
pub struct Compact {
    numbers: usize,
    codes: usize,
    /// Ages count from here: a whole second, so that whole seconds before it are written as such.
    newest: Micros,
}

impl Compact {
    /// For the events of a layout, without their keys, none of them later than `newest`.
    pub fn new(layout: &Layout, newest: Micros) -> Self {
        let second = SECOND as Micros;
        Self {
            numbers: layout.numbers,
            codes: layout.codes,
            newest: newest
                .saturating_add(second)
                .div_euclid(second)
                .wrapping_mul(second),
        }
    }

    /// Begins an event; its numbers, its codes and its end must follow.
    #[inline]
    pub fn event<'a>(
        &self,
        out: &'a mut Vec<u8>,
        time: Micros,
        kind: u32,
        flags: Flags,
    ) -> Fields<'a> {
        let age = self.newest.wrapping_sub(time) as u64;
        let seconds = age / SECOND;
        let (form, age) = match age {
            _ if seconds * SECOND == age && seconds <= u64::from(u32::MAX) => (0, seconds),
            _ if age < 1 << 48 => (1, age),
            _ => (2, age),
        };
        let tag = EVENT | flags.bits() << FLAGS | form << AGE;
        let age = (age, AGES[usize::from(form)]);
        let mut fields = Fields::begin(out, self.longest(), tag, self.widths(), age);
        fields.code(kind);
        fields
    }

    /// Appends what was left out; events count themselves.
    #[inline]
    pub fn leave_out(out: &mut Vec<u8>, counts: Counts) {
        let counts = [
            counts.future,
            counts.no_time,
            counts.not_finite,
            counts.long_text,
        ];
        for (which, count) in counts.into_iter().enumerate() {
            let tag = LEFT_OUT | (which as u8) << FLAGS;
            match count {
                0 => {}
                1 => out.push(tag),
                _ => {
                    out.push(tag | MANY);
                    out.extend_from_slice(&count.to_le_bytes());
                }
            }
        }
    }

    /// Appends events that are records.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`] if they are anything else, [`Error::OutOfMemory`].
    pub fn compress(
        &self,
        records: &Records,
        out: &mut Vec<u8>,
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        out.try_reserve(records.bytes.len())?;
        let (mut numbers, mut codes) = (Vec::new(), Vec::new());
        records.each(&mut numbers, &mut codes, poll, &mut |event| {
            let mut fields = self.event(out, event.time, event.kind, event.flags);
            event
                .numbers
                .iter()
                .for_each(|&number| fields.number(number));
            event.codes.iter().for_each(|&code| fields.code(code));
            fields.end();
            Ok(())
        })
    }

    /// Calls `visit` with every event in `bytes`, and counts what is there. `visit` must read the numbers and codes, or
    /// skip them.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`] if `bytes` were not made here, and what `visit` returns.
    pub(crate) fn scan(
        &self,
        bytes: &[u8],
        poll: &mut dyn FnMut(),
        mut visit: impl FnMut(&Head, &mut Reader) -> Result<(), Error>,
    ) -> Result<Counts, Error> {
        let mut counts = Counts::default();
        let mut at = 0;
        while let Some(&tag) = bytes.get(at) {
            if tag & LEFT_OUT == 0 {
                let (head, mut reader) = self.open(bytes, at)?;
                visit(&head, &mut reader)?;
                at = reader.at;
                counts.events += 1;
                if counts.events.is_multiple_of(QUANTUM) {
                    poll();
                }
                continue;
            }
            let mut count = 1;
            at += 1;
            if tag & MANY != 0 {
                let many = bytes.get(at..).and_then(|rest| rest.first_chunk());
                count = u64::from_le_bytes(*many.ok_or(Error::BadRecord)?);
                at += 8;
            }
            match tag >> FLAGS & 0b11 {
                0 => counts.future += count,
                1 => counts.no_time += count,
                2 => counts.not_finite += count,
                _ => counts.long_text += count,
            }
        }
        Ok(counts)
    }

    /// What is in `bytes`.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`] if they were not made here.
    pub fn counts(&self, bytes: &[u8], poll: &mut dyn FnMut()) -> Result<Counts, Error> {
        self.scan(bytes, poll, |_, rest| rest.skip(self.numbers, self.codes))
    }

    /// For how many events in `bytes` there must be room. They are only counted where it could be far fewer than
    /// their bytes let expect, and matters.
    ///
    /// # Errors
    ///
    /// Those of [`Compact::counts`].
    pub(crate) fn room(&self, bytes: &[u8], poll: &mut dyn FnMut()) -> Result<usize, Error> {
        const FEW: usize = 1 << 16;
        if bytes.len() <= FEW {
            let shortest = 1 + self.widths() + AGES[0];
            return Ok(bytes.len() / shortest);
        }
        let counts = self.counts(bytes, poll)?;
        usize::try_from(counts.events).map_err(|_| Error::OutOfMemory)
    }

    /// The event at a place, its numbers and codes still to be read.
    #[inline]
    fn open<'a>(&self, bytes: &'a [u8], at: usize) -> Result<(Head, Reader<'a>), Error> {
        let &tag = bytes.get(at).ok_or(Error::BadRecord)?;
        let mut reader = Reader {
            bytes,
            at: at + 1 + self.widths(),
            widths: at + 1,
            field: 0,
        };
        let form = usize::from(tag >> AGE & 0b11);
        let age = reader.take(AGES[form])?;
        let age = if form == 0 { age * SECOND } else { age };
        let head = Head {
            time: self.newest.wrapping_sub(age as Micros),
            kind: reader.code()?,
            flags: Flags::from_bits(tag >> FLAGS),
        };
        Ok((head, reader))
    }

    /// How many numbers and codes an event has.
    pub(crate) fn attributes(&self) -> (usize, usize) {
        (self.numbers, self.codes)
    }

    /// Bytes of the longest event, and of what is written beyond a field.
    #[inline]
    fn longest(&self) -> usize {
        1 + self.widths() + 8 + 8 * self.numbers + 4 * (1 + self.codes) + 8
    }

    /// Bytes of widths.
    #[inline]
    fn widths(&self) -> usize {
        (1 + self.numbers + self.codes).div_ceil(4)
    }
}

#[cfg(test)]
mod tests;
