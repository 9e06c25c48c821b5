//! plot and report: what a model says and how good it is, as pictures and as a page.

mod page;
mod read;

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use propensity::chart;

use crate::catalog::args::required;
use crate::catalog::{self, Definition};
use crate::error::{Error, nearest};
use read::Subject;

/// Charts that `plot` draws.
const CHARTS: [&str; 11] = [
    "bucket_factors",
    "calibration",
    "distribution",
    "drilldown",
    "gains",
    "importance",
    "lift",
    "performance",
    "roc",
    "tenths",
    "trend",
];

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
fn plot(
    model: Option<&str>,
    chart: Option<&str>,
    version: default!(Option<i32>, "NULL"),
    run: default!(Option<i64>, "NULL"),
    factor: default!(Option<&str>, "NULL"),
    bucket: default!(Option<&str>, "'high'"),
) -> Result<String, ErrorReport> {
    let model = required("model", model)?;
    let chart = required("chart", chart)?;
    let definition = catalog::load(model)?;
    let subject = Subject {
        model,
        version,
        run,
    };
    let part = Part { factor, bucket };
    Ok(drawn(&definition, &subject, chart, &part)?)
}

/// What charts of a part are about.
struct Part<'a> {
    factor: Option<&'a str>,
    bucket: Option<&'a str>,
}

fn drawn(
    definition: &Definition,
    subject: &Subject,
    chart: &str,
    part: &Part,
) -> Result<String, Error> {
    let polarity = read::polarity(definition.kind);
    let drawn = match chart {
        "bucket_factors" => {
            let bucket = required("bucket", part.bucket)?;
            chart::effects(bucket, &read::effects(subject, bucket)?, polarity)
        }
        "calibration" => chart::calibration(&read::calibration(subject)?),
        "distribution" => {
            chart::distribution(&read::bins(subject)?, read::buckets(definition), polarity)
        }
        "drilldown" => {
            let factor = match part.factor {
                Some(factor) => factor.to_owned(),
                None => first_factor(subject)?,
            };
            chart::drilldown(&factor, &read::ranges(subject, &factor)?, polarity)
        }
        "gains" => chart::gains(&read::tenths(subject)?),
        "importance" => chart::importance(&read::importance(subject)?),
        "lift" => chart::lift(&read::tenths(subject)?),
        "performance" => chart::performance(&read::outcomes(definition)?),
        "roc" => chart::roc(&read::roc(subject)?, read::area(subject)?),
        "tenths" => chart::tenths(&read::tenths(subject)?),
        "trend" => chart::trend(&read::turns(definition)?, polarity),
        other => return Err(unknown(other)),
    };
    Ok(drawn?)
}

/// The factor that pushes high scores furthest; where nobody has a high score, the one that says most.
fn first_factor(subject: &Subject) -> Result<String, Error> {
    let effects = read::effects(subject, "high")?.into_iter();
    let mut names = effects.map(|effect| effect.name);
    let most = match names.next() {
        Some(name) => Some(name),
        None => {
            let bars = read::importance(subject)?.into_iter();
            bars.map(|bar| bar.name).next()
        }
    };
    required("factor", most)
}

fn unknown(chart: &str) -> Error {
    let listed = CHARTS.join(", ");
    Error::Argument {
        argument: "chart",
        found: format!("\"{chart}\""),
        required: format!("one of {listed}"),
        hint: match nearest(chart, CHARTS) {
            Some(meant) => format!("Perhaps you meant \"{meant}\"."),
            None => "Write for example customer_ai.plot('repurchase', 'gains').".to_owned(),
        },
    }
}

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
fn report(model: Option<&str>) -> Result<String, ErrorReport> {
    let definition = catalog::load(required("model", model)?)?;
    Ok(page::of(&definition)?.html().map_err(Error::from)?)
}
