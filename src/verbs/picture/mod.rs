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
const CHARTS: [&str; 8] = [
    "calibration",
    "distribution",
    "gains",
    "importance",
    "lift",
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
) -> Result<String, ErrorReport> {
    let model = required("model", model)?;
    let chart = required("chart", chart)?;
    let definition = catalog::load(model)?;
    let subject = Subject {
        model,
        version,
        run,
    };
    Ok(drawn(&definition, &subject, chart)?)
}

fn drawn(definition: &Definition, subject: &Subject, chart: &str) -> Result<String, Error> {
    let polarity = read::polarity(definition.kind);
    let drawn = match chart {
        "calibration" => chart::calibration(&read::calibration(subject)?),
        "distribution" => chart::distribution(
            &read::bins(definition)?,
            read::buckets(definition),
            polarity,
        ),
        "gains" => chart::gains(&read::tenths(subject)?),
        "importance" => chart::importance(&read::importance(definition, subject.version)?),
        "lift" => chart::lift(&read::tenths(subject)?),
        "roc" => chart::roc(&read::roc(subject)?, read::area(subject)?),
        "tenths" => chart::tenths(&read::tenths(subject)?),
        "trend" => chart::trend(&read::turns(definition)?, polarity),
        other => return Err(unknown(other)),
    };
    Ok(drawn?)
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
