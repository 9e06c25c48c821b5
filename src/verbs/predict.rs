//! predict, explain: one profile, live, from its newest events.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use propensity::features::Features;
use propensity::features::schema::Schema;
use propensity::features::suppose::{self, Supposed};
use propensity::model::Scorer;
use propensity::model::factor::{FactorImpact, SMALLEST_SHOWN};
use propensity::model::percentile::Percentiles;
use propensity::time::Micros;
use serde_json::Value;

use crate::catalog::Kept;
use crate::catalog::args;
use crate::catalog::held;
use crate::catalog::instant;
use crate::catalog::owner::as_owner;
use crate::catalog::version;
use crate::error::{Error, nearest};
use crate::feed::factors;
use crate::feed::gather;
use crate::feed::stream::Stream;
use crate::pg::memory::poll;
use crate::pg::sqltype::{AnyValue, JsonbBytes, JsonbText};
use crate::verbs::notice;

/// The features of one profile, in the order of the version's schema, and whether the model is about it: whether it is
/// eligible.
fn features(
    kept: &Kept,
    scorer: &Scorer,
    profile: &str,
    as_of: Option<Micros>,
    what_if: Option<&JsonbText>,
) -> Result<(Vec<f64>, bool), Error> {
    let (definition, schema) = (&kept.definition, &scorer.model().schema);
    let mut stream = Stream::open_kept(kept, schema)?;
    stream.key().check(profile)?;
    let mut as_of = match (as_of, what_if) {
        (None, Some(_)) => Some(present_of(kept, schema, profile)?),
        _ => as_of,
    };
    let supposed = match what_if {
        Some(JsonbText(text)) => Some(stream.suppose(text, as_of.unwrap_or_else(instant::now))?),
        None => None,
    };
    match &supposed {
        Some(supposed) => {
            stream.read_supposed(supposed, profile)?;
            // What is supposed is seen by a prediction that is made when it has happened.
            as_of = Some(supposed.until);
        }
        None => stream.read_events(as_of.unwrap_or_else(instant::now), Some(profile))?,
    }
    let attributes = stream.read_attributes(Some(profile))?;
    let as_of = match as_of {
        Some(as_of) => as_of,
        None => present(kept, &mut stream)?,
    };
    let (mut before, mut later) = (0, stream.summary().counts.future);
    stream.walk(&mut |profile| {
        let known = profile.history.until(as_of);
        before += known;
        later += (profile.history.times.len() - known) as u64;
        Ok(())
    })?;
    // A profile with attributes and no events yet is a new one, not an unknown one; not so before its first event.
    if before == 0 && (attributes == 0 || later > 0) {
        return Err(Error::UnknownProfile {
            model: definition.name.clone(),
            profile: profile.to_owned(),
            as_of: instant::text(as_of),
            later,
        });
    }
    let cutoff = gather::cutoff_of_profile(&stream, definition, kept.windows(as_of)?, profile)?;
    let rules = gather::rules(definition);
    let width = scorer.factors().features().len();
    let mut features = Features::of_width(schema, stream.dictionaries(), width);
    let mut row = vec![0.0; width];
    let mut eligible = false;
    stream.walk(&mut |profile| {
        eligible |= rules.eligible(profile, &cutoff);
        features.start();
        features.row(profile, as_of, &mut row, &mut poll)?;
        Ok(())
    })?;
    Ok((row, eligible))
}

/// The instant that a live prediction of a profile would be made at.
fn present_of(kept: &Kept, schema: &Schema, profile: &str) -> Result<Micros, Error> {
    let mut stream = Stream::open_kept(kept, schema)?;
    stream.read_events(instant::now(), Some(profile))?;
    present(kept, &mut stream)
}

/// The instant that a live prediction is made at unless it is given: that of the newest scores, or
/// of the profile's newest event if that is later; now if there is neither. Events that the newest run
/// found to lie behind all others do not count.
///
/// So a prediction right after scoring equals the batch, historical tables work as they are, and
/// every new event counts at once.
fn present(kept: &Kept, stream: &mut Stream) -> Result<Micros, Error> {
    let scored = kept.scored.as_ref().map(|run| run.as_of);
    let apart = kept.behind;
    let counts =
        |&&time: &&Micros| apart.is_none_or(|(first, last)| !(first..=last).contains(&time));
    let mut newest = None;
    stream.walk(&mut |profile| {
        newest = newest.max(profile.history.times.iter().rev().find(counts).copied());
        Ok(())
    })?;
    Ok(scored.max(newest).unwrap_or_else(instant::now))
}

