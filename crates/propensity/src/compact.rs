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

use crate::answer::Counts;
use crate::dictionary::{Dictionaries, Dictionary};
use crate::error::Error;
use crate::portable::{self, Event, Events as _, Records};
use crate::record::{EventFlags, Layout};
use crate::time::Micros;
use std::cmp::Ordering;

/// Events read between two calls of `poll`: about a millisecond.
const QUANTUM: u64 = 1 << 15;
const SECOND: u64 = 1_000_000;

/// What a tag is about, in its lowest bit.
const EVENT: u8 = 0;
const LEFT_OUT: u8 = 1;
/// Where the flags of an event, or what was left out, start.
const FLAGS: u8 = 1;
/// Where it is said how the age is written: in seconds, in 6 bytes, in 8.
const AGE: u8 = 4;
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

    /// Begins an event; its numbers and then its codes must follow.
    #[inline]
    pub fn event<'a>(
        &self,
        out: &'a mut Vec<u8>,
        time: Micros,
        kind: u32,
        flags: EventFlags,
    ) -> Fields<'a> {
        let age = self.newest.wrapping_sub(time) as u64;
        let seconds = age / SECOND;
        let (form, age) = match age {
            _ if seconds * SECOND == age && seconds <= u64::from(u32::MAX) => (0, seconds),
            _ if age < 1 << 48 => (1, age),
            _ => (2, age),
        };
        let flags =
            u8::from(flags.goal) | u8::from(flags.eligible) << 1 | u8::from(flags.excluded) << 2;
        out.push(EVENT | flags << FLAGS | form << AGE);
        let widths = out.len();
        out.resize(widths + self.widths(), 0);
        push(out, age, AGES[usize::from(form)]);
        let mut fields = Fields {
            out,
            widths,
            field: 0,
        };
        fields.code(kind);
        fields
    }

    /// Appends what was left out; events count themselves.
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
            Ok(())
        })
    }

    /// Calls `visit` with time and place of every event in `bytes`, and counts what is there.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`] if `bytes` were not made here, and what `visit` returns.
    pub(crate) fn scan(
        &self,
        bytes: &[u8],
        poll: &mut dyn FnMut(),
        mut visit: impl FnMut(Micros, usize) -> Result<(), Error>,
    ) -> Result<Counts, Error> {
        let mut counts = Counts::default();
        let mut at = 0;
        while let Some(&tag) = bytes.get(at) {
            if tag & LEFT_OUT == 0 {
                let (head, mut reader) = self.open(bytes, at)?;
                visit(head.time, at)?;
                reader.skip(self.numbers, self.codes)?;
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
        self.scan(bytes, poll, |_, _| Ok(()))
    }

    /// The event at a place, its numbers and codes still to be read.
    #[inline]
    pub(crate) fn open<'a>(&self, bytes: &'a [u8], at: usize) -> Result<(Head, Reader<'a>), Error> {
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
        let flag = |place: u8| tag >> (FLAGS + place) & 1 != 0;
        let head = Head {
            time: self.newest.wrapping_sub(age as Micros),
            kind: reader.code()?,
            flags: EventFlags {
                goal: flag(0),
                eligible: flag(1),
                excluded: flag(2),
            },
        };
        Ok((head, reader))
    }

    /// The order of two events of the same time: the same as that of their records.
    #[cold]
    pub(crate) fn compare_tied(
        &self,
        bytes: &[u8],
        places: [usize; 2],
        dictionaries: &Dictionaries,
    ) -> Result<Ordering, Error> {
        let [(a, mut left), (b, mut right)] =
            [self.open(bytes, places[0])?, self.open(bytes, places[1])?];
        let by_text = |texts: &Dictionary, a: u32, b: u32| texts.order(a).cmp(&texts.order(b));
        let mut order = by_text(&dictionaries.kinds, a.kind, b.kind);
        for _ in 0..self.numbers {
            let (a, b) = (left.number()?, right.number()?);
            order = order.then_with(|| a.total_cmp(&b));
        }
        for texts in &dictionaries.events[..self.codes] {
            let (a, b) = (left.code()?, right.code()?);
            order = order.then_with(|| by_text(texts, a, b));
        }
        let flags = |head: &Head| (head.flags.excluded, head.flags.eligible, head.flags.goal);
        Ok(order.then_with(|| flags(&a).cmp(&flags(&b))))
    }

    /// How many numbers and codes an event has.
    pub(crate) fn attributes(&self) -> (usize, usize) {
        (self.numbers, self.codes)
    }

    /// Bytes of widths.
    #[inline]
    fn widths(&self) -> usize {
        (1 + self.numbers + self.codes).div_ceil(4)
    }
}

/// The fields of an event that is being written.
pub struct Fields<'a> {
    out: &'a mut Vec<u8>,
    widths: usize,
    field: usize,
}

