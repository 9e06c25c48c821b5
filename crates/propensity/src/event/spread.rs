//! How events spread over time: when the bulk of them is, and which few lie apart from it.
//!
//! A single wrong clock (1970, 9999) must set neither how far back the data reach nor where they end.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use serde::{Deserialize, Serialize};

use crate::error::{Error, OutOfMemory};
use crate::time::Micros;

/// The time line is cut into pieces of 2^38 microseconds at first, 3 days and 4 hours: no shorter silence is a gap.
const SHIFT: u32 = 38;
/// Pieces that are told apart; of data that fill more (17 years), the pieces are twice as long, and so on.
const MOST: usize = 2048;
/// Events that may lie apart are fewer than one in this many.
const ONE_IN: u64 = 1000;
/// Of fewer than [`ONE_IN`] events one may lie apart, if they are at least this many.
const FEWEST: u64 = 100;

/// Events of one stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Time of the oldest.
    pub first: Micros,
    /// Time of the newest.
    pub last: Micros,
    /// How many there are.
    pub events: u64,
}

impl Stretch {
    /// One event.
    pub fn of(time: Micros) -> Self {
        Self {
            first: time,
            last: time,
            events: 1,
        }
    }

    /// Whether an event belongs to the same piece of the time line, before pieces were made longer.
    pub fn takes(&self, time: Micros) -> bool {
        self.first >> SHIFT == time >> SHIFT
    }

    /// Takes in more events.
    #[inline]
    pub fn add(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.events = self.events.saturating_add(other.events);
    }
}

/// Counts events by time, in little memory. What it has counted does not depend on the order of the events, nor on
/// who counted which of them.
///
/// # Examples
///
/// ```
/// use propensity::event::spread::Spread;
/// use propensity::time::DAY;
///
/// let mut spread = Spread::default();
/// for event in 0..2000 {
///     spread.add(20_000 * DAY + event * DAY / 10)?;
/// }
/// spread.add(0)?; // 1970-01-01
/// let span = spread.span(30 * DAY);
/// assert_eq!((span.first, span.last), (20_000 * DAY, 20_199 * DAY + DAY / 10 * 9));
/// assert_eq!(span.before.map(|apart| apart.events), Some(1));
/// # Ok::<(), propensity::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    shift: u32,
    /// By their place on the time line.
    stretches: HashMap<i64, Stretch, BuildHasherDefault<Place>>,
}

impl Default for Spread {
    fn default() -> Self {
        Self {
            shift: SHIFT,
            stretches: HashMap::default(),
        }
    }
}

/// When events are, and which of them lie apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Time of the oldest event of the bulk, `Micros::MAX` if there is none.
    pub first: Micros,
    /// Time of the newest event of the bulk, `Micros::MIN` if there is none.
    pub last: Micros,
    /// The events that lie before.
    pub before: Option<Stretch>,
    /// The events that lie behind.
    pub behind: Option<Stretch>,
}

impl Spread {
    /// Counts an event.
    ///
    /// # Errors
    ///
    /// [`OutOfMemory`].
    #[inline]
    pub fn add(&mut self, time: Micros) -> Result<(), OutOfMemory> {
        self.take(Stretch::of(time))
    }

    #[inline]
    fn take(&mut self, new: Stretch) -> Result<(), OutOfMemory> {
        match self.stretches.get_mut(&(new.first >> self.shift)) {
            Some(stretch) => stretch.add(new),
            None => self.begin(new)?,
        }
        Ok(())
    }

    #[cold]
    fn begin(&mut self, new: Stretch) -> Result<(), OutOfMemory> {
        self.stretches.try_reserve(1)?;
        self.stretches.insert(new.first >> self.shift, new);
        while self.stretches.len() > MOST {
            self.coarsen(self.shift + 1)?;
        }
        Ok(())
    }

    /// Makes the pieces longer. So many are filled only by the events that there are, so the length follows from them.
    fn coarsen(&mut self, shift: u32) -> Result<(), OutOfMemory> {
        self.shift = shift;
        for (_, stretch) in std::mem::take(&mut self.stretches) {
            self.take(stretch)?;
        }
        Ok(())
    }

    /// Counts the events of a stretch, each of which [`Stretch::takes`] the others.
    ///
    /// # Errors
    ///
    /// [`Error::BadRecord`] if this is no such stretch, [`Error::OutOfMemory`].
    pub fn add_stretch(&mut self, stretch: Stretch) -> Result<(), Error> {
        let Stretch {
            first,
            last,
            events,
        } = stretch;
        if first > last || events == 0 || !stretch.takes(last) {
            return Err(Error::BadRecord);
        }
        Ok(self.take(stretch)?)
    }

