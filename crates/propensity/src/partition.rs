//! A partition: packed records of some profiles, sorted and walked profile by profile.
//!
//! Nothing is sorted that need not be: a hash table numbers the profiles, a counting sort brings
//! each profile's events together, and only those that did not arrive in order are sorted.

use crate::dictionary::{Dictionaries, Dictionary};
use crate::error::Error;
use crate::hash::profile_hash;
use crate::history::{Attributes, History, Mark, Profile};
use crate::record::{EventBody, Layout, RecordKind, Values, event_flags, mark_kind};
use crate::time::Micros;
use std::cmp::Ordering;

/// Units of work between two calls of `poll`: about a millisecond.
const QUANTUM: usize = 1 << 15;

/// Sorts and walks partitions, one after the other, in memory that it keeps.
#[derive(Debug, Default)]
pub struct Partition {
    profiles: Profiles,
    /// The profile of every record, in the order of the records.
    owners: Vec<u32>,
    /// Events, those of a profile together.
    events: Vec<Event>,
    /// Attributes and marks: rank of the profile, offset.
    others: Vec<(u32, usize)>,
    columns: Columns,
}

/// A profile as it was first seen.
#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u64,
    /// The first eight bytes of the key, so that most comparisons stay in this table.
    prefix: u64,
    key: usize,
    key_len: usize,
    /// Number of its events; later where the next of them goes.
    events: usize,
}

/// Numbers profiles in the order of their appearance.
#[derive(Debug, Default)]
struct Profiles {
    /// `0` = empty, otherwise a number + 1; the length is a power of two.
    table: Vec<u32>,
    entries: Vec<Entry>,
    /// Profiles in the order of their visit.
    order: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Event {
    time: Micros,
    offset: usize,
}

/// The events, attributes and marks of one profile, unpacked.
#[derive(Debug, Default)]
struct Columns {
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

impl Partition {
    /// Calls `visit` for every profile in the order of (hash, key), its events in their total
    /// order: by time, then type, numbers and codes, so that the order of records means nothing.
    ///
    /// `bytes` holds whole records of the layout, and all records of each of its profiles.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`], [`Error::OutOfMemory`], and whatever `visit` returns.
    pub fn walk(
        &mut self,
        layout: &Layout,
        bytes: &[u8],
        dictionaries: &Dictionaries,
        visit: &mut dyn FnMut(&Profile) -> Result<(), Error>,
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        self.number(layout, bytes, poll)?;
        self.profiles.sort(bytes)?;
        self.gather(layout, bytes, poll)?;
        let view = View {
            layout,
            bytes,
            dictionaries,
        };
        let (mut start, mut other, mut work) = (0, 0, 0);
        for rank in 0..self.profiles.order.len() {
            let entry = self.profiles.entries[self.profiles.order[rank] as usize];
            let events = &mut self.events[start..entry.events];
            sort(events, &view, poll);
            self.columns.fill(events, &view, poll)?;
            let rest = &self.others[other..];
            let mine = rest.partition_point(|&(owner, _)| owner as usize == rank);
            self.columns.fill_others(&rest[..mine], &view)?;
            visit(&self.columns.profile(entry.hash, entry.key(bytes)))?;
            work += events.len() + mine + 1;
            if work >= QUANTUM {
                poll();
                work = 0;
            }
            start = entry.events;
            other += mine;
        }
        Ok(())
    }

    /// Finds the profile of every record, and counts.
    fn number(
        &mut self,
        layout: &Layout,
        bytes: &[u8],
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        self.profiles.clear();
        self.owners.clear();
        let mut offset = 0;
        while offset < bytes.len() {
            let record = layout.record(bytes, offset)?;
            let key = layout.head(record.key) + offset - 8 - record.key.len();
            let owner = self.profiles.number(bytes, key, record.key)?;
            if record.kind == RecordKind::Event {
                self.profiles.entries[owner as usize].events += 1;
            }
            self.owners.try_reserve(1)?;
            self.owners.push(owner);
            offset = record.next;
            if self.owners.len().is_multiple_of(QUANTUM) {
                poll();
            }
        }
        Ok(())
    }

