//! Numbers the profiles of a partition: a hash table from keys to numbers.

use crate::error::Error;
use crate::hash::profile_hash;

/// A profile as it was first seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub hash: u64,
    /// The first eight bytes of the key, so that most comparisons stay in this table.
    prefix: u64,
    pub key: usize,
    key_len: usize,
    /// Number of its events; later where the next of them goes.
    pub events: usize,
}

/// Numbers profiles in the order of their appearance.
#[derive(Debug, Default)]
pub(super) struct Profiles {
    /// `0` = empty, otherwise a number + 1; the length is a power of two.
    pub table: Vec<u32>,
    pub entries: Vec<Entry>,
    /// Profiles in the order of their visit.
    pub order: Vec<u32>,
}

impl Entry {
    pub(super) fn key<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.key..self.key + self.key_len]
    }
}

impl Profiles {
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.table.fill(0);
    }

    /// The number of the profile with this key, which lies at `offset`.
    #[inline]
    pub(super) fn number(&mut self, bytes: &[u8], offset: usize, key: &[u8]) -> Result<u32, Error> {
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
    pub(super) fn sort(&mut self, bytes: &[u8]) -> Result<(), Error> {
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