    /// Counts what another one has counted.
    ///
    /// # Errors
    ///
    /// [`OutOfMemory`].
    pub fn add_all(&mut self, other: &Self) -> Result<(), OutOfMemory> {
        if other.shift > self.shift {
            self.coarsen(other.shift)?;
        }
        other
            .stretches
            .values()
            .try_for_each(|&stretch| self.take(stretch))
    }

    /// When the events are, those left out that lie apart: few of them (under one in a thousand; of 100 to 1000 events
    /// one) behind a silence at either end that is longer than `gap`, and longer than any among the other events. Of
    /// several events at an end with silences between them, the innermost silence must be longer than two gaps, or the
    /// events have only become rare.
    pub fn span(&self, gap: Micros) -> Span {
        let gap = gap.max(1 << self.shift);
        let groups = self.groups(gap);
        let total = |groups: &[Stretch]| {
            let counts = groups.iter().map(|group| group.events);
            counts.fold(0, u64::saturating_add)
        };
        let all = total(&groups);
        let most = match all {
            0..FEWEST => 0,
            FEWEST..=ONE_IN => 1,
            _ => (all - 1) / ONE_IN,
        };
        let heaviest = groups.iter().enumerate();
        let heaviest = heaviest.max_by_key(|(place, group)| (group.events, *place));
        let Some((heaviest, _)) = heaviest else {
            return Span::NONE;
        };
        // The bulk grows around the heaviest group until what is left lies apart.
        let silence = |place: usize| groups[place].first.saturating_sub(groups[place - 1].last);
        let (mut low, mut high, mut widest) = (heaviest, heaviest + 1, gap);
        loop {
            let out = total(&groups[..low]).saturating_add(total(&groups[high..]));
            let too_many = out > most;
            let before = (low > 0).then(|| silence(low));
            let behind = (high < groups.len()).then(|| silence(high));
            let near = |silence: Option<Micros>, groups: usize| {
                let least = gap.saturating_mul(groups.min(2) as Micros).max(widest);
                silence.is_some_and(|silence| silence <= least)
            };
            let before_first = before.is_some_and(|one| behind.is_none_or(|other| one <= other));
            if near(before, low) || too_many && before_first {
                low -= 1;
                widest = widest.max(before.unwrap_or_default());
            } else if near(behind, groups.len() - high) || too_many {
                high += 1;
                widest = widest.max(behind.unwrap_or_default());
            } else {
                break;
            }
        }
        Span {
            first: groups[low].first,
            last: groups[high - 1].last,
            before: joined(&groups[..low]),
            behind: joined(&groups[high..]),
        }
    }

    /// The events in order of time, parted where there is none for longer than `gap`.
    fn groups(&self, gap: Micros) -> Vec<Stretch> {
        let mut stretches: Vec<Stretch> = self.stretches.values().copied().collect();
        stretches.sort_unstable_by_key(|stretch| stretch.first);
        let mut groups: Vec<Stretch> = Vec::new();
        for stretch in stretches {
            match groups.last_mut() {
                Some(group) if stretch.first.saturating_sub(group.last) <= gap => {
                    group.add(stretch);
                }
                _ => groups.push(stretch),
            }
        }
        groups
    }
}

fn joined(groups: &[Stretch]) -> Option<Stretch> {
    groups.iter().copied().reduce(|mut all, group| {
        all.add(group);
        all
    })
}

impl Span {
    const NONE: Self = Self {
        first: Micros::MAX,
        last: Micros::MIN,
        before: None,
        behind: None,
    };
}

/// A hash of a place: its digits spread over all bits.
#[derive(Debug, Default)]
struct Place(u64);

