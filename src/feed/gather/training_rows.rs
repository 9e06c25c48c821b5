//! The rows that a version learns from.

use propensity::cutoff::Cutoff;
use propensity::features::schema::{LeftOut, Schema};
use propensity::fit::{self, FitParams, Fitted, hold_out};
use propensity::learn::dataset::Dataset;
use propensity::parallel::{Begin, both};
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
            champion,
            ..params(definition, second_thread())
        };
        named(definition, self.fit_by(cutoffs, &params, &mut poll))
    }

    /// Whether these rows and as many others can be fitted side by side, in the memory allowed and on two threads.
    pub fn leave_room(&self) -> bool {
        let most = super::rows_that_fit(self.dataset.features) / 2;
        guc::threads() > 1 && self.dataset.rows() as u64 <= most
    }

    /// Fits two models side by side, each as [`TrainingRows::fit`] does: on a thread of its own, where that has one for each
    /// of its learners, of which one is done long before the other.
    pub fn fit_both(
        definition: &Definition,
        (first, of_first): (Self, &[Cutoff]),
        (second, of_second): (Self, &[Cutoff]),
    ) -> [Result<Fitted, Error>; 2] {
        let params = params(definition, None);
        let (first, second) = both(
            second_thread(),
            |poll| first.fit_by(of_first, &params, poll),
            |poll| second.fit_by(of_second, &params, poll),
            &mut poll,
        );
        [named(definition, first), named(definition, second)]
    }

    fn fit_by(
        self,
        cutoffs: &[Cutoff],
        params: &FitParams,
        poll: &mut dyn FnMut(),
    ) -> Result<Fitted, propensity::Error> {
        let mut fitted = fit::fit(self.dataset, cutoffs, self.schema, params, poll)?;
        fitted.report.left_out = self.left_out;
        Ok(fitted)
    }
}

fn second_thread() -> Option<Begin> {
    (guc::threads() > 1).then_some(thread::begin)
}

fn params(definition: &Definition, second_thread: Option<Begin>) -> FitParams {
    FitParams {
        algorithm: definition.options.algorithm,
        seed: definition.options.seed as u64,
        forests: definition.options.forests,
        allow_small: definition.options.allow_small,
        champion: Vec::new(),
        second_thread,
    }
}

/// What went wrong, with the model that it went wrong for.
fn named(
    definition: &Definition,
    fitted: Result<Fitted, propensity::Error>,
) -> Result<Fitted, Error> {
    fitted.map_err(|error| Error::Model {
        model: definition.name.clone(),
        error,
    })
}
