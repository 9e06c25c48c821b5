//! Percentiles of a run, found without holding its probabilities in memory.

use crate::error::Error;

/// How many cut points divide a run into percentiles.
const CUTS: usize = 99;
/// Bits by which a cut point is narrowed down in one reading.
const DIGIT: u32 = 11;

/// Calls its argument with every probability of a run, in any order; can be called again.
pub type Read<'a, E> = dyn FnMut(&mut dyn FnMut(f64)) -> Result<(), E> + 'a;

/// Ranks of probabilities among the profiles of a run, kept as 99 cut points so that a live
/// prediction can be placed in the run without its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Percentiles {
    cuts: Vec<f64>,
}

/// A cut point as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
struct Cut {
    /// The highest bits of its [`key`].
    prefix: u64,
    /// How many smaller probabilities have the same highest bits.
    rank: u64,
}

impl Percentiles {
    /// Cut points `q_k = sorted[ceil(k n / 100) - 1]`, `k` = 1..99, of `n` probabilities.
    ///
    /// Radix selection, the highest bits first: `read` is called six times, and 1.6 MB hold the counts of all bits that
    /// may come next at every cut point, however many probabilities there are.
    ///
    /// # Errors
    ///
    /// [`Error::NoRows`] without probabilities, [`Error::NotANumber`] if one is NaN, [`Error::OutOfMemory`], and those of
    /// `read`.
    pub fn of<E: From<Error>>(read: &mut Read<E>) -> Result<Self, E> {
        let mut cuts = [Cut::default(); CUTS];
        let mut known = u64::BITS;
        while known > 0 {
            let width = known.min(DIGIT);
            let counts = Counts::of(&cuts, known, width, read)?;
            if known == u64::BITS {
                let rows = u128::from(counts.total());
                if rows == 0 {
                    return Err(Error::NoRows.into());
                }
                for (cut, k) in cuts.iter_mut().zip(1..) {
                    cut.rank = ((k * rows).div_ceil(100) - 1) as u64;
                }
            }
            for cut in &mut cuts {
                *cut = counts.narrow(*cut);
            }
            known -= width;
        }
        Ok(Self {
            cuts: cuts.iter().map(|cut| number(cut.prefix)).collect(),
        })
    }

    /// Stored cut points.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupted`] unless they are 99 ascending numbers.
    pub fn from_cuts(cuts: Vec<f64>) -> Result<Self, Error> {
        let ascending = cuts.windows(2).all(|pair| pair[0] <= pair[1]);
        if cuts.len() == CUTS && ascending {
            Ok(Self { cuts })
        } else {
            Err(Error::Corrupted {
                reason: "percentiles are not 99 ascending numbers",
            })
        }
    }

    /// The 99 cut points, ascending.
    pub fn cuts(&self) -> &[f64] {
        &self.cuts
    }

    /// The percentile of a probability, 1 to 100: one more than the number of cut points below it.
    pub fn percentile(&self, probability: f64) -> i16 {
        1 + self.cuts.partition_point(|&cut| cut < probability) as i16
    }
}

/// How many probabilities go on with which bits, of those that begin like a cut point.
struct Counts {
    /// The beginnings, ascending.
    prefixes: Vec<u64>,
    width: u32,
    /// For each beginning, by the bits that follow it.
    counts: Vec<u64>,
}

impl Counts {
    /// Counts the `width` bits that follow where all but the lowest `known` bits are those of a cut point.
    fn of<E: From<Error>>(
        cuts: &[Cut],
        known: u32,
        width: u32,
        read: &mut Read<E>,
    ) -> Result<Self, E> {
        let mut prefixes: Vec<u64> = cuts.iter().map(|cut| cut.prefix).collect();
        prefixes.dedup();
        let mut counts = Vec::new();
        counts
            .try_reserve_exact(prefixes.len() << width)
            .map_err(Error::from)?;
        counts.resize(prefixes.len() << width, 0);
        let mut has_nan = false;
        read(&mut |probability| {
            has_nan |= probability.is_nan();
            let key = key(probability);
            let prefix = key.checked_shr(known).unwrap_or_default();
            if let Ok(place) = prefixes.binary_search(&prefix) {
                let bits = key >> (known - width) & ((1 << width) - 1);
                counts[place << width | bits as usize] += 1;
            }
        })?;
        if has_nan {
            return Err(Error::NotANumber.into());
        }
        Ok(Self {
            prefixes,
            width,
            counts,
        })
    }

    fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The cut point with the bits that follow.
    fn narrow(&self, cut: Cut) -> Cut {
        let place = self.prefixes.partition_point(|&prefix| prefix < cut.prefix);
        let counts = &self.counts[place << self.width..][..1 << self.width];
        let (mut rank, mut bits) = (cut.rank, 0);
        while rank >= counts[bits] {
            rank -= counts[bits];
            bits += 1;
        }
        Cut {
            prefix: cut.prefix << self.width | bits as u64,
            rank,
        }
    }
}

/// The bits of a number as an integer in the same order.
fn key(number: f64) -> u64 {
    let bits = number.to_bits();
    if number.is_sign_negative() {
        !bits
    } else {
        bits | 1 << 63
    }
}

/// The number with this [`key`].
fn number(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 0 {
        !key
    } else {
        key & !(1 << 63)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    fn of(probabilities: &[f64]) -> Result<Percentiles, Error> {
        Percentiles::of(&mut |visit: &mut dyn FnMut(f64)| {
            probabilities
                .iter()
                .for_each(|&probability| visit(probability));
            Ok(())
        })
    }

    #[test]
    fn cut_points_are_those_of_sorted_probabilities() {
        let mut rng = Rng::new(5);
        for rows in [1, 2, 99, 100, 101, 12_345] {
            let mut probabilities: Vec<f64> = (0..rows)
                .map(|row| match row % 4 {
                    0 => 0.25,
                    1 => rng.unit().powi(40),
                    2 => (rng.unit() * 50.0).round() / 50.0,
                    _ => 1.0 - rng.unit() * f64::EPSILON,
                })
                .collect();
            let found = of(&probabilities).unwrap();
            probabilities.sort_unstable_by(f64::total_cmp);
            let place = |k: usize| (k * rows).div_ceil(100) - 1;
            let expected: Vec<f64> = (1..=CUTS).map(|k| probabilities[place(k)]).collect();
            assert_eq!(found.cuts(), expected);
        }
    }

    #[test]
    fn keys_are_in_the_order_of_numbers() {
        let numbers = [-1e300, -0.5, -0.0, 0.0, 5e-324, 0.5, 1.0, f64::INFINITY];
        assert!(numbers.windows(2).all(|pair| key(pair[0]) < key(pair[1])));
        assert!(
            numbers
                .iter()
                .all(|&one| number(key(one)).to_bits() == one.to_bits())
        );
    }

    #[test]
    fn an_error_of_reading_is_handed_on() {
        let found = Percentiles::of(&mut |_: &mut dyn FnMut(f64)| Err(Error::BadRecord));
        assert_eq!(found, Err(Error::BadRecord));
    }

    #[test]
    fn percentiles_of_a_hundred_are_their_ranks() {
        let probabilities: Vec<f64> = (1..=100).rev().map(|i| f64::from(i) / 200.0).collect();
        let percentiles = of(&probabilities).unwrap();
        for rank in 1..=100 {
            assert_eq!(percentiles.percentile(f64::from(rank) / 200.0), rank as i16);
        }
        assert_eq!(percentiles.percentile(0.0), 1);
        assert_eq!(percentiles.percentile(1.0), 100);
    }

    #[test]
    fn percentiles_of_four_by_hand() {
        // q_1..q_25 = .1, q_26..q_50 = .2, q_51..q_75 = .3, q_76..q_99 = .4
        let percentiles = of(&[0.4, 0.2, 0.1, 0.3]).unwrap();
        let found = [0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5].map(|p| percentiles.percentile(p));
        assert_eq!(found, [1, 1, 26, 26, 51, 76, 100]);
    }

    #[test]
    fn one_profile_is_in_the_first_percentile() {
        let percentiles = of(&[0.3]).unwrap();
        assert_eq!(percentiles.percentile(0.3), 1);
        assert_eq!(of(&[]), Err(Error::NoRows));
        assert_eq!(of(&[0.1, f64::NAN]), Err(Error::NotANumber));
    }

    #[test]
    fn stored_cut_points_are_checked() {
        let percentiles = of(&[0.4, 0.2]).unwrap();
        let again = Percentiles::from_cuts(percentiles.cuts().to_vec());
        assert_eq!(again, Ok(percentiles));
        let mut wrong = vec![0.5; 99];
        wrong[98] = f64::NAN;
        assert!(Percentiles::from_cuts(wrong).is_err());
        assert!(Percentiles::from_cuts(vec![0.5; 98]).is_err());
    }
}
