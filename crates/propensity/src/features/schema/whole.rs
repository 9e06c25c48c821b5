//! Which numbers of events are identifiers by what they hold, whatever they are called: whole, hardly two of them alike,
//! and counted off or drawn from a range. Their sums and means say nothing, and their number is that of the events.

use crate::error::Error;
use crate::learn::metrics::roc_auc;
use crate::time::Micros;

/// Values kept of an attribute, about: all of them while they are few, then those of a shrinking range of hashes, so that
/// the same are kept in whatever order the profiles come.
const SAMPLE: usize = 1 << 12;
/// Fewer values than this say nothing.
const ENOUGH: usize = 100;
/// At least this share of the values is of one event, or of events of a profile that follow each other.
const UNIQUE: f64 = 0.95;
/// Values that take at least this part of their range, each once: amounts would meet by chance.
const DENSE: f64 = 0.5;
/// What is counted off goes up with time: the area under the ROC curve of later half against earlier one.
const COUNTED_OFF: f64 = 0.97;
/// Standard errors within which chance stays.
const BY_CHANCE: f64 = 3.0;
/// Of all values, the lowest and highest share that may lie apart from the others.
const APART: f64 = 0.01;
/// The greatest distance from an even distribution that chance makes, times the root of the number of values
/// (Kolmogorov and Smirnov, 1 %).
const EVEN: f64 = 1.63;
/// Whole numbers beyond are not told from their neighbours.
const GREATEST: f64 = 9_007_199_254_740_992.0;

/// What is remembered of a number of events.
#[derive(Clone, Debug)]
pub(super) struct WholeFacts {
    /// Whether it is an amount, whatever it holds.
    amount: bool,
    /// How often a value followed another in a profile, or none.
    values: u64,
    least: f64,
    greatest: f64,
    halvings: u32,
    kept: Vec<Kept>,
}

#[derive(Clone, Copy, Debug)]
struct Kept {
    value: f64,
    time: Micros,
    /// The other value that the profile had before; NaN if none.
    before: f64,
}

impl WholeFacts {
    pub(super) fn new(amount: bool) -> Self {
        Self {
            amount,
            values: 0,
            least: f64::INFINITY,
            greatest: f64::NEG_INFINITY,
            halvings: 0,
            kept: Vec::new(),
        }
    }

    /// Adds some events of a profile, oldest first, after those with the value `before`, and returns the last value.
    pub(super) fn add(
        &mut self,
        times: &[Micros],
        numbers: &[f64],
        mut before: f64,
    ) -> Result<f64, Error> {
        if self.amount {
            return Ok(before);
        }
        for (&time, &value) in times.iter().zip(numbers) {
            if value.is_nan() || value == before {
                continue;
            }
            if value.fract() != 0.0 {
                self.amount = true;
                self.kept = Vec::new();
                return Ok(value);
            }
            self.values += 1;
            self.least = self.least.min(value);
            self.greatest = self.greatest.max(value);
            if self.holds(value) {
                self.kept.try_reserve(1)?;
                self.kept.push(Kept {
                    value,
                    time,
                    before,
                });
                self.shrink();
            }
            before = value;
        }
        Ok(before)
    }

