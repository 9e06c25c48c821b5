//! Choosing the number of trees on the hold-out, and whether they stand alone.

use crate::error::Error;
use crate::fit::hold_out::HoldOut;
use crate::fit::params::Algorithm;
use crate::fit::training::Training;
use crate::fit::tuned::{Tuned, is_better};
use crate::learn::boosting::Forest;
use crate::learn::dataset::Matrix;
use crate::learn::logistic::{StandardRows, Start};
use crate::parallel::both;

/// Rows between two polls.
const POLL: usize = 1024;

/// Chooses on the hold-out; without one, the usual values.
pub(super) fn choose(training: &Training, poll: &mut dyn FnMut()) -> Result<Tuned, Error> {
    let algorithm = training.params.algorithm;
    let mut choice = Tuned {
        algorithm,
        rounds: training.capacity.usual_rounds(),
        linear: None,
        trees: None,
        start: None,
    };
    let Some(split) = &training.split else {
        return Ok(choice);
    };
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
    if let (true, Some(trees)) = (training.capacity.many, &choice.trees) {
        let both = choice.judge(&training.outcomes, split);
        if is_better(&both.log_odds, trees, &both.outcomes) {
            choice.algorithm = Algorithm::Trees;
        }
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

/// The number of trees to grow from all rows, and what those with the least log loss on the held-out rows say of them.
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
        .forest(split.fit.len(), training.params)
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
            (training.capacity.refit_rounds(found.rounds), found.forest)
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
