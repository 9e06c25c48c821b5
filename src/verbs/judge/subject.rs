//! What is judged: the held-out rows of a version, or a past run by what came true.

use propensity::fit::{Area, HoldOutReport};
use propensity::judge::{Judged, Measure};
use propensity::learn::metrics::Interval;

use crate::catalog::judged;
use crate::catalog::version::{unknown_version, version_of};
use crate::catalog::{self, Definition, held};
use crate::error::Error;
use crate::store::outcomes;

/// Predictions with what came true.
pub struct Subject {
    pub judged: Judged,
    /// Whose they are, in words.
    pub on: String,
    /// How well simple rules rank the same rows.
    pub rules: Vec<Measure>,
}

/// The active version, the version or the run of a model.
pub fn find(model: &str, version: Option<i32>, run: Option<i64>) -> Result<Subject, Error> {
    match (version, run) {
        (Some(_), Some(run)) => Err(Error::Argument {
            argument: "run",
            found: format!("run {run} beside a version"),
            required: "the one or the other".to_owned(),
            hint: "Give version to judge by the rows held out of its training, or run to judge by what came true.".to_owned(),
        }),
        (version, None) => of_version(&catalog::load(model)?, version),
        (None, Some(run)) => held::for_reading(model, |definition| of_run(definition, run)),
    }
}

fn of_version(definition: &Definition, version: Option<i32>) -> Result<Subject, Error> {
    let version = version_of(definition, version)?;
    let kept = judged::kept(definition.id, version)?;
    let kept = kept.map_or_else(|| Err(unknown_version(definition, version)?), Ok)?;
    let Some(judgement) = kept.judgement else {
        return Err(Error::NoHoldOut {
            model: definition.name.clone(),
            version,
            // As version 0.1.0 of the extension did.
            measured: kept.hold_out != "null",
        });
    };
    let judged = Judged::decode(&judgement).map_err(|error| Error::Model {
        model: definition.name.clone(),
        error,
    })?;
    let report: Option<HoldOutReport> = serde_json::from_str(&kept.hold_out).unwrap_or_default();
    let rule = |metric, area: Area| {
        Measure::of(
            metric,
            Interval {
                value: area.auc,
                low: area.low,
                high: area.high,
            },
        )
    };
    let rules = report.map(|report| {
        let recency = report.recency.map(|area| rule("recency_auc", area));
        let rfm = report.rfm.map(|area| rule("rfm_auc", area));
        recency.into_iter().chain(rfm).collect()
    });
    Ok(Subject {
        judged,
        on: format!("held-out rows of version {version}"),
        rules: rules.unwrap_or_default(),
    })
}

fn of_run(definition: &Definition, run: i64) -> Result<Subject, Error> {
    let runs = judged::scoring_runs(definition.id)?;
    let Some(found) = runs.iter().find(|known| known.id == run) else {
        return Err(Error::UnknownRun {
            model: definition.name.clone(),
            run,
            runs: runs.iter().map(|run| run.id).collect(),
        });
    };
    let (judged, on) = match judged::judgement_of(definition.id, run)? {
        Some((bytes, at)) => {
            let judged = Judged::decode(&bytes).map_err(|error| Error::Model {
                model: definition.name.clone(),
                error,
            })?;
            (judged, format!("run {run}, as counted on {at}"))
        }
        None => (outcomes::of_run(definition, found)?, format!("run {run}")),
    };
    Ok(Subject {
        judged,
        on,
        rules: Vec::new(),
    })
}
