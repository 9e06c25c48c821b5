//! train: gathers training rows, fits, compares with the active version, stores the new one.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys::Oid;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use propensity::fit::{self, Fitted, Judgement, Objection, Record, Warning};
use propensity::judge::Judged;
use propensity::model::Scorer;
use propensity::model::format;
use propensity::time::Micros;

use crate::catalog::args;
use crate::catalog::held;
use crate::catalog::instant;
use crate::catalog::owner::as_owner;
use crate::catalog::version::read;
use crate::catalog::{self, Active, Definition, NewRun, NewVersion, Turn};
use crate::error::Error;
use crate::feed::gather::{self, TrainingRows, TrainingSet};
use crate::feed::span;
use crate::pg::memory::{GiveBack, poll};
use crate::pg::progress::{self, Phase, Verb};
use crate::pg::sqltype::Regclass;
use crate::pg::timings::Timings;
use crate::source::{self, updates};
use crate::verbs::notice;

/// When a new version takes over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Activate {
    IfBetter,
    Always,
    Never,
}

impl Activate {
    fn parse(text: Option<&str>) -> Result<Self, Error> {
        match args::required("activate", text)? {
            "if_better" => Ok(Self::IfBetter),
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            other => Err(Error::Argument {
                argument: "activate",
                found: format!("\"{other}\""),
                required: "if_better, always or never".to_owned(),
                hint: "Write activate => 'if_better', 'always' or 'never'.".to_owned(),
            }),
        }
    }
}

