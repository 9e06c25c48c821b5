//! Predictions and their exact reasons: one code path for batch and live.

use crate::error::Error;
use crate::features::Labels;
use crate::learn::logistic::{IndicatorParts, Logistic};
use crate::model::factor::{FactorImpact, Factors};
use crate::model::reasons::Reasons;
use crate::model::score::score;
use crate::model::shapley::TreeShapley;
use crate::model::{Model, combine, sigmoid};

/// Rows explained together.
const BLOCK: usize = 512;

/// What a model says about a profile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Natural logarithm of the odds.
    pub log_odds: f64,
    /// The same as a probability.
    pub probability: f64,
    /// The same from 0 to 100, relative to the base rate.
    pub score: i16,
}

/// Why a model says so.
#[derive(Debug)]
pub struct Explanation<'a> {
    /// What it says: the very bits that [`Scorer::predict`] returns.
    pub prediction: Prediction,
    /// Log-odds of a typical eligible profile; `base` + all impacts = the prediction's log-odds.
    pub base: f64,
    /// All factors, strongest first.
    pub factors: &'a [FactorImpact],
    /// What the factors are called, and what their values mean.
    pub grouping: &'a Factors,
}

/// A model made ready to predict: scratch space is kept, so a prediction allocates nothing.
#[derive(Clone)]
pub struct Scorer {
    model: Model,
    factors: Factors,
    /// Factor of each model column.
    factor_of: Vec<u32>,
    linear: Option<Reasons>,
    /// Of the linear half.
    indicators: Vec<IndicatorParts>,
    trees: Option<Reasons>,
    shapley: Option<TreeShapley>,
    scratch: Scratch,
}

/// What is computed of the rows at hand.
#[derive(Clone, Default)]
struct Scratch {
    /// Model columns, row after row.
    rows: Vec<f32>,
    /// Contribution of each factor to the tree member, row after row.
    trees: Vec<f64>,
    /// Contribution of each column to the linear member, of one row.
    columns: Vec<f64>,
    /// Contribution of each factor to the linear member, of one row.
    linear: Vec<f64>,
    /// Impacts on one row.
    impacts: Vec<FactorImpact>,
}

impl Scorer {
    /// Builds the tables that reasons are looked up in.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`] if there is no memory for them.
    pub fn new(model: Model, poll: &mut dyn FnMut()) -> Result<Self, Error> {
        let factors = model.factors();
        let columns = model.encoder.columns();
        let factor_of: Vec<u32> = (0..columns)
            .filter_map(|column| factors.of(model.encoder.source(column)))
            .map(|factor| factor as u32)
            .collect();
        let linear = model
            .logistic
            .as_ref()
            .map(|logistic| Reasons::new(logistic.intercept, &model.background.linear));
        let shapley = match &model.forest {
            Some(forest) => Some(TreeShapley::new(forest, &factor_of, factors.len(), poll)?),
            None => None,
        };
        let trees = shapley
            .as_ref()
            .map(|shapley| Reasons::new(shapley.base(), &model.background.trees));
        let scratch = Scratch {
            columns: vec![0.0; columns],
            linear: vec![0.0; factors.len()],
            ..Scratch::default()
        };
        let logistic = model.logistic.as_ref();
        Ok(Self {
            linear,
            indicators: logistic.map_or_else(Vec::new, Logistic::indicator_parts),
            trees,
            shapley,
            scratch,
            factor_of,
            factors,
            model,
        })
    }

    /// The model inside.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Calls columns, event types and values so from now on. Nothing that it predicts changes.
    pub fn call(&mut self, labels: &Labels) {
        if self.model.labels != *labels {
            self.model.labels = labels.clone();
            self.factors = self.model.factors();
        }
    }

    /// Gives the model back.
    pub fn into_model(self) -> Model {
        self.model
    }

    /// The factors that explanations speak of.
    pub fn factors(&self) -> &Factors {
        &self.factors
    }

    /// What the model says of a row of all features of its schema.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] if there are more or fewer features.
    pub fn predict(&mut self, features: &[f64]) -> Result<Prediction, Error> {
        check_length(features.len(), self.factors.features().len())?;
        self.load(features)?;
        let logistic = self.model.logistic.as_ref();
        let linear = logistic.map(|member| member.logit(self.columns(0)));
        let forest = self.model.forest.as_ref();
        let trees = forest.map(|forest| forest.logit(self.columns(0)));
        Ok(self.prediction(linear, trees))
    }

