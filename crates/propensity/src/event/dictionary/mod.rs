//! Dictionaries: short codes for the texts of event types and text attributes.
//!
//! `short` remembers short texts without hashing, `spelling` is how texts pass from one dictionary to another.

mod short;
mod spelling;

pub use spelling::Spelling;

use crate::error::OutOfMemory;
use serde::{Deserialize, Serialize};
use short::{NOTHING, RECENT, Short, place, short};
use spelling::{Spelled, abridge, abridged_hash};
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
    /// Empty dictionaries, one for each text attribute of events and of profiles.
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

impl Default for Dictionary {
    /// Room for [`Dictionary::ROOM`] texts.
    fn default() -> Self {
        Self::new(Self::ROOM)
    }
}

impl Dictionary {
    /// An empty dictionary with room for a number of texts.
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

    /// The code of a short text that was met lately, without the cost of looking it up.
    #[inline]
    pub fn recall(&self, text: &[u8]) -> Option<u32> {
        let short = short(text)?;
        let (held, code) = self.recent[place(short)];
        (held == short).then_some(code)
    }

    /// The code of a text, which is added if it is new.
    ///
    /// # Errors
    ///
    /// [`OutOfMemory`] if there is none for it.
    #[inline]
    pub fn intern(&mut self, text: &[u8]) -> Result<u32, OutOfMemory> {
        match self.recall(text) {
            Some(code) => Ok(code),
            None => self.look_up_and_remember(text),
        }
    }

    #[cold]
    fn look_up_and_remember(&mut self, text: &[u8]) -> Result<u32, OutOfMemory> {
        let code = self.look_up(text)?;
        if let Some(short) = short(text) {
            self.recent[place(short)] = (short, code);
        }
        Ok(code)
    }

    /// The code of a text, by its hash.
    fn look_up(&mut self, text: &[u8]) -> Result<u32, OutOfMemory> {
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

    /// The code of a text that is known, also by the prefix and hash that [`Dictionary::text`] gave
    /// in place of a long one.
    pub fn code(&self, text: &[u8]) -> Option<u32> {
        let known = self.find(xxh3_64(text), text);
        known.or_else(|| self.find(abridged_hash(text)?, text))
    }

    /// The code by which a text goes where there were more texts than the limit, so that it never goes by two: one dictionary
    /// may have had room for it, and another only known its hash. Texts whose hashes are the same, as far as codes past the
    /// limit hold them, go by the code of the one that was known first.
    #[inline]
    pub fn resolve(&self, code: u32) -> u32 {
        match self.order(code).checked_sub(1) {
            None => code,
            Some(order) => self.find_order(order).unwrap_or(code),
        }
    }

    fn find_order(&self, order: u32) -> Option<u32> {
        let mut slot = slot(&self.table, u64::from(order) << ORDER);
        loop {
            let code = *self.table.get(slot)?;
            let index = (code as usize).checked_sub(1)?;
            if order_of_hash(self.entries[index].hash) == order {
                return Some(code);
            }
            slot = (slot + 1) & (self.table.len() - 1);
        }
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
        let mut slot = slot(&self.table, hash);
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

    fn add(&mut self, hash: u64, text: &str, abridged: bool) -> Result<u32, OutOfMemory> {
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

    fn grow(&mut self) -> Result<(), OutOfMemory> {
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

fn insert(table: &mut [u32], hash: u64, code: u32) {
    let mask = table.len() - 1;
    let mut slot = slot(table, hash);
    while table[slot] != 0 {
        slot = (slot + 1) & mask;
    }
    table[slot] = code;
}

/// Where the search for a hash begins: at its highest bits, which are all that a code past the limit has of it.
#[inline]
fn slot(table: &[u32], hash: u64) -> usize {
    let bits = table.len().checked_ilog2().unwrap_or_default();
    hash.checked_shr(u64::BITS - bits).unwrap_or_default() as usize
}

/// Bits of a hash that are not among the 31 by which texts are ordered.
const ORDER: u32 = 33;

/// The highest 31 bits.
fn order_of_hash(hash: u64) -> u32 {
    (hash >> ORDER) as u32
}

#[cfg(test)]
mod tests;