impl Hasher for Place {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = crate::hash::profile_hash(bytes);
    }

    fn write_i64(&mut self, place: i64) {
        // 2^64 divided by the golden ratio
        self.0 = (place as u64)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use crate::time::DAY;

    /// Ten events a day from day 20000 on.
    fn daily(days: i64) -> Vec<Micros> {
        (0..days * 10)
            .map(|n| 20_000 * DAY + n * DAY / 10)
            .collect()
    }

    fn spread(times: &[Micros]) -> Spread {
        let mut spread = Spread::default();
        times.iter().for_each(|&time| spread.add(time).unwrap());
        spread
    }

    /// Days of the bulk, counted from day 20000, and events before and behind it.
    fn span(times: &[Micros], gap: i64) -> (i64, i64, u64, u64) {
        let span = spread(times).span(gap * DAY);
        let day = |time: Micros| time.div_euclid(DAY) - 20_000;
        let events = |apart: Option<Stretch>| apart.map_or(0, |apart| apart.events);
        (
            day(span.first),
            day(span.last),
            events(span.before),
            events(span.behind),
        )
    }

    fn with(days: i64, others: &[i64]) -> Vec<Micros> {
        let mut times = daily(days);
        times.extend(others.iter().map(|day| (20_000 + day) * DAY));
        times
    }

    #[test]
    fn nothing_has_no_span() {
        assert_eq!(Spread::default().span(DAY), Span::NONE);
    }

    #[test]
    fn far_rows_at_either_end_lie_apart() {
        assert_eq!(span(&with(300, &[]), 30), (0, 299, 0, 0));
        assert_eq!(span(&with(300, &[-20_000]), 30), (0, 299, 1, 0));
        assert_eq!(span(&with(300, &[400]), 30), (0, 299, 0, 1));
        assert_eq!(span(&with(300, &[-20_000, 400]), 30), (0, 299, 1, 1));
        let many = [-45_000, -20_000, -20_000, 400, 520, 90_000];
        assert_eq!(span(&with(900, &many), 30).0, 0);
        assert_eq!(span(&with(900, &many[..3]), 30), (0, 899, 3, 0));
        let later = [1000, 1120, 90_000];
        assert_eq!(span(&with(900, &later), 30), (0, 899, 0, 3));
    }

    #[test]
    fn the_first_and_the_last_instants_are_far_enough() {
        let mut times = daily(300);
        times.extend([Micros::MIN + 1, Micros::MAX]);
        assert_eq!(span(&times, 30), (0, 299, 1, 1));
    }

    #[test]
    fn a_silence_no_longer_than_the_gap_parts_nothing() {
        assert_eq!(span(&with(300, &[329]), 30), (0, 329, 0, 0));
        // The last of the others is of 21:36 on day 299.
        assert_eq!(span(&with(300, &[330]), 30), (0, 299, 0, 1));
        // However short the window.
        assert_eq!(span(&with(300, &[302]), 0), (0, 302, 0, 0));
    }

    #[test]
    fn one_in_a_thousand_or_more_belong_to_the_bulk() {
        assert_eq!(span(&with(300, &[400; 2]), 30), (0, 299, 0, 2));
        assert_eq!(span(&with(300, &[400; 4]), 30), (0, 400, 0, 0));
        // Of both ends the nearer one stays.
        let both = [-500, -500, 400, 400];
        assert_eq!(span(&with(300, &both), 30), (0, 400, 2, 0));
    }

    #[test]
    fn of_few_events_one_may_lie_apart_and_of_very_few_none() {
        assert_eq!(span(&with(20, &[200]), 30), (0, 19, 0, 1));
        assert_eq!(span(&with(20, &[200, 200]), 30), (0, 200, 0, 0));
        assert_eq!(span(&with(9, &[200]), 30), (0, 200, 0, 0));
    }

    #[test]
    fn events_that_become_rare_are_not_cut() {
        let rare = [331, 362, 393, 424, 455];
        assert_eq!(span(&with(900, &rare.map(|day| day + 600)), 30).1, 1055);
        // Nor the first of a season, if all seasons are as far apart.
        let mut seasons = daily(60);
        for season in 1..4 {
            let later = daily(60);
            seasons.extend(later.iter().map(|time| time + season * 365 * DAY));
        }
        seasons.push((20_000 + 4 * 365 - 1) * DAY);
        assert_eq!(span(&seasons, 30), (0, 4 * 365 - 1, 0, 0));
    }

    #[test]
    fn neither_order_nor_parts_change_what_was_counted() {
        let mut rng = Rng::new(3);
        // A century: the pieces are made longer.
        let mut times: Vec<Micros> = (0..20_000)
            .map(|_| i64::from(rng.below(36_500)) * DAY + i64::from(rng.below(86_400)))
            .collect();
        times.push(-400_000 * DAY);
        let expected = spread(&times);
        assert!(expected.shift > SHIFT);
        for _ in 0..3 {
            for last in (1..times.len()).rev() {
                times.swap(last, rng.below(last as u32 + 1) as usize);
            }
            assert_eq!(spread(&times), expected);
            let (some, others) = times.split_at(rng.below(20_000) as usize);
            let mut joined = spread(some);
            joined.add_all(&spread(others)).unwrap();
            assert_eq!(joined, expected);
        }
    }

    #[test]
    fn stretches_count_as_their_events() {
        let times = with(40, &[-77]);
        let mut stretches: Vec<Stretch> = Vec::new();
        for &time in &times {
            let known = stretches.iter_mut().find(|stretch| stretch.takes(time));
            match known {
                Some(stretch) => stretch.add(Stretch::of(time)),
                None => stretches.push(Stretch::of(time)),
            }
        }
        let mut counted = Spread::default();
        for &stretch in &stretches {
            counted.add_stretch(stretch).unwrap();
        }
        assert_eq!(counted, spread(&times));
    }

    #[test]
    fn what_is_no_stretch_is_refused() {
        let stretch = |first, last, events| Stretch {
            first,
            last,
            events,
        };
        for bad in [stretch(5, 4, 1), stretch(4, 5, 0), stretch(0, 40 * DAY, 2)] {
            let added = Spread::default().add_stretch(bad);
            assert_eq!(added, Err(Error::BadRecord));
        }
    }
}
