//! The events of one profile on their way to another process: records without a key whose texts are
//! spelled, because codes mean something only beside the dictionaries they come from.
//!
//! ```text
//! per dictionary (types, then each text attribute)
//!     count:u32   per text   length << 1 | abridged:u32   bytes   hash:u64 if abridged
//! records, their codes being places in these lists, from 1
//! ```
//!
//! Little-endian. Code 0 (missing) and the codes of texts past the limit of a dictionary, which are
//! hashes, stay as they are.

use crate::error::Error;
use crate::event::dictionary::{Dictionaries, Dictionary, Spelling};
use crate::event::history::Flags;
use crate::event::record::{KeyWidth, Layout, RecordKind};
use crate::event::spread::Stretch;
use crate::time::Micros;

/// Events copied between two calls of `poll`: about a millisecond.
const QUANTUM: usize = 1 << 14;

/// Memory that is kept from profile to profile.
#[derive(Debug, Default)]
pub struct Scratch {
    numbers: Vec<f64>,
    codes: Vec<u32>,
    /// Per dictionary: codes in use, sorted; or, when reading, the code of each place.
    lists: Vec<Vec<u32>>,
    /// Per dictionary, when reading: whether there were texts past its limit.
    hashed: Vec<bool>,
    /// When the events were that were read.
    stretches: Vec<Stretch>,
}

/// Appends the events among records, whose codes are of `dictionaries`, to `out`.
///
/// # Errors
///
/// [`Error::BadRecord`] unless these are whole records, [`Error::OutOfMemory`].
pub fn write(
    layout: &Layout,
    bytes: &[u8],
    dictionaries: &Dictionaries,
    out: &mut Vec<u8>,
    scratch: &mut Scratch,
    poll: &mut dyn FnMut(),
) -> Result<(), Error> {
    scratch.list_codes(layout, bytes, poll)?;
    out.try_reserve(bytes.len())?;
    for (list, dictionary) in scratch.lists.iter_mut().zip(all(dictionaries)) {
        // Texts past the limit have no spelling.
        list.retain(|&code| dictionary.spelling(code).is_some());
        out.extend_from_slice(&(list.len() as u32).to_le_bytes());
        for spelling in list.iter().filter_map(|&code| dictionary.spelling(code)) {
            out.try_reserve(spelling.text.len() + 12)?;
            push_spelling(out, spelling);
        }
    }
    let Scratch {
        numbers,
        codes,
        lists,
        ..
    } = scratch;
    let place = |list: &[u32], code: u32| {
        let found = list.binary_search(&code);
        found.map_or(code, |place| place as u32 + 1)
    };
    each_event(layout, bytes, numbers, codes, poll, &mut |event| {
        let kind = place(&lists[0], event.kind);
        for (code, list) in event.codes.iter_mut().zip(&lists[1..]) {
            *code = place(list, *code);
        }
        push(layout, b"", out, event, kind)
    })
}

