//! backtest: trains as of past cutoffs and judges by what then happened.

use pgrx::datum::{DatumWithOid, TimestampWithTimeZone};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use propensity::cutoff::Cutoff;
use propensity::features::Features;
use propensity::fit::{Evaluation, Later, LaterReport};
use propensity::model::{Model, Prediction, Scorer};
use propensity::time::Micros;

use crate::catalog::Definition;
use crate::catalog::args;
use crate::catalog::context;
use crate::catalog::held;
use crate::catalog::instant;
use crate::catalog::owner::as_owner;
use crate::error::Error;
use crate::feed::gather;
use crate::feed::gather::TrainingRows;
use crate::feed::stream::{Key, Stream};
use crate::pg::datum::key_datum;
use crate::pg::memory::{GiveBack, poll};
use crate::pg::progress::{self, Phase, Verb};
use crate::pg::relation::Category;
use crate::pg::relation::type_name;
use crate::pg::sqltype::AnyValue;
use crate::source;
use crate::verbs::notice;

/// What a training as of one cutoff found, and how it did afterwards.
struct Tested {
    cutoff: Micros,
    examples: usize,
    positives: usize,
    later: LaterReport,
}

#[pg_extern(stable, parallel_restricted)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn backtest(
    model: Option<&str>,
    cutoffs: Option<AnyValue>,
) -> Result<
    TableIterator<
        'static,
        (
            name!(cutoff, TimestampWithTimeZone),
            name!(examples, i64),
            name!(positives, i64),
            name!(test_profiles, i64),
            name!(base_rate, f64),
            name!(mean_probability, Option<f64>),
            name!(auc, Option<f64>),
            name!(auc_low, Option<f64>),
            name!(auc_high, Option<f64>),
            name!(average_precision, Option<f64>),
            name!(log_loss, Option<f64>),
            name!(brier, Option<f64>),
            name!(calibration_error, Option<f64>),
            name!(recency_auc, Option<f64>),
            name!(rfm_auc, Option<f64>),
        ),
    >,
    ErrorReport,
> {
    let _memory = GiveBack::new();
    let model = args::required("model", model)?;
    let cutoffs = instants(given(&args::required("cutoffs", cutoffs)?)?)?;
    let tested = held::for_reading(model, |definition| {
        let _shown = progress::begin(definition.id, &definition.name, Verb::Backtest);
        progress::phase(Phase::Reading, source::rows_of(definition)?);
        as_owner(definition, || test(definition, &cutoffs, &mut None))
    })?;
    let rows = tested.into_iter().map(|tested| {
        let later = tested.later;
        let of = |measure: fn(Evaluation) -> f64| later.model.map(measure);
        Ok::<_, Error>((
            instant::from_micros(tested.cutoff)?,
            tested.examples as i64,
            tested.positives as i64,
            later.rows as i64,
            later.positives as f64 / later.rows as f64,
            of(|m| m.mean_probability),
            of(|m| m.auc),
            of(|m| m.auc_low),
            of(|m| m.auc_high),
            of(|m| m.average_precision),
            of(|m| m.log_loss),
            of(|m| m.brier),
            of(|m| m.calibration_error),
            later.recency_auc,
            later.rfm_auc,
        ))
    });
    Ok(TableIterator::new(rows.collect::<Result<Vec<_>, _>>()?))
}

/// A profile that a backtest scored, with what came true.
struct Profiled {
    cutoff: Micros,
    key: Vec<u8>,
    prediction: Prediction,
    outcome: bool,
}

#[pg_extern(stable, parallel_restricted)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn backtest_profiles(
    model: Option<&str>,
    cutoffs: Option<AnyValue>,
) -> Result<
    TableIterator<
        'static,
        (
            name!(cutoff, TimestampWithTimeZone),
            name!(profile, String),
            name!(probability, f64),
            name!(score, i16),
            name!(outcome, bool),
        ),
    >,
    ErrorReport,
> {
    let _memory = GiveBack::new();
    let model = args::required("model", model)?;
    let cutoffs = instants(given(&args::required("cutoffs", cutoffs)?)?)?;
    let mut profiles = Some(Vec::new());
    let key = held::for_reading(model, |definition| {
        as_owner(definition, || {
            test(definition, &cutoffs, &mut profiles)?;
            Key::of(definition)
        })
    })?;
    let rows = profiles.unwrap_or_default().into_iter().map(move |row| {
        let profile = AnyValue {
            datum: key_datum(&row.key, key.kind),
            type_oid: key.base_oid,
        };
        Ok::<_, Error>((
            instant::from_micros(row.cutoff)?,
            profile.text(),
            row.prediction.probability,
            row.prediction.score,
            row.outcome,
        ))
    });
    Ok(TableIterator::new(rows.collect::<Result<Vec<_>, _>>()?))
}

