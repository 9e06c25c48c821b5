//! Features that alone predict too well to be true: they may be known only after the outcome.

use std::ops::Range;

use crate::error::Error;
use crate::features::Feature;
use crate::fit::stump::{ShallowTree, group_rates};
use crate::fit::training::Training;
use crate::fit::tuned::pick;
use crate::fit::warning::Warning;
use crate::learn::metrics::roc_auc;

/// One feature alone is suspicious from this area under the ROC curve on. Of the best single
/// features on the eighteen tasks of docs/method.md none comes near.
const SUSPICIOUS: f64 = 0.98;
/// What an attribute says is suspicious from this area on, if it leaves far less to be told than what the events
/// themselves say: values may be written later, the times and types of events are not.
const STRONG: f64 = 0.90;
/// How many times less than the events it leaves: half the pairs with an area of 0.5, a tenth with one of 0.9.
const LESS: f64 = 3.0;
/// Where more than one in this many features of the events themselves is suspicious, the goal is easy and nothing leaks.
const FEW: usize = 4;
/// With fewer held-out rows of the rarer class, all rows are judged: of many features one is near 0.98 by chance.
const FEWEST_HELD: usize = 25;
/// Rows that are looked at: enough to tell 0.98 from 0.96.
const MOST_ROWS: usize = 5000;
/// Features that are named, one per attribute or factor.
const MOST_NAMED: usize = 3;

/// A shallow tree is tried on the held-out rows if its leaves reach this area on the rows that it was learned from.
const PROMISING: f64 = 0.93;

/// The suspicious features, each the best of its attribute or, without one, its factor, the best first.
///
/// A feature is judged by the area under the ROC curve on the held-out rows (on all rows without a hold-out): of its
/// values in the better direction, missing values below all others; and of what a shallow tree, or the rates of the
/// values of a category, say that were learned from the other rows.
pub(super) fn suspects(training: &Training, poll: &mut dyn FnMut()) -> Result<Vec<Warning>, Error> {
    let encoder = &training.encoder;
    let rarer = |rows: &[u32]| {
        let outcomes = rows.iter().map(|&row| training.outcomes[row as usize]);
        let positives = outcomes.filter(|&outcome| outcome).count();
        positives.min(rows.len() - positives)
    };
    let split = training.split.as_ref();
    let (learned, held) = match split.filter(|split| rarer(&split.hold) >= FEWEST_HELD) {
        Some(split) => (spaced(&split.fit), spaced(&split.hold)),
        None => (spaced(&training.all_rows()), spaced(&training.all_rows())),
    };
    let sides = Sides {
        training,
        outcomes: pick(&training.outcomes, &held),
        learned,
        held,
    };
    let positives = sides.outcomes.iter().filter(|&&outcome| outcome).count();
    if positives == 0 || positives == sides.outcomes.len() {
        // An evenly spaced part of the rows may have one class.
        return Ok(Vec::new());
    }
    let mut areas: Vec<(usize, f64)> = Vec::new(); // feature, its area
    let mut column = 0;
    while column < encoder.columns() {
        poll();
        let feature = encoder.source(column);
        let of_feature =
            (column..encoder.columns()).take_while(|&at| encoder.source(at) == feature);
        let columns = column..column + of_feature.count();
        let area = if encoder.category(column).is_some() {
            sides.category(columns.clone())?
        } else {
            sides.number(column)?
        };
        areas.push((feature, area));
        column = columns.end;
    }
    Ok(name(areas, &training.features))
}

/// Rows to learn from what one feature tells, and rows to judge it on.
struct Sides<'a> {
    training: &'a Training<'a>,
    learned: Vec<u32>,
    held: Vec<u32>,
    /// Of the held rows.
    outcomes: Vec<bool>,
}

impl Sides<'_> {
    fn value(&self, row: u32, column: usize) -> f32 {
        self.training.x.row(row as usize)[column]
    }

    fn outcome(&self, row: u32) -> bool {
        self.training.outcomes[row as usize]
    }

    /// The area of a number.
    fn number(&self, column: usize) -> Result<f64, Error> {
        let value = |&row: &u32| match self.value(row, column) {
            value if value.is_nan() => f64::NEG_INFINITY,
            value => f64::from(value),
        };
        let scores: Vec<f64> = self.held.iter().map(value).collect();
        let area = roc_auc(&scores, &self.outcomes)?;
        let area = area.max(1.0 - area);
        let rows = self.learned.iter();
        let rows = rows.map(|&row| (self.value(row, column), self.outcome(row)));
        let tree = ShallowTree::fit(rows.collect());
        if area >= SUSPICIOUS || tree.area() < PROMISING {
            return Ok(area);
        }
        let rate = |&row: &u32| tree.rate(self.value(row, column));
        let scores: Vec<f64> = self.held.iter().map(rate).collect();
        Ok(area.max(roc_auc(&scores, &self.outcomes)?))
    }

    /// The area of a category, whose values are 0/1 columns: by the rate of each value, and by each value alone in the
    /// better direction.
    fn category(&self, columns: Range<usize>) -> Result<f64, Error> {
        let group = |row: u32| {
            let mut values = columns.clone();
            let place = values.position(|column| self.value(row, column) == 1.0);
            place.unwrap_or(columns.len())
        };
        let learned = self.learned.iter();
        let learned = learned.map(|&row| (group(row), self.outcome(row)));
        let rates = group_rates(learned, columns.len() + 1);
        let groups: Vec<usize> = self.held.iter().map(|&row| group(row)).collect();
        let scores: Vec<f64> = groups.iter().map(|&group| rates[group]).collect();
        let mut area = roc_auc(&scores, &self.outcomes)?;
        for value in 0..columns.len() {
            let is_value = |&group: &usize| f64::from(u8::from(group == value));
            let scores: Vec<f64> = groups.iter().map(is_value).collect();
            let alone = roc_auc(&scores, &self.outcomes)?;
            area = area.max(alone).max(1.0 - alone);
        }
        Ok(area)
    }
}