    /// Brings the events of each profile together, in the order of visit.
    fn gather(
        &mut self,
        layout: &Layout,
        bytes: &[u8],
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        let mut total = 0;
        for &number in &self.profiles.order {
            let entry = &mut self.profiles.entries[number as usize];
            total += std::mem::replace(&mut entry.events, total);
        }
        let blank = Event { time: 0, offset: 0 };
        self.events.clear();
        self.events.try_reserve(total)?;
        self.events.resize(total, blank);
        self.others.clear();
        let mut offset = 0;
        for (count, &owner) in self.owners.iter().enumerate() {
            let record = layout.record(bytes, offset)?;
            if record.kind == RecordKind::Event {
                let next = &mut self.profiles.entries[owner as usize].events;
                let time = record.time;
                self.events[*next] = Event { time, offset };
                *next += 1;
            } else {
                self.others.try_reserve(1)?;
                self.others.push((owner, offset));
            }
            offset = record.next;
            if count.is_multiple_of(QUANTUM) {
                poll();
            }
        }
        self.rank_others()
    }

    /// Orders attributes and marks by the rank of their profile.
    fn rank_others(&mut self) -> Result<(), Error> {
        if self.others.is_empty() {
            return Ok(());
        }
        // The table is done with: it holds the ranks now.
        let ranks = &mut self.profiles.table;
        for (rank, &number) in self.profiles.order.iter().enumerate() {
            ranks[number as usize] = rank as u32;
        }
        for (owner, _) in &mut self.others {
            *owner = ranks[*owner as usize];
        }
        self.others.sort_unstable();
        Ok(())
    }
}

impl Entry {
    fn key<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.key..self.key + self.key_len]
    }
}

impl Profiles {
    fn clear(&mut self) {
        self.entries.clear();
        self.table.fill(0);
    }

    /// The number of the profile with this key, which lies at `offset`.
    #[inline]
    fn number(&mut self, bytes: &[u8], offset: usize, key: &[u8]) -> Result<u32, Error> {
        if 2 * (self.entries.len() + 1) > self.table.len() {
            self.grow()?;
        }
        let hash = profile_hash(key);
        let prefix = prefix(key);
        let mask = self.table.len() - 1;
        let mut slot = hash as usize & mask;
        while let Some(number) = self.table[slot].checked_sub(1) {
            let entry = &self.entries[number as usize];
            let same = entry.hash == hash && entry.prefix == prefix && entry.key_len == key.len();
            if same && (key.len() <= 8 || entry.key(bytes) == key) {
                return Ok(number);
            }
            slot = (slot + 1) & mask;
        }
        self.entries.try_reserve(1)?;
        self.entries.push(Entry {
            hash,
            prefix,
            key: offset,
            key_len: key.len(),
            events: 0,
        });
        self.table[slot] = self.entries.len() as u32;
        Ok(self.entries.len() as u32 - 1)
    }

    fn grow(&mut self) -> Result<(), Error> {
        let size = (2 * self.table.len()).max(1024);
        self.table.try_reserve(size - self.table.len())?;
        self.table.clear();
        self.table.resize(size, 0);
        for (number, entry) in self.entries.iter().enumerate() {
            let mut slot = entry.hash as usize & (size - 1);
            while self.table[slot] != 0 {
                slot = (slot + 1) & (size - 1);
            }
            self.table[slot] = number as u32 + 1;
        }
        Ok(())
    }

    /// Orders the profiles by hash, then key.
    fn sort(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.order.clear();
        self.order.try_reserve(self.entries.len())?;
        self.order.extend(0..self.entries.len() as u32);
        let entries = &self.entries;
        self.order.sort_unstable_by(|&a, &b| {
            let (a, b) = (&entries[a as usize], &entries[b as usize]);
            a.hash
                .cmp(&b.hash)
                .then_with(|| a.key(bytes).cmp(b.key(bytes)))
        });
        Ok(())
    }
}

/// Up to eight bytes of the key as a number.
#[inline]
fn prefix(key: &[u8]) -> u64 {
    if let Some(bytes) = key.first_chunk() {
        return u64::from_le_bytes(*bytes);
    }
    key.iter()
        .rev()
        .fold(0, |all, &byte| all << 8 | u64::from(byte))
}

