//! score: predicts for every eligible profile and makes the result the model's newest scores.

mod predictions;

use std::time::Instant;

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys::Datum;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use propensity::judge::Distribution;
use propensity::model::Scorer;
use propensity::model::percentile::Percentiles;
use propensity::time::Micros;

use predictions::Predictions;

use crate::catalog::args;
use crate::catalog::held;
use crate::catalog::instant;
use crate::catalog::judged;
use crate::catalog::owner::{as_owner, ddl_as_owner};
use crate::catalog::{self, Definition, NewRun, Turn};
use crate::error::Error;
use crate::feed::{Feed, Read};
use crate::pg::attempt::attempt;
use crate::pg::jsonb;
use crate::pg::memory;
use crate::pg::progress::{self, Phase, Verb};
use crate::pg::timestamp;
use crate::source;
use crate::store::migration;
use crate::store::outcomes;
use crate::store::scores::{Fit, ScoreRelation, Writer, kept_as, profile_name, row};
use crate::store::segments;
use crate::verbs::notice;

use crate::catalog::version;
use crate::feed::span;
use crate::feed::stream::Key;
use crate::pg::datum::{key_datum, text_datum};

/// The predictions of a run, before they are written.
struct Scored {
    read: Read,
    predictions: Predictions,
    percentiles: Percentiles,
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn score(
    model: Option<&str>,
    as_of: default!(Option<TimestampWithTimeZone>, "NULL"),
    publish: default!(Option<bool>, "true"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(run, i64),
            name!(version, i32),
            name!(as_of, TimestampWithTimeZone),
            name!(profiles, i64),
            name!(low, i64),
            name!(medium, i64),
            name!(high, i64),
            name!(seconds, f64),
        ),
    >,
    ErrorReport,
> {
    let _memory = memory::GiveBack::new();
    let (clock, started) = (Instant::now(), instant::clock());
    catalog::refuse_read_only(c"customer_ai.score()");
    let name = args::required("model", model)?;
    let as_of = instant::as_of(as_of)?;
    let publish = args::required("publish", publish)?;
    let row = held::for_writing(name, Turn::Scores, |definition| {
        definition.refuse_disabled()?;
        run(definition, as_of, publish, (clock, started))
    })?;
    Ok(TableIterator::once(row))
}

/// run, version, as_of, profiles, low, medium, high, seconds
type Row = (i64, i32, TimestampWithTimeZone, i64, i64, i64, i64, f64);

/// Predicts and writes, with the model and its sources held.
fn run(
    definition: &Definition,
    as_of: Option<Micros>,
    publish: bool,
    (clock, started): (Instant, i64),
) -> Result<Row, Error> {
    let _shown = progress::begin(definition.id, &definition.name, Verb::Score);
    progress::phase(Phase::Reading, source::rows_of(definition)?);
    let (number, base_rate, mut scored) = version::with_active(definition, |number, scorer| {
        let bins = bins(definition, number)?;
        // What cannot be written is not worth being computed. The relation of the key stays locked.
        as_owner(definition, || check(definition))?;
        let scored = as_owner(definition, || predict_all(definition, scorer, &bins, as_of))?;
        Ok((number, scorer.model().base_rate, scored))
    })?;
    memory::give_back();
    let detail = serde_json::json!({
        "events": scored.read.counts.events,
        "base_rate": base_rate,
        "feeder": scored.read.feeder.name(),
        "processes": scored.read.processes,
        "partitions": scored.read.partitions,
        "behind": span::behind(scored.read.span.as_ref()),
        "seconds": scored.read.timings.seconds(),
        "cpu": scored.read.timings.cpu(),
    });
    let before = catalog::last_score_run(definition.id)?;
    let run = catalog::insert_run(
        definition.id,
        &NewRun {
            kind: "score",
            version: number,
            as_of: scored.read.as_of,
            started_at: started,
            profiles: scored.predictions.profiles(),
            buckets: Some(scored.predictions.buckets()),
            percentiles: Some(scored.percentiles.cuts()),
            counts: &scored.read.counts,
            detail: &detail.to_string(),
            figures: Some(&catalog::json(scored.predictions.figures())?),
            published: publish,
        },
    )?;
    let profiles = scored.predictions.profiles();
    progress::phase(Phase::Writing, u64::try_from(profiles).ok());
    ddl_as_owner(definition.owner_oid, || {
        write(definition, &mut scored, kept_as(run, publish), number)
    })?;
    if publish {
        if let Some(before) = &before {
            let made = (run, scored.predictions.buckets());
            as_owner(definition, || migration::keep(definition, before.id, made))?;
        }
        segments::refresh_all(definition)?;
    }
    // What came true of runs before is counted once, and kept. Their scores stay as they are, so a failure ends nothing.
    // Without an instant of the caller's the run looks back from the newest event.
    let newest = as_of.is_none().then_some(scored.read.as_of);
    if let Err(failure) = attempt(|| outcomes::count(definition, newest)) {
        notice::not_counted(definition, &failure.text);
    }
    // After that, which reads the scores of those that go.
    ddl_as_owner(definition.owner_oid, || {
        ScoreRelation::find(definition)?.retire()
    })?;
    catalog::remember(definition.id, definition.owner_oid)?;
    notice::left_out(definition, &scored.read.counts);
    if let Some(span) = &scored.read.span {
        notice::apart(definition, span);
        if as_of.is_none() {
            notice::old(definition, span)?;
        }
    }
    if let Some(before) = before.filter(|_| publish) {
        let profiles = scored.predictions.profiles();
        notice::fewer(definition, (profiles, scored.read.as_of), &before);
    }
    let [low, medium, high] = scored.predictions.buckets();
    if high == 0 {
        notice::none_high(definition, scored.predictions.figures().top_tenth_from());
    }
    Ok((
        run,
        number,
        instant::from_micros(scored.read.as_of)?,
        scored.predictions.profiles(),
        low,
        medium,
        high,
        clock.elapsed().as_secs_f64(),
    ))
}

/// The bins that a version's runs are summed up in.
fn bins(definition: &Definition, version: i32) -> Result<Distribution, Error> {
    let found = judged::distribution(definition.id, version)?;
    let known = found.and_then(|bins| serde_json::from_str(&bins).ok());
    Ok(known.unwrap_or_default())
}

/// Reads the events and predicts for every eligible profile, as the model's owner.
fn predict_all(
    definition: &Definition,
    scorer: &mut Scorer,
    bins: &Distribution,
    as_of: Option<Micros>,
) -> Result<Scored, Error> {
    let mut feed = Feed::open(definition, Some(scorer.model()), as_of)?;
    let mut predictions = Predictions::new(definition.options.buckets);
    progress::phase(Phase::Predicting, None);
    feed.predict(scorer, bins, &mut |made| predictions.take(made))?;
    let read = feed.close();
    if predictions.profiles() == 0 {
        return Err(Error::NoEligible {
            model: definition.name.clone(),
            cutoffs: vec![instant::text(read.as_of)],
        });
    }
    let percentiles = predictions.percentiles()?;
    Ok(Scored {
        read,
        predictions,
        percentiles,
    })
}

/// Whether scores of the profiles as they are now can be written.
fn check(definition: &Definition) -> Result<(), Error> {
    ScoreRelation::find(definition)?.check(&Key::of(definition)?)?;
    Ok(())
}

/// Writes the run into a partition of its own and makes it the newest.
fn write(
    definition: &Definition,
    scored: &mut Scored,
    run: i64,
    version: i32,
) -> Result<(), Error> {
    let key = &scored.read.key;
    let mut relation = ScoreRelation::find(definition)?;
    let fit = relation.check(key)?;
    relation.ensure(key, run)?;
    let table = relation.create_run(run, key, &fit)?;
    let mut writer = Writer::open(&table, row(&profile_name(key), key))?;
    let scored_at = Datum::from(timestamp::from_micros(scored.read.as_of));
    let (kind, percentiles) = (key.kind, &scored.percentiles);
    scored.predictions.read(&mut |row| {
        writer.write(|| {
            [
                key_datum(row.key, kind),
                Datum::from(row.probability.to_bits()),
                Datum::from(row.score),
                Datum::from(percentiles.percentile(row.probability)),
                text_datum(row.bucket.name().as_bytes()),
                jsonb::datum(row.factors),
                scored_at,
                Datum::from(run),
                Datum::from(version),
            ]
        });
    })?;
    writer.finish();
    if let Fit::Retyped(found) = &fit {
        // Readers have to wait from here on, until the transaction ends.
        relation.migrate(found, key)?;
    }
    relation.attach(&table, run, key)
}
