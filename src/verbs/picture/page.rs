//! What the page about a model tells.

use pgrx::spi::SpiHeapTupleData;
use propensity::fit::{Area as Measured, Report};
use propensity::page::{
    Area, Change, Cutoff, Drift, Example, Page, Quality, Reason, Run, Segment, Version,
};
use propensity::time::Length;
use serde::Deserialize;

use super::read::{self, Subject};
use crate::catalog::Definition;
use crate::error::{Error, not_null};
use crate::pg::jit;
use crate::pg::relation::{self, qualified, quote};
use crate::pg::sql;

/// Percentiles that examples are of, or the nearest ones that there are.
const EXAMPLES: [i16; 5] = [100, 85, 60, 30, 1];

/// Reasons of an example, as `score` writes them.
#[derive(Deserialize)]
struct Written {
    phrase: String,
    points: f64,
}

/// The page of the active version and the newest run.
pub fn of(definition: &Definition) -> Result<Page, Error> {
    let report = read::training(definition, None)?;
    let subject = Subject {
        model: &definition.name,
        version: None,
        run: None,
    };
    let held = report.hold_out.is_some();
    let run = run(definition)?;
    let (mut effects, mut drilldowns) = (Vec::new(), Vec::new());
    if run.is_some() {
        let high = read::effects(&subject, "high")?;
        for effect in high.iter().take(3) {
            drilldowns.push((effect.name.clone(), read::ranges(&subject, &effect.name)?));
        }
        effects.push(("high".to_owned(), high));
        effects.push(("low".to_owned(), read::effects(&subject, "low")?));
    }
    let named = |schema: &str, name: &str| format!("{schema}.{name}");
    let events = definition.events.iter();
    let profiles = definition.profiles.iter();
    let versions = versions(definition)?;
    let active = versions.iter().find(|version| version.active);
    Ok(Page {
        model: definition.name.clone(),
        description: description(definition)?,
        polarity: read::polarity(definition.kind),
        goal: definition.goal.text.clone(),
        occurs: definition.occurs,
        window: definition.outcome_window.words(),
        eligible: definition
            .eligible
            .as_ref()
            .map(|eligible| eligible.text.clone()),
        eligible_window: definition.eligible_window.map(Length::words),
        exclude: definition
            .exclude
            .as_ref()
            .map(|exclude| exclude.text.clone()),
        events: events
            .map(|source| named(&source.schema, &source.relation))
            .collect(),
        profiles: profiles
            .map(|source| named(&source.schema, &source.relation))
            .collect(),
        version: active.map_or(0, |version| version.number),
        trained_at: active
            .map(|version| version.trained_at.clone())
            .unwrap_or_default(),
        bins: if run.is_some() {
            read::bins(&subject)?
        } else {
            Vec::new()
        },
        examples: if run.is_some() {
            examples(definition)?
        } else {
            Vec::new()
        },
        before: if run.is_some() {
            before(definition)?
        } else {
            None
        },
        drifts: if run.is_some() {
            drifts(definition)?
        } else {
            Vec::new()
        },
        run,
        warnings: report.warnings.iter().map(ToString::to_string).collect(),
        quality: quality(&report),
        tenths: if held {
            read::tenths(&subject)?
        } else {
            Vec::new()
        },
        roc: if held {
            read::roc(&subject)?
        } else {
            Vec::new()
        },
        calibration: if held {
            read::calibration(&subject)?
        } else {
            Vec::new()
        },
        buckets: read::buckets(definition),
        importance: read::importance(&subject)?,
        effects,
        drilldowns,
        turns: read::turns(definition)?,
        segments: segments(definition)?,
        cutoffs: cutoffs(definition, &report)?,
        features: report.features as u64,
        versions,
    })
}

fn description(definition: &Definition) -> Result<Option<String>, Error> {
    let query = "SELECT description FROM customer_ai.models WHERE model = $1";
    let found = sql::row(query, &[definition.name.as_str().into()], |row| {
        Ok(row.get(1)?)
    })?;
    Ok(found.flatten())
}

fn area(area: Measured) -> Area {
    Area {
        auc: area.auc,
        low: area.low,
        high: area.high,
    }
}

