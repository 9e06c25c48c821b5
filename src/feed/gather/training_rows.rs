//! The rows that a version learns from.

use propensity::cutoff::Cutoff;
use propensity::features::schema::{LeftOut, Schema};
use propensity::fit::{self, FitParams, Fitted, hold_out};
use propensity::learn::dataset::Dataset;
use propensity::time::Micros;

use super::TrainingSet;
use crate::catalog::{Definition, instant};
use crate::error::Error;
use crate::pg::guc;
use crate::pg::memory::poll;
use crate::pg::thread;

/// The rows to learn from, and what their columns mean.
pub struct TrainingRows {
    pub schema: Schema,
    pub dataset: Dataset,
    /// The oldest cutoff that is held out.
    pub until: Micros,
    /// Rows there are at the cutoffs that are trained at.
    pub total: u64,
    /// Rows to take at most.
    pub limit: u64,
    pub left_out: LeftOut,
}

impl TrainingRows {
    /// Learns the schema and walks the profiles for their features.
    pub fn of(definition: &Definition, gathered: &mut TrainingSet) -> Result<Self, Error> {
        let wanted = gathered.wanted(definition);
        gathered.keep_newest(wanted);
        let counts = gathered.counts.clone();
        if gathered.total() == 0 {
            return Err(Error::NoEligible {
                model: definition.name.clone(),
                cutoffs: counts.iter().map(|count| instant::text(count.at)).collect(),
            });
        }
        gathered.refuse_one_class(definition)?;
        let until = hold_out::oldest_held_out(counts).ok_or(propensity::Error::NoRows)?;
        let (schema, left_out) = gathered.learn(definition, until)?;
        let fit = super::rows_that_fit(schema.features().len());
        let limit = wanted.min(fit);
        gathered.keep_newest(limit);
        let total = gathered.total();
        let mut dataset = Dataset::new(schema.features().len());
        gathered.feature_rows(
            &schema,
            total,
            limit,
            &mut |rows| Ok(dataset.append(&rows)?),
        )?;
        Ok(Self {
            schema,
            dataset,
            until,
            total,
            limit,
            left_out,
        })
    }

    /// Fits the model; `champion` is what the active version says of every row, or empty.
    pub fn fit(
        self,
        definition: &Definition,
        cutoffs: &[Cutoff],
        champion: Vec<f32>,
    ) -> Result<Fitted, Error> {
        let params = FitParams {
            algorithm: definition.options.algorithm,
            seed: definition.options.seed as u64,
            forests: definition.options.forests,
            allow_small: definition.options.allow_small,
            champion,
            second_thread: (guc::threads() > 1).then_some(thread::begin),
        };
        let fitted = fit::fit(self.dataset, cutoffs, self.schema, &params, &mut poll);
        let mut fitted = fitted.map_err(|error| Error::Model {
            model: definition.name.clone(),
            error,
        })?;
        fitted.report.left_out = self.left_out;
        Ok(fitted)
    }
}
