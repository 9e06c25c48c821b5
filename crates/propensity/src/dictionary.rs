//! Dictionaries: short codes for the texts of event types and text attributes.

use crate::error::Error;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// Texts longer than this many bytes are kept as a prefix and a hash.
const LONGEST: usize = 256;

/// Codes with this bit are hashes of texts that came after the dictionary was full.
const HASHED: u32 = 1 << 31;

/// One dictionary for the event types, and one per text attribute.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Dictionaries {
    /// Event types.
    pub kinds: Dictionary,
    /// Text attributes of events, in the order of the columns.
    pub events: Vec<Dictionary>,
    /// Text attributes of profiles, in the order of the columns.
    pub profiles: Vec<Dictionary>,
}

impl Dictionaries {
    /// Empty dictionaries for so many text attributes of events and of profiles.
    pub fn new(events: usize, profiles: usize) -> Self {
        Self {
            kinds: Dictionary::default(),
            events: vec![Dictionary::default(); events],
            profiles: vec![Dictionary::default(); profiles],
        }
    }
}

/// Codes for texts, in the order of their first appearance, from 1. Code 0 means missing.
///
/// Bounded: texts past the limit get the highest bit and 31 bits of their hash as their code, and
/// have no text any more. An open-addressing table of codes finds a text by its hash; short texts
/// that were met lately are found without hashing and comparing, which costs more than all else.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(into = "Spelled", try_from = "Spelled")]
pub struct Dictionary {
    max_entries: usize,
    overflowed: bool,
    /// Places of short texts by their bytes, each held by the text met last.
    recent: [(Short, u32); RECENT],
    /// `0` = empty, otherwise a code; the length is a power of two.
    table: Vec<u32>,
    /// Per code - 1.
    entries: Vec<Entry>,
    /// The texts one after the other.
    texts: String,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u64,
    /// Where the text ends in `texts`.
    end: usize,
    /// The text is a prefix and a hash: texts are told apart by the hash alone.
    abridged: bool,
}

/// A dictionary as it travels: each text, with its hash if it is abridged.
#[derive(Serialize, Deserialize)]
struct Spelled {
    max_entries: usize,
    overflowed: bool,
    texts: Vec<(String, Option<u64>)>,
}

/// A text of at most 16 bytes: its first and last bytes, which may overlap, and its length.
type Short = (u64, u64, usize);

/// Number of short texts remembered: a power of two.
const RECENT: usize = 64;
/// No text is as long as this says.
const NOTHING: Short = (0, 0, usize::MAX);

/// A text in two numbers, if it is short.
#[inline]
fn short(text: &[u8]) -> Option<Short> {
    let length = text.len();
    let (first, last) = match length {
        0 => (0, 0),
        1..4 => {
            let ends = u64::from(text[0]) | u64::from(text[length - 1]) << 8;
            (ends, u64::from(text[length / 2]))
        }
        4..8 => (
            u64::from(u32::from_le_bytes(*text.first_chunk()?)),
            u64::from(u32::from_le_bytes(*text.last_chunk()?)),
        ),
        8..=16 => (
            u64::from_le_bytes(*text.first_chunk()?),
            u64::from_le_bytes(*text.last_chunk()?),
        ),
        _ => return None,
    };
    Some((first, last, length))
}

/// Where a short text is remembered: the high bits of a product, after Knuth's multiplicative hashing.
#[inline]
fn place((first, last, length): Short) -> usize {
    let mixed = (first ^ last.rotate_left(29) ^ length as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (64 - RECENT.ilog2())) as usize
}

/// A text as one dictionary spells it for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spelling<'a> {
    /// The text, or what stands for it.
    pub text: &'a str,
    /// The hash of a text that is too long or not UTF-8, by which alone it is known.
    pub abridged: Option<u64>,
}

impl Default for Dictionary {
    /// Room for [`Dictionary::ROOM`] texts.
    fn default() -> Self {
        Self::new(Self::ROOM)
    }
}

impl Dictionary {
    /// An empty dictionary with room for so many texts.
    pub fn new(max_entries: usize) -> Self {
        Self {
            max_entries: max_entries.min(HASHED as usize - 1),
            overflowed: false,
            recent: [(NOTHING, 0); RECENT],
            table: Vec::new(),
            entries: Vec::new(),
            texts: String::new(),
        }
    }