/// Replaces features by what the caller supposes: an object of values by name of feature, or of a factor that has one.
fn overridden(
    scorer: &Scorer,
    overrides: Option<&JsonbText>,
    row: &mut [f64],
) -> Result<(), Error> {
    let Some(JsonbText(text)) = overrides else {
        return Ok(());
    };
    let wrong = |found: String, required: &str, hint: &str| Error::Argument {
        argument: "overrides",
        found,
        required: required.to_owned(),
        hint: hint.to_owned(),
    };
    let shape = |found: String| {
        wrong(
            found,
            "a JSON object of numbers and texts by name of feature",
            "Write for example overrides => '{\"rec_any\": 3}'; customer_ai.describe_features lists the names. To suppose events use what_if.",
        )
    };
    let parsed: Value = serde_json::from_str(text).map_err(|error| shape(error.to_string()))?;
    let Value::Object(object) = parsed else {
        return Err(shape("another JSON value".to_owned()));
    };
    let factors = scorer.factors();
    for (name, value) in &object {
        let feature = named(scorer, name)?;
        let about = &factors.features()[feature];
        let supposed = match value {
            Value::Null => Supposed::Missing,
            Value::String(text) => Supposed::Text(text),
            Value::Number(number) => Supposed::Number(number.as_f64().unwrap_or(f64::NAN)),
            other => return Err(shape(format!("\"{name}\": {other}"))),
        };
        // A category knows its values, and what people call them.
        let words = &factors.words()[feature];
        let value_of = suppose::value(about, supposed);
        let value_of =
            value_of.or_else(|required| suppose::value(words, supposed).map_err(|_| required));
        row[feature] = value_of.map_err(|required| {
            wrong(
                format!("\"{name}\": {value}"),
                &format!("an object in which \"{name}\" is {required}"),
                &format!("\"{name}\" is {}, in {}.", words.label, about.unit.name()),
            )
        })?;
        if factors.of(feature).is_none() {
            notice::no_effect(name);
        }
    }
    Ok(())
}

/// The feature of a name: its own, or that of a factor that has no other.
fn named(scorer: &Scorer, name: &str) -> Result<usize, Error> {
    let factors = scorer.factors();
    let mut features = factors.features().iter();
    if let Some(feature) = features.position(|feature| feature.name == *name) {
        return Ok(feature);
    }
    let features = factors.features().iter().zip(factors.words());
    let own: Vec<(usize, &str)> = features
        .enumerate()
        .filter(|(_, (feature, words))| feature.factor == *name || words.factor == *name)
        .map(|(place, (feature, _))| (place, feature.name.as_str()))
        .collect();
    match own.as_slice() {
        [(feature, _)] => Ok(*feature),
        [] => {
            let known = factors.words().iter();
            let known = known.flat_map(|feature| [feature.name.as_str(), &feature.factor]);
            Err(Error::UnknownFactor {
                name: name.to_owned(),
                nearest: nearest(name, known),
            })
        }
        several => {
            let names: Vec<&str> = several.iter().map(|(_, name)| *name).collect();
            Err(Error::Argument {
                argument: "overrides",
                found: format!(
                    "the factor \"{name}\", which has {} features",
                    several.len()
                ),
                required: "a JSON object by name of feature, so that all of a factor agree"
                    .to_owned(),
                hint: format!(
                    "Name its features {}; or suppose the events themselves with what_if.",
                    names.join(", ")
                ),
            })
        }
    }
}

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn predict(
    model: Option<&str>,
    profile: Option<AnyValue>,
    as_of: default!(Option<TimestampWithTimeZone>, "NULL"),
    what_if: default!(Option<JsonbText>, "NULL"),
    overrides: default!(Option<JsonbText>, "NULL"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(probability, f64),
            name!(score, i16),
            name!(bucket, String),
            name!(percentile, Option<i16>),
            name!(eligible, bool),
            name!(factors, JsonbBytes),
        ),
    >,
    ErrorReport,
> {
    let model = args::required("model", model)?;
    let profile = &args::required("profile", profile)?.text();
    let as_of = instant::as_of(as_of)?;
    let row = held::for_live(model, |kept| {
        let supposed = Supposition {
            what_if: what_if.as_ref(),
            overrides: overrides.as_ref(),
        };
        predicted(kept, profile, as_of, &supposed)
    })?;
    Ok(TableIterator::once(row))
}

/// What a prediction supposes: events, and values of features.
struct Supposition<'a> {
    what_if: Option<&'a JsonbText>,
    overrides: Option<&'a JsonbText>,
}

/// probability, score, bucket, percentile, eligible, factors
type Row = (f64, i16, String, Option<i16>, bool, JsonbBytes);