fn quality(report: &Report) -> Option<Quality> {
    let held = report.hold_out.as_ref()?;
    Some(Quality {
        model: Area {
            auc: held.model.auc,
            low: held.model.auc_low,
            high: held.model.auc_high,
        },
        recency: held.recency.map(area),
        rfm: held.rfm.map(area),
        rows: held.rows as u64,
        positives: held.positives as u64,
    })
}

/// The newest scoring run, if its scores are still there.
fn run(definition: &Definition) -> Result<Option<Run>, Error> {
    if relation::find(&definition.scores_schema, &definition.scores_name).is_none() {
        return Ok(None);
    }
    let query = "SELECT to_char(as_of AT TIME ZONE $2, 'YYYY-MM-DD'), low, medium, high
        FROM customer_ai.runs WHERE model = $1 AND kind = 'score' AND published ORDER BY run DESC LIMIT 1";
    let arguments = [
        definition.name.as_str().into(),
        definition.time_zone.as_str().into(),
    ];
    sql::row(query, &arguments, |row| {
        let of = |place| Ok::<_, Error>(row.get::<i64>(place)?.unwrap_or(0).unsigned_abs());
        Ok(Run {
            as_of: not_null(row.get(1)?)?,
            buckets: [of(2)?, of(3)?, of(4)?],
        })
    })
}

/// The run before the newest one, of those whose scores are shown.
fn before(definition: &Definition) -> Result<Option<Change>, Error> {
    let query = "SELECT to_char(as_of AT TIME ZONE $2, 'YYYY-MM-DD'), low, medium, high
        FROM customer_ai.runs WHERE model = $1 AND kind = 'score' AND published ORDER BY run DESC OFFSET 1 LIMIT 1";
    let arguments = [
        definition.name.as_str().into(),
        definition.time_zone.as_str().into(),
    ];
    sql::row(query, &arguments, |row| {
        let of = |place| Ok::<_, Error>(row.get::<i64>(place)?.unwrap_or(0).unsigned_abs());
        Ok(Change {
            as_of: not_null(row.get(1)?)?,
            buckets: [of(2)?, of(3)?, of(4)?],
        })
    })
}

/// The factors that are farthest from what the version learned from, if any are far.
fn drifts(definition: &Definition) -> Result<Vec<Drift>, Error> {
    let query = "SELECT name, stability_index FROM customer_ai.drift($1)
        WHERE level IN ('shifted', 'drifted') ORDER BY stability_index DESC LIMIT 5";
    sql::rows(query, &[definition.name.as_str().into()], |row| {
        Ok(Drift {
            name: not_null(row.get(1)?)?,
            index: not_null(row.get(2)?)?,
        })
    })
}

/// Five profiles from the likeliest to the least likely: of each percentile chosen, the likeliest.
fn examples(definition: &Definition) -> Result<Vec<Example>, Error> {
    let scores = qualified(&definition.scores_schema, &definition.scores_name);
    let profile = quote(&profile_column(definition)?);
    // Of a million rows factors are read of a few only: a probability has one percentile.
    let highest =
        format!("SELECT percentile, pg_catalog.max(probability) FROM {scores} GROUP BY 1");
    let known: Vec<(i16, f64)> = jit::without(|| {
        sql::rows_once(&highest, &[], |row| {
            Ok((not_null(row.get(1)?)?, not_null(row.get(2)?)?))
        })
    })?;
    let nearest = |wanted: i16| {
        let far = |(percentile, _): &&(i16, f64)| ((percentile - wanted).abs(), -percentile);
        known.iter().min_by_key(far).map(|(_, highest)| *highest)
    };
    let chosen: Vec<f64> = EXAMPLES.into_iter().filter_map(nearest).collect();
    let query = format!(
        "SELECT profile::text, probability, score, bucket, factors::text FROM (
            SELECT DISTINCT ON (probability) {profile} AS profile, probability, score, bucket, factors
            FROM {scores} WHERE probability = ANY ($1) ORDER BY probability DESC, {profile}) likeliest
        ORDER BY probability DESC"
    );
    jit::without(|| sql::rows_once(&query, &[chosen.into()], |row| example(&row)))
}