/// The instants of an argument that is one of them or an array, as Postgres casts it: a timestamptz, a timestamp, a date
/// or a text.
fn given(cutoffs: &AnyValue) -> Result<Vec<Option<TimestampWithTimeZone>>, Error> {
    // SAFETY: look-ups in the catalog by OID.
    let (element, is_array) = unsafe {
        let element = pg_sys::get_element_type(pg_sys::getBaseType(cutoffs.type_oid));
        let is_array = element != pg_sys::InvalidOid;
        (if is_array { element } else { cutoffs.type_oid }, is_array)
    };
    let category = Category::of(element);
    if category != Category::Text && !category.is_time() {
        return Err(Error::Argument {
            argument: "cutoffs",
            found: format!("type {}", type_name(cutoffs.type_oid)),
            required: "an instant or an array of instants".to_owned(),
            hint: EXAMPLE.to_owned(),
        });
    }
    let is_list = category == Category::Text && cutoffs.text().trim_start().starts_with('{');
    let query = if is_array || is_list {
        "SELECT $1::pg_catalog.timestamptz[]"
    } else {
        "SELECT ARRAY[$1::pg_catalog.timestamptz]"
    };
    // SAFETY: the value is of the type.
    let argument = unsafe { DatumWithOid::new(cutoffs.datum, cutoffs.type_oid) };
    let cast = || {
        Spi::connect(|client| {
            let rows = client.select(query, Some(1), &[argument])?;
            Ok(rows
                .first()
                .get_one::<Vec<Option<TimestampWithTimeZone>>>()?)
        })
    };
    let found = context::of_argument("cutoffs", EXAMPLE, cast)?;
    args::required("cutoffs", found)
}

/// What is written for a cutoff.
const EXAMPLE: &str =
    "Write for example cutoffs => '2024-06-30', or cutoffs => '{2024-03-31,2024-06-30}'.";

/// The cutoffs as they were given: at least one, none NULL or infinite.
fn instants(given: Vec<Option<TimestampWithTimeZone>>) -> Result<Vec<Micros>, Error> {
    if given.is_empty() {
        return Err(Error::Argument {
            argument: "cutoffs",
            found: "no cutoff".to_owned(),
            required: "an instant or an array of instants".to_owned(),
            hint: EXAMPLE.to_owned(),
        });
    }
    let finite = |cutoff: Option<TimestampWithTimeZone>| {
        let cutoff = args::required("cutoffs", cutoff)?;
        instant::to_micros(cutoff).ok_or_else(|| Error::Instant {
            argument: "cutoffs",
            found: cutoff.to_string(),
            required: "finite",
        })
    };
    given.into_iter().map(finite).collect()
}

/// Reads the events once, then trains and judges at each cutoff; keeps every profile if somebody wants them.
fn test(
    definition: &Definition,
    cutoffs: &[Micros],
    profiles: &mut Option<Vec<Profiled>>,
) -> Result<Vec<Tested>, Error> {
    let mut stream = gather::read(definition, instant::now(), None)?;
    let windows = instant::windows(definition, cutoffs)?;
    let known_until = stream.span(definition)?.last;
    for window in &windows {
        gather::check_complete(definition, window, known_until)?;
    }
    let mut tested: Vec<Tested> = Vec::new();
    let all = windows.len();
    for window in windows {
        let mut gathered = gather::looking_back(definition, stream, window.at)?;
        let rows = TrainingRows::of(definition, &mut gathered)?;
        let later = Later::new(&rows.dataset, &rows.schema.features())?;
        let fitted = rows.fit(definition, &gathered.cutoffs, Vec::new())?;
        stream = gathered.stream;
        tested.push(Tested {
            cutoff: window.at,
            examples: fitted.report.rows,
            positives: fitted.report.positives,
            later: judge(
                definition,
                &mut stream,
                window,
                (fitted.model, later),
                profiles,
            )?,
        });
        if let (2.., Some(last)) = (all, tested.last()) {
            notice::backtested(definition, (tested.len(), all), last.cutoff, &last.later);
        }
    }
    Ok(tested)
}

/// Scores everybody who is eligible at the cutoff and compares with what came true.
fn judge(
    definition: &Definition,
    stream: &mut Stream,
    mut window: Cutoff,
    (model, mut later): (Model, Later),
    profiles: &mut Option<Vec<Profiled>>,
) -> Result<LaterReport, Error> {
    gather::mark(stream, definition, std::slice::from_mut(&mut window), true)?;
    let rules = gather::rules(definition);
    let mut scorer = Scorer::new(model, &mut poll)?;
    let schema = scorer.model().schema.clone();
    let mut features = Features::new(&schema, stream.dictionaries());
    let mut row = vec![0.0; features.len()];
    stream.walk(&mut |profile| {
        if !rules.eligible(profile, &window) {
            return Ok(());
        }
        features.start();
        features.row(profile, window.at, &mut row, &mut poll)?;
        let (prediction, outcome) = (scorer.predict(&row)?, rules.outcome(profile, &window));
        if let Some(profiles) = profiles {
            profiles.try_reserve(1).map_err(propensity::Error::from)?;
            profiles.push(Profiled {
                cutoff: window.at,
                key: profile.key.to_vec(),
                prediction,
                outcome,
            });
        }
        Ok(later.push(&row, prediction.log_odds, outcome)?)
    })?;
    later.judge().map_err(|error| match error {
        propensity::Error::NoRows => Error::NoEligible {
            model: definition.name.clone(),
            cutoffs: vec![instant::text(window.at)],
        },
        error => error.into(),
    })
}
