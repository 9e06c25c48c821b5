//! What values factors had when a model was trained, in bins: what later runs are held against.

use serde::{Deserialize, Serialize};

use crate::features::Feature;
use crate::model::factor::Factors;
use crate::model::phrase;

/// Bins of a factor at most, besides those of other and missing values.
const MOST: usize = 10;

/// The bins of every factor of a model, and what a sample of the newest training rows had; and scores to be expected.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// Rows by score, from 0 to 100: those held out, which were not learned from, if there are any.
    pub scores: Vec<u64>,
    /// In the order of the model's factors.
    pub factors: Vec<FactorBins>,
}

/// The values of a factor's most readable feature, in bins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FactorBins {
    /// The factor's name.
    pub factor: String,
    /// The feature in words.
    pub label: String,
    /// Of numbers the least value of each bin, going up; of a category the indices of its frequent values, going up.
    pub values: Vec<f64>,
    /// Whether it is a category.
    pub is_category: bool,
    /// Each bin in words; the last two are of other values, empty unless it is a category, and of missing ones.
    pub words: Vec<String>,
    /// Rows in each bin.
    pub rows: Vec<u64>,
}

impl Distribution {
    /// Of rows of features (row after row), and scores of these or of others.
    pub fn of(factors: &Factors, rows: &[f64], scores: &[i16]) -> Self {
        let width = factors.features().len().max(1);
        let of_factor = |factor: usize| {
            let place = factors.readable(factor);
            let values: Vec<f64> = rows.chunks_exact(width).map(|row| row[place]).collect();
            FactorBins::of(factors.name(factor), &factors.features()[place], &values)
        };
        let mut by_score = vec![0; 101];
        for &score in scores {
            if let Some(count) = by_score.get_mut(score as usize) {
                *count += 1;
            }
        }
        Self {
            scores: by_score,
            factors: (0..factors.len()).map(of_factor).collect(),
        }
    }
}

impl Distribution {
    /// The bins if they are such as [`Self::of`] makes of these factors, in words that are made anew: for what comes from
    /// elsewhere.
    pub fn checked(&self, factors: &Factors) -> Option<Self> {
        let same = (0..factors.len()).map(|factor| factors.name(factor));
        let found = self.factors.iter().map(|bins| bins.factor.as_str());
        let sound = [0, 101].contains(&self.scores.len())
            && are_counts(&self.scores)
            && found.eq(same)
            && self.factors.iter().enumerate().all(|(factor, bins)| {
                let feature = &factors.features()[factors.readable(factor)];
                bins.fits(feature)
            });
        sound.then(|| Self {
            scores: self.scores.clone(),
            factors: self
                .factors
                .iter()
                .map(|bins| bins.clone().called(factors))
                .collect(),
        })
    }
}

/// Whether these can be numbers of rows, and added up.
fn are_counts(rows: &[u64]) -> bool {
    rows.iter().all(|&rows| rows <= u64::from(u32::MAX))
}

impl FactorBins {
    /// Whether these can be bins of a feature.
    fn fits(&self, feature: &Feature) -> bool {
        self.is_category == feature.values.is_some()
            && self.values.len() <= MOST
            && self.values.iter().all(|value| value.is_finite())
            && self.values.is_sorted_by(|one, other| one < other)
            && self.words.len() == self.len()
            && self.rows.len() == self.len()
            && are_counts(&self.rows)
    }

    fn of(factor: &str, feature: &Feature, values: &[f64]) -> Self {
        let mut sorted: Vec<f64> = values
            .iter()
            .copied()
            .filter(|value| value.is_finite())
            .collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let is_category = feature.values.is_some();
        let starts = if is_category {
            most_frequent(&sorted)
        } else {
            starts(&sorted)
        };
        let mut bins = Self {
            factor: factor.to_owned(),
            label: feature.label.clone(),
            words: {
                let distinct = sorted.chunk_by(|one, other| one == other).count();
                bin_words(feature, &starts, is_category || distinct <= MOST)
            },
            values: starts,
            is_category,
            rows: Vec::new(),
        };
        bins.rows = vec![0; bins.len()];
        for &value in values {
            let bin = bins.bin(value);
            bins.rows[bin] += 1;
        }
        bins
    }