impl Fields<'_> {
    /// Writes the next number. One that is not finite is taken as missing.
    #[inline]
    pub fn number(&mut self, number: f64) {
        // As in a record: -0.0 is 0.0.
        let number = number + 0.0;
        let hundredths = (number * 100.0 + 0.5_f64.copysign(number)) as i32;
        if number.to_bits() == (f64::from(hundredths) / 100.0).to_bits() {
            let width = 1 + usize::from(i16::try_from(hundredths).is_err());
            self.put(hundredths as u64, width, NUMBER[width]);
        } else if number.is_finite() {
            self.put(number.to_bits(), 3, NUMBER[3]);
        } else {
            self.field += 1;
        }
    }

    /// Writes the next code.
    #[inline]
    pub fn code(&mut self, code: u32) {
        let width = match code {
            0 => 0,
            1..=0xff => 1,
            0x100..=0xffff => 2,
            _ => 3,
        };
        self.put(code.into(), width, CODE[width]);
    }

    #[inline]
    fn put(&mut self, value: u64, width: usize, bytes: usize) {
        self.out[self.widths + self.field / 4] |= (width << (2 * (self.field % 4))) as u8;
        self.field += 1;
        push(self.out, value, bytes);
    }
}

/// Appends the lowest bytes of a value: as a whole and then cut, which is quicker than so many.
#[inline]
fn push(out: &mut Vec<u8>, value: u64, bytes: usize) {
    let end = out.len() + bytes;
    out.extend_from_slice(&value.to_le_bytes());
    out.truncate(end);
}

/// What an event begins with.
pub(crate) struct Head {
    pub time: Micros,
    pub kind: u32,
    pub flags: EventFlags,
}

/// The fields of an event that is being read.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    widths: usize,
    field: usize,
}

impl Reader<'_> {
    /// The next number, NaN if it is missing.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<f64, Error> {
        let width = self.width()?;
        let value = self.take(NUMBER[width])?;
        Ok(match width {
            0 => f64::NAN,
            1 => f64::from(value as i16) / 100.0,
            2 => f64::from(value as i32) / 100.0,
            _ => f64::from_bits(value),
        })
    }

    /// The next code.
    #[inline]
    pub(crate) fn code(&mut self) -> Result<u32, Error> {
        let width = self.width()?;
        Ok(self.take(CODE[width])? as u32)
    }

    /// Goes to where the event ends.
    #[inline]
    fn skip(&mut self, numbers: usize, codes: usize) -> Result<(), Error> {
        for _ in 0..numbers {
            self.at += NUMBER[self.width()?];
        }
        for _ in 0..codes {
            self.at += CODE[self.width()?];
        }
        if self.at > self.bytes.len() {
            return Err(Error::BadRecord);
        }
        Ok(())
    }

    #[inline]
    fn width(&mut self) -> Result<usize, Error> {
        let four = self.bytes.get(self.widths + self.field / 4);
        let width = four.ok_or(Error::BadRecord)? >> (2 * (self.field % 4)) & 0b11;
        self.field += 1;
        Ok(width.into())
    }

    /// The next value of so many bytes, at most 8.
    #[inline]
    fn take(&mut self, bytes: usize) -> Result<u64, Error> {
        let rest = self.bytes.get(self.at..).ok_or(Error::BadRecord)?;
        self.at += bytes;
        if let Some(&word) = rest.first_chunk() {
            // Twice by half of it, because no shift is by all 64 bits.
            let beyond = 32 - 4 * bytes;
            return Ok(u64::from_le_bytes(word) << beyond << beyond >> beyond >> beyond);
        }
        let mut word = [0; 8];
        let value = rest.get(..bytes).ok_or(Error::BadRecord)?;
        word[..bytes].copy_from_slice(value);
        Ok(u64::from_le_bytes(word))
    }
}

/// Events that are compact.
pub struct Events<'a> {
    /// How they were made.
    pub compact: &'a Compact,
    /// What was made.
    pub bytes: &'a [u8],
}

