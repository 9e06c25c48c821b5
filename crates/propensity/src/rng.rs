//! The one source of chance: seeded, and the same on every machine.

/// A generator of 64-bit words.
///
/// Not for secrets. SplitMix64: one addition and three mixing steps per word, period 2^64; passes
/// BigCrush.
///
/// # Source
///
/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
///
/// # Examples
///
/// ```
/// use propensity::rng::Rng;
///
/// assert_eq!(Rng::new(7).word(), Rng::new(7).word());
/// ```
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A generator whose words follow from the seed alone.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next word, uniform over all of `u64`.
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    /// A number in `0..limit`, 0 for a limit of 0.
    ///
    /// By multiplication of 32 bits: the bias is below `limit / 2^32`, far under what a sample of
    /// rows could show.
    pub fn below(&mut self, limit: u32) -> u32 {
        (((self.word() >> 32) * u64::from(limit)) >> 32) as u32
    }

    /// A number in `[0, 1)`, a multiple of 2^-53.
    pub fn unit(&mut self) -> f64 {
        (self.word() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Splits `items` at random: exactly `min(count, items.len())` of them are appended to
    /// `chosen`, the others to `others`, both in their order.
    ///
    /// # Source
    ///
    /// Selection sampling: Knuth, "The Art of Computer Programming" 2, 3.4.2, algorithm S.
    pub fn split(
        &mut self,
        items: &[u32],
        count: usize,
        chosen: &mut Vec<u32>,
        others: &mut Vec<u32>,
    ) {
        let mut wanted = count.min(items.len()) as u32;
        let mut left = items.len() as u32;
        for &item in items {
            if self.below(left) < wanted {
                chosen.push(item);
                wanted -= 1;
            } else {
                others.push(item);
            }
            left -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_equal_the_published_ones() {
        // First outputs of the reference implementation for seed 1234567.
        let mut rng = Rng::new(1_234_567);
        let words = [rng.word(), rng.word(), rng.word()];
        let published = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
        ];
        assert_eq!(words, published);
    }

    #[test]
    fn a_split_has_the_count_asked_for_and_keeps_the_order() {
        let items: Vec<u32> = (0..1000).collect();
        let (mut chosen, mut others) = (Vec::new(), Vec::new());
        let mut rng = Rng::new(1);
        for count in [0, 1, 800, 1000, 2000] {
            chosen.clear();
            others.clear();
            rng.split(&items, count, &mut chosen, &mut others);
            assert_eq!(chosen.len(), count.min(1000));
            assert_eq!(chosen.len() + others.len(), 1000);
            assert!(chosen.is_sorted() && others.is_sorted());
            assert!(
                chosen
                    .iter()
                    .all(|item| others.binary_search(item).is_err())
            );
        }
    }

    #[test]
    fn every_item_is_equally_likely() {
        let items: Vec<u32> = (0..10).collect();
        let mut times = [0u32; 10];
        let (mut chosen, mut others) = (Vec::new(), Vec::new());
        let mut rng = Rng::new(3);
        for _ in 0..20_000 {
            chosen.clear();
            rng.split(&items, 3, &mut chosen, &mut others);
            for &item in &chosen {
                times[item as usize] += 1;
            }
        }
        // Binomial(20000, 0.3): mean 6000, standard deviation 65.
        assert!(
            times.iter().all(|&n| (5700..6300).contains(&n)),
            "{times:?}"
        );
    }

    #[test]
    fn units_fill_their_range_evenly() {
        let mut rng = Rng::new(9);
        let values: Vec<f64> = (0..100_000).map(|_| rng.unit()).collect();
        assert!(values.iter().all(|&u| (0.0..1.0).contains(&u)));
        let mean = values.iter().sum::<f64>() / 1e5;
        assert!((mean - 0.5).abs() < 0.005, "{mean}");
    }
}