    /// The same bins in the words of people.
    #[must_use]
    pub fn called(mut self, factors: &Factors) -> Self {
        let Some(factor) = factors.find(&self.factor) else {
            return self;
        };
        let place = factors.readable(factor);
        let (plain, words) = (&factors.features()[place], &factors.words()[place]);
        let first = self.values.first().map(|&value| word(plain, value));
        let is_single = self.is_category || self.words.first() == first.as_ref();
        self.words = bin_words(words, &self.values, is_single);
        self.label.clone_from(&words.label);
        factors.called(factor).clone_into(&mut self.factor);
        self
    }

    /// Number of bins, with those of other and missing values.
    pub fn len(&self) -> usize {
        self.values.len() + 2
    }

    /// Whether there are none: never.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The bin of a value. What is less than all that was seen is in the first bin of numbers.
    pub fn bin(&self, value: f64) -> usize {
        let known = self.values.len();
        if value.is_nan() || self.is_category && value < 0.0 {
            return known + 1;
        }
        // The starts go up; counting a few has no branches to guess.
        let after = self.values.iter().filter(|&&start| start <= value).count();
        if !self.is_category {
            return if known == 0 { 0 } else { after.max(1) - 1 };
        }
        match after.checked_sub(1) {
            Some(place) if self.values[place] == value => place,
            _ => known,
        }
    }
}

/// The most frequent values of a category, by their index.
fn most_frequent(sorted: &[f64]) -> Vec<f64> {
    let mut runs: Vec<(usize, f64)> = sorted
        .chunk_by(|one, other| one == other)
        .map(|run| (run.len(), run[0]))
        .collect();
    runs.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.total_cmp(&other.1)));
    let mut values: Vec<f64> = runs.iter().take(MOST).map(|run| run.1).collect();
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// Where bins of numbers begin: each value by itself if there are few, else about equally many rows in each.
fn starts(sorted: &[f64]) -> Vec<f64> {
    let mut distinct = sorted.to_vec();
    distinct.dedup();
    if distinct.len() <= MOST {
        return distinct;
    }
    let mut starts: Vec<f64> = (0..MOST)
        .map(|bin| sorted[bin * sorted.len() / MOST])
        .collect();
    starts.dedup();
    starts
}

fn word(feature: &Feature, value: f64) -> String {
    let mut out = String::new();
    phrase::write_value(feature, value, &mut out);
    out
}

/// Bins in words; each has a single value, or goes up to the next.
fn bin_words(feature: &Feature, starts: &[f64], is_single: bool) -> Vec<String> {
    let word = |value: f64| word(feature, value);
    let mut words: Vec<String> = if is_single {
        starts.iter().map(|&start| word(start)).collect()
    } else {
        let ends = starts.iter().skip(1).map(|&end| word(end));
        let ranges = starts.iter().zip(ends);
        let ranges = ranges.map(|(&start, end)| format!("{} to {end}", word(start)));
        let last = starts
            .last()
            .map(|&last| format!("{} and more", word(last)));
        ranges.chain(last).collect()
    };
    words.push("others".to_owned());
    words.push(word(f64::NAN));
    words
}

