//! What charts show, read as the caller, by the functions and views that callers have.

use pgrx::spi::SpiHeapTupleData;
use propensity::chart::{Bar, Bin, Effect, Group, Polarity, Range, Tenth, Turn};
use propensity::fit::Report;

use crate::catalog::judged;
use crate::catalog::version::{unknown_version, version_of};
use crate::catalog::{Definition, Kind};
use crate::error::{Error, not_null};
use crate::pg::sql;

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
    let (medium, high) = definition.options.buckets.thresholds();
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

/// The scores of a run, the newest one unless it is named, in steps.
pub fn bins(subject: &Subject) -> Result<Vec<Bin>, Error> {
    let query = "SELECT from_score, to_score, profiles FROM customer_ai.distribution($1, run => $2) ORDER BY 1";
    sql::rows(query, &[subject.model.into(), subject.run.into()], |row| {
        Ok(Bin {
            from: f64::from(not_null(row.get::<i16>(1)?)?),
            to: f64::from(not_null(row.get::<i16>(2)?)?),
            profiles: whole(not_null(row.get(3)?)?),
        })
    })
}

/// The factors that push a bucket furthest.
pub fn effects(subject: &Subject, bucket: &str) -> Result<Vec<Effect>, Error> {
    let query =
        "SELECT factor, mean_impact FROM customer_ai.bucket_factors($1, $2, $3) ORDER BY rank";
    let arguments = [subject.model.into(), bucket.into(), subject.run.into()];
    sql::rows(query, &arguments, |row| {
        Ok(Effect {
            name: not_null(row.get(1)?)?,
            impact: not_null(row.get(2)?)?,
        })
    })
}

/// The values of a factor by bucket.
pub fn ranges(subject: &Subject, factor: &str) -> Result<Vec<Range>, Error> {
    let query =
        "SELECT min(value), coalesce(sum(profiles) FILTER (WHERE bucket = 'low'), 0)::bigint,
            coalesce(sum(profiles) FILTER (WHERE bucket = 'medium'), 0)::bigint,
            coalesce(sum(profiles) FILTER (WHERE bucket = 'high'), 0)::bigint
        FROM customer_ai.drilldown($1, $2, $3) GROUP BY bin HAVING sum(profiles) > 0 ORDER BY bin";
    let arguments = [subject.model.into(), factor.into(), subject.run.into()];
    sql::rows(query, &arguments, |row| {
        let of = |place| Ok::<_, Error>(whole(not_null(row.get::<i64>(place)?)?));
        Ok(Range {
            name: not_null(row.get(1)?)?,
            buckets: [of(2)?, of(3)?, of(4)?],
        })
    })
}

/// The scoring runs, oldest first, with what came true of those of which that was counted.
pub fn turns(definition: &Definition) -> Result<Vec<Turn>, Error> {
    let query = "SELECT to_char(as_of AT TIME ZONE $2, 'YYYY-MM-DD'), low, medium, high,
            coalesce(mean_probability, 0), NULL::float8, run
        FROM (SELECT * FROM customer_ai.trend($1) WHERE expected IS NOT NULL ORDER BY run DESC LIMIT $3) newest ORDER BY run";
    let counted = judged::counted(definition.id)?;
    let mut places = Vec::new();
    let mut turns = runs(query, definition, |row| {
        places.push(not_null(row.get::<i64>(7)?)?);
        Ok(())
    })?;
    for (turn, run) in turns.iter_mut().zip(places) {
        let found = counted.iter().find(|counted| counted.run == run);
        turn.actual = found.map(|counted| {
            let sum = |of: fn(&(i64, i64)) -> i64| counted.buckets.iter().map(of).sum::<i64>();
            sum(|bucket| bucket.1) as f64 / sum(|bucket| bucket.0).max(1) as f64
        });
    }
    Ok(turns)
}

/// The same with what came true of those whose outcome window has passed.
pub fn outcomes(definition: &Definition) -> Result<Vec<Turn>, Error> {
    let query = "SELECT to_char(as_of AT TIME ZONE $2, 'YYYY-MM-DD'), low, medium, high, expected / greatest(profiles, 1),
            actual / greatest(profiles, 1)
        FROM (
            SELECT run, min(as_of) AS as_of, sum(profiles)::float8 AS profiles, sum(expected) AS expected,
                CASE WHEN count(actual) = count(*) THEN sum(actual)::float8 END AS actual,
                coalesce(sum(profiles) FILTER (WHERE bucket = 'low'), 0)::bigint AS low,
                coalesce(sum(profiles) FILTER (WHERE bucket = 'medium'), 0)::bigint AS medium,
                coalesce(sum(profiles) FILTER (WHERE bucket = 'high'), 0)::bigint AS high
            FROM customer_ai.performance($1) WHERE expected IS NOT NULL GROUP BY run ORDER BY run DESC LIMIT $3) newest
        ORDER BY run";
    runs(query, definition, |_| Ok(()))
}

fn runs(
    query: &'static str,
    definition: &Definition,
    mut also: impl FnMut(&SpiHeapTupleData) -> Result<(), Error>,
) -> Result<Vec<Turn>, Error> {
    let arguments = [
        definition.name.as_str().into(),
        definition.time_zone.as_str().into(),
        RUNS.into(),
    ];
    sql::rows(query, &arguments, |row| {
        also(&row)?;
        let of = |place| Ok::<_, Error>(whole(not_null(row.get::<i64>(place)?)?));
        Ok(Turn {
            label: not_null(row.get(1)?)?,
            buckets: [of(2)?, of(3)?, of(4)?],
            expected: not_null(row.get(5)?)?,
            actual: row.get(6)?,
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
pub fn importance(subject: &Subject) -> Result<Vec<Bar>, Error> {
    let query =
        "SELECT factor, mean_absolute_impact FROM customer_ai.importance($1, $2) ORDER BY rank";
    sql::rows(
        query,
        &[subject.model.into(), subject.version.into()],
        |row| {
            Ok(Bar {
                name: not_null(row.get(1)?)?,
                value: not_null(row.get(2)?)?,
            })
        },
    )
}