    /// What the model says of such a row, and why.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] if there are more or fewer features.
    pub fn explain(&mut self, features: &[f64]) -> Result<Explanation<'_>, Error> {
        check_length(features.len(), self.factors.features().len())?;
        self.load(features)?;
        self.contribute(&mut || ())?;
        Ok(self.explanation(0, features, usize::MAX))
    }

    /// What the model says of many rows of features (row after row), and why: the very same as one
    /// by one, in less time. `visit` gets the number of the row and its explanation, in which the
    /// factors begin with the strongest, as many as are asked for, and the others follow in no order.
    ///
    /// # Errors
    ///
    /// [`Error::LengthMismatch`] if these are not whole rows, [`Error::OutOfMemory`], and those of
    /// `visit`.
    pub fn explain_rows(
        &mut self,
        features: &[f64],
        strongest: usize,
        visit: &mut dyn FnMut(usize, &Explanation) -> Result<(), Error>,
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        let width = self.factors.features().len().max(1);
        check_length(features.len() % width, 0)?;
        for (block, features) in features.chunks(BLOCK * width).enumerate() {
            self.load(features)?;
            self.contribute(poll)?;
            for (row, features) in features.chunks_exact(width).enumerate() {
                visit(
                    block * BLOCK + row,
                    &self.explanation(row, features, strongest),
                )?;
            }
            poll();
        }
        Ok(())
    }

    /// Measures the background over rows of features (row after row, at least one).
    pub(super) fn measure_background(
        &mut self,
        features: &[f64],
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        let (width, factors) = (self.factors.features().len().max(1), self.factors.len());
        let count = (features.len() / width) as f64;
        let (mut linear, mut trees) = (vec![0.0; factors], vec![0.0; factors]);
        for features in features.chunks(BLOCK * width) {
            self.load(features)?;
            self.contribute(poll)?;
            for contributions in self.scratch.trees.chunks_exact(factors.max(1)) {
                add_shares(&mut trees, contributions, count);
            }
            for row in 0..features.len() / width {
                self.contribute_linear(row);
                add_shares(&mut linear, &self.scratch.linear, count);
            }
        }
        if let Some(member) = &mut self.linear {
            member.set_means(&linear);
            self.model.background.linear = linear;
        }
        if let Some(member) = &mut self.trees {
            member.set_means(&trees);
            self.model.background.trees = trees;
        }
        Ok(())
    }

    /// Turns rows of features into the columns at hand.
    fn load(&mut self, features: &[f64]) -> Result<(), Error> {
        let columns = self.model.encoder.columns();
        let width = self.factors.features().len().max(1);
        let rows = &mut self.scratch.rows;
        rows.clear();
        rows.try_reserve(features.len() / width * columns)?;
        rows.resize(features.len() / width * columns, 0.0);
        for (features, row) in features
            .chunks_exact(width)
            .zip(rows.chunks_exact_mut(columns))
        {
            self.model.encoder.row(features, row);
        }
        Ok(())
    }

    /// A row at hand: its model columns.
    fn columns(&self, row: usize) -> &[f32] {
        let columns = self.model.encoder.columns();
        &self.scratch.rows[row * columns..][..columns]
    }

    fn prediction(&self, linear: Option<f64>, trees: Option<f64>) -> Prediction {
        let log_odds = combine(linear, trees);
        let probability = sigmoid(log_odds);
        Prediction {
            log_odds,
            probability,
            score: score(probability, self.model.base_rate),
        }
    }

    /// What the factors contribute to the tree member, for all rows at hand.
    fn contribute(&mut self, poll: &mut dyn FnMut()) -> Result<(), Error> {
        let Some(shapley) = &mut self.shapley else {
            return Ok(());
        };
        let Scratch { rows, trees, .. } = &mut self.scratch;
        let count = rows.len() / self.factor_of.len().max(1);
        trees.clear();
        trees.try_reserve(count * self.factors.len())?;
        trees.resize(count * self.factors.len(), 0.0);
        shapley.contributions(rows, trees, poll)
    }

    /// What the factors contribute to the linear member, for one of the rows at hand; returns the
    /// member's log-odds.
    fn contribute_linear(&mut self, row: usize) -> Option<f64> {
        let logistic = self.model.logistic.as_ref()?;
        let Scratch {
            rows,
            columns,
            linear,
            ..
        } = &mut self.scratch;
        let row = &rows[row * columns.len()..][..columns.len()];
        let log_odds = logistic.contributions(&self.indicators, row, columns);
        linear.fill(0.0);
        for (&factor, &contribution) in self.factor_of.iter().zip(columns.iter()) {
            linear[factor as usize] += contribution;
        }
        Some(log_odds)
    }

    /// Puts together what was computed of a row at hand.
    fn explanation(&mut self, row: usize, features: &[f64], strongest: usize) -> Explanation<'_> {
        let linear = self.contribute_linear(row);
        let shapley = self.shapley.as_ref();
        let trees = shapley.map(|shapley| shapley.logits()[row]);
        let prediction = self.prediction(linear, trees);
        let Scratch {
            impacts,
            trees: contributions,
            linear: of_linear,
            ..
        } = &mut self.scratch;
        impacts.clear();
        impacts.extend((0..self.factors.len()).map(|factor| {
            let feature = self.factors.readable(factor);
            FactorImpact {
                factor,
                impact: 0.0,
                feature,
                value: features[feature],
            }
        }));
        let share = if linear.is_some() && trees.is_some() {
            0.5
        } else {
            1.0
        };
        let mut base = 0.0;
        if let (Some(reasons), Some(log_odds)) = (&self.linear, linear) {
            base += share * reasons.add(of_linear, log_odds, share, impacts);
        }
        if let (Some(reasons), Some(log_odds)) = (&self.trees, trees) {
            let of_trees = &contributions[row * self.factors.len()..][..self.factors.len()];
            base += share * reasons.add(of_trees, log_odds, share, impacts);
        }
        sort_strongest(impacts, strongest);
        Explanation {
            prediction,
            base,
            factors: impacts,
            grouping: &self.factors,
        }
    }
}