    /// Adds what was seen with other profiles: the same are kept as if one had seen all.
    pub(super) fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.amount |= other.amount;
        if self.amount {
            self.kept = Vec::new();
            return Ok(());
        }
        self.values += other.values;
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
        self.halvings = self.halvings.max(other.halvings);
        self.kept.try_reserve(other.kept.len())?;
        self.kept.extend(&other.kept);
        self.drop_others();
        self.shrink();
        Ok(())
    }

    fn shrink(&mut self) {
        while self.kept.len() > SAMPLE && self.halvings < 63 {
            self.halvings += 1;
            self.drop_others();
        }
    }

    fn drop_others(&mut self) {
        let mut kept = std::mem::take(&mut self.kept);
        kept.retain(|kept| self.holds(kept.value));
        self.kept = kept;
    }

    /// All events of a value are kept, or none.
    #[inline]
    fn holds(&self, value: f64) -> bool {
        mixed(value).trailing_zeros() >= self.halvings
    }

    /// Whether the values are those of an identifier.
    pub(super) fn is_identifier(&self) -> Result<bool, Error> {
        let kept = self.kept.len();
        if self.amount || kept < ENOUGH {
            return Ok(false);
        }
        let mut sorted: Vec<f64> = Vec::new();
        sorted.try_reserve(kept)?;
        sorted.extend(self.kept.iter().map(|kept| kept.value));
        sorted.sort_unstable_by(f64::total_cmp);
        sorted.dedup();
        let unique = sorted.len() as f64 / kept as f64;
        if unique < UNIQUE {
            return Ok(false);
        }
        let range = self.greatest - self.least + 1.0;
        if range < GREATEST && self.values as f64 * unique >= DENSE * range {
            return Ok(true);
        }
        let by_time = self.apart(|kept| kept.time as f64)?;
        let before = self.apart(|kept| kept.before)?;
        Ok(by_time.is_some_and(Apart::is_counted_off)
            || by_time.is_none_or(Apart::is_chance)
                && before.is_some_and(Apart::is_chance)
                && is_even(&sorted))
    }

    /// How the values of events with the greater half of something differ from the others'; none if there are too few.
    fn apart(&self, of: impl Fn(&Kept) -> f64) -> Result<Option<Apart>, Error> {
        let (mut values, mut others): (Vec<f64>, Vec<f64>) = Default::default();
        values.try_reserve(self.kept.len())?;
        others.try_reserve(self.kept.len())?;
        for kept in self.kept.iter().filter(|kept| !of(kept).is_nan()) {
            values.push(kept.value);
            others.push(of(kept));
        }
        let mut sorted = others.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let Some(&middle) = sorted.get(sorted.len() / 2) else {
            return Ok(None);
        };
        let upper: Vec<bool> = others.iter().map(|&other| other >= middle).collect();
        let up = upper.iter().filter(|&&upper| upper).count();
        let down = upper.len() - up;
        if up.min(down) < ENOUGH / 4 {
            return Ok(None);
        }
        Ok(Some(Apart {
            area: roc_auc(&values, &upper)?,
            error: ((upper.len() + 1) as f64 / (12.0 * up as f64 * down as f64)).sqrt(),
        }))
    }
}

/// The area under the ROC curve of the values, and its standard error by chance.
#[derive(Clone, Copy)]
struct Apart {
    area: f64,
    error: f64,
}

impl Apart {
    fn is_counted_off(self) -> bool {
        self.area.max(1.0 - self.area) >= COUNTED_OFF
    }

    fn is_chance(self) -> bool {
        (self.area - 0.5).abs() <= BY_CHANCE * self.error
    }
}

/// Whether values are spread evenly over a range, as what is drawn at random is and amounts are not.
fn is_even(sorted: &[f64]) -> bool {
    let apart = (sorted.len() as f64 * APART).ceil() as usize;
    let Some([least, .., greatest]) = sorted.get(apart..sorted.len() - apart) else {
        return false;
    };
    let inner = &sorted[apart..sorted.len() - apart];
    let (last, length) = ((inner.len() - 1) as f64, greatest - least);
    let farthest = inner.iter().enumerate().map(|(place, value)| {
        let (expected, found) = ((value - least) / length, place as f64 / last);
        (expected - found).abs()
    });
    farthest.fold(0.0, f64::max) <= EVEN / last.sqrt()
}