/// What training found, before anything is written.
struct Trained {
    fitted: Fitted,
    document: Vec<u8>,
    gathered: TrainingSet,
    timings: Timings,
    /// Why the active version was not compared, if it was not.
    excuse: &'static str,
    /// What is known of the active version; none if there is none that works.
    record: Option<Record>,
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn train(
    model: Option<&str>,
    as_of: default!(Option<TimestampWithTimeZone>, "NULL"),
    examples: default!(Option<Regclass>, "NULL"),
    activate: default!(Option<&str>, "'if_better'"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(version, i32),
            name!(algorithm, String),
            name!(examples, i64),
            name!(positives, i64),
            name!(auc, Option<f64>),
            name!(auc_low, Option<f64>),
            name!(auc_high, Option<f64>),
            name!(average_precision, Option<f64>),
            name!(log_loss, Option<f64>),
            name!(brier, Option<f64>),
            name!(calibration_error, Option<f64>),
            name!(recency_auc, Option<f64>),
            name!(rfm_auc, Option<f64>),
            name!(activated, bool),
            name!(reason, String),
        ),
    >,
    ErrorReport,
> {
    let _memory = GiveBack::new();
    let started = instant::clock();
    catalog::refuse_read_only(c"customer_ai.train()");
    let name = args::required("model", model)?;
    let activate = Activate::parse(activate)?;
    let as_of = instant::as_of(as_of)?;
    let row = held::for_writing(name, Turn::Training, |definition| {
        definition.refuse_disabled()?;
        run(
            definition,
            as_of,
            examples.map(|relation| relation.0),
            activate,
            started,
        )
    })?;
    Ok(TableIterator::once(row))
}

/// The row that train returns.
type Row = (
    i32,
    String,
    i64,
    i64,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    Option<f64>,
    bool,
    String,
);

/// Trains and stores the version, with the model and its sources held.
fn run(
    definition: &Definition,
    as_of: Option<Micros>,
    examples: Option<Oid>,
    activate: Activate,
    started: i64,
) -> Result<Row, Error> {
    let _shown = progress::begin(definition.id, &definition.name, Verb::Train);
    let trained = as_owner(definition, || learn(definition, as_of, examples))?;
    let report = &trained.fitted.report;
    let version = store(definition, &trained, started)?;
    let (activated, reason) = decide(definition, &trained, activate, version);
    if activated {
        catalog::set_active(definition.id, version)?;
    }
    catalog::delete_old_versions(definition.id, definition.options.keep_versions)?;
    notice::training(
        definition,
        report,
        &trained.gathered.stream.summary().counts,
    );
    notice::chosen(definition, &report.left_out);
    updates::notice(definition)?;
    notice::apart(definition, &trained.gathered.span);
    notice::too_many_types(definition, &trained.gathered);
    notice::sampled(definition, &trained.gathered);
    let held = report.hold_out.as_ref();
    let of = |measure: fn(&fit::Evaluation) -> f64| held.map(|held| measure(&held.model));
    Ok((
        version,
        report.algorithm.name().to_owned(),
        report.rows as i64,
        report.positives as i64,
        of(|m| m.auc),
        of(|m| m.auc_low),
        of(|m| m.auc_high),
        of(|m| m.average_precision),
        of(|m| m.log_loss),
        of(|m| m.brier),
        of(|m| m.calibration_error),
        held.and_then(|held| held.recency.as_ref())
            .map(|area| area.auc),
        held.and_then(|held| held.rfm.as_ref()).map(|area| area.auc),
        activated,
        reason,
    ))
}

/// Reads, learns and encodes, as the model's owner.
fn learn(
    definition: &Definition,
    as_of: Option<Micros>,
    examples: Option<Oid>,
) -> Result<Trained, Error> {
    let mut timings = Timings::start();
    progress::phase(Phase::Reading, source::rows_of(definition)?);
    let mut gathered = match examples {
        Some(examples) => gather::gather(definition, as_of, Some(examples), None)?,
        None => gather::sample(definition, as_of)?,
    };
    timings.end_with("read", gathered.stream.workers_cpu());
    progress::phase(Phase::Features, None);
    let rows = TrainingRows::of(definition, &mut gathered)?;
    timings.end("features");
    progress::phase(Phase::Comparing, None);
    let champion = champion(definition, &mut gathered, &rows)?;
    timings.end("champion");
    progress::phase(Phase::Fitting, None);
    let fitted = rows.fit(definition, &gathered.cutoffs, champion.log_odds)?;
    let document = fitted.model.encode()?;
    timings.end("fit");
    Ok(Trained {
        fitted,
        document,
        gathered,
        timings,
        excuse: champion.excuse,
        record: champion.record,
    })
}

/// The active version, to be compared with on the hold-out.
struct Champion {
    /// What it says of every training row, in log-odds; empty if it cannot be compared.
    log_odds: Vec<f32>,
    /// Why it cannot be compared.
    excuse: &'static str,
    /// What was recorded of it; none if there is none, or none that can be read.
    record: Option<Record>,
}

impl Champion {
    fn incomparable(excuse: &'static str, record: Option<Record>) -> Self {
        Self {
            log_odds: Vec::new(),
            excuse,
            record,
        }
    }
}

/// The active version's view of the training rows, if there is an active version that has not seen
/// what is held out: on rows that it was trained on it would look better than it is.
fn champion(
    definition: &Definition,
    gathered: &mut TrainingSet,
    rows: &TrainingRows,
) -> Result<Champion, Error> {
    let Some(active) = catalog::active(definition.id)? else {
        return Ok(Champion::incomparable("there is none", None));
    };
    let model = match read(definition, active.stamp) {
        Err(Error::Model {
            error: propensity::Error::Corrupted { .. } | propensity::Error::UnknownFormat { .. },
            ..
        }) => return Ok(Champion::incomparable("it cannot be read", None)),
        found => found?,
    };
    // Neither what it says nor how good it was can be held against a version of another goal.
    if catalog::predicts_other(definition.id, active.stamp)? {
        return Ok(Champion::incomparable("it predicts another goal", None));
    }
    let record = Some(record(active)?);
    if active.as_of > rows.until {
        let excuse = "it was trained on what is held out";
        return Ok(Champion::incomparable(excuse, record));
    }
    if model.schema.names != rows.schema.names {
        return Ok(Champion::incomparable("it reads other columns", record));
    }
    let known = model.schema.clone();
    let mut scorer = Scorer::new(model, &mut poll)?;
    let (mut log_odds, mut row) = (Vec::new(), Vec::new());
    gathered.feature_rows(&known, rows.total, rows.limit, &mut |rows| {
        let reserved = log_odds.try_reserve(rows.rows());
        reserved.map_err(propensity::Error::from)?;
        for values in rows.values.chunks(rows.features) {
            row.clear();
            row.extend(values.iter().map(|&value| f64::from(value)));
            log_odds.push(scorer.predict(&row)?.log_odds as f32);
        }
        Ok(())
    })?;
    Ok(Champion {
        log_odds,
        excuse: "nothing was held out that it has not seen",
        record,
    })
}

/// What was recorded of a version. Warnings that this program does not know are none of its.
fn record(active: Active) -> Result<Record, Error> {
    let recorded = catalog::recorded(active.stamp)?;
    let warnings: Vec<serde_json::Value> =
        serde_json::from_str(&recorded.warnings).unwrap_or_default();
    let known = |warning| serde_json::from_value::<Warning>(warning).ok();
    Ok(Record {
        auc: recorded.auc.zip(recorded.auc_low),
        warnings: warnings.into_iter().filter_map(known).collect(),
    })
}

/// Writes the version and its run; returns the version's number.
fn store(definition: &Definition, trained: &Trained, started: i64) -> Result<i32, Error> {
    let report = &trained.fitted.report;
    let held = report.hold_out.as_ref();
    let cutoffs: Vec<_> = trained
        .gathered
        .cutoffs
        .iter()
        .map(|cutoff| cutoff.at)
        .collect();
    let judgement = held.map(|_| {
        let Judgement { log_odds, outcomes } = &trained.fitted.judgement;
        Judged::encode(log_odds, outcomes, report.base_rate)
    });
    let judgement = judgement.transpose()?;
    let version = catalog::insert_version(
        definition.id,
        &NewVersion {
            format: i32::from(format::FORMAT),
            algorithm: report.algorithm.name(),
            as_of: trained.gathered.as_of,
            cutoffs: &cutoffs,
            rows: report.rows as i64,
            positives: report.positives as i64,
            auc: held.map(|held| held.model.auc),
            auc_low: held.map(|held| held.model.auc_low),
            auc_high: held.map(|held| held.model.auc_high),
            report: &catalog::json(report)?,
            document: &trained.document,
            judgement: judgement.as_deref(),
            distribution: &catalog::json(&trained.fitted.distribution)?,
        },
    )?;
    let stream = &trained.gathered.stream;
    let detail = serde_json::json!({
        "feeder": stream.feeder().name(),
        "events": stream.summary().counts.events,
        "profiles": stream.profiles(),
        "profiles_read": stream.share().fraction(),
        "events_read": stream.summary().kept,
        "types_told_apart": stream.types_chosen().then(|| stream.dictionaries().kinds.len()),
        "eligible": trained.gathered.estimate(),
        "sampled": report.rows,
        "processes": stream.processes(),
        "partitions": stream.partitions(),
        "behind": span::behind(Some(&trained.gathered.span)),
        "seconds": trained.timings.seconds(),
        "cpu": trained.timings.cpu(),
    });
    catalog::insert_run(
        definition.id,
        &NewRun {
            kind: "train",
            version,
            as_of: trained.gathered.as_of,
            started_at: started,
            profiles: report.rows as i64,
            buckets: None,
            percentiles: None,
            counts: &trained.gathered.stream.summary().counts,
            detail: &detail.to_string(),
            figures: None,
            published: true,
        },
    )?;
    Ok(version)
}

/// Whether the new version takes over, and why.
fn decide(
    definition: &Definition,
    trained: &Trained,
    activate: Activate,
    new: i32,
) -> (bool, String) {
    let version = match (activate, definition.active_version) {
        (Activate::Never, _) => {
            let call = format!("customer_ai.activate('{}', {new})", definition.name);
            return (false, format!("activate is never: {call} makes it active"));
        }
        (_, None) if new == 1 => return (true, "first version".to_owned()),
        (_, None) => return (true, "no other version is active".to_owned()),
        (Activate::Always, _) => return (true, "activate is always".to_owned()),
        (Activate::IfBetter, Some(version)) => version,
    };
    let report = &trained.fitted.report;
    let stays = |why: String| {
        let reason = format!("{why}: version {version} stays active, unless activate => 'always'");
        (false, reason)
    };
    let record = trained.record.as_ref();
    if let Some(objection) = record.and_then(|record| Objection::find(report, record)) {
        return stays(objection.to_string());
    }
    // Held-out profiles were among those that the champion learned from, at other cutoffs.
    let held = report.hold_out.as_ref().filter(|held| !held.by_profile);
    let Some(compared) = held.and_then(|held| held.champion.as_ref()) else {
        let excuse = trained.excuse;
        let reason = format!("newer; version {version} cannot be compared: {excuse}");
        return (true, reason);
    };
    let better = compared.challenger_wins();
    let verb = if better {
        "not worse than"
    } else {
        "worse than"
    };
    let reason = format!(
        "AUC {verb} version {version} on the same hold-out: {:+.4} (95 % interval {:+.4} to {:+.4})",
        compared.difference, compared.low, compared.high
    );
    if better {
        (true, reason)
    } else {
        stays(reason)
    }
}