/// Appends the events that [`write`] wrote as `bytes` to `out`, as records of the profile `key` with
/// codes of `dictionaries`, which learn the texts they lack. Whatever the bytes are, the result can be
/// walked. When the events were is then known by [`Scratch::stretches`].
///
/// # Errors
///
/// [`Error::BadRecord`] if the bytes are not such events, [`Error::OutOfMemory`].
pub fn read(
    layout: &Layout,
    key: &[u8],
    bytes: &[u8],
    dictionaries: &mut Dictionaries,
    out: &mut Vec<u8>,
    scratch: &mut Scratch,
    poll: &mut dyn FnMut(),
) -> Result<(), Error> {
    let keyless = Layout {
        key: KeyWidth::Fixed(0),
        ..*layout
    };
    let mut rest = bytes;
    scratch.lists.resize_with(layout.codes + 1, Vec::new);
    scratch.hashed.clear();
    scratch.hashed.resize(layout.codes + 1, false);
    scratch.stretches.clear();
    for (list, dictionary) in scratch.lists.iter_mut().zip(all_mut(dictionaries)) {
        list.clear();
        for _ in 0..take_u32(&mut rest)? {
            list.try_reserve(1)?;
            list.push(dictionary.intern_spelling(take_spelling(&mut rest)?)?);
        }
    }
    let Scratch {
        numbers,
        codes,
        lists,
        hashed,
        stretches,
    } = scratch;
    let mut code = |column: usize, place: u32| match place.checked_sub(1) {
        None => Ok(0),
        Some(_) if Dictionary::is_hash(place) => {
            hashed[column] = true;
            Ok(place)
        }
        Some(place) => lists[column]
            .get(place as usize)
            .copied()
            .ok_or(Error::BadRecord),
    };
    each_event(&keyless, rest, numbers, codes, poll, &mut |event| {
        match stretches.last_mut() {
            Some(stretch) if stretch.takes(event.time) => stretch.add(Stretch::of(event.time)),
            _ => {
                stretches.try_reserve(1)?;
                stretches.push(Stretch::of(event.time));
            }
        }
        let kind = code(0, event.kind)?;
        for (place, column) in event.codes.iter_mut().zip(1..) {
            *place = code(column, *place)?;
        }
        push(layout, key, out, event, kind)
    })?;
    for (dictionary, _) in all_mut(dictionaries)
        .zip(hashed)
        .filter(|(_, hashed)| **hashed)
    {
        dictionary.overflow();
    }
    Ok(())
}

/// An event, unpacked.
struct Event<'a> {
    time: Micros,
    kind: u32,
    flags: Flags,
    numbers: &'a [f64],
    codes: &'a mut [u32],
}

impl Scratch {
    /// When the events were that were read last, in their order.
    pub fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    /// Lists the codes in use, per dictionary, sorted.
    fn list_codes(
        &mut self,
        layout: &Layout,
        bytes: &[u8],
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        let Self {
            numbers,
            codes,
            lists,
            ..
        } = self;
        lists.resize_with(layout.codes + 1, Vec::new);
        lists.iter_mut().for_each(Vec::clear);
        each_event(layout, bytes, numbers, codes, poll, &mut |event| {
            let seen = std::iter::once(event.kind).chain(event.codes.iter().copied());
            for (list, code) in lists.iter_mut().zip(seen) {
                // Most events are like the one before.
                if list.last() != Some(&code) {
                    list.try_reserve(1)?;
                    list.push(code);
                }
            }
            Ok(())
        })?;
        for list in lists {
            list.sort_unstable();
            list.dedup();
        }
        Ok(())
    }
}

/// Calls `visit` with every event among records without a key; passes over what was left out.
fn each_event(
    layout: &Layout,
    bytes: &[u8],
    numbers: &mut Vec<f64>,
    codes: &mut Vec<u32>,
    poll: &mut dyn FnMut(),
    visit: &mut dyn FnMut(Event) -> Result<(), Error>,
) -> Result<(), Error> {
    for (number, record) in layout.records(bytes).enumerate() {
        let record = record?;
        match record.kind()? {
            RecordKind::Event(flags) => {
                let (time, kind) = record.event(layout, numbers, codes)?;
                visit(Event {
                    time,
                    kind,
                    flags,
                    numbers,
                    codes,
                })?;
            }
            RecordKind::LeftOut(_) => {}
            RecordKind::Attributes | RecordKind::Mark(_) => return Err(Error::BadRecord),
        }
        if number % QUANTUM == QUANTUM - 1 {
            poll();
        }
    }
    Ok(())
}

fn push(
    layout: &Layout,
    key: &[u8],
    out: &mut Vec<u8>,
    event: Event,
    kind: u32,
) -> Result<(), Error> {
    out.try_reserve(layout.longest(key))?;
    let Event {
        time,
        flags,
        numbers,
        codes,
        ..
    } = event;
    layout.push_event(out, key, time, kind, flags, numbers, codes);
    Ok(())
}