/// The bits of a number, each of which depends on all of them (the end of MurmurHash3).
#[inline]
fn mixed(value: f64) -> u64 {
    let mut bits = (value + 0.0).to_bits();
    bits = (bits ^ bits >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits = (bits ^ bits >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    bits ^ bits >> 33
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::profile_hash;
    use crate::time::DAY;

    const PROFILES: u64 = 400;

    /// Uniform in 0..1, of a number.
    fn random(of: u64) -> f64 {
        (profile_hash(&of.to_le_bytes()) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// What is learned of values of a profile's 20 events, at once and in parts that are merged; `value` gets the
    /// profile, the event of the profile and its time in hours.
    fn learned(value: impl Fn(u64, u64, i64) -> f64) -> bool {
        let mut all = WholeFacts::new(false);
        let mut parts = [(); 3].map(|()| WholeFacts::new(false));
        for profile in 0..PROFILES {
            let hours: Vec<i64> = (0..20)
                .map(|event| event * 100 + (random(profile * 20 + event as u64) * 100.0) as i64)
                .collect();
            let numbers: Vec<f64> = (0..20)
                .map(|event| value(profile, event, hours[event as usize]))
                .collect();
            let times: Vec<Micros> = hours.iter().map(|hour| hour * DAY / 24).collect();
            for facts in [&mut all, &mut parts[[0, 0, 0, 1, 2][profile as usize % 5]]] {
                // In two pieces, as long histories are.
                let before = facts.add(&times[..7], &numbers[..7], f64::NAN).unwrap();
                facts.add(&times[7..], &numbers[7..], before).unwrap();
            }
        }
        let [first, second, mut merged] = parts;
        merged.merge(&first).unwrap();
        merged.merge(&second).unwrap();
        let found = all.is_identifier().unwrap();
        assert_eq!(merged.is_identifier().unwrap(), found);
        assert_eq!(merged.halvings, all.halvings);
        assert_eq!(merged.kept.len(), all.kept.len());
        found
    }

    #[test]
    fn what_is_counted_off_or_drawn_is_an_identifier() {
        let row = |profile: u64, event: u64| profile * 20 + event;
        let drawn = |range: f64| move |p, e, _| (random(7 + row(p, e)) * range).floor();
        // A row number in the order of the profiles; with holes; in the order of time; drawn from nine digits, or from
        // all integers with a sign.
        assert!(learned(|p, e, _| row(p, e) as f64));
        assert!(learned(
            |p, e, _| (row(p, e) * 2) as f64 - (random(row(p, e)) * 2.0).floor()
        ));
        assert!(learned(|p, e, hour| {
            hour as f64 * 40_000.0 + p as f64 * 97.0 + e as f64
        }));
        assert!(learned(drawn(1e9)));
        assert!(learned(move |p, e, hour| drawn(4e9)(p, e, hour) - 2e9));
        // One number for several lines of a basket.
        assert!(learned(move |p, e, hour| drawn(1e9)(p, e / 4, hour)));
    }

    #[test]
    fn amounts_are_no_identifiers() {
        let row = |profile: u64, event: u64| profile * 20 + event;
        // Small numbers; cents of a skewed amount; a wide range in which each profile has its place; readings that go
        // up; a number of each profile; halves.
        assert!(!learned(|p, e, _| (random(row(p, e)) * 9.0).floor()));
        assert!(!learned(|p, e, _| (1e4
            / (random(row(p, e)) + 1e-3).sqrt()
            * (1.0 + random(9 + row(p, e))))
        .floor()));
        assert!(!learned(|p, e, _| {
            (1e8 * random(1 << 40 | p) + 1e7 * random(row(p, e))).floor()
        }));
        assert!(!learned(|p, e, _| {
            (1e7 * random(1 << 40 | p) + 1e4 * (e as f64 + random(row(p, e)))).floor()
        }));
        assert!(!learned(|p, _, _| (1e6 * random(p).powi(3)).floor()));
        assert!(!learned(|p, e, _| row(p, e) as f64 / 2.0));
    }

    #[test]
    fn few_values_and_those_asked_for_are_amounts() {
        let (times, numbers): (Vec<Micros>, Vec<f64>) = (0..99)
            .map(|event| (event * DAY, event as f64))
            .collect::<Vec<_>>()
            .into_iter()
            .unzip();
        for (amount, more, expected) in [(false, 0, false), (false, 1, true), (true, 1, false)] {
            let mut facts = WholeFacts::new(amount);
            let before = facts.add(&times, &numbers, f64::NAN).unwrap();
            facts
                .add(
                    &[100 * DAY, 101 * DAY][..more],
                    &[99.0, 100.0][..more],
                    before,
                )
                .unwrap();
            assert_eq!(facts.is_identifier().unwrap(), expected, "{more} more");
        }
    }
}