impl portable::Events for Events<'_> {
    fn each(
        &self,
        numbers: &mut Vec<f64>,
        codes: &mut Vec<u32>,
        poll: &mut dyn FnMut(),
        visit: &mut dyn FnMut(Event) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Self { compact, bytes } = self;
        let visit = |_, at| {
            let (head, mut reader) = compact.open(bytes, at)?;
            numbers.clear();
            for _ in 0..compact.numbers {
                numbers.push(reader.number()?);
            }
            codes.clear();
            for _ in 0..compact.codes {
                codes.push(reader.code()?);
            }
            visit(Event {
                time: head.time,
                kind: head.kind,
                flags: head.flags,
                numbers,
                codes,
            })
        };
        compact.scan(bytes, poll, visit).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::KeyWidth;
    use crate::rng::Rng;

    const LAYOUT: Layout = Layout {
        key: KeyWidth::Fixed(0),
        numbers: 3,
        codes: 2,
        profile_numbers: 0,
        profile_codes: 0,
    };

    const NEWEST: Micros = 1_735_689_600_123_456;

    /// Values of every width, and those next to where widths change.
    fn records(count: u32) -> Vec<u8> {
        let mut rng = Rng::new(7);
        let mut pick = |values: &[f64]| values[rng.below(values.len() as u32) as usize];
        let mut records = Vec::new();
        for _ in 0..count {
            let mut number = || {
                pick(&[
                    0.0,
                    -0.0,
                    19.99,
                    -327.68,
                    327.68,
                    0.1 + 0.2,
                    1e7,
                    21_474_836.47,
                    21_474_836.48,
                    -1e300,
                    f64::MIN_POSITIVE,
                    f64::NAN,
                    f64::NEG_INFINITY,
                ])
            };
            let numbers = [number(), number(), number()];
            let mut code = || pick(&[0.0, 1.0, 255.0, 256.0, 65_535.0, 65_536.0, 4e9]) as u32;
            let (kind, codes) = (code(), [code(), code()]);
            let age = pick(&[
                0.0,
                1.0,
                123_456.0,
                1e6,
                1e12 + 123_456.0,
                2.9e14,
                4e15,
                9e18,
            ]);
            let flags = EventFlags {
                goal: pick(&[0.0, 1.0]) == 1.0,
                eligible: pick(&[0.0, 1.0]) == 1.0,
                excluded: pick(&[0.0, 1.0]) == 1.0,
            };
            let time = NEWEST.saturating_sub(age as Micros);
            LAYOUT.push_event(&mut records, b"", time, kind, flags, &numbers, &codes);
        }
        records
    }

    fn compressed(records: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let records = Records {
            layout: &LAYOUT,
            bytes: records,
        };
        Compact::new(&LAYOUT, NEWEST)
            .compress(&records, &mut bytes, &mut || ())
            .unwrap();
        bytes
    }

    /// Compact events as records again.
    fn expanded(bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let (mut out, mut numbers, mut codes) = (Vec::new(), Vec::new(), Vec::new());
        let compact = &Compact::new(&LAYOUT, NEWEST);
        let events = Events { compact, bytes };
        events.each(&mut numbers, &mut codes, &mut || (), &mut |event| {
            let (numbers, codes) = (event.numbers, &*event.codes);
            LAYOUT.push_event(
                &mut out,
                b"",
                event.time,
                event.kind,
                event.flags,
                numbers,
                codes,
            );
            Ok(())
        })?;
        Ok(out)
    }

    fn counted(bytes: &[u8]) -> Result<Counts, Error> {
        Compact::new(&LAYOUT, NEWEST).counts(bytes, &mut || ())
    }

    #[test]
    fn events_come_back_as_they_were() {
        let records = records(5000);
        let bytes = compressed(&records);
        assert!(expanded(&bytes) == Ok(records));
        assert_eq!(counted(&bytes).unwrap().events, 5000);
    }

    #[test]
    fn usual_events_are_short() {
        let mut bytes = Vec::new();
        let compact = Compact::new(&LAYOUT, NEWEST);
        let mut fields = compact.event(&mut bytes, 1_700_000_000_000_000, 3, EventFlags::default());
        [19.99, 5.0, f64::NAN]
            .iter()
            .for_each(|&number| fields.number(number));
        [1, 300].iter().for_each(|&code| fields.code(code));
        assert_eq!(bytes.len(), 1 + 2 + 4 + 1 + 2 + 2 + 1 + 2);
    }

    #[test]
    fn what_was_left_out_is_counted() {
        let mut bytes = Vec::new();
        let some = Counts {
            events: 0,
            future: 1,
            no_time: 2,
            not_finite: u64::from(u32::MAX),
            long_text: 0,
        };
        Compact::leave_out(&mut bytes, some);
        bytes.extend(compressed(&records(1)));
        Compact::leave_out(&mut bytes, some);
        let mut twice = some;
        twice.add(some);
        assert_eq!(counted(&bytes), Ok(Counts { events: 1, ..twice }));
        let length = bytes.len();
        Compact::leave_out(&mut bytes, Counts::default());
        assert_eq!(bytes.len(), length);
    }

    #[test]
    fn bytes_cut_short_are_refused() {
        let bytes = compressed(&records(1));
        for end in 1..bytes.len() {
            assert_eq!(
                counted(&bytes[..end]),
                Err(Error::BadRecord),
                "cut at {end}"
            );
            assert_eq!(
                expanded(&bytes[..end]),
                Err(Error::BadRecord),
                "cut at {end}"
            );
        }
    }
}
