//! The codes of one process replaced by those of another, where records pass between them.

use crate::error::Error;
use crate::event::dictionary::Dictionaries;
use crate::event::record::{Layout, RecordKind};

/// Records between two calls of `poll`: about a millisecond.
const QUANTUM: usize = 1 << 16;

/// New codes by old ones: of the event types, then of each text attribute.
#[derive(Debug)]
pub struct CodeMap {
    codes: Vec<Vec<u32>>,
    /// Whether all codes stay as they are.
    identity: bool,
}

impl CodeMap {
    /// From the codes of one process to those of another, which takes in the texts that it lacks.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn new(from: &Dictionaries, into: &mut Dictionaries) -> Result<Self, Error> {
        let mut codes = vec![into.kinds.take_in(&from.kinds)?];
        for (into, from) in into.events.iter_mut().zip(&from.events) {
            codes.push(into.take_in(from)?);
        }
        let same = |codes: &Vec<u32>| (0..).zip(codes).all(|(old, &new)| old == new);
        let identity = codes.iter().all(same);
        Ok(Self { codes, identity })
    }

    /// Whether all codes stay as they are.
    pub(crate) fn is_identity(&self) -> bool {
        self.identity
    }

    /// Appends records to `out`, the codes of events replaced. Those of texts past the limit of a dictionary are hashes,
    /// which stay.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`] unless these are whole records, [`Error::OutOfMemory`].
    pub fn apply(
        &self,
        layout: &Layout,
        bytes: &[u8],
        out: &mut Vec<u8>,
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        let (mut numbers, mut codes) = (Vec::new(), Vec::new());
        for (number, record) in layout.records(bytes).enumerate() {
            let record = record?;
            out.try_reserve(layout.longest(&record.key))?;
            let RecordKind::Event(flags) = record.kind()? else {
                out.extend_from_slice(record.bytes());
                continue;
            };
            let (time, kind) = record.event(layout, &mut numbers, &mut codes)?;
            for (code, column) in codes.iter_mut().zip(1..) {
                *code = new_code(self.column(column), *code);
            }
            let kind = new_code(self.column(0), kind);
            layout.push_event(out, &record.key, time, kind, flags, &numbers, &codes);
            if number % QUANTUM == QUANTUM - 1 {
                poll();
            }
        }
        Ok(())
    }

    /// The new codes of a column, by old ones: of the types, column 0, or of a text attribute.
    pub(crate) fn column(&self, column: usize) -> &[u32] {
        self.codes.get(column).map_or(&[], Vec::as_slice)
    }
}

/// What a list says of a code; it stays as it is past the end of the list.
#[inline]
pub(crate) fn new_code(list: &[u32], code: u32) -> u32 {
    list.get(code as usize).copied().unwrap_or(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::history::Flags;
    use crate::event::record::KeyWidth;

    const LAYOUT: Layout = Layout {
        key: KeyWidth::Variable,
        numbers: 1,
        codes: 1,
        profile_numbers: 0,
        profile_codes: 0,
    };

    /// Dictionaries that met these types and texts, in this order, with room for the given number of each.
    fn dictionaries(room: usize, kinds: &[&str], texts: &[&str]) -> Dictionaries {
        let mut dictionaries = Dictionaries::new(1, 0);
        dictionaries.kinds = crate::event::dictionary::Dictionary::new(room);
        for kind in kinds {
            dictionaries.kinds.intern(kind.as_bytes()).unwrap();
        }
        for text in texts {
            dictionaries.events[0].intern(text.as_bytes()).unwrap();
        }
        dictionaries
    }

    /// The records of events whose types and texts these dictionaries know.
    fn records(dictionaries: &mut Dictionaries, events: &[(&str, &str)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (key, (kind, text)) in events.iter().enumerate() {
            let kind = dictionaries.kinds.intern(kind.as_bytes()).unwrap();
            let text = dictionaries.events[0].intern(text.as_bytes()).unwrap();
            let (key, flags) = ("k".repeat(key), Flags::default());
            LAYOUT.push_event(&mut bytes, key.as_bytes(), 5, kind, flags, &[1.5], &[text]);
        }
        bytes
    }

    fn recoded(from: &Dictionaries, into: &mut Dictionaries, bytes: &[u8]) -> Vec<u8> {
        let (mut out, recode) = (Vec::new(), CodeMap::new(from, into).unwrap());
        recode.apply(&LAYOUT, bytes, &mut out, &mut || ()).unwrap();
        out
    }

    #[test]
    fn records_of_one_process_become_those_that_another_would_have_made() {
        let events = [
            ("buy", "red"),
            ("look", "blue"),
            ("buy", "blue"),
            ("leave", "red"),
        ];
        let mut there = dictionaries(9, &["look", "buy"], &["blue"]);
        let bytes = records(&mut there, &events);
        let mut here = dictionaries(9, &["buy", "sell"], &["red", "green"]);
        let found = recoded(&there, &mut here, &bytes);
        assert_ne!(found, bytes);
        assert_eq!(found, records(&mut here, &events));
    }

    #[test]
    fn texts_past_the_limit_stay_hashes_and_the_limit_is_known() {
        let events = [("buy", "red"), ("look", "red"), ("sell", "red")];
        let mut there = dictionaries(2, &["look"], &[]);
        let bytes = records(&mut there, &events);
        assert!(there.kinds.overflowed());
        let mut here = dictionaries(9, &["sell"], &[]);
        let found = recoded(&there, &mut here, &bytes);
        let code =
            |dictionaries: &Dictionaries, text: &str| dictionaries.kinds.code(text.as_bytes());
        let records = LAYOUT.records(&found).map(Result::unwrap);
        let kinds = records.map(|record| record.code(&LAYOUT, 0));
        let kinds: Vec<u32> = kinds.collect();
        assert_eq!(
            kinds[..2],
            [code(&here, "buy"), code(&here, "look")].map(Option::unwrap)
        );
        // Its order is that of the text, whichever code stands for it.
        let sell = code(&here, "sell").unwrap();
        assert!(kinds[2] != sell && here.kinds.order(kinds[2]) == here.kinds.order(sell));
        assert!(here.kinds.overflowed());
    }

    #[test]
    fn dictionaries_travel_as_they_are() {
        let long = "x".repeat(1000);
        let mut dictionaries = dictionaries(3, &["buy", &long, "look", "sell"], &["red"]);
        let text = serde_json::to_string(&dictionaries).unwrap();
        let mut back: Dictionaries = serde_json::from_str(&text).unwrap();
        assert!(back.kinds.overflowed() && !back.events[0].overflowed());
        let events = [
            ("buy", "red"),
            (&*long, "blue"),
            ("sell", "red"),
            ("new", "green"),
        ];
        assert_eq!(
            records(&mut back, &events),
            records(&mut dictionaries, &events)
        );
    }
}
