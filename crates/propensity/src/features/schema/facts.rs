//! What a learner remembers: just enough to choose, in bounded memory.

use super::{TextColumn, TextUse};
use crate::error::Error;
use crate::event::dictionary::Dictionary;
use crate::hash::schema_place;
use crate::time::{DAY, Micros};

/// Where the span of the data ends: quantile of the age of events.
const SPAN_QUANTILE: f64 = 0.999;
/// Observations kept to count the profiles of the types that share one place.
const SAMPLE: usize = 1 << 17;
/// So few values are a category even if hardly two profiles share one.
const FEW: u64 = 50;
/// Profiles that share a value, if it is to be kept of a column whose values look like names of them.
const SHARED: u32 = 5;

/// Ages of events on both sides of a span: enough to tell whether a quantile reaches it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ages {
    span: Micros,
    below: u64,
    greatest_below: Micros,
    least_above: Micros,
}

/// How often the values of a text attribute were seen.
#[derive(Clone, Debug, Default)]
pub(super) struct TextFacts {
    present: u64,
    /// Per code: number of profiles, the last of them.
    values: Vec<(u32, u32)>,
}

/// Which profiles have numbers of which type: all of them while they are few, then those of a
/// shrinking range of hashes, so that the same profiles are kept in whatever order they come.
#[derive(Clone, Debug, Default)]
pub(super) struct Sample {
    halvings: u32,
    /// Hash of the profile, place of the type, attribute.
    seen: Vec<(u64, u32, u32)>,
}

impl Ages {
    pub(super) fn new(span: Micros) -> Self {
        Self {
            span,
            below: 0,
            greatest_below: 0,
            least_above: Micros::MAX,
        }
    }

    /// Adds the events of a profile, oldest first.
    pub(super) fn add(&mut self, times: &[Micros], until: Micros) {
        let border = until.saturating_sub(self.span);
        let above = times.partition_point(|&time| time <= border);
        self.below += (times.len() - above) as u64;
        let age = |time: &Micros| until.saturating_sub(*time);
        if let Some(age) = times[above..].first().map(age) {
            self.greatest_below = self.greatest_below.max(age);
        }
        if let Some(age) = times[..above].last().map(age) {
            self.least_above = self.least_above.min(age);
        }
    }

    /// Adds what another has seen of the same span.
    pub(super) fn merge(&mut self, other: &Self) {
        self.below += other.below;
        self.greatest_below = self.greatest_below.max(other.greatest_below);
        self.least_above = self.least_above.min(other.least_above);
    }

    /// Whether the span is at least a day and at most the quantile of all ages: exact, with linear interpolation
    /// between order statistics.
    pub(super) fn reached(&self, events: u64) -> bool {
        if self.span < DAY {
            return false;
        }
        let position = SPAN_QUANTILE * (events - 1) as f64;
        let rank = position.floor();
        let below = self.below as f64;
        if rank >= below {
            return true;
        }
        if rank + 1.0 < below || self.below == events {
            return false;
        }
        let step = self.least_above as f64 - self.greatest_below as f64;
        self.greatest_below as f64 + (position - rank) * step >= self.span as f64
    }
}

impl TextFacts {
    #[inline]
    pub(super) fn add(&mut self, code: u32, profile: u32) -> Result<(), Error> {
        if code == 0 {
            return Ok(());
        }
        self.present += 1;
        if Dictionary::is_hash(code) {
            return Ok(());
        }
        let code = code as usize;
        self.make_room(code + 1)?;
        let (profiles, seen) = &mut self.values[code];
        if *seen != profile {
            *seen = profile;
            *profiles += 1;
        }
        Ok(())
    }

    #[inline]
    fn make_room(&mut self, codes: usize) -> Result<(), Error> {
        if codes > self.values.len() {
            self.values.try_reserve(codes - self.values.len())?;
            self.values.resize(codes, (0, 0));
        }
        Ok(())
    }