fn check_length(found: usize, required: usize) -> Result<(), Error> {
    if found == required {
        Ok(())
    } else {
        Err(Error::LengthMismatch { found, required })
    }
}

/// Brings the `count` strongest impacts to the front, the strongest first.
fn sort_strongest(impacts: &mut [FactorImpact], count: usize) {
    let order = |a: &FactorImpact, b: &FactorImpact| {
        let by_size = b.impact.abs().total_cmp(&a.impact.abs());
        by_size.then(a.factor.cmp(&b.factor))
    };
    let count = count.min(impacts.len());
    impacts[..count].sort_unstable_by(order);
    let Some(last) = count.checked_sub(1) else {
        return;
    };
    for next in count..impacts.len() {
        if order(&impacts[next], &impacts[last]).is_lt() {
            impacts.swap(next, last);
            let place = impacts[..last].partition_point(|one| order(one, &impacts[last]).is_lt());
            impacts[place..=last].rotate_right(1);
        }
    }
}

/// Adds `1 / count` of each value to its sum.
fn add_shares(sums: &mut [f64], values: &[f64], count: f64) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value / count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn the_strongest_come_first_however_many_are_wanted() {
        let mut rng = Rng::new(5);
        for count in [0, 1, 3, 10, 39, 40, usize::MAX] {
            // Few sizes, so that factors decide.
            let impact = |factor| FactorImpact {
                factor,
                impact: (rng.unit() * 9.0).floor() - 4.0,
                feature: factor,
                value: 0.0,
            };
            let mut found: Vec<FactorImpact> = (0..40).map(impact).collect();
            let mut expected = found.clone();
            expected.sort_by(|a, b| b.impact.abs().total_cmp(&a.impact.abs()));
            sort_strongest(&mut found, count);
            let count = count.min(40);
            assert_eq!(found[..count], expected[..count]);
            let (found, expected) = (&mut found[count..], &mut expected[count..]);
            found.sort_by_key(|impact| impact.factor);
            expected.sort_by_key(|impact| impact.factor);
            assert_eq!(found, expected);
        }
    }
}
