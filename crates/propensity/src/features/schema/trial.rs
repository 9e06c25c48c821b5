//! Which event types and numbers to keep when there are more than features are made of: those that tell the outcomes
//! of some training rows apart, whatever they are called.

use std::collections::BTreeMap;

use super::{Pair, Schema, Span};
use crate::cutoff::Cutoff;
use crate::error::Error;
use crate::features::Feature;
use crate::features::words::Amount;
use crate::learn::dataset::Dataset;
use crate::learn::metrics::roc_auc;
use crate::time::Micros;

/// An area under the ROC curve tells something if it is this many standard errors from one half: by chance not one of
/// some ten thousand is.
const SIGNIFICANT: f64 = 4.0;
/// Rows of each class that are needed to tell anything.
const ENOUGH: usize = 20;

/// What types and pairs tell, in standard errors; nothing of those that are not here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranks {
    /// By name of the type.
    types: BTreeMap<String, f64>,
    /// By name of the type and of the attribute.
    pairs: BTreeMap<(String, String), f64>,
}

impl Ranks {
    /// From rows with the features of a schema of all candidates. Only rows whose outcome window ends by `until` count:
    /// later ones are held out.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn of(
        candidates: &Schema,
        dataset: &Dataset,
        cutoffs: &[Cutoff],
        until: Micros,
        poll: &mut dyn FnMut(),
    ) -> Result<Self, Error> {
        let is_known = |&row: &usize| {
            let cutoff = dataset.cutoffs.get(row).map(|&cutoff| cutoff as usize);
            let cutoff = cutoff.and_then(|cutoff| cutoffs.get(cutoff));
            cutoff.is_some_and(|cutoff| cutoff.outcome_until <= until)
        };
        let mut rows: Vec<usize> = (0..dataset.rows()).filter(is_known).collect();
        let enough = |rows: &[usize]| {
            let positives = rows.iter().filter(|&&row| dataset.outcomes[row]).count();
            positives >= ENOUGH && rows.len() - positives >= ENOUGH
        };
        if !enough(&rows) {
            // There are few cutoffs, and profiles are held out instead: all rows may tell.
            rows = (0..dataset.rows()).collect();
        }
        let mut ranks = Self::default();
        if !enough(&rows) {
            return Ok(ranks);
        }
        let spans = candidates.spans();
        for (place, feature) in candidates.features().iter().enumerate() {
            poll();
            let Some(subject) = Subject::of(candidates, &spans, feature) else {
                continue;
            };
            let found = standard_errors(dataset, &rows, place)?;
            if found < SIGNIFICANT {
                continue;
            }
            let best = match subject {
                Subject::Type(name) => ranks.types.entry(name).or_default(),
                Subject::Pair(kind, attribute) => ranks.pairs.entry((kind, attribute)).or_default(),
            };
            *best = best.max(found);
        }
        Ok(ranks)
    }

    /// What a type tells.
    pub(super) fn of_type(&self, name: &str) -> f64 {
        self.types.get(name).copied().unwrap_or(0.0)
    }

    /// What an attribute of a type tells.
    pub(super) fn of_pair(&self, kind: &str, attribute: &str) -> f64 {
        let key = (kind.to_owned(), attribute.to_owned());
        self.pairs.get(&key).copied().unwrap_or(0.0)
    }
}

/// What a feature speaks of.
enum Subject {
    /// How often and when events of a type were.
    Type(String),
    /// Of a type and an attribute, how great the values are; not their totals, which follow from the number of events.
    Pair(String, String),
}

impl Subject {
    fn of(schema: &Schema, spans: &[Span], feature: &Feature) -> Option<Self> {
        let is_level = |pair: &&Pair| feature.factor == Amount::new(schema, pair).usual();
        if let Some(pair) = schema.pairs.iter().find(is_level) {
            let kind = schema.types[pair.kind].name().to_owned();
            return Some(Self::Pair(
                kind,
                schema.names.numbers[pair.attribute].clone(),
            ));
        }
        let about = ["cnt_", "rec_", "decay_"]
            .iter()
            .find_map(|start| feature.name.strip_prefix(start))?;
        let bare = spans
            .iter()
            .find_map(|span| about.strip_suffix(span.name())?.strip_suffix('_'));
        let kinds = || schema.types.iter().map(|kind| kind.name());
        let name = kinds().find(|name| Some(*name) == bare || *name == about)?;
        Some(Self::Type(name.to_owned()))
    }
}

