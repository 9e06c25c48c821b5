//! How texts pass between dictionaries: spelled, and by their hash where the text itself is not kept.

use serde::{Deserialize, Serialize};

use super::{Dictionary, LONGEST};
use crate::error::{Error, OutOfMemory};

/// A text as one dictionary spells it for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spelling<'a> {
    /// The text, or what stands for it.
    pub text: &'a str,
    /// The hash of a text that is too long or not UTF-8, by which alone it is known.
    pub abridged: Option<u64>,
}

/// A dictionary as it travels: each text, with its hash if it is abridged.
#[derive(Serialize, Deserialize)]
pub(super) struct Spelled {
    max_entries: usize,
    overflowed: bool,
    texts: Vec<(String, Option<u64>)>,
}

impl Dictionary {
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
    /// [`OutOfMemory`] if there is none for it.
    pub fn intern_spelling(&mut self, spelling: Spelling) -> Result<u32, OutOfMemory> {
        let text = spelling.text.as_bytes();
        let Some(hash) = spelling.abridged else {
            return self.intern(text);
        };
        match self.find(hash, text).or_else(|| self.past_limit(hash)) {
            Some(code) => Ok(code),
            None => self.add(hash, spelling.text, true),
        }
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
    /// [`OutOfMemory`] if there is none for it.
    pub fn know(&mut self, name: &str) -> Result<(), OutOfMemory> {
        // A short text may end like one that stands for another.
        let is_abridged = name.len() >= LONGEST / 2 + 17;
        let abridged = abridged_hash(name.as_bytes()).filter(|_| is_abridged);
        let text = name;
        self.intern_spelling(Spelling { text, abridged }).map(drop)
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

/// A text that is too long or not UTF-8, as a readable prefix and its hash.
pub(super) fn abridge(text: &[u8], hash: u64) -> String {
    let prefix = &text[..text.len().min(LONGEST / 2)];
    format!("{}~{hash:016x}", String::from_utf8_lossy(prefix))
}

/// The hash at the end of an abridged text.
pub(super) fn abridged_hash(text: &[u8]) -> Option<u64> {
    let (rest, hash) = text.split_last_chunk::<16>()?;
    let hash = std::str::from_utf8(hash).ok()?;
    rest.ends_with(b"~")
        .then(|| u64::from_str_radix(hash, 16).ok())?
}