/// The population stability index of two distributions over the same bins: the sum of the differences of shares times
/// the logarithms of their ratios, no share below one in ten thousand. None if one of them has no rows.
///
/// Below 0.1 nothing has changed, from 0.25 on much (N. Siddiqi, "Credit Risk Scorecards", 2006).
pub fn stability(before: &[u64], now: &[u64]) -> Option<f64> {
    const LEAST: f64 = 1e-4;
    let (all, all_now): (u64, u64) = (before.iter().sum(), now.iter().sum());
    if all == 0 || all_now == 0 {
        return None;
    }
    let pairs = before.iter().zip(now);
    let index = |(&before, &now): (&u64, &u64)| {
        let before = (before as f64 / all as f64).max(LEAST);
        let now = (now as f64 / all_now as f64).max(LEAST);
        (now - before) * (now / before).ln()
    };
    Some(pairs.map(index).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Unit;

    fn feature(unit: Unit, values: Option<Vec<String>>) -> Feature {
        Feature {
            name: "f".to_owned(),
            factor: "Factor".to_owned(),
            label: "it".to_owned(),
            unit,
            values,
            readable_rank: 0,
            attribute: None,
            measure: None,
        }
    }

    #[test]
    fn bins_from_elsewhere_fit_their_factors() {
        let features = vec![feature(Unit::Number, None)];
        let factors = Factors::new(features.clone(), features, &[true], &[]);
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        let good = Distribution::of(&factors, &values, &[7; 100]);
        assert_eq!(good.checked(&factors).as_ref(), Some(&good));
        let mut evil_words = good.clone();
        evil_words.factors[0].words[1] = "<script>".to_owned();
        evil_words.factors[0].label = "<script>".to_owned();
        assert_eq!(evil_words.checked(&factors), Some(good.clone()));
        type Spoil = fn(&mut Distribution);
        let wrong: [Spoil; 9] = [
            |it| it.factors.clear(),
            |it| it.factors[0].factor.push('x'),
            |it| it.factors[0].is_category = true,
            |it| it.factors[0].values[0] = f64::NAN,
            |it| it.factors[0].values.swap(0, 1),
            |it| it.factors[0].rows[0] = u64::MAX,
            |it| it.factors[0].words.truncate(3),
            |it| it.scores.truncate(3),
            |it| it.scores[0] = u64::MAX,
        ];
        for spoil in wrong {
            let mut spoilt = good.clone();
            spoil(&mut spoilt);
            assert_eq!(spoilt.checked(&factors), None);
        }
    }

    #[test]
    fn few_values_have_a_bin_each() {
        let values = [3.0, 0.0, f64::NAN, 1.0, 0.0];
        let bins = FactorBins::of("Factor", &feature(Unit::Number, None), &values);
        assert_eq!(bins.values, [0.0, 1.0, 3.0]);
        assert_eq!(bins.rows, [2, 1, 1, 0, 1]);
        assert_eq!(bins.words, ["0", "1", "3", "others", "unknown"]);
        assert_eq!(
            [-5.0, 0.5, 2.0, 99.0].map(|value| bins.bin(value)),
            [0, 0, 1, 2]
        );
    }

    #[test]
    fn many_numbers_are_in_tenths() {
        let values: Vec<f64> = (0..1000).map(f64::from).collect();
        let bins = FactorBins::of("Factor", &feature(Unit::Number, None), &values);
        assert_eq!(bins.rows[..10], [100; 10]);
        assert_eq!(
            (bins.words[0].as_str(), bins.words[9].as_str()),
            ("0 to 100", "900 and more")
        );
    }

    #[test]
    fn many_equal_numbers_are_one_bin() {
        let values: Vec<f64> = (0..1000).map(|row| f64::from((row - 800).max(0))).collect();
        let bins = FactorBins::of("Factor", &feature(Unit::Number, None), &values);
        assert_eq!(bins.values, [0.0, 100.0]);
        assert_eq!(bins.rows, [900, 100, 0, 0]);
    }

    #[test]
    fn a_category_has_its_frequent_values() {
        let names = (0..12).map(|value| format!("v{value}")).collect();
        let mut values: Vec<f64> = (0..12).map(f64::from).collect();
        values.extend((2..12).map(f64::from));
        values.push(f64::NAN);
        let bins = FactorBins::of("Factor", &feature(Unit::Category, Some(names)), &values);
        assert_eq!(bins.values, (2..12).map(f64::from).collect::<Vec<_>>());
        assert_eq!(bins.rows[9..], [2, 2, 1]);
        assert_eq!(bins.words[9..], ["v11", "others", "unknown"]);
        assert_eq!([0.0, 99.0, -1.0].map(|value| bins.bin(value)), [10, 10, 11]);
    }

    #[test]
    fn nothing_seen_has_a_bin_for_what_comes() {
        let bins = FactorBins::of("Factor", &feature(Unit::Number, None), &[f64::NAN]);
        assert_eq!((bins.len(), bins.bin(1.0), bins.bin(f64::NAN)), (2, 0, 1));
    }

    #[test]
    fn stability_by_hand() {
        // (0.2 - 0.5) ln 0.4 + (0.8 - 0.5) ln 1.6
        let found = stability(&[50, 50], &[20, 80]).unwrap();
        assert!((found - 0.415_888_308_3).abs() < 1e-9, "{found}");
        assert_eq!(stability(&[1, 3], &[100, 300]), Some(0.0));
        assert_eq!(stability(&[0, 0], &[1, 1]), None);
        // A bin that nobody was in counts as one in ten thousand.
        let found = stability(&[100, 0], &[90, 10]).unwrap();
        let expected = (0.9_f64 - 1.0) * 0.9_f64.ln() + (0.1 - 1e-4) * 1000_f64.ln();
        assert!((found - expected).abs() < 1e-12);
    }
}
