//! Training rows made ready: columns, bins, hold-out, and what must be kept of the features before
//! they become columns.

use std::mem::take;

use crate::cutoff::Cutoff;
use crate::error::Error;
use crate::features::Feature;
use crate::features::Labels;
use crate::features::schema::Schema;
use crate::fit::background;
use crate::fit::baseline::{Rfm, RfmFeatures};
use crate::fit::hold_out::HoldOut;
use crate::fit::params::{Algorithm, Capacity, FEWEST, FitParams};
use crate::fit::tuned::Tuned;
use crate::learn::binning::Bins;
use crate::learn::boosting::Forest;
use crate::learn::dataset::{Dataset, Matrix};
use crate::learn::encoder::Encoder;
use crate::learn::logistic::StandardRows;
use crate::model::{Background, Model};
use crate::parallel::both;

/// Bins of a column at most, one of them for missing values.
const MOST_BINS: usize = 255;

/// Training rows as the learners read them.
pub(super) struct Training<'a> {
    pub params: &'a FitParams,
    pub capacity: Capacity,
    /// Rows of the rarer class.
    pub rarer: usize,
    /// What a row of the data set had.
    pub features: Vec<Feature>,
    pub encoder: Encoder,
    pub x: Matrix,
    /// The same standardised, if there is to be a linear member.
    pub standard: Option<StandardRows>,
    /// The same in bins, if there are to be trees.
    pub bins: Option<Bins>,
    pub outcomes: Vec<bool>,
    /// Index of each row's cutoff.
    pub cutoffs: Vec<u32>,
    /// Rows to choose and judge on, if both sides have both classes.
    pub split: Option<HoldOut>,
    pub baselines: Option<Rfm>,
    /// Features, row after row, of typical profiles.
    pub background: Vec<f64>,
}

impl<'a> Training<'a> {
    /// Checks the rows and makes them ready; see [`crate::fit::fit`].
    pub fn new(
        mut dataset: Dataset,
        cutoffs: &[Cutoff],
        schema: &Schema,
        params: &'a FitParams,
        poll: &mut dyn FnMut(),
    ) -> Result<Self, Error> {
        let rarer = rarer_class(&dataset, params)?;
        let features = schema.features();
        check_lengths(&dataset, &features, params)?;
        let encoder = Encoder::fit(&dataset, &categories(&features), poll)?;
        if encoder.columns() == 0 {
            return Err(Error::NoFeatures);
        }
        let background = background::rows(&dataset, cutoffs);
        let baselines = RfmFeatures::find(&features)
            .map(|found| Rfm::new(&dataset, &found))
            .transpose()?;
        let outcomes = take(&mut dataset.outcomes);
        let row_cutoffs = take(&mut dataset.cutoffs);
        let profiles = take(&mut dataset.profiles);
        let split = HoldOut::choose(&row_cutoffs, cutoffs, &profiles, &outcomes)?;
        let split = Some(split).filter(|split| split.is_usable(&outcomes));
        let x = encoder.transform(dataset, poll)?;
        let standard = if params.algorithm.is_linear() {
            let rows: Vec<u32> = (0..x.rows as u32).collect();
            Some(StandardRows::new(&x, &rows, poll)?)
        } else {
            None
        };
        let bins = if params.algorithm.has_trees() {
            let rows: Vec<u32> = (0..x.rows as u32).collect();
            Some(Bins::new(&x, &rows, MOST_BINS, poll)?)
        } else {
            None
        };
        Ok(Self {
            params,
            capacity: Capacity::of(outcomes.len(), rarer),
            rarer,
            features,
            encoder,
            x,
            standard,
            bins,
            outcomes,
            cutoffs: row_cutoffs,
            split,
            baselines,
            background,
        })
    }

    /// The number of every row.
    pub fn all_rows(&self) -> Vec<u32> {
        (0..self.x.rows as u32).collect()
    }

    /// Rows with a positive outcome.
    pub fn positives(&self) -> usize {
        self.outcomes.iter().filter(|&&outcome| outcome).count()
    }

    /// The model of the choice, learned from all rows; its background is still to be measured.
    pub fn refit(
        &self,
        choice: &mut Tuned,
        schema: Schema,
        poll: &mut dyn FnMut(),
    ) -> Result<Model, Error> {
        let rows = self.all_rows();
        let algorithm = choice.algorithm;
        let start = choice.start.take();
        let choice = &*choice;
        let (forest, logistic) = both(
            self.params
                .second_thread
                .filter(|_| algorithm == Algorithm::Auto),
            |poll| {
                self.bins
                    .as_ref()
                    .map(|bins| self.forest(bins, &rows, choice, poll))
                    .transpose()
            },
            |poll| {
                let standard = self.standard.as_ref();
                standard
                    .filter(|_| algorithm.is_linear())
                    .map(|standard| {
                        let strength = self.capacity.strength;
                        standard.fit(&self.outcomes, &rows, strength, start, poll)
                    })
                    .transpose()
            },
            poll,
        );
        let (forest, logistic) = (forest?, logistic?.map(|(logistic, _)| logistic));
        Ok(Model {
            schema,
            encoder: self.encoder.clone(),
            logistic,
            forest,
            base_rate: self.positives() as f64 / self.outcomes.len() as f64,
            background: Background::default(),
            labels: Labels::default(),
        })
    }

    fn forest(
        &self,
        bins: &Bins,
        rows: &[u32],
        choice: &Tuned,
        poll: &mut dyn FnMut(),
    ) -> Result<Forest, Error> {
        let params = self.capacity.forest(rows.len(), self.params).check()?;
        Forest::fit(
            bins,
            &self.outcomes,
            rows,
            &params.with_rounds(choice.rounds),
            poll,
        )
    }
}

/// Number of rows of the rarer class, if there are enough.
fn rarer_class(dataset: &Dataset, params: &FitParams) -> Result<usize, Error> {
    let (rows, positives) = (dataset.rows(), dataset.positives());
    let rarer = positives.min(rows - positives);
    if rows == 0 {
        Err(Error::NoRows)
    } else if rarer == 0 {
        Err(Error::OneClass { positives, rows })
    } else if rarer < FEWEST && !params.allow_small {
        Err(Error::TooFew {
            found: rarer,
            required: FEWEST,
            positive: positives == rarer,
        })
    } else {
        Ok(rarer)
    }
}

fn check_lengths(dataset: &Dataset, features: &[Feature], params: &FitParams) -> Result<(), Error> {
    let champion = params.champion.len();
    let pairs = [
        (dataset.features, features.len()),
        (
            if champion == 0 {
                dataset.rows()
            } else {
                champion
            },
            dataset.rows(),
        ),
    ];
    match pairs
        .into_iter()
        .find(|(found, required)| found != required)
    {
        Some((found, required)) => Err(Error::LengthMismatch { found, required }),
        None => Ok(()),
    }
}

/// Number of values of each feature that is a category.
fn categories(features: &[Feature]) -> Vec<Option<usize>> {
    let values = |feature: &Feature| feature.values.as_ref().map(Vec::len);
    features.iter().map(values).collect()
}
