//! Which event types and numbers to keep when there are more than features are made of: those that tell the outcomes
//! of some training rows apart, whatever they are called.

use std::collections::BTreeMap;

use super::{Pair, Schema, Span};
use crate::cutoff::Cutoff;
use crate::error::Error;
use crate::features::Feature;
use crate::learn::dataset::Dataset;
use crate::learn::metrics::roc_auc;
use crate::time::Micros;

/// An area under the ROC curve tells something if it is so many standard errors from one half: by chance not one of
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
        let is_level = |pair: &&Pair| feature.factor == level(schema, pair);
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

/// The factor of the features that say how great the values of a pair are.
fn level(schema: &Schema, pair: &Pair) -> String {
    let attribute = &schema.names.numbers[pair.attribute];
    if schema.untyped() {
        format!("{attribute} level")
    } else {
        format!("{}.{attribute} level", schema.types[pair.kind].name())
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
