//! The events of a partition, column by column.

use super::QUANTUM;
use super::head::Head;
use crate::error::Error;
use crate::event::code_map::{CodeMap, new_code};
use crate::event::dictionary::{Dictionaries, Dictionary};
use crate::event::history::{Flags, History};
use crate::event::record::Layout;
use crate::time::Micros;
use std::cmp::Ordering;
use std::ops::Range;

/// More events than these are of a partition that is far larger than most: the memory they need
/// besides themselves goes at once.
pub(super) const MANY: usize = 1 << 20;

/// Events: one entry of each column is of one of them.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub times: Vec<Micros>,
    flags: Vec<Flags>,
    kinds: Vec<u32>,
    numbers: Vec<Vec<f64>>,
    codes: Vec<Vec<u32>>,
}

/// Memory to put columns in order, one after the other.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    times: Vec<Micros>,
    flags: Vec<Flags>,
    numbers: Vec<f64>,
    codes: Vec<u32>,
}

/// The columns of attributes of one profile.
#[derive(Default)]
pub(super) struct Attributes<'a> {
    numbers: Vec<&'a [f64]>,
    codes: Vec<&'a [u32]>,
}

impl Columns {
    pub(super) fn len(&self) -> usize {
        self.times.len()
    }

    pub(super) fn clear(&mut self) {
        self.times.clear();
        self.flags.clear();
        self.kinds.clear();
        self.numbers.iter_mut().for_each(Vec::clear);
        self.codes.iter_mut().for_each(Vec::clear);
    }

    /// Sets the number of attribute columns, before the first event.
    pub(super) fn shape(&mut self, numbers: usize, codes: usize) {
        self.numbers.resize_with(numbers, Vec::new);
        self.codes.resize_with(codes, Vec::new);
    }

    /// Makes room for `more` events, of those `expected` in all.
    pub(super) fn reserve(&mut self, more: usize, expected: usize) -> Result<(), Error> {
        reserve(&mut self.times, more, expected)?;
        reserve(&mut self.flags, more, expected)?;
        reserve(&mut self.kinds, more, expected)?;
        for column in &mut self.numbers {
            reserve(column, more, expected)?;
        }
        for column in &mut self.codes {
            reserve(column, more, expected)?;
        }
        Ok(())
    }

    /// Appends the events in `bytes` that begin with these heads, their codes replaced; there is room for them.
    ///
    /// Column by column, all of whose values are read alike.
    pub(super) fn extend(
        &mut self,
        layout: &Layout,
        heads: &mut [Head],
        bytes: &[u8],
        recode: Option<&CodeMap>,
    ) -> Result<(), Error> {
        self.times.extend(heads.iter().map(|head| head.time));
        self.flags.extend(heads.iter().map(|head| head.flags));
        let replace = |column| recode.map(|recode| recode.column(column));
        push_codes(&mut self.kinds, heads, bytes, 0, replace(0));
        for (column, place) in self.numbers.iter_mut().zip(layout.event_numbers()) {
            column.extend(heads.iter().map(|head| head.cursor.number(bytes, place)));
        }
        let codes = self.codes.iter_mut().zip(layout.event_codes());
        for ((column, place), number) in codes.zip(1..) {
            push_codes(column, heads, bytes, place, replace(number));
        }
        let whole = heads.iter().all(|head| head.cursor.more == head.next);
        whole.then_some(()).ok_or(Error::BadRecord)
    }

    /// Resolves codes that are hashes where there were more texts than a dictionary holds: one process may have had room
    /// for a text and another not.
    pub(super) fn resolve(&mut self, dictionaries: &Dictionaries, poll: &mut dyn FnMut()) {
        let codes = self.codes.iter_mut().zip(&dictionaries.events);
        let all = std::iter::once((&mut self.kinds, &dictionaries.kinds)).chain(codes);
        for (column, dictionary) in all.filter(|(_, dictionary)| dictionary.overflowed()) {
            for codes in column.chunks_mut(QUANTUM) {
                codes
                    .iter_mut()
                    .for_each(|code| *code = dictionary.resolve(*code));
                poll();
            }
        }
    }