/// Where records are, and what their codes mean.
#[derive(Clone, Copy)]
struct View<'a> {
    layout: &'a Layout,
    bytes: &'a [u8],
    dictionaries: &'a Dictionaries,
}

impl<'a> View<'a> {
    #[inline]
    fn event(&self, event: Event, head: usize) -> Option<EventBody<'a>> {
        self.layout
            .event_body(self.bytes.get(event.offset + head..)?)
    }

    /// The total order of events.
    #[inline]
    fn compare(&self, a: Event, b: Event) -> Ordering {
        a.time.cmp(&b.time).then_with(|| self.compare_tied(a, b))
    }

    /// Type, numbers, codes, flags, in this order. Codes are compared by what the dictionaries say
    /// of them, because their own order is that of appearance.
    #[cold]
    fn compare_tied(&self, a: Event, b: Event) -> Ordering {
        let body = |event: Event| {
            let key = self.layout.record(self.bytes, event.offset).ok()?.key;
            self.event(event, self.layout.head(key))
        };
        let (Some(left), Some(right)) = (body(a), body(b)) else {
            return Ordering::Equal;
        };
        let kinds = &self.dictionaries.kinds;
        let texts = &self.dictionaries.events;
        (kinds.order(left.kind).cmp(&kinds.order(right.kind)))
            .then_with(|| compare_values(left.values, right.values, texts))
            .then_with(|| self.bytes[a.offset].cmp(&self.bytes[b.offset]))
    }
}

fn compare_values(a: Values, b: Values, dictionaries: &[Dictionary]) -> Ordering {
    let numbers = a.numbers().zip(b.numbers());
    let codes = a.codes().zip(b.codes()).zip(dictionaries);
    let by_number = numbers
        .map(|(a, b)| a.total_cmp(&b))
        .find(|order| order.is_ne());
    by_number.unwrap_or_else(|| {
        let mut orders = codes.map(|((a, b), texts)| texts.order(a).cmp(&texts.order(b)));
        orders
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    })
}

/// Sorts the events of one profile, unless they are in order.
fn sort(events: &mut [Event], view: &View, poll: &mut dyn FnMut()) {
    let mut compared = 0;
    let mut compare = |a: &Event, b: &Event| {
        compared += 1;
        if compared % QUANTUM == 0 {
            poll();
        }
        view.compare(*a, *b)
    };
    if !events.is_sorted_by(|a, b| compare(a, b).is_le()) {
        events.sort_unstable_by(compare);
    }
}

impl Columns {
    fn fill(&mut self, events: &[Event], view: &View, poll: &mut dyn FnMut()) -> Result<(), Error> {
        self.clear(view.layout);
        self.reserve(events.len())?;
        let Some(first) = events.first() else {
            return Ok(());
        };
        let head = view
            .layout
            .head(view.layout.record(view.bytes, first.offset)?.key);
        for chunk in events.chunks(QUANTUM) {
            for &event in chunk {
                let body = view.event(event, head).ok_or(Error::BadRecord)?;
                let flags = event_flags(view.bytes[event.offset]);
                self.times.push(event.time);
                self.kinds.push(body.kind);
                self.goals.push(flags.goal);
                self.eligible.push(flags.eligible);
                self.excluded.push(flags.excluded);
                push_each(&mut self.numbers, body.values.numbers());
                push_each(&mut self.codes, body.values.codes());
            }
            if chunk.len() == QUANTUM {
                poll();
            }
        }
        Ok(())
    }

    /// Attributes and marks, from (rank, offset) pairs.
    fn fill_others(&mut self, others: &[(u32, usize)], view: &View) -> Result<(), Error> {
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

    fn clear(&mut self, layout: &Layout) {
        self.times.clear();
        self.kinds.clear();
        self.goals.clear();
        self.eligible.clear();
        self.excluded.clear();
        self.numbers.resize_with(layout.numbers, Vec::new);
        self.codes.resize_with(layout.codes, Vec::new);
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

    fn profile<'a>(&'a self, hash: u64, key: &'a [u8]) -> Profile<'a> {
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

fn push_each<T>(columns: &mut [Vec<T>], values: impl Iterator<Item = T>) {
    for (column, value) in columns.iter_mut().zip(values) {
        column.push(value);
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
