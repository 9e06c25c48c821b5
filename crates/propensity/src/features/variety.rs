//! Variety: the number of distinct types, values and identifiers.

use super::feature::{Feature, Unit, during};
use super::past::{NO_TYPE, Past, View};
use super::{Group, Row};
use crate::error::Error;
use crate::history::History;
use crate::schema::{Schema, Span};
use std::ops::Range;

const SPANS: [Span; 1] = [Span::One];

/// Of types, if there are several, then of each text attribute.
#[derive(Debug)]
pub(super) struct Variety {
    /// Spans, all time last.
    spans: Vec<Span>,
    types: Option<Distinct>,
    columns: Vec<Distinct>,
}

/// Counts distinct codes in windows: an event counts in a window if its code was not seen earlier
/// in the window, that is, if the last event with this code is before it.
#[derive(Debug, Default)]
struct Distinct {
    /// Position + 1 of the last event with the code of each event, 0 = none; [`NO_CODE`] = the
    /// event has no code.
    last: Vec<u32>,
    /// Open addressing; the length is a power of two.
    table: Vec<Slot>,
    /// What a slot in use bears: changes with the profile, so that nothing need be cleared.
    stamp: u32,
    distinct: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    stamp: u32,
    code: u32,
    /// Position + 1 of the last event.
    event: u32,
}

const NO_CODE: u32 = u32::MAX;

pub(super) fn describe(schema: &Schema) -> Vec<Feature> {
    let types = (schema.types.len() > 1).then_some(("types", "event types"));
    let columns = schema
        .names
        .codes
        .iter()
        .map(|name| (name.as_str(), name.as_str()));
    let mut list = Vec::new();
    for (name, words) in types.into_iter().chain(columns) {
        list.extend(schema.choose(&SPANS).into_iter().map(|span| {
            Feature::new(
                format!("nuniq_{name}_{}", span.name()),
                format!("Variety of {words}"),
                format!("different {words} {}", during(schema, span)),
                Unit::Count,
            )
        }));
    }
    list
}

impl Variety {
    pub(super) fn new(schema: &Schema) -> Self {
        Self {
            spans: schema.choose(&SPANS),
            types: (schema.types.len() > 1).then(Distinct::default),
            columns: schema
                .names
                .codes
                .iter()
                .map(|_| Distinct::default())
                .collect(),
        }
    }
}

impl Group for Variety {
    fn clear(&mut self) {
        self.types
            .iter_mut()
            .chain(&mut self.columns)
            .for_each(Distinct::clear);
    }

    fn extend(&mut self, history: &History, past: &Past, new: Range<usize>) -> Result<(), Error> {
        if let Some(types) = &mut self.types {
            let codes = past.types[new.clone()].iter();
            types.extend(codes.map(|&kind| (kind != NO_TYPE).then_some(kind.into())))?;
        }
        for (distinct, column) in self.columns.iter_mut().zip(history.codes) {
            let codes = column[new.clone()].iter();
            distinct.extend(codes.map(|&code| (code != 0).then_some(code)))?;
        }
        Ok(())
    }

    fn write(&mut self, view: &View, row: &mut Row) {
        for distinct in self.types.iter().chain(&self.columns) {
            for &span in &self.spans {
                row.put(distinct.since(view.start(span)).into());
            }
        }
    }
}

impl Distinct {
    fn clear(&mut self) {
        self.last.clear();
        self.distinct = 0;
        self.stamp = self.stamp.wrapping_add(1);
        if self.stamp == 0 {
            // Every 2^32 profiles old stamps would come to life again.
            self.table.fill(Slot::default());
            self.stamp = 1;
        }
    }

    fn extend(&mut self, codes: impl ExactSizeIterator<Item = Option<u32>>) -> Result<(), Error> {
        self.last.try_reserve(codes.len())?;
        for code in codes {
            let last = match code {
                Some(code) => self.see(code)?,
                None => NO_CODE,
            };
            self.last.push(last);
        }
        Ok(())
    }

    /// Notes the code of the next event, returns where it was seen last.
    fn see(&mut self, code: u32) -> Result<u32, Error> {
        if 2 * (self.distinct as usize + 1) > self.table.len() {
            self.grow()?;
        }
        let event = self.last.len() as u32 + 1;
        let slot = find(&self.table, self.stamp, code);
        let slot = &mut self.table[slot];
        if slot.stamp == self.stamp {
            return Ok(std::mem::replace(&mut slot.event, event));
        }
        *slot = Slot {
            stamp: self.stamp,
            code,
            event,
        };
        self.distinct += 1;
        Ok(0)
    }

    fn grow(&mut self) -> Result<(), Error> {
        let size = (2 * self.table.len()).max(32);
        let mut table = Vec::new();
        table.try_reserve_exact(size)?;
        table.resize(size, Slot::default());
        self.stamp = self.stamp.max(1);
        for slot in self.table.iter().filter(|slot| slot.stamp == self.stamp) {
            let place = find(&table, self.stamp, slot.code);
            table[place] = *slot;
        }
        self.table = table;
        Ok(())
    }

    /// Number of distinct codes among the events from this position on.
    fn since(&self, start: usize) -> u32 {
        if start == 0 {
            return self.distinct;
        }
        let first = |&&last: &&u32| last != NO_CODE && last as usize <= start;
        self.last[start..].iter().filter(first).count() as u32
    }
}

/// The slot of a code, or the empty one where it belongs.
fn find(table: &[Slot], stamp: u32, code: u32) -> usize {
    let mask = table.len() - 1;
    // Multiplying spreads codes that are close to each other; the high bits are the mixed ones.
    let mut slot = (u64::from(code).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize & mask;
    while table[slot].stamp == stamp && table[slot].code != code {
        slot = (slot + 1) & mask;
    }
    slot
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_codes_agree_with_a_set() {
        let codes: Vec<Option<u32>> = (0..2000_u32)
            .map(|i| (i % 7 != 0).then_some(i.wrapping_mul(i) % 613))
            .collect();
        let mut distinct = Distinct::default();
        for round in 0..3 {
            distinct.clear();
            distinct.extend(codes.iter().copied()).unwrap();
            for start in [0, 1, 500, 1999, 2000] {
                let set: std::collections::BTreeSet<_> = codes[start..].iter().flatten().collect();
                assert_eq!(
                    distinct.since(start) as usize,
                    set.len(),
                    "{round}: from {start}"
                );
            }
        }
    }
}
