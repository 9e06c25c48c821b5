//! Features that alone predict too well to be true: they may be known only after the outcome.

use crate::error::Error;
use crate::features::Feature;
use crate::fit::select::pick;
use crate::fit::training::Training;
use crate::fit::warning::Warning;
use crate::metrics::roc_auc;

/// One feature alone is suspicious from this area under the ROC curve on. Of the best single
/// features on the eighteen tasks of the recipe none comes near.
const SUSPICIOUS: f64 = 0.98;
/// Where more than one in so many features is that good, the goal is easy and nothing leaks.
const FEW: usize = 4;
/// Rows that are looked at: enough to tell 0.98 from 0.96.
const MOST_ROWS: usize = 5000;
/// Features that are named, one per factor.
const MOST_NAMED: usize = 3;

/// The suspicious features, each the best of its factor, the best first.
///
/// A feature is judged by the area under the ROC curve of its best column in the better direction
/// on the held-out rows (on all rows without a hold-out), missing values below all others.
pub(super) fn suspects(training: &Training, poll: &mut dyn FnMut()) -> Result<Vec<Warning>, Error> {
    let encoder = &training.encoder;
    let rows = match &training.split {
        Some(split) => spaced(&split.hold),
        None => spaced(&training.all_rows()),
    };
    let outcomes = pick(&training.outcomes, &rows);
    let mut areas: Vec<(usize, f64)> = Vec::new(); // feature, its area
    for column in 0..encoder.columns() {
        poll();
        let value = |&row: &u32| {
            let value = training.x.row(row as usize)[column];
            if value.is_nan() {
                f64::NEG_INFINITY
            } else {
                f64::from(value)
            }
        };
        let scores: Vec<f64> = rows.iter().map(value).collect();
        let area = match roc_auc(&scores, &outcomes) {
            Ok(area) => area.max(1.0 - area),
            // An evenly spaced part of the rows may have one class.
            Err(Error::OneClass { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let feature = encoder.source(column);
        match areas.last_mut().filter(|(last, _)| *last == feature) {
            Some((_, best)) => *best = best.max(area),
            None => areas.push((feature, area)),
        }
    }
    Ok(name(areas, &training.features))
}

fn name(mut areas: Vec<(usize, f64)>, features: &[Feature]) -> Vec<Warning> {
    areas.sort_by(|a, b| b.1.total_cmp(&a.1));
    let (suspicious, others) =
        areas.split_at(areas.partition_point(|(_, area)| *area >= SUSPICIOUS));
    if suspicious.len() > areas.len().div_ceil(FEW) {
        return Vec::new();
    }
    let next_auc = others.first().map_or(0.5, |(_, area)| *area);
    let mut named: Vec<Warning> = Vec::new();
    let mut factors: Vec<&str> = Vec::new();
    for &(feature, auc) in suspicious {
        let Feature { label, factor, .. } = &features[feature];
        if factors.contains(&factor.as_str()) || named.len() == MOST_NAMED {
            continue;
        }
        factors.push(factor);
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

    #[test]
    fn rows_are_spaced_over_all_of_them() {
        let rows: Vec<u32> = (0..12_000).collect();
        let chosen = spaced(&rows);
        assert_eq!(chosen.len(), 4000);
        assert_eq!(chosen[..3], [0, 3, 6]);
        assert_eq!(spaced(&rows[..10]), rows[..10]);
    }
}