    /// The code of a text, which is added if it is new.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`] if there is no memory for it.
    #[inline]
    pub fn intern(&mut self, text: &[u8]) -> Result<u32, Error> {
        let Some(short) = short(text) else {
            return self.look_up(text);
        };
        let place = place(short);
        if self.recent[place].0 != short {
            self.recent[place] = (short, self.look_up(text)?);
        }
        Ok(self.recent[place].1)
    }

    /// The code of a text, by its hash.
    fn look_up(&mut self, text: &[u8]) -> Result<u32, Error> {
        let hash = xxh3_64(text);
        if let Some(code) = self.find(hash, text) {
            return Ok(code);
        }
        if let Some(code) = self.past_limit(hash) {
            return Ok(code);
        }
        match std::str::from_utf8(text) {
            Ok(text) if text.len() <= LONGEST => self.add(hash, text, false),
            _ => self.add(hash, &abridge(text, hash), true),
        }
    }

    /// A text of another dictionary in its spelling; none for missing and for texts past the limit.
    pub fn spelling(&self, code: u32) -> Option<Spelling<'_>> {
        let text = self.text(code)?;
        let entry = self.entries.get(code as usize - 1)?;
        Some(Spelling {
            text,
            abridged: entry.abridged.then_some(entry.hash),
        })
    }

    /// The code of a text in the spelling of another dictionary: the very code that the text itself gets.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`] if there is no memory for it.
    pub fn intern_spelling(&mut self, spelling: Spelling) -> Result<u32, Error> {
        let text = spelling.text.as_bytes();
        let Some(hash) = spelling.abridged else {
            return self.intern(text);
        };
        match self.find(hash, text).or_else(|| self.past_limit(hash)) {
            Some(code) => Ok(code),
            None => self.add(hash, spelling.text, true),
        }
    }

    /// The code of a text that is known, also by the prefix and hash that [`Dictionary::text`] gave
    /// in place of a long one.
    pub fn code(&self, text: &[u8]) -> Option<u32> {
        let known = self.find(xxh3_64(text), text);
        known.or_else(|| self.find(abridged_hash(text)?, text))
    }

    /// Takes in the texts of another dictionary, and returns their codes here by their codes there.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`] if there is no memory for them.
    pub(crate) fn take_in(&mut self, other: &Self) -> Result<Vec<u32>, Error> {
        let mut codes = Vec::new();
        codes.try_reserve_exact(other.len() + 1)?;
        codes.push(0);
        for code in 1..=other.len() as u32 {
            let spelling = other.spelling(code).ok_or(Error::BadRecord)?;
            codes.push(self.intern_spelling(spelling)?);
        }
        self.overflowed |= other.overflowed;
        Ok(codes)
    }

    /// Takes in a text by its name in a stored schema, so that it is told apart even if there are
    /// more texts than the limit. What stands for a long text is taken as that, not as the text itself.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`] if there is no memory for it.
    pub fn know(&mut self, name: &str) -> Result<(), Error> {
        // A short text may end like one that stands for another.
        let is_abridged = name.len() >= LONGEST / 2 + 17;
        let abridged = abridged_hash(name.as_bytes()).filter(|_| is_abridged);
        let text = name;
        self.intern_spelling(Spelling { text, abridged }).map(drop)
    }

    /// Takes in no further text: those known already are told apart, all others by their hash.
    pub fn close(&mut self) {
        self.max_entries = self.entries.len();
    }

    /// Takes notice of texts past the limit of another dictionary whose texts it takes in.
    pub fn overflow(&mut self) {
        self.overflowed = true;
    }

    /// Most texts that a dictionary holds by default.
    pub const ROOM: usize = 131_072;

    /// The text of a code; none for missing and for texts past the limit.
    pub fn text(&self, code: u32) -> Option<&str> {
        let index = (code as usize).checked_sub(1)?;
        let end = self.entries.get(index)?.end;
        let start = index
            .checked_sub(1)
            .map_or(0, |last| self.entries[last].end);
        self.texts.get(start..end)
    }

    /// Number of texts, not counting those past the limit. The codes are `1..=len`.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether there were more texts than the limit.
    pub fn overflowed(&self) -> bool {
        self.overflowed
    }

    /// Whether a code stands for a text past the limit.
    #[inline]
    pub(crate) fn is_hash(code: u32) -> bool {
        code & HASHED != 0
    }

    /// Where a code's text stands in an order that is the same for any order of appearance: by 31
    /// bits of its hash; missing comes first.
    ///
    /// Alphabetical order would not do: a text past the limit is only known by its hash.
    #[inline]
    pub fn order(&self, code: u32) -> u32 {
        if code == 0 {
            0
        } else if Self::is_hash(code) {
            1 + (code & !HASHED)
        } else {
            let entry = self.entries.get(code as usize - 1);
            entry.map_or(0, |entry| 1 + order_of_hash(entry.hash))
        }
    }

    #[inline]
    fn find(&self, hash: u64, text: &[u8]) -> Option<u32> {
        let mask = self.table.len().checked_sub(1)?;
        let mut slot = hash as usize & mask;
        loop {
            let code = self.table[slot];
            if code == 0 {
                return None;
            }
            let entry = &self.entries[code as usize - 1];
            if entry.hash == hash
                && (entry.abridged || self.text(code).map(str::as_bytes) == Some(text))
            {
                return Some(code);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// The code of a new text if there is no place for it any more.
    fn past_limit(&mut self, hash: u64) -> Option<u32> {
        let full = self.entries.len() >= self.max_entries;
        self.overflowed |= full;
        full.then_some(HASHED | order_of_hash(hash))
    }

    fn add(&mut self, hash: u64, text: &str, abridged: bool) -> Result<u32, Error> {
        self.entries.try_reserve(1)?;
        if 2 * (self.entries.len() + 1) > self.table.len() {
            self.grow()?;
        }
        self.texts.try_reserve(text.len())?;
        self.texts.push_str(text);
        self.entries.push(Entry {
            hash,
            end: self.texts.len(),
            abridged,
        });
        let code = self.entries.len() as u32;
        insert(&mut self.table, hash, code);
        Ok(code)
    }

    fn grow(&mut self) -> Result<(), Error> {
        let size = (2 * self.table.len()).max(64);
        let mut table = Vec::new();
        table.try_reserve_exact(size)?;
        table.resize(size, 0);
        for (index, entry) in self.entries.iter().enumerate() {
            insert(&mut table, entry.hash, index as u32 + 1);
        }
        self.table = table;
        Ok(())
    }
}

impl From<Dictionary> for Spelled {
    fn from(dictionary: Dictionary) -> Self {
        let codes = 1..=dictionary.len() as u32;
        let spellings = codes.filter_map(|code| dictionary.spelling(code));
        let texts = spellings.map(|one| (one.text.to_owned(), one.abridged));
        Self {
            max_entries: dictionary.max_entries,
            overflowed: dictionary.overflowed,
            texts: texts.collect(),
        }
    }
}

impl TryFrom<Spelled> for Dictionary {
    type Error = Error;

    fn try_from(spelled: Spelled) -> Result<Self, Error> {
        let mut dictionary = Self::new(spelled.max_entries.max(spelled.texts.len()));
        for (text, abridged) in &spelled.texts {
            dictionary.intern_spelling(Spelling {
                text,
                abridged: *abridged,
            })?;
        }
        dictionary.max_entries = spelled.max_entries;
        dictionary.overflowed = spelled.overflowed;
        Ok(dictionary)
    }
}

fn insert(table: &mut [u32], hash: u64, code: u32) {
    let mask = table.len() - 1;
    let mut slot = hash as usize & mask;
    while table[slot] != 0 {
        slot = (slot + 1) & mask;
    }
    table[slot] = code;
}

/// The high bits: the low ones choose slots.
fn order_of_hash(hash: u64) -> u32 {
    (hash >> 33) as u32
}

/// A text that is too long or not UTF-8, as a readable prefix and its hash.
fn abridge(text: &[u8], hash: u64) -> String {
    let prefix = &text[..text.len().min(LONGEST / 2)];
    format!("{}~{hash:016x}", String::from_utf8_lossy(prefix))
}

/// The hash at the end of an abridged text.
fn abridged_hash(text: &[u8]) -> Option<u64> {
    let (rest, hash) = text.split_last_chunk::<16>()?;
    let hash = std::str::from_utf8(hash).ok()?;
    rest.ends_with(b"~")
        .then(|| u64::from_str_radix(hash, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_count_from_one_and_stay() {
        let mut words = Dictionary::default();
        for round in 0..2 {
            for number in 0..1000_u32 {
                let code = words.intern(format!("word {number}").as_bytes());
                assert_eq!(code, Ok(number + 1), "round {round}");
            }
        }
        assert_eq!(words.text(1), Some("word 0"));
        assert_eq!(words.text(1000), Some("word 999"));
        assert_eq!((words.text(0), words.text(1001)), (None, None));
        assert_eq!(words.code(b"word 41"), Some(42));
        assert_eq!(words.code(b"unknown"), None);
        assert_eq!(words.intern(b""), Ok(1001), "empty is not missing");
        assert!(!words.overflowed());
    }

    #[test]
    fn short_texts_of_any_length_stay_apart() {
        let mut words = Dictionary::default();
        let alphabet = [b'a', b'b', 0];
        let mut texts: Vec<Vec<u8>> = vec![Vec::new()];
        for length in 1..=20 {
            for at in 0..length {
                for letter in alphabet {
                    let mut text = vec![b'a'; length];
                    text[at] = letter;
                    texts.push(text);
                }
            }
        }
        texts.sort();
        texts.dedup();
        for _ in 0..2 {
            let codes: Vec<u32> = texts.iter().map(|t| words.intern(t).unwrap()).collect();
            assert_eq!(codes, (1..=texts.len() as u32).collect::<Vec<_>>());
        }
    }

    #[test]
    fn texts_past_the_limit_get_a_code_from_their_hash() {
        let mut full = Dictionary::new(1);
        let mut roomy = Dictionary::default();
        for text in ["a", "b", "c"] {
            let hashed = full.intern(text.as_bytes()).unwrap();
            let known = roomy.intern(text.as_bytes()).unwrap();
            assert_eq!(
                full.intern(text.as_bytes()),
                Ok(hashed),
                "the same each time"
            );
            assert_eq!(
                full.order(hashed),
                roomy.order(known),
                "the same place for {text}"
            );
        }
        assert!(full.overflowed());
        assert_eq!((full.len(), full.text(1)), (1, Some("a")));
        assert!(full.intern(b"b").unwrap() >= HASHED);
    }

    #[test]
    fn long_texts_and_bytes_that_are_no_text_stay_apart() {
        let mut words = Dictionary::default();
        let long = |last: &str| format!("{}{last}", "x".repeat(10_000));
        let codes = [
            words.intern(long("a").as_bytes()).unwrap(),
            words.intern(long("b").as_bytes()).unwrap(),
            words.intern(b"\xff").unwrap(),
            words.intern(b"\xfe").unwrap(),
            words.intern("é".repeat(200).as_bytes()).unwrap(),
        ];
        assert_eq!(codes, [1, 2, 3, 4, 5]);
        assert_eq!(words.intern(long("a").as_bytes()), Ok(1));
        let texts: Vec<&str> = codes.iter().filter_map(|&code| words.text(code)).collect();
        assert_eq!(texts.len(), 5);
        assert!(texts.iter().all(|text| text.len() < LONGEST + 20));
        assert!(texts.windows(2).all(|pair| pair[0] != pair[1]));
        let found: Vec<_> = texts
            .iter()
            .map(|text| words.code(text.as_bytes()))
            .collect();
        assert_eq!(found, codes.map(Some), "known by what stands for them");
    }

    #[test]
    fn what_stands_for_a_long_text_is_not_taken_for_a_text() {
        let mut first = Dictionary::default();
        let long = "x".repeat(1000);
        let code = first.intern(long.as_bytes()).unwrap();
        let mut second = Dictionary::default();
        second.know("a").unwrap();
        second.know(first.text(code).unwrap()).unwrap();
        assert_eq!((second.len(), second.text(1)), (2, Some("a")));
        let again = second.intern(long.as_bytes()).unwrap();
        let known = second.code(first.text(code).unwrap().as_bytes());
        assert_eq!((again, known), (2, Some(2)));
        second.know("a~0123456789abcdef").unwrap();
        assert_eq!(second.intern(b"a~0123456789abcdef"), Ok(3));
    }

    #[test]
    fn a_closed_dictionary_knows_what_it_knew() {
        let mut words = Dictionary::default();
        words.intern(b"a").unwrap();
        words.close();
        assert!(Dictionary::is_hash(words.intern(b"b").unwrap()));
        assert_eq!((words.intern(b"a"), words.len()), (Ok(1), 1));
    }
}
