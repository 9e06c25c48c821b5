//! Choosing the number of trees on the hold-out, and what both members say of it.

use crate::error::Error;
use crate::fit::hold_out::HoldOut;
use crate::fit::judge::Judgement;
use crate::fit::params::Algorithm;
use crate::fit::training::Training;
use crate::learn::boosting::Forest;
use crate::learn::dataset::Matrix;
use crate::learn::logistic::{StandardRows, Start};
use crate::model::combine;
use crate::parallel::both;

/// Rows between two polls.
const POLL: usize = 1024;

/// What to learn with, and what the models that found it say of the held-out rows.
pub(super) struct Tuned {
    /// Number of trees.
    pub rounds: usize,
    /// Log-odds of the held-out rows by the linear member, unclipped.
    pub linear: Option<Vec<f64>>,
    /// The same by the tree member.
    pub trees: Option<Vec<f64>>,
    /// Where the fit of the linear member ended.
    pub start: Option<Start>,
}

impl Tuned {
    /// What the whole model says of the held-out rows, as precisely as it is kept with a version: as f32.
    pub fn judge(&self, training: &Training, split: &HoldOut) -> Judgement {
        let of = |member: &Option<Vec<f64>>, row: usize| member.as_ref().map(|member| member[row]);
        let log_odds = (0..split.hold.len())
            .map(|row| combine(of(&self.linear, row), of(&self.trees, row)))
            .map(|log_odds| f64::from(log_odds as f32))
            .collect();
        Judgement {
            log_odds,
            outcomes: pick(&training.outcomes, &split.hold),
        }
    }
}

/// Whether both sides of a hold-out have both classes.
pub(super) fn is_usable(split: &HoldOut, outcomes: &[bool]) -> bool {
    [&split.fit, &split.hold].into_iter().all(|rows| {
        let positives = rows.iter().filter(|&&row| outcomes[row as usize]).count();
        positives > 0 && positives < rows.len()
    })
}

/// Chooses on the hold-out; without one, the usual values.
pub(super) fn choose(training: &Training, poll: &mut dyn FnMut()) -> Result<Tuned, Error> {
    let mut choice = Tuned {
        rounds: training.capacity.usual_rounds(),
        linear: None,
        trees: None,
        start: None,
    };
    let Some(split) = &training.split else {
        return Ok(choice);
    };
    let algorithm = training.params.algorithm;
    let (trees, linear) = both(
        training
            .params
            .second_thread
            .filter(|_| algorithm == Algorithm::Auto),
        |poll| {
            algorithm
                .has_trees()
                .then(|| rounds(training, split, poll))
                .transpose()
        },
        |poll| {
            let standard = training.standard.as_ref();
            standard
                .map(|standard| linear(training, standard, split, poll))
                .transpose()
        },
        poll,
    );
    if let Some((log_odds, start)) = linear? {
        choice.linear = Some(log_odds);
        choice.start = Some(start);
    }
    if let Some((rounds, log_odds)) = trees? {
        choice.rounds = rounds;
        choice.trees = Some(log_odds);
    }
    Ok(choice)
}

/// What the linear member says of the held-out rows, and where its fit ended.
fn linear(
    training: &Training,
    standard: &StandardRows,
    split: &HoldOut,
    poll: &mut dyn FnMut(),
) -> Result<(Vec<f64>, Start), Error> {
    let (outcomes, strength) = (&training.outcomes, training.capacity.strength);
    let (model, start) = standard.fit(outcomes, &split.fit, strength, None, poll)?;
    let log_odds = predict(&training.x, &split.hold, |row| model.logit(row), poll)?;
    Ok((log_odds, start))
}

/// The number of trees with the least log loss on the held-out rows, and what they say of them.
fn rounds(
    training: &Training,
    split: &HoldOut,
    poll: &mut dyn FnMut(),
) -> Result<(usize, Vec<f64>), Error> {
    let Some(bins) = &training.bins else {
        return Ok((training.capacity.usual_rounds(), Vec::new()));
    };
    let outcomes = &training.outcomes;
    let params = training
        .capacity
        .forest(split.fit.len(), training.params.seed)
        .check()?;
    let (rounds, forest) = match training.capacity.rounds {
        Some(rounds) => {
            let params = params.with_rounds(rounds);
            (
                rounds,
                Forest::fit(bins, outcomes, &split.fit, &params, poll)?,
            )
        }
        None => {
            let found = Forest::select(bins, outcomes, &split.fit, &split.hold, &params, poll)?;
            (found.rounds, found.forest)
        }
    };
    let log_odds = predict(&training.x, &split.hold, |row| forest.logit(row), poll)?;
    Ok((rounds, log_odds))
}

fn predict(
    x: &Matrix,
    rows: &[u32],
    logit: impl Fn(&[f32]) -> f64,
    poll: &mut dyn FnMut(),
) -> Result<Vec<f64>, Error> {
    let mut log_odds = Vec::new();
    log_odds.try_reserve_exact(rows.len())?;
    for block in rows.chunks(POLL) {
        log_odds.extend(block.iter().map(|&row| logit(x.row(row as usize))));
        poll();
    }
    Ok(log_odds)
}

/// The values of the chosen rows.
pub(super) fn pick<T: Copy>(values: &[T], rows: &[u32]) -> Vec<T> {
    rows.iter().map(|&row| values[row as usize]).collect()
}