fn name(mut areas: Vec<(usize, f64)>, features: &[Feature]) -> Vec<Warning> {
    areas.sort_by(|a, b| b.1.total_cmp(&a.1));
    let events: Vec<f64> = areas
        .iter()
        .filter(|(feature, _)| features[*feature].attribute.is_none())
        .map(|(_, area)| *area)
        .collect();
    let easy = events.iter().filter(|&&area| area >= SUSPICIOUS).count();
    if easy > events.len().div_ceil(FEW) {
        return Vec::new();
    }
    let best_event = events.first().map_or(0.5, |area| area.max(0.5));
    let written_later = |feature: usize, area: f64| {
        let far_above = (1.0 - area) * LESS <= 1.0 - best_event;
        features[feature].attribute.is_some() && area >= STRONG && far_above
    };
    let (suspicious, others): (Vec<_>, Vec<_>) = areas
        .into_iter()
        .partition(|&(feature, area)| area >= SUSPICIOUS || written_later(feature, area));
    let next_auc = others.first().map_or(0.5, |(_, area)| *area);
    let mut named: Vec<Warning> = Vec::new();
    let mut causes: Vec<&str> = Vec::new();
    for (feature, auc) in suspicious {
        let Feature {
            label,
            factor,
            attribute,
            ..
        } = &features[feature];
        let cause = attribute.as_ref().unwrap_or(factor).as_str();
        if causes.contains(&cause) || named.len() == MOST_NAMED {
            continue;
        }
        causes.push(cause);
        named.push(Warning::SuspectedLeak {
            feature: label.clone(),
            factor: factor.clone(),
            auc,
            next_auc,
        });
    }
    named
}

/// At most [`MOST_ROWS`] of the rows, evenly spaced.
fn spaced(rows: &[u32]) -> Vec<u32> {
    let step = rows.len().div_ceil(MOST_ROWS).max(1);
    rows.iter().copied().step_by(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::testing::schema;

    /// Warnings for features with these areas, in the order of the schema.
    fn named(areas: &[f64]) -> Vec<Warning> {
        name(
            areas.iter().copied().enumerate().collect(),
            &schema().features(),
        )
    }

    #[test]
    fn the_best_feature_of_a_factor_stands_for_it() {
        // The first two features are counts of recent and of long-term activity.
        let features = schema().features();
        let same: Vec<usize> = (0..features.len())
            .filter(|&index| features[index].factor == features[0].factor)
            .take(2)
            .collect();
        let mut areas = vec![0.6; features.len()];
        areas[same[0]] = 0.985;
        areas[same[1]] = 0.99;
        let expected = Warning::SuspectedLeak {
            feature: features[same[1]].label.clone(),
            factor: features[0].factor.clone(),
            auc: 0.99,
            next_auc: 0.6,
        };
        assert_eq!(named(&areas), [expected]);
    }

    #[test]
    fn an_easy_goal_is_no_leak() {
        assert_eq!(named(&[0.99, 0.99, 0.985, 0.98, 0.7]), []);
        assert_eq!(named(&[0.979, 0.6, 0.6, 0.6, 0.6]), []);
    }

    /// Names of those warned of, where the others have an area of 0.55 and these that of the second.
    fn written_later(name_of: &str, area: f64, events: f64) -> Vec<String> {
        let features = schema().features();
        let areas = features.iter().enumerate().map(|(index, feature)| {
            let area = match feature.name.as_str() {
                name if name == name_of => area,
                "rec_any" => events,
                _ => 0.55,
            };
            (index, area)
        });
        let warnings = name(areas.collect(), &features);
        let labels = warnings.iter().map(|warning| match warning {
            Warning::SuspectedLeak { feature, .. } => feature.clone(),
            _ => String::new(),
        });
        labels.collect()
    }

    #[test]
    fn an_attribute_far_above_the_events_is_suspicious() {
        let features = schema().features();
        let attribute = features.iter().find(|feature| feature.attribute.is_some());
        let Feature { name, label, .. } = attribute.unwrap();
        assert_eq!(written_later(name, 0.95, 0.6), [label.as_str()]);
        assert_eq!(written_later(name, 0.90, 0.69), [label.as_str()]);
        assert_eq!(written_later(name, 0.89, 0.5), [""; 0]);
        // The events say as much by themselves: a strong attribute of an easy goal.
        assert_eq!(written_later(name, 0.95, 0.86), [""; 0]);
        // What the events say themselves is not written later.
        assert_eq!(written_later("cnt_any_all", 0.97, 0.55), [""; 0]);
        assert_eq!(written_later("rec_any", 0.97, 0.97), [""; 0]);
    }

    #[test]
    fn many_features_of_one_attribute_do_not_make_the_goal_easy() {
        let features = schema().features();
        let areas = features.iter().enumerate();
        let areas = areas.map(|(index, feature)| {
            (
                index,
                if feature.attribute.is_some() {
                    0.99
                } else {
                    0.6
                },
            )
        });
        assert!(!name(areas.collect(), &features).is_empty());
    }

    #[test]
    fn rows_are_spaced_over_all_of_them() {
        let rows: Vec<u32> = (0..12_000).collect();
        let chosen = spaced(&rows);
        assert_eq!(chosen.len(), 4000);
        assert_eq!(chosen[..3], [0, 3, 6]);
        assert_eq!(spaced(&rows[..10]), rows[..10]);
    }
}
