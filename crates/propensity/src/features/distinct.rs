//! The number of distinct codes.

use crate::error::Error;

/// Distinct codes of some events; 0 is no code.
#[derive(Debug, Default)]
pub(super) struct Distinct {
    /// Codes below 64, by bit: most attributes have no others.
    few: u64,
    /// All others, by open addressing; the length is a power of two.
    many: Vec<Slot>,
    /// What a slot in use bears: changes when cleared, so that nothing need be written.
    stamp: u32,
    /// Number of slots in use.
    used: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    stamp: u32,
    code: u32,
}

impl Distinct {
    pub(super) fn clear(&mut self) {
        self.few = 0;
        if self.used == 0 {
            return;
        }
        self.used = 0;
        self.stamp = self.stamp.wrapping_add(1);
        if self.stamp == 0 {
            // Every 2^32 times old stamps would come to life again.
            self.many.fill(Slot::default());
            self.stamp = 1;
        }
    }

    pub(super) fn extend(&mut self, codes: impl Iterator<Item = u32>) -> Result<(), Error> {
        let mut few = self.few;
        for code in codes {
            if code < u64::BITS {
                few |= 1 << code;
            } else {
                self.insert(code)?;
            }
        }
        self.few = few;
        Ok(())
    }

    pub(super) fn count(&self) -> usize {
        (self.few & !1).count_ones() as usize + self.used
    }

    fn insert(&mut self, code: u32) -> Result<(), Error> {
        if 2 * (self.used + 1) > self.many.len() {
            self.grow()?;
        }
        let slot = find(&self.many, self.stamp, code);
        let slot = &mut self.many[slot];
        self.used += usize::from(slot.stamp != self.stamp);
        *slot = Slot {
            stamp: self.stamp,
            code,
        };
        Ok(())
    }

    fn grow(&mut self) -> Result<(), Error> {
        let size = (2 * self.many.len()).max(32);
        let mut many = Vec::new();
        many.try_reserve_exact(size)?;
        many.resize(size, Slot::default());
        self.stamp = self.stamp.max(1);
        for slot in self.many.iter().filter(|slot| slot.stamp == self.stamp) {
            let place = find(&many, self.stamp, slot.code);
            many[place] = *slot;
        }
        self.many = many;
        Ok(())
    }
}

/// The slot of a code, or the empty one where it belongs.
fn find(slots: &[Slot], stamp: u32, code: u32) -> usize {
    let mask = slots.len() - 1;
    // Multiplying spreads codes that are close to each other; the high bits are the mixed ones.
    let mut slot = (u64::from(code).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize & mask;
    while slots[slot].stamp == stamp && slots[slot].code != code {
        slot = (slot + 1) & mask;
    }
    slot
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_codes_agree_with_a_set() {
        for below in [1, 5, 63, 64, 65, 613] {
            let codes: Vec<u32> = (0..2000_u32).map(|i| i.wrapping_mul(i) % below).collect();
            let mut distinct = Distinct::default();
            for end in [2000, 0, 1, 500] {
                distinct.clear();
                let (first, rest) = codes[..end].split_at(end / 3);
                distinct.extend(first.iter().copied()).unwrap();
                distinct.extend(rest.iter().copied()).unwrap();
                let set: std::collections::BTreeSet<_> = codes[..end].iter().collect();
                let exact = set.len() - usize::from(set.contains(&0));
                assert_eq!(distinct.count(), exact, "{end} below {below}");
            }
        }
    }

    #[test]
    fn old_stamps_do_not_come_to_life_again() {
        let mut distinct = Distinct::default();
        distinct.extend([100, 200].into_iter()).unwrap();
        distinct.stamp = u32::MAX;
        distinct.clear();
        distinct.extend([300].into_iter()).unwrap();
        assert_eq!(distinct.count(), 1);
        distinct.extend([100, 200, 300].into_iter()).unwrap();
        assert_eq!(distinct.count(), 3);
    }
}
