//! What a model must beat: ranking by recency alone, and a logistic regression on recency,
//! frequency and tenure (RFM).

use xxhash_rust::xxh3::xxh3_64;

use crate::error::Error;
use crate::features::Feature;
use crate::fit::measured::Area;
use crate::learn::dataset::{self, Matrix};
use crate::learn::logistic::Logistic;
use crate::learn::metrics::roc_auc;

/// The most rows that the RFM logistic regression is fitted on.
const MOST_ROWS: usize = 20_000;

/// `K` of the RFM logistic regression: hardly shrunk.
const STRENGTH: f64 = 1e4;

/// Where the features of the baselines are; `None` where a data set has no such feature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RfmFeatures {
    /// Days since the newest event (`rec_any`).
    pub recency: usize,
    /// Days since the first event (`ten_first`).
    pub tenure: usize,
    /// Number of events (`cnt_any_all`).
    pub events: usize,
    /// Number of active days (`days_all`).
    pub days: usize,
    /// Days since the newest goal event (`goal_rec`).
    pub goal_recency: Option<usize>,
    /// Number of goal events (`goal_cnt_all`).
    pub goals: Option<usize>,
}

impl RfmFeatures {
    /// Finds them by their names; `None` where one that is needed is missing.
    pub fn find(features: &[Feature]) -> Option<Self> {
        let find = |name: &str| features.iter().position(|feature| feature.name == name);
        Some(Self {
            recency: find("rec_any")?,
            tenure: find("ten_first")?,
            events: find("cnt_any_all")?,
            days: find("days_all")?,
            goal_recency: find("goal_rec"),
            goals: find("goal_cnt_all"),
        })
    }
}

/// The few columns that the baselines need, copied before a data set is turned into a matrix.
#[derive(Clone, Debug)]
pub struct Rfm {
    features: RfmFeatures,
    /// The features that are columns.
    chosen: Vec<usize>,
    /// Days since the newest event of each row; infinite if there is none.
    recency: Vec<f32>,
    /// `rows x columns`.
    values: Vec<f32>,
}

/// Areas under the ROC curve of the baselines.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BaselineAreas {
    /// Of ranking by recency alone.
    pub recency: Area,
    /// Of the logistic regression.
    pub rfm: Area,
}

impl Rfm {
    /// Copies the columns. No goal event yet counts as one before the first event, and no event at
    /// all as nothing of everything.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`], [`Error::LengthMismatch`] if a feature is beyond the rows' width.
    pub fn new(dataset: &dataset::Dataset, features: &RfmFeatures) -> Result<Self, Error> {
        let RfmFeatures {
            recency,
            tenure,
            events,
            days,
            ..
        } = *features;
        let all = [Some(recency), Some(tenure), Some(events), Some(days)];
        let goal = [features.goal_recency, features.goals];
        let chosen: Vec<usize> = all.into_iter().chain(goal).flatten().collect();
        let required = chosen.iter().max().map_or(0, |&last| last + 1);
        if required > dataset.features {
            return Err(Error::LengthMismatch {
                found: dataset.features,
                required,
            });
        }
        let rows = dataset.values.len() / dataset.features;
        let mut rfm = Self {
            features: *features,
            chosen,
            recency: Vec::new(),
            values: Vec::new(),
        };
        rfm.recency.try_reserve_exact(rows)?;
        rfm.values.try_reserve_exact(rows * rfm.chosen.len())?;
        for row in dataset.values.chunks_exact(dataset.features) {
            rfm.push(row)?;
        }
        Ok(rfm)
    }

