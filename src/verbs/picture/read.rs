//! What charts show, read as the caller, by the functions and views that callers have.

use propensity::chart::{Bar, Bin, Group, Polarity, Tenth, Turn};
use propensity::fit::Report;

use crate::catalog::{Definition, Kind};
use crate::error::{Error, not_null};
use crate::pg::relation::{self, qualified};
use crate::pg::sql;
use crate::verbs::judge::subject::{unknown_version, version_of};

/// Scores in a column of the distribution.
const STEP: i16 = 5;
/// Runs that are shown, the newest ones.
const RUNS: i64 = 24;

/// What is judged: the active version, a version, or a run.
pub struct Subject<'a> {
    pub model: &'a str,
    pub version: Option<i32>,
    pub run: Option<i64>,
}

/// Which end of the scores is good.
pub fn polarity(kind: Kind) -> Polarity {
    match kind {
        Kind::Conversion => Polarity::Conversion,
        Kind::Churn => Polarity::Churn,
    }
}

/// Where the buckets medium and high begin.
pub fn buckets(definition: &Definition) -> (f64, f64) {
    let (medium, high) = definition.options.buckets;
    (f64::from(medium), f64::from(high))
}

fn whole(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// The rows judged by tenths.
pub fn tenths(subject: &Subject) -> Result<Vec<Tenth>, Error> {
    let query = "SELECT tenth, profiles, expected, positives, coalesce(lift, 'NaN'), coalesce(captured, 'NaN')
        FROM customer_ai.gains($1, $2, $3) ORDER BY tenth";
    let arguments = [
        subject.model.into(),
        subject.version.into(),
        subject.run.into(),
    ];
    sql::rows(query, &arguments, |row| {
        Ok(Tenth {
            tenth: not_null(row.get::<i32>(1)?)?.unsigned_abs(),
            profiles: whole(not_null(row.get(2)?)?),
            expected: not_null(row.get(3)?)?,
            actual: whole(not_null(row.get(4)?)?),
            lift: not_null(row.get(5)?)?,
            captured: not_null(row.get(6)?)?,
        })
    })
}

/// The points of the ROC curve.
pub fn roc(subject: &Subject) -> Result<Vec<(f64, f64)>, Error> {
    let query = "SELECT false_positive_rate, true_positive_rate FROM customer_ai.roc($1, $2, $3)
        ORDER BY 1, 2";
    let arguments = [
        subject.model.into(),
        subject.version.into(),
        subject.run.into(),
    ];
    sql::rows(query, &arguments, |row| {
        Ok((not_null(row.get(1)?)?, not_null(row.get(2)?)?))
    })
}

/// The area under it with its 95 % interval.
pub fn area(subject: &Subject) -> Result<Option<(f64, f64, f64)>, Error> {
    let query = "SELECT value, coalesce(low, 'NaN'), coalesce(high, 'NaN')
        FROM customer_ai.evaluate($1, $2, $3) WHERE metric = 'auc'";
    let arguments = [
        subject.model.into(),
        subject.version.into(),
        subject.run.into(),
    ];
    sql::row(query, &arguments, |row| {
        Ok((
            not_null(row.get(1)?)?,
            not_null(row.get(2)?)?,
            not_null(row.get(3)?)?,
        ))
    })
}

/// Rows of like probability, and what came true of them.
pub fn calibration(subject: &Subject) -> Result<Vec<Group>, Error> {
    let query =
        "SELECT profiles, expected, actual, low, high FROM customer_ai.calibration($1, $2, $3)
        ORDER BY bin";
    let arguments = [
        subject.model.into(),
        subject.version.into(),
        subject.run.into(),
    ];
    sql::rows(query, &arguments, |row| {
        Ok(Group {
            profiles: whole(not_null(row.get(1)?)?),
            predicted: not_null(row.get(2)?)?,
            actual: not_null(row.get(3)?)?,
            low: not_null(row.get(4)?)?,
            high: not_null(row.get(5)?)?,
        })
    })
}

/// The score relation in SQL.
pub fn scores(definition: &Definition) -> Result<String, Error> {
    let (schema, name) = (&definition.scores_schema, &definition.scores_name);
    match relation::find(schema, name) {
        Some(_) => Ok(qualified(schema, name)),
        None => Err(Error::NotScored {
            model: definition.name.clone(),
        }),
    }
}

/// The scores of the newest run in steps.
pub fn bins(definition: &Definition) -> Result<Vec<Bin>, Error> {
    let query = format!(
        "SELECT least(score / {STEP}, {}), count(*) FROM {} GROUP BY 1",
        100 / STEP - 1,
        scores(definition)?
    );
    let found = sql::rows_once(&query, &[], |row| {
        let bin: i32 = not_null(row.get(1)?)?;
        Ok((bin, whole(not_null(row.get(2)?)?)))
    })?;
    let bin = |at: i32| {
        let profiles = found.iter().find(|(bin, _)| *bin == at);
        Bin {
            from: f64::from(at * i32::from(STEP)),
            to: f64::from((at + 1) * i32::from(STEP)),
            profiles: profiles.map_or(0, |(_, profiles)| *profiles),
        }
    };
    Ok((0..i32::from(100 / STEP)).map(bin).collect())
}

/// The scoring runs, oldest first.
pub fn turns(definition: &Definition) -> Result<Vec<Turn>, Error> {
    let query = "SELECT label, low, medium, high FROM (
            SELECT run, to_char(as_of AT TIME ZONE $2, 'YYYY-MM-DD') AS label, low, medium, high
            FROM customer_ai.runs WHERE model = $1 AND kind = 'score' ORDER BY run DESC LIMIT $3) newest
        ORDER BY run";
    let arguments = [
        definition.name.as_str().into(),
        definition.time_zone.as_str().into(),
        RUNS.into(),
    ];
    sql::rows(query, &arguments, |row| {
        let of = |place| Ok::<_, Error>(whole(row.get::<i64>(place)?.unwrap_or(0)));
        Ok(Turn {
            label: not_null(row.get(1)?)?,
            buckets: [of(2)?, of(3)?, of(4)?],
            expected: f64::NAN,
            actual: None,
        })
    })
}

/// What the training of a version, or of the active one, reported.
pub fn training(definition: &Definition, version: Option<i32>) -> Result<Report, Error> {
    let version = version_of(definition, version)?;
    let query =
        "SELECT report::text FROM customer_ai.version_reports WHERE model = $1 AND version = $2";
    let arguments = [definition.name.as_str().into(), version.into()];
    let found = sql::row(query, &arguments, |row| not_null(row.get::<String>(1)?))?;
    match found {
        Some(json) => Ok(serde_json::from_str(&json).map_err(|_| propensity::Error::BadRecord)?),
        None => Err(unknown_version(definition, version)?),
    }
}

/// What predictions depend on, most first.
pub fn importance(definition: &Definition, version: Option<i32>) -> Result<Vec<Bar>, Error> {
    let bars = training(definition, version)?.importance.into_iter();
    Ok(bars
        .map(|factor| Bar {
            name: factor.factor,
            value: factor.mean_absolute_impact,
        })
        .collect())
}