/// The dictionaries of events.
fn all(dictionaries: &Dictionaries) -> impl Iterator<Item = &Dictionary> {
    std::iter::once(&dictionaries.kinds).chain(&dictionaries.events)
}

fn all_mut(dictionaries: &mut Dictionaries) -> impl Iterator<Item = &mut Dictionary> {
    std::iter::once(&mut dictionaries.kinds).chain(&mut dictionaries.events)
}

fn push_spelling(out: &mut Vec<u8>, spelling: Spelling) {
    let length = (spelling.text.len() as u32) << 1 | u32::from(spelling.abridged.is_some());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(spelling.text.as_bytes());
    if let Some(hash) = spelling.abridged {
        out.extend_from_slice(&hash.to_le_bytes());
    }
}

fn take_spelling<'a>(rest: &mut &'a [u8]) -> Result<Spelling<'a>, Error> {
    let length = take_u32(rest)?;
    let text = take(rest, (length >> 1) as usize)?;
    let text = std::str::from_utf8(text).map_err(|_| Error::BadRecord)?;
    let abridged = if length & 1 == 0 {
        None
    } else {
        let hash = take(rest, 8)?.try_into().map_err(|_| Error::BadRecord)?;
        Some(u64::from_le_bytes(hash))
    };
    Ok(Spelling { text, abridged })
}