    /// Adds a row, as wide as those of the data set.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn push(&mut self, row: &[f32]) -> Result<(), Error> {
        let or = |value: f32, other: f32| if value.is_nan() { other } else { value };
        self.recency.try_reserve(1)?;
        self.values.try_reserve(self.chosen.len())?;
        self.recency
            .push(or(row[self.features.recency], f32::INFINITY));
        let tenure = or(row[self.features.tenure], 0.0);
        let values = self.chosen.iter().map(|&feature| or(row[feature], tenure));
        self.values.extend(values);
        Ok(())
    }

    /// AUC of ranking the rows by recency; `recent_first` if a recent event makes the outcome
    /// likelier, as for every goal but "does not occur".
    ///
    /// # Errors
    ///
    /// Those of [`roc_auc`].
    pub fn recency_auc(
        &self,
        outcomes: &[bool],
        rows: &[u32],
        recent_first: bool,
    ) -> Result<f64, Error> {
        let scores = self.recency_scores(rows, recent_first)?;
        roc_auc(&scores, &pick(outcomes, rows)?)
    }

    fn recency_scores(&self, rows: &[u32], recent_first: bool) -> Result<Vec<f64>, Error> {
        let sign = if recent_first { -1.0 } else { 1.0 };
        let score = |&row: &u32| sign * f64::from(self.recency[row as usize]);
        collect(rows.iter().map(score))
    }

    /// Areas of both rules on the `judged` rows. Which way recency points is seen on the `fitted` rows: for a goal that must
    /// not occur, a long silence makes the outcome likelier.
    ///
    /// # Errors
    ///
    /// Those of [`Area::of`] and [`Rfm::logits`].
    pub fn areas(
        &self,
        outcomes: &[bool],
        fitted: &[u32],
        judged: &[u32],
    ) -> Result<BaselineAreas, Error> {
        let recent_first = self.recency_auc(outcomes, fitted, true)? >= 0.5;
        let held = pick(outcomes, judged)?;
        let recency = Area::of(&self.recency_scores(judged, recent_first)?, &held)?;
        let rfm = Area::of(&self.logits(outcomes, fitted, judged)?, &held)?;
        Ok(BaselineAreas { recency, rfm })
    }

    /// Log-odds of the `judged` rows by a logistic regression fitted on the `fitted` rows, at most
    /// 20,000 of them.
    ///
    /// # Errors
    ///
    /// Those of [`Logistic::fit`].
    pub fn logits(
        &self,
        outcomes: &[bool],
        fitted: &[u32],
        judged: &[u32],
    ) -> Result<Vec<f64>, Error> {
        let fitted = sample(fitted);
        let mut x = Matrix {
            rows: fitted.len(),
            columns: self.chosen.len(),
            values: Vec::new(),
        };
        x.values.try_reserve_exact(x.rows * x.columns)?;
        for &row in &fitted {
            x.values.extend_from_slice(self.row(row));
        }
        let outcomes = pick(outcomes, &fitted)?;
        let all: Vec<u32> = (0..fitted.len() as u32).collect();
        let model = Logistic::fit(&x, &outcomes, &all, &[STRENGTH], &mut || ())?;
        collect(judged.iter().map(|&row| model[0].logit(self.row(row))))
    }

    fn row(&self, row: u32) -> &[f32] {
        let start = row as usize * self.chosen.len();
        &self.values[start..start + self.chosen.len()]
    }
}

/// At most [`MOST_ROWS`] of the rows: one of each of as many equal stretches, drawn by hash. Taking
/// every n-th row would favour some cutoffs, since rows come profile by profile.
fn sample(rows: &[u32]) -> Vec<u32> {
    if rows.len() <= MOST_ROWS {
        return rows.to_vec();
    }
    let draw = |stretch: usize| {
        let start = stretch * rows.len() / MOST_ROWS;
        let end = (stretch + 1) * rows.len() / MOST_ROWS;
        let drawn = xxh3_64(&stretch.to_le_bytes()) as usize % (end - start);
        rows[start + drawn]
    };
    (0..MOST_ROWS).map(draw).collect()
}

fn pick(outcomes: &[bool], rows: &[u32]) -> Result<Vec<bool>, Error> {
    collect(rows.iter().map(|&row| outcomes[row as usize]))
}