/// How far the area under the ROC curve of a feature is from one half, where it is not missing.
fn standard_errors(dataset: &Dataset, rows: &[usize], feature: usize) -> Result<f64, Error> {
    let (mut values, mut outcomes) = (Vec::new(), Vec::new());
    values.try_reserve(rows.len())?;
    outcomes.try_reserve(rows.len())?;
    for &row in rows {
        let value = dataset.values[row * dataset.features + feature];
        if !value.is_nan() {
            values.push(f64::from(value));
            outcomes.push(dataset.outcomes[row]);
        }
    }
    let positives = outcomes.iter().filter(|&&outcome| outcome).count();
    let negatives = outcomes.len() - positives;
    if positives < ENOUGH || negatives < ENOUGH {
        return Ok(0.0);
    }
    let area = roc_auc(&values, &outcomes)?;
    let (positives, negatives) = (positives as f64, negatives as f64);
    let error = ((positives + negatives + 1.0) / (12.0 * positives * negatives)).sqrt();
    Ok((area - 0.5).abs() / error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::dictionary::Dictionaries;
    use crate::event::history::{Flags, History, Profile};
    use crate::features::schema::{ColumnNames, GoalKind, Learner};
    use crate::hash::profile_hash;
    use crate::rng::Rng;
    use crate::time::DAY;

    const NOISE: usize = 30;
    const UNTIL: Micros = 100 * DAY;

    /// One that has seen 200 profiles with an event each, which has all numbers: those of noise come first by name.
    fn learner() -> Learner {
        let noise = (0..NOISE).map(|number| format!("noise {number:02}"));
        let names = ColumnNames {
            numbers: noise.chain(["zz".to_owned()]).collect(),
            ..ColumnNames::default()
        };
        let mut learner = Learner::new(names, 30.0, UNTIL, GoalKind::Events);
        let mut rng = Rng::new(1);
        for profile in 0..200_u64 {
            let key = profile.to_le_bytes();
            let numbers: Vec<[f64; 1]> = (0..=NOISE).map(|_| [rng.unit()]).collect();
            let numbers: Vec<&[f64]> = numbers.iter().map(<[f64; 1]>::as_slice).collect();
            let history = History {
                times: &[profile as Micros % 90 * DAY],
                kinds: &[0],
                flags: &[Flags::new(profile % 3 == 0, true, false)],
                numbers: &numbers,
                codes: &[],
            };
            let profile = Profile {
                key: &key,
                hash: profile_hash(&key),
                history,
                attributes: &[],
                marks: &[],
            };
            learner.add(&profile, &mut || ()).unwrap();
        }
        learner
    }

    /// The area under the ROC curve by all pairs of rows, in standard errors from one half.
    fn by_pairs(rows: &[(f64, bool)]) -> f64 {
        let of = |outcome: bool| rows.iter().filter(move |row| row.1 == outcome);
        let mut right = 0.0;
        for (up, _) in of(true) {
            for (down, _) in of(false) {
                right += f64::from(u8::from(up > down)) + f64::from(u8::from(up == down)) / 2.0;
            }
        }
        let (up, down) = (of(true).count() as f64, of(false).count() as f64);
        let variance = (up + down + 1.0) / (12.0 * up * down);
        (right / (up * down) - 0.5).abs() / variance.sqrt()
    }

    #[test]
    fn what_tells_is_kept_wherever_its_name_stands() {
        let learner = learner();
        let dictionaries = Dictionaries::new(0, 0);
        let candidates = learner.candidates(&dictionaries).unwrap().unwrap();
        assert_eq!(candidates.pairs.len(), NOISE + 1);
        // Two cutoffs that are known and one that is held out, where zz tells the contrary.
        let cutoffs = [40, 70, 130].map(|day| Cutoff {
            at: (day - 30) * DAY,
            outcome_until: day * DAY,
            ..Cutoff::default()
        });
        let features = candidates.features();
        let of_zz: Vec<usize> = (0..features.len())
            .filter(|&place| features[place].factor == "Usual zz of events")
            .collect();
        assert!(!of_zz.is_empty());
        let mut dataset = Dataset::new(features.len());
        let mut rng = Rng::new(2);
        for row in 0..600_u64 {
            let cutoff = (row % 3) as u32;
            let outcome = rng.unit() < 0.3;
            let mut values: Vec<f64> = features.iter().map(|_| rng.unit()).collect();
            for (place, &feature) in of_zz.iter().enumerate() {
                // Each a little worse than the one before, in steps, so that some are equal.
                let told = if outcome == (cutoff < 2) { 3.0 } else { 0.0 };
                values[feature] = (told + rng.unit() * (6.0 + place as f64)).floor();
            }
            if row % 7 == 0 {
                values.fill(f64::NAN);
            }
            dataset.push(&values, outcome, cutoff, row).unwrap();
        }
        let ranks = Ranks::of(&candidates, &dataset, &cutoffs, UNTIL, &mut || ()).unwrap();
        let known = |feature: usize| -> Vec<(f64, bool)> {
            let rows = (0..dataset.rows()).filter(|&row| dataset.cutoffs[row] < 2);
            let value = |row: usize| f64::from(dataset.values[row * dataset.features + feature]);
            rows.map(|row| (value(row), dataset.outcomes[row]))
                .filter(|(value, _)| !value.is_nan())
                .collect()
        };
        let expected = of_zz.iter().map(|&feature| by_pairs(&known(feature)));
        let expected = expected.fold(0.0, f64::max);
        let found = ranks.of_pair("~missing", "zz");
        assert!(expected > 2.0 * SIGNIFICANT, "{expected}");
        assert!((found - expected).abs() < 1e-9, "{found}, not {expected}");
        // Noise is told from it: of 30 numbers with some features each none is so far off by chance.
        for number in 0..NOISE {
            assert!(ranks.of_pair("~missing", &format!("noise {number:02}")) == 0.0);
        }
        let kept = |schema: &Schema| -> Vec<String> {
            let attributes = schema.pairs.iter().map(|pair| pair.attribute);
            attributes
                .map(|at| schema.names.numbers[at].clone())
                .collect()
        };
        // By the alphabet zz would be left out.
        let unranked = learner.clone().finish(&dictionaries).unwrap();
        assert!(!kept(&unranked).contains(&"zz".to_owned()));
        let chosen = learner.finish_by(&dictionaries, &ranks).unwrap();
        assert_eq!(kept(&chosen)[0], "zz");
        let left_out = chosen.left_out(&candidates);
        let unkept = (kept(&chosen).len() - 1..NOISE).map(|number| format!("noise {number:02}"));
        assert_eq!(left_out.numbers, unkept.collect::<Vec<_>>());
        assert_eq!(left_out.pairs, Vec::<String>::new());
    }

    #[test]
    fn too_few_rows_say_nothing() {
        let learner = learner();
        let candidates = learner
            .candidates(&Dictionaries::new(0, 0))
            .unwrap()
            .unwrap();
        let features = candidates.features().len();
        let mut dataset = Dataset::new(features);
        for row in 0..40_u64 {
            // 19 positives: one fewer than are enough.
            let outcome = row < ENOUGH as u64 - 1;
            let value = f64::from(u8::from(outcome));
            dataset
                .push(&vec![value; features], outcome, 0, row)
                .unwrap();
        }
        let cutoffs = [Cutoff {
            outcome_until: UNTIL,
            ..Cutoff::default()
        }];
        let ranks = |dataset: &Dataset| {
            Ranks::of(&candidates, dataset, &cutoffs, UNTIL, &mut || ()).unwrap()
        };
        assert_eq!(ranks(&dataset), Ranks::default());
        dataset.push(&vec![1.0; features], true, 0, 40).unwrap();
        // Now it separates the outcomes: area 1, one half from chance.
        let (up, down) = (20.0, 21.0);
        let error = f64::sqrt((up + down + 1.0) / (12.0 * up * down));
        let found = ranks(&dataset);
        assert!((found.of_pair("~missing", "zz") - 0.5 / error).abs() < 1e-9);
        // A single type has no features of its own: they are those of all events.
        assert!(found.of_type("~missing") == 0.0);
    }
}