fn predicted(
    kept: &Kept,
    profile: &str,
    as_of: Option<Micros>,
    supposed: &Supposition,
) -> Result<Row, Error> {
    let definition = &kept.definition;
    version::with_kept(kept, |scorer| {
        let (mut row, eligible) = as_owner(definition, || {
            features(kept, scorer, profile, as_of, supposed.what_if)
        })?;
        overridden(scorer, supposed.overrides, &mut row)?;
        let explanation = scorer.explain(&row)?;
        let most = definition.options.factors;
        let mut factors = Vec::new();
        factors::write(&mut factors, &mut String::new(), &explanation, most);
        let prediction = explanation.prediction;
        let percentile = match &kept.scored {
            Some(run) => {
                let percentiles = Percentiles::from_cuts(run.percentiles.clone())?;
                Some(percentiles.percentile(prediction.probability))
            }
            None => None,
        };
        let bucket = definition
            .options
            .buckets
            .bucket(prediction.score)
            .name()
            .to_owned();
        Ok((
            prediction.probability,
            prediction.score,
            bucket,
            percentile,
            eligible,
            JsonbBytes(factors),
        ))
    })
}

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn explain(
    model: Option<&str>,
    profile: Option<AnyValue>,
    as_of: default!(Option<TimestampWithTimeZone>, "NULL"),
    every_factor: default!(Option<bool>, "false"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(rank, i32),
            name!(factor, String),
            name!(value, Option<String>),
            name!(impact, f64),
            name!(points, Option<f64>),
            name!(times, Option<f64>),
            name!(direction, Option<String>),
            name!(importance, Option<String>),
            name!(eligible, bool),
        ),
    >,
    ErrorReport,
> {
    let model = args::required("model", model)?;
    let profile = &args::required("profile", profile)?.text();
    let as_of = instant::as_of(as_of)?;
    let every_factor = args::required("every_factor", every_factor)?;
    let rows = held::for_live(model, |kept| explained(kept, profile, as_of, every_factor))?;
    Ok(TableIterator::new(rows))
}

/// rank, factor, value, impact, points, times, direction, importance, eligible
type Impact = (
    i32,
    String,
    Option<String>,
    f64,
    Option<f64>,
    Option<f64>,
    Option<String>,
    Option<String>,
    bool,
);

fn explained(
    kept: &Kept,
    profile: &str,
    as_of: Option<Micros>,
    every_factor: bool,
) -> Result<Vec<Impact>, Error> {
    let definition = &kept.definition;
    version::with_kept(kept, |scorer| {
        let (row, eligible) =
            as_owner(definition, || features(kept, scorer, profile, as_of, None))?;
        let explanation = scorer.explain(&row)?;
        let factors = explanation.grouping;
        let base = (
            0,
            "a typical eligible profile".to_owned(),
            None,
            explanation.base,
            None,
            None,
            None,
            None,
            eligible,
        );
        let log_odds = explanation.prediction.log_odds;
        // The strongest come first.
        let shown = |impact: &&FactorImpact| every_factor || impact.impact.abs() >= SMALLEST_SHOWN;
        let count = explanation.factors.iter().take_while(shown).count();
        let (shown, tail) = explanation.factors.split_at(count);
        let row = |(rank, impact): (usize, &FactorImpact)| {
            let mut value = String::new();
            factors.write_phrase(impact, &mut value);
            let name = factors.called(impact.factor).to_owned();
            effect(rank, name, Some(value), impact, log_odds, eligible)
        };
        let impacts = shown.iter().enumerate().map(row);
        let rest = tail.first().map(|first| {
            let impact = FactorImpact {
                impact: tail.iter().map(|impact| impact.impact).sum(),
                ..*first
            };
            let name = match tail.len() {
                1 => "1 other factor".to_owned(),
                several => format!("{several} other factors"),
            };
            effect(count, name, None, &impact, log_odds, eligible)
        });
        let impacts = impacts.chain(rest);
        Ok(std::iter::once(base).chain(impacts).collect())
    })
}

/// The row of a factor: its effect in log-odds, in points of probability and as times as likely, the others being as
/// they are.
fn effect(
    place: usize,
    name: String,
    value: Option<String>,
    impact: &FactorImpact,
    log_odds: f64,
    eligible: bool,
) -> Impact {
    let of_probability = impact.effect(log_odds);
    (
        place as i32 + 1,
        name,
        value,
        impact.impact,
        Some(of_probability.points),
        Some(of_probability.times),
        Some(impact.direction().to_owned()),
        Some(impact.importance().to_owned()),
        eligible,
    )
}