fn example(row: &SpiHeapTupleData) -> Result<Example, Error> {
    let factors: String = row.get(5)?.unwrap_or_default();
    let reasons: Vec<Written> = serde_json::from_str(&factors).unwrap_or_default();
    Ok(Example {
        profile: not_null(row.get(1)?)?,
        probability: not_null(row.get(2)?)?,
        score: not_null(row.get(3)?)?,
        bucket: not_null(row.get(4)?)?,
        reasons: reasons
            .into_iter()
            .map(|Written { phrase, points }| Reason { phrase, points })
            .collect(),
    })
}

/// The profile's column of the score relation: its first.
fn profile_column(definition: &Definition) -> Result<String, Error> {
    let scores = relation::find(&definition.scores_schema, &definition.scores_name);
    let query =
        "SELECT attname::text FROM pg_catalog.pg_attribute WHERE attrelid = $1 AND attnum = 1";
    not_null(sql::row(query, &[scores.into()], |row| {
        not_null(row.get(1)?)
    })?)
}

fn segments(definition: &Definition) -> Result<Vec<Segment>, Error> {
    let query = "SELECT s.segment, s.description, s.condition, s.profiles,
            to_char(s.refreshed_at AT TIME ZONE $2, 'YYYY-MM-DD HH24:MI'), z.entered, z.gone
        FROM customer_ai.segments s LEFT JOIN LATERAL (
            SELECT entered, gone FROM customer_ai.segment_sizes z
            WHERE z.segment = s.segment AND z.model = s.model ORDER BY z.at DESC LIMIT 1) z ON true
        WHERE s.model = $1 ORDER BY s.segment";
    let arguments = [
        definition.name.as_str().into(),
        definition.time_zone.as_str().into(),
    ];
    sql::rows(query, &arguments, |row| {
        Ok(Segment {
            name: row.get(1)?.unwrap_or_default(),
            description: row.get(2)?,
            condition: not_null(row.get(3)?)?,
            profiles: not_null(row.get::<i64>(4)?)?.unsigned_abs(),
            refreshed_at: not_null(row.get(5)?)?,
            moved: row
                .get::<i64>(6)?
                .zip(row.get::<i64>(7)?)
                .map(|(entered, gone)| (entered.unsigned_abs(), gone.unsigned_abs())),
        })
    })
}

fn versions(definition: &Definition) -> Result<Vec<Version>, Error> {
    let query = "SELECT version, active, to_char(trained_at AT TIME ZONE $2, 'YYYY-MM-DD HH24:MI'), rows, auc, auc_low,
            auc_high
        FROM customer_ai.versions WHERE model = $1 ORDER BY version DESC";
    let arguments = [
        definition.name.as_str().into(),
        definition.time_zone.as_str().into(),
    ];
    sql::rows(query, &arguments, |row| {
        let auc: Option<f64> = row.get(5)?;
        let (low, high) = (
            row.get(6)?.unwrap_or(f64::NAN),
            row.get(7)?.unwrap_or(f64::NAN),
        );
        Ok(Version {
            number: not_null(row.get(1)?)?,
            active: not_null(row.get(2)?)?,
            trained_at: not_null(row.get(3)?)?,
            rows: not_null(row.get::<i64>(4)?)?.unsigned_abs(),
            auc: auc.map(|auc| Area { auc, low, high }),
        })
    })
}

fn cutoffs(definition: &Definition, report: &Report) -> Result<Vec<Cutoff>, Error> {
    let query = "SELECT to_char((timestamptz 'epoch' + c * interval '1 microsecond') AT TIME ZONE $2, 'YYYY-MM-DD')
        FROM unnest($1::bigint[]) WITH ORDINALITY u (c, place) ORDER BY place";
    let instants: Vec<i64> = report.cutoffs.iter().map(|cutoff| cutoff.cutoff).collect();
    let arguments = [instants.into(), definition.time_zone.as_str().into()];
    let labels = sql::rows(query, &arguments, |row| not_null(row.get::<String>(1)?))?;
    let pairs = labels.into_iter().zip(&report.cutoffs);
    Ok(pairs
        .map(|(at, cutoff)| Cutoff {
            at,
            rows: cutoff.rows as u64,
            positives: cutoff.positives as u64,
            held_out: cutoff.held_out,
        })
        .collect())
}
