//! Numbers the profiles of a partition: a hash table from keys to numbers.

use crate::error::Error;
use crate::event::record::Key;
use crate::hash::profile_hash;

/// A profile as it was first seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub hash: u64,
    /// The first eight bytes of the key, so that most comparisons stay in this table.
    prefix: u64,
    key: usize,
    key_len: usize,
    /// Number of its events.
    pub events: u32,
    wanted: bool,
}

/// Numbers profiles in the order of their appearance.
#[derive(Debug, Default)]
pub(super) struct Profiles {
    /// `0` = empty, otherwise a number + 1; the length is a power of two.
    table: Vec<u32>,
    /// Keys, one after the other.
    keys: Vec<u8>,
    pub entries: Vec<Entry>,
    /// Profiles in the order of their visit.
    pub order: Vec<u32>,
}

impl Profiles {
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.keys.clear();
        self.table.fill(0);
    }

    pub(super) fn key(&self, entry: &Entry) -> &[u8] {
        &self.keys[entry.key..entry.key + entry.key_len]
    }

    /// The number of the profile with this key, none if it is not wanted.
    #[inline(always)]
    pub(super) fn number(
        &mut self,
        key: &Key,
        wants: &dyn Fn(u64) -> bool,
    ) -> Result<Option<u32>, Error> {
        // That the length of most keys is known saves what is done because of others.
        match key {
            Key::Integer(integer) => self.find(integer, u64::from_le_bytes(*integer), wants),
            Key::Bytes(bytes) => self.find(bytes, prefix(bytes), wants),
        }
    }

    #[inline(always)]
    fn find(
        &mut self,
        key: &[u8],
        prefix: u64,
        wants: &dyn Fn(u64) -> bool,
    ) -> Result<Option<u32>, Error> {
        if 2 * (self.entries.len() + 1) > self.table.len() {
            self.grow()?;
        }
        let hash = profile_hash(key);
        let mask = self.table.len() - 1;
        let mut slot = hash as usize & mask;
        while let Some(number) = self.table[slot].checked_sub(1) {
            let entry = &self.entries[number as usize];
            let same = entry.hash == hash && entry.prefix == prefix && entry.key_len == key.len();
            if same && (key.len() <= 8 || self.key(entry) == key) {
                return Ok(entry.wanted.then_some(number));
            }
            slot = (slot + 1) & mask;
        }
        self.add(slot, hash, key, wants(hash))
    }

    #[cold]
    fn add(
        &mut self,
        slot: usize,
        hash: u64,
        key: &[u8],
        wanted: bool,
    ) -> Result<Option<u32>, Error> {
        let number = self.entries.len() as u32;
        self.keys.try_reserve(key.len())?;
        self.entries.try_reserve(1)?;
        self.entries.push(Entry {
            hash,
            prefix: prefix(key),
            key: self.keys.len(),
            key_len: key.len(),
            events: 0,
            wanted,
        });
        self.keys.extend_from_slice(key);
        self.table[slot] = number + 1;
        Ok(wanted.then_some(number))
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

    /// Orders the profiles that are wanted by hash, then key.
    pub(super) fn sort(&mut self) -> Result<(), Error> {
        let entries = &self.entries;
        self.order.clear();
        self.order.try_reserve(entries.len())?;
        let wanted = |&number: &u32| entries[number as usize].wanted;
        self.order.extend((0..entries.len() as u32).filter(wanted));
        let keys = &self.keys;
        let key = |entry: &Entry| &keys[entry.key..][..entry.key_len];
        self.order.sort_unstable_by(|&a, &b| {
            let (a, b) = (&entries[a as usize], &entries[b as usize]);
            a.hash.cmp(&b.hash).then_with(|| key(a).cmp(key(b)))
        });
        Ok(())
    }

    /// The rank of each profile in the order; none is numbered after this.
    pub(super) fn ranks(&mut self) -> &[u32] {
        for (rank, &number) in self.order.iter().enumerate() {
            self.table[number as usize] = rank as u32;
        }
        &self.table
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