/// Collects values sized by data: no memory is an error.
fn collect<T>(values: impl ExactSizeIterator<Item = T>) -> Result<Vec<T>, Error> {
    let mut all = Vec::new();
    all.try_reserve_exact(values.len())?;
    all.extend(values);
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEATURES: RfmFeatures = RfmFeatures {
        recency: 0,
        tenure: 1,
        events: 2,
        days: 3,
        goal_recency: Some(4),
        goals: Some(5),
    };

    /// Rows of which those with many recent goals are likelier to be positive, `rare` or not.
    fn rows(count: u32, rare: bool) -> (dataset::Dataset, Vec<u32>) {
        let mut rows = dataset::Dataset::new(6);
        for row in 0..u64::from(count) {
            let draw =
                |seed: u8| (xxh3_64(&[&row.to_le_bytes()[..], &[seed]].concat()) % 100) as f64;
            let (recency, goals) = (draw(1), (draw(2) / 20.0).floor());
            let goal_recency = if goals > 0.0 {
                recency + draw(3)
            } else {
                f64::NAN
            };
            let values = [
                recency,
                300.0,
                10.0 + goals,
                5.0 + goals,
                goal_recency,
                goals,
            ];
            let pull = goals * 12.0 - recency / 2.0 + draw(4);
            let outcome = pull > if rare { 100.0 } else { 40.0 };
            rows.push(&values, outcome, 0, row).unwrap();
        }
        (rows, (0..count).collect())
    }

    #[test]
    fn recency_ranks_by_the_polarity_of_the_goal() {
        let mut rows = dataset::Dataset::new(6);
        for (recency, outcome) in [(1.0, true), (5.0, false), (3.0, true), (f64::NAN, false)] {
            let values = [recency, 9.0, 1.0, 1.0, f64::NAN, 0.0];
            rows.push(&values, outcome, 0, 0).unwrap();
        }
        let rfm = Rfm::new(&rows, &FEATURES).unwrap();
        let all = [0, 1, 2, 3];
        assert_eq!(rfm.recency_auc(&rows.outcomes, &all, true), Ok(1.0));
        assert_eq!(rfm.recency_auc(&rows.outcomes, &all, false), Ok(0.0));
    }

    #[test]
    fn the_logistic_regression_ranks_positives_first_whichever_class_is_larger() {
        for rare in [false, true] {
            let (rows, all) = rows(3000, rare);
            let positives = rows.positives();
            assert_eq!(positives < 1500, rare, "{positives}");
            let rfm = Rfm::new(&rows, &FEATURES).unwrap();
            let logits = rfm
                .logits(&rows.outcomes, &all[..2000], &all[2000..])
                .unwrap();
            let judged = &rows.outcomes[2000..];
            let auc = roc_auc(&logits, judged).unwrap();
            let recency = rfm.recency_auc(&rows.outcomes, &all[2000..], true).unwrap();
            assert!(auc > 0.7 && auc > recency + 0.05, "{auc} {recency}");
        }
    }

    #[test]
    fn a_sample_takes_one_row_of_each_stretch() {
        let rows: Vec<u32> = (0..50_000).collect();
        let drawn = sample(&rows);
        assert_eq!(drawn.len(), MOST_ROWS);
        assert!(drawn.is_sorted_by(|a, b| a < b));
        assert_eq!(drawn, sample(&rows));
    }

    #[test]
    fn one_class_cannot_be_fitted() {
        let (rows, all) = rows(100, true);
        let rfm = Rfm::new(&rows, &FEATURES).unwrap();
        let found = rfm.logits(&[false; 100], &all, &all);
        assert!(matches!(found, Err(Error::OneClass { positives: 0, .. })));
        assert_eq!(rfm.logits(&[false; 100], &[], &all), Err(Error::NoRows));
        let narrow = RfmFeatures {
            goals: Some(6),
            ..FEATURES
        };
        assert!(Rfm::new(&rows, &narrow).is_err());
    }
}
