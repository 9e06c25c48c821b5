//! The records of one profile, unpacked into columns.

use super::Event;
use super::order::View;
use crate::compact::Events;
use crate::dictionary::Dictionary;
use crate::error::Error;
use crate::history::{Attributes, History, Mark, Profile};
use crate::record::{RecordKind, Values, event_flags, mark_kind};
use crate::time::Micros;
use std::cmp::Ordering;

/// Events unpacked between two calls of `poll`; their records stay in the first caches.
const QUANTUM: usize = 1 << 10;

/// The events, attributes and marks of one profile, unpacked.
#[derive(Debug, Default)]
pub(super) struct Columns {
    times: Vec<Micros>,
    kinds: Vec<u32>,
    goals: Vec<bool>,
    eligible: Vec<bool>,
    excluded: Vec<bool>,
    numbers: Vec<Vec<f64>>,
    codes: Vec<Vec<u32>>,
    attributes: Vec<Attributes>,
    /// How many of `attributes` are in use; the others wait for the next profile.
    rows: usize,
    marks: Vec<Mark>,
}

impl Columns {
    pub(super) fn fill(
        &mut self,
        events: &[Event],
        view: &View,
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        self.clear(view.layout.numbers, view.layout.codes);
        self.reserve(events.len())?;
        let Some(first) = events.first() else {
            return Ok(());
        };
        let head = view
            .layout
            .head(view.layout.record(view.bytes, first.offset)?.key);
        let fields = view.layout.fields(view.bytes, head);
        // Column by column: the first one waits for the records to come from far memory, many at a
        // time because nothing else is to be done, and the others find them near.
        for chunk in events.chunks(QUANTUM) {
            let flags = || {
                chunk
                    .iter()
                    .map(|event| event_flags(view.bytes[event.offset]))
            };
            self.goals.extend(flags().map(|flags| flags.goal));
            self.eligible.extend(flags().map(|flags| flags.eligible));
            self.excluded.extend(flags().map(|flags| flags.excluded));
            self.times.extend(chunk.iter().map(|event| event.time));
            let offsets = || chunk.iter().map(|event| event.offset);
            self.kinds.extend(offsets().map(|event| fields.kind(event)));
            for (index, column) in self.numbers.iter_mut().enumerate() {
                column.extend(offsets().map(|event| fields.number(event, index)));
            }
            for (index, column) in self.codes.iter_mut().enumerate() {
                column.extend(offsets().map(|event| fields.code(event, index)));
            }
            if chunk.len() == QUANTUM {
                poll();
            }
        }
        Ok(())
    }

    /// The same of compact events; there are no attributes and marks.
    pub(super) fn fill_compact(
        &mut self,
        events: &[Event],
        source: &Events,
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        let Events { compact, bytes } = *source;
        let (numbers, codes) = compact.attributes();
        self.clear(numbers, codes);
        self.reserve(events.len())?;
        for chunk in events.chunks(QUANTUM) {
            for event in chunk {
                let (head, mut reader) = compact.open(bytes, event.offset)?;
                self.times.push(event.time);
                self.kinds.push(head.kind);
                self.goals.push(head.flags.goal);
                self.eligible.push(head.flags.eligible);
                self.excluded.push(head.flags.excluded);
                for column in &mut self.numbers {
                    column.push(reader.number()?);
                }
                for column in &mut self.codes {
                    column.push(reader.code()?);
                }
            }
            if chunk.len() == QUANTUM {
                poll();
            }
        }
        Ok(())
    }

    /// Attributes and marks, from (rank, offset) pairs.
    pub(super) fn fill_others(
        &mut self,
        others: &[(u32, usize)],
        view: &View,
    ) -> Result<(), Error> {
        for &(_, offset) in others {
            let record = view.layout.record(view.bytes, offset)?;
            if record.kind == RecordKind::Attributes {
                let body = view.bytes.get(offset + view.layout.head(record.key)..);
                let values = body.and_then(|body| view.layout.attributes_body(body));
                self.push_attributes(record.time, values.ok_or(Error::BadRecord)?)?;
            } else {
                let kind = mark_kind(view.bytes[offset]).ok_or(Error::BadRecord)?;
                let cutoff = record.time;
                self.marks.try_reserve(1)?;
                self.marks.push(Mark { cutoff, kind });
            }
        }
        self.marks.sort_unstable();
        let texts = &view.dictionaries.profiles;
        self.attributes[..self.rows].sort_unstable_by(|a, b| compare_attributes(a, b, texts));
        Ok(())
    }

    fn push_attributes(&mut self, valid_from: Micros, values: Values) -> Result<(), Error> {
        if self.rows == self.attributes.len() {
            self.attributes.try_reserve(1)?;
            self.attributes.push(Attributes {
                valid_from,
                numbers: Vec::new(),
                codes: Vec::new(),
            });
        }
        let row = &mut self.attributes[self.rows];
        row.valid_from = valid_from;
        row.numbers.clear();
        row.numbers.extend(values.numbers());
        row.codes.clear();
        row.codes.extend(values.codes());
        self.rows += 1;
        Ok(())
    }

    fn clear(&mut self, numbers: usize, codes: usize) {
        self.times.clear();
        self.kinds.clear();
        self.goals.clear();
        self.eligible.clear();
        self.excluded.clear();
        self.numbers.resize_with(numbers, Vec::new);
        self.codes.resize_with(codes, Vec::new);
        self.numbers.iter_mut().for_each(Vec::clear);
        self.codes.iter_mut().for_each(Vec::clear);
        self.rows = 0;
        self.marks.clear();
    }

    fn reserve(&mut self, events: usize) -> Result<(), Error> {
        self.times.try_reserve(events)?;
        self.kinds.try_reserve(events)?;
        self.goals.try_reserve(events)?;
        self.eligible.try_reserve(events)?;
        self.excluded.try_reserve(events)?;
        for column in &mut self.numbers {
            column.try_reserve(events)?;
        }
        for column in &mut self.codes {
            column.try_reserve(events)?;
        }
        Ok(())
    }

    pub(super) fn profile<'a>(&'a self, hash: u64, key: &'a [u8]) -> Profile<'a> {
        Profile {
            key,
            hash,
            history: History {
                times: &self.times,
                kinds: &self.kinds,
                goals: &self.goals,
                eligible: &self.eligible,
                excluded: &self.excluded,
                numbers: &self.numbers,
                codes: &self.codes,
            },
            attributes: &self.attributes[..self.rows],
            marks: &self.marks,
        }
    }
}

/// Oldest first; rows of the same instant by their values.
fn compare_attributes(a: &Attributes, b: &Attributes, dictionaries: &[Dictionary]) -> Ordering {
    let numbers = || a.numbers.iter().zip(&b.numbers);
    let codes = || a.codes.iter().zip(&b.codes).zip(dictionaries);
    a.valid_from.cmp(&b.valid_from).then_with(|| {
        let by_number = numbers()
            .map(|(a, b)| a.total_cmp(b))
            .find(|order| order.is_ne());
        by_number.unwrap_or_else(|| {
            let mut orders = codes().map(|((&a, &b), texts)| texts.order(a).cmp(&texts.order(b)));
            orders
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        })
    })
}