    /// The total order of events of the same time: type, numbers, codes, flags, in this order. Codes
    /// are compared by what the dictionaries say of them, because their own order is that of
    /// appearance.
    #[cold]
    pub(super) fn compare_tied(&self, a: u32, b: u32, dictionaries: &Dictionaries) -> Ordering {
        let (a, b) = (a as usize, b as usize);
        let by_text = |column: &[u32], texts: &Dictionary| {
            texts.order(column[a]).cmp(&texts.order(column[b]))
        };
        let numbers = self.numbers.iter();
        let by_number = numbers.map(|column| column[a].total_cmp(&column[b]));
        let codes = self.codes.iter().zip(&dictionaries.events);
        std::iter::once(by_text(&self.kinds, &dictionaries.kinds))
            .chain(by_number)
            .chain(codes.map(|(column, texts)| by_text(column, texts)))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| self.flags[a].cmp(&self.flags[b]))
    }

    /// Brings the events into an order: of each place, which event comes there.
    pub(super) fn arrange(
        &mut self,
        order: &[u32],
        scratch: &mut Scratch,
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        if order.is_sorted() {
            return Ok(());
        }
        arrange(&mut self.flags, order, &mut scratch.flags, poll)?;
        arrange(&mut self.kinds, order, &mut scratch.codes, poll)?;
        for column in &mut self.codes {
            arrange(column, order, &mut scratch.codes, poll)?;
        }
        if order.len() > MANY {
            return self.arrange_by_halves(order, poll);
        }
        arrange(&mut self.times, order, &mut scratch.times, poll)?;
        for column in &mut self.numbers {
            arrange(column, order, &mut scratch.numbers, poll)?;
        }
        Ok(())
    }

    /// Arranges the columns of eight bytes, half by half: there may be no memory for a second one.
    fn arrange_by_halves(&mut self, order: &[u32], poll: &mut dyn FnMut()) -> Result<(), Error> {
        arrange_by_halves(
            &mut self.times,
            order,
            |time| time as u64,
            |bits| bits as Micros,
            poll,
        )?;
        for column in &mut self.numbers {
            arrange_by_halves(column, order, f64::to_bits, f64::from_bits, poll)?;
        }
        Ok(())
    }

    /// The events in a range; `attributes` is memory for it.
    pub(super) fn history<'a, 'b>(
        &'a self,
        range: Range<usize>,
        attributes: &'b mut Attributes<'a>,
    ) -> History<'b> {
        let numbers = self.numbers.iter().map(|column| &column[range.clone()]);
        attributes.numbers.clear();
        attributes.numbers.extend(numbers);
        let codes = self.codes.iter().map(|column| &column[range.clone()]);
        attributes.codes.clear();
        attributes.codes.extend(codes);
        History {
            times: &self.times[range.clone()],
            kinds: &self.kinds[range.clone()],
            flags: &self.flags[range],
            numbers: &attributes.numbers,
            codes: &attributes.codes,
        }
    }
}

/// Makes room for `more` values; if there is too little, for as many as are `expected`, and no
/// more, because the columns of one profile can be most of the memory there is.
pub(super) fn reserve<T>(column: &mut Vec<T>, more: usize, expected: usize) -> Result<(), Error> {
    if column.capacity() - column.len() < more {
        // Some more each time, however little is expected.
        column.try_reserve_exact(expected.max(more + column.len() / 32))?;
    }
    Ok(())
}

/// Appends the codes that are the next values of events, replaced by those in a list as far as it goes.
fn push_codes(
    column: &mut Vec<u32>,
    heads: &mut [Head],
    bytes: &[u8],
    place: usize,
    new: Option<&[u32]>,
) {
    let codes = heads.iter_mut().map(|head| head.cursor.code(bytes, place));
    match new {
        None => column.extend(codes),
        Some(new) => column.extend(codes.map(|code| new_code(new, code))),
    }
}

fn arrange<T: Copy>(
    column: &mut Vec<T>,
    order: &[u32],
    scratch: &mut Vec<T>,
    poll: &mut dyn FnMut(),
) -> Result<(), Error> {
    scratch.clear();
    scratch.try_reserve_exact(order.len())?;
    for events in order.chunks(QUANTUM) {
        scratch.extend(events.iter().map(|&event| column[event as usize]));
        if events.len() == QUANTUM {
            poll();
        }
    }
    std::mem::swap(column, scratch);
    if order.len() > MANY {
        *scratch = Vec::new();
    }
    Ok(())
}

fn arrange_by_halves<T: Copy>(
    column: &mut [T],
    order: &[u32],
    to_bits: fn(T) -> u64,
    from_bits: fn(u64) -> T,
    poll: &mut dyn FnMut(),
) -> Result<(), Error> {
    let mut halves = Vec::new();
    halves.try_reserve_exact(order.len())?;
    for shift in [0, u32::BITS] {
        halves.clear();
        for events in order.chunks(QUANTUM) {
            let half = |&event: &u32| (to_bits(column[event as usize]) >> shift) as u32;
            halves.extend(events.iter().map(half));
            poll();
        }
        let others = !(u64::from(u32::MAX) << shift);
        for (values, halves) in column.chunks_mut(QUANTUM).zip(halves.chunks(QUANTUM)) {
            for (value, &half) in values.iter_mut().zip(halves) {
                *value = from_bits(to_bits(*value) & others | u64::from(half) << shift);
            }
            poll();
        }
    }
    Ok(())
}