fn take_u32(rest: &mut &[u8]) -> Result<u32, Error> {
    let bytes = take(rest, 4)?.try_into().map_err(|_| Error::BadRecord)?;
    Ok(u32::from_le_bytes(bytes))
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], Error> {
    let (taken, left) = rest.split_at_checked(count).ok_or(Error::BadRecord)?;
    *rest = left;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::record::KeyWidth;

    const LAYOUT: Layout = Layout {
        key: KeyWidth::Fixed(0),
        numbers: 1,
        codes: 2,
        profile_numbers: 0,
        profile_codes: 0,
    };

    /// Events with these texts, packed with codes of the dictionaries.
    fn packed(texts: &[[&str; 3]], dictionaries: &mut Dictionaries) -> Vec<u8> {
        let mut records = Vec::new();
        for (number, [kind, first, second]) in texts.iter().enumerate() {
            let code = |dictionary: &mut Dictionary, text: &str| match text {
                "" => 0,
                text => dictionary.intern(text.as_bytes()).unwrap(),
            };
            let kind = code(&mut dictionaries.kinds, kind);
            let codes = [
                code(&mut dictionaries.events[0], first),
                code(&mut dictionaries.events[1], second),
            ];
            let flags = Flags::new(number % 2 == 0, false, false);
            let number = number as f64;
            LAYOUT.push_event(
                &mut records,
                b"",
                -(number as i64),
                kind,
                flags,
                &[number],
                &codes,
            );
        }
        records
    }

    fn written(records: &[u8], dictionaries: &Dictionaries) -> Vec<u8> {
        let (mut out, mut scratch) = (Vec::new(), Scratch::default());
        write(
            &LAYOUT,
            records,
            dictionaries,
            &mut out,
            &mut scratch,
            &mut || (),
        )
        .unwrap();
        out
    }

    fn read_back(bytes: &[u8], dictionaries: &mut Dictionaries) -> Result<Vec<u8>, Error> {
        let (mut out, mut scratch) = (Vec::new(), Scratch::default());
        read(
            &LAYOUT,
            b"",
            bytes,
            dictionaries,
            &mut out,
            &mut scratch,
            &mut || (),
        )?;
        Ok(out)
    }

    const TEXTS: [[&str; 3]; 4] = [
        ["visit", "a", "x"],
        ["buy", "", "y"],
        ["visit", "b", "x"],
        ["", "a", "z"],
    ];

    #[test]
    fn events_arrive_as_if_they_had_been_packed_there() {
        let long = "x".repeat(1000);
        let texts = [TEXTS[0], TEXTS[1], ["visit", &long, "x"], TEXTS[3]];
        let mut here = Dictionaries::new(2, 0);
        packed(&[["cart", "c", "c"]], &mut here);
        let bytes = written(&packed(&texts, &mut here), &here);
        let mut there = Dictionaries::new(2, 0);
        let native = packed(&texts, &mut there);
        assert_eq!(read_back(&bytes, &mut there), Ok(native));
    }

    #[test]
    fn texts_past_the_limit_keep_their_hash() {
        let mut here = Dictionaries::new(2, 0);
        here.kinds = Dictionary::new(1);
        let records = packed(&TEXTS, &mut here);
        let bytes = written(&records, &here);
        assert_eq!(read_back(&bytes, &mut here.clone()), Ok(records));
    }

    #[test]
    fn texts_past_the_limit_of_another_dictionary_fill_this_one() {
        let mut here = Dictionaries::new(2, 0);
        here.events[1] = Dictionary::new(1);
        let bytes = written(&packed(&TEXTS, &mut here), &here);
        let mut there = Dictionaries::new(2, 0);
        read_back(&bytes, &mut there).unwrap();
        let overflowed = there.events.iter().map(Dictionary::overflowed);
        assert_eq!(overflowed.collect::<Vec<_>>(), [false, true]);
        assert!(!there.kinds.overflowed());
    }

    #[test]
    fn events_become_those_of_a_key() {
        let mut here = Dictionaries::new(2, 0);
        let bytes = written(&packed(&TEXTS, &mut here), &here);
        let keyed = Layout {
            key: KeyWidth::Variable,
            ..LAYOUT
        };
        let (mut out, mut scratch) = (Vec::new(), Scratch::default());
        read(
            &keyed,
            b"ann",
            &bytes,
            &mut Dictionaries::new(2, 0),
            &mut out,
            &mut scratch,
            &mut || (),
        )
        .unwrap();
        let events = scratch.stretches().iter().map(|stretch| stretch.events);
        assert_eq!(events.sum::<u64>(), TEXTS.len() as u64);
        let first = scratch.stretches().iter().map(|stretch| stretch.first);
        assert_eq!(first.min(), Some(-3));
        let records: Vec<_> = keyed.records(&out).map(Result::unwrap).collect();
        assert_eq!(records.len(), TEXTS.len());
        assert!(records.iter().all(|record| *record.key == *b"ann"));
        let kinds = records.iter().map(|record| record.code(&keyed, 0));
        assert_eq!(kinds.collect::<Vec<_>>(), [1, 2, 1, 0]);
    }

    #[test]
    fn bytes_that_are_no_events_are_refused() {
        let mut here = Dictionaries::new(2, 0);
        let records = packed(&TEXTS, &mut here);
        let bytes = written(&records, &here);
        // The codes of few texts and their places take the same bytes.
        let texts = bytes.len() - records.len();
        let records = LAYOUT.records(&bytes[texts..]).map(Result::unwrap);
        let mut ends = vec![texts];
        ends.extend(records.map(|record| texts + record.next));
        for end in 0..bytes.len() {
            let cut = read_back(&bytes[..end], &mut Dictionaries::new(2, 0));
            assert_eq!(cut.is_err(), !ends.contains(&end), "cut at {end}");
        }
        let refused = |place: usize, change: fn(&mut u8)| {
            let mut changed = bytes.clone();
            change(&mut changed[place]);
            let read = read_back(&changed, &mut Dictionaries::new(2, 0));
            assert_eq!(read, Err(Error::BadRecord));
        };
        // A code that is no place; a mark.
        refused(bytes.len() - 1, |code| *code = 200);
        refused(ends[TEXTS.len() - 1], |tag| *tag |= 2);
    }
}