    /// Adds what was seen with other profiles.
    pub(super) fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.present += other.present;
        self.make_room(other.values.len())?;
        for ((profiles, _), (others, _)) in self.values.iter_mut().zip(&other.values) {
            *profiles += others;
        }
        Ok(())
    }

    /// Whether it is a category, and of which values. What names a person is none: most values of one profile each,
    /// or e-mail addresses, which are not kept even of a category.
    pub(super) fn choose(
        &self,
        dictionary: &Dictionary,
        most: usize,
        asked: Option<TextUse>,
    ) -> TextColumn {
        let values = self.values.iter().enumerate();
        let mut seen: Vec<(u32, &str)> = values
            .filter(|(_, (profiles, _))| *profiles > 0)
            .filter_map(|(code, (profiles, _))| Some((*profiles, dictionary.text(code as u32)?)))
            .collect();
        let profiles: u64 = seen.iter().map(|&(profiles, _)| u64::from(profiles)).sum();
        let distinct = seen.len() as u64;
        let personal = seen.iter().filter(|(_, text)| is_address(text)).count() as u64;
        let looks_unique = dictionary.overflowed()
            || 2 * distinct > self.present && distinct > 2
            || distinct > 1000 && profiles < 2 * distinct
            || distinct > FEW && 2 * profiles < 3 * distinct
            || 2 * personal > distinct;
        match asked {
            Some(TextUse::Identifier) => return TextColumn::Identifier,
            None if looks_unique => return TextColumn::Identifier,
            _ => (),
        }
        seen.retain(|(_, text)| !is_address(text));
        // Asked for or not: a value that one profile has may be its name.
        if looks_unique {
            seen.retain(|&(profiles, _)| profiles >= SHARED);
        }
        seen.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        seen.truncate(most);
        TextColumn::Category(seen.into_iter().map(|(_, text)| text.to_owned()).collect())
    }
}

/// Whether a text is an e-mail address.
fn is_address(text: &str) -> bool {
    let Some((name, host)) = text.trim().rsplit_once('@') else {
        return false;
    };
    let is_word = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
    let end = host.rsplit_once('.').map(|(_, end)| end);
    is_word(name) && is_word(host) && end.is_some_and(|end| end.len() >= 2)
}

impl Sample {
    pub(super) fn add(&mut self, hash: u64, place: usize, attribute: usize) -> Result<(), Error> {
        if !self.holds(hash) {
            return Ok(());
        }
        self.seen.try_reserve(1)?;
        self.seen.push((hash, place as u32, attribute as u32));
        self.shrink();
        Ok(())
    }

    fn shrink(&mut self) {
        while self.seen.len() > SAMPLE && self.halvings < 63 {
            self.halvings += 1;
            self.drop_others();
        }
    }

    fn drop_others(&mut self) {
        let mut seen = std::mem::take(&mut self.seen);
        seen.retain(|&(hash, ..)| self.holds(hash));
        self.seen = seen;
    }

    /// Adds what was seen with other profiles: the same are kept as if one had seen all.
    pub(super) fn merge(&mut self, other: Self) -> Result<(), Error> {
        let halvings = self.halvings.max(other.halvings);
        self.seen.try_reserve(other.seen.len())?;
        self.seen.extend(other.seen);
        if halvings > 0 {
            self.halvings = halvings;
            self.drop_others();
        }
        self.shrink();
        Ok(())
    }

    fn holds(&self, hash: u64) -> bool {
        schema_place(hash) >= self.halvings
    }

    /// Number of profiles with numbers of any type that is not kept.
    pub(super) fn profiles(&self, kept: &[usize], attribute: usize) -> u64 {
        let ours = |&&(_, place, of): &&(u64, u32, u32)| {
            of as usize == attribute && !kept.contains(&(place as usize))
        };
        let mut hashes: Vec<u64> = self.seen.iter().filter(ours).map(|seen| seen.0).collect();
        hashes.dedup();
        (hashes.len() as u64) << self.halvings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::profile_hash;

    #[test]
    fn samples_of_parts_merge_to_that_of_all() {
        for profiles in [1000, 3 * SAMPLE] {
            let (mut all, mut parts) = (Sample::default(), [(); 3].map(|()| Sample::default()));
            for profile in 0..profiles {
                let hash = profile_hash(&profile.to_le_bytes());
                // Parts of unequal size: the first is halved before the others.
                let part = [0, 0, 0, 0, 0, 0, 1, 2][profile % 8];
                for sample in [&mut all, &mut parts[part]] {
                    sample.add(hash, profile % 7, profile % 2).unwrap();
                }
            }
            assert_eq!(all.halvings > 0, profiles > SAMPLE);
            let sorted = |mut sample: Sample| {
                sample.seen.sort_unstable();
                (sample.halvings, sample.seen)
            };
            let [first, second, third] = parts;
            let mut merged = second;
            merged.merge(first).unwrap();
            merged.merge(third).unwrap();
            assert!(sorted(merged) == sorted(all), "{profiles} profiles");
        }
    }
}
