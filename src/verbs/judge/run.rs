//! Charts of a scoring run, from what it was summed up in while it predicted.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use propensity::judge::{Distribution, FactorBins, Figures, Impacts};
use propensity::model::score::{Bucket, Buckets};

use crate::catalog::judged::{self, Scored, parsed};
use crate::catalog::version::{calling, unknown_version};
use crate::catalog::{self, Definition, args, instant};
use crate::error::{Error, nearest};

/// Factors shown of a bucket.
const MOST_FACTORS: usize = 10;

/// A scoring run with its figures.
pub struct Charted {
    pub run: Scored,
    pub figures: Figures,
    pub buckets: Buckets,
}

/// The scoring run of that number, or the newest one.
pub fn charted(definition: &Definition, run: Option<i64>) -> Result<Charted, Error> {
    let found = judged::scored(definition.id, run)?;
    let Some(found) = found else {
        let model = definition.name.clone();
        return Err(match run {
            None => Error::NotScored { model },
            Some(run) => {
                let runs = judged::scoring_runs(definition.id)?;
                let runs = runs.iter().map(|run| run.id).collect();
                Error::UnknownRun { model, run, runs }
            }
        });
    };
    let Some(figures) = &found.figures else {
        return Err(Error::NotSummedUp {
            model: definition.name.clone(),
            run: found.id,
        });
    };
    Ok(Charted {
        figures: parsed(figures)?,
        run: found,
        buckets: definition.options.buckets,
    })
}

/// Figures of another shape than their version's bins.
const MISSHAPEN: propensity::Error = propensity::Error::Corrupted {
    reason: "figures do not fit their version",
};

/// A share of all, none of nothing.
pub fn share(some: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| some as f64 / all as f64)
}

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn summary(
    model: Option<&str>,
    run: default!(Option<i64>, "NULL"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(bucket, String),
            name!(profiles, i64),
            name!(share, Option<f64>),
            name!(expected, f64),
            name!(mean_probability, Option<f64>),
            name!(run, i64),
            name!(as_of, TimestampWithTimeZone),
        ),
    >,
    ErrorReport,
> {
    let definition = catalog::load(args::required("model", model)?)?;
    let charted = charted(&definition, run)?;
    let all = charted.figures.all().profiles;
    let as_of = instant::from_micros(charted.run.as_of)?;
    let sums = charted.figures.buckets(charted.buckets);
    let rows = Bucket::ALL.into_iter().zip(sums).map(move |(bucket, sum)| {
        (
            bucket.name().to_owned(),
            sum.profiles as i64,
            share(sum.profiles, all),
            sum.expected,
            (sum.profiles > 0).then(|| sum.expected / sum.profiles as f64),
            charted.run.id,
            as_of,
        )
    });
    Ok(TableIterator::new(rows))
}

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn distribution(
    model: Option<&str>,
    step: default!(Option<i32>, "5"),
    run: default!(Option<i64>, "NULL"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(from_score, i16),
            name!(to_score, i16),
            name!(bucket, String),
            name!(profiles, i64),
            name!(share, Option<f64>),
            name!(expected, f64),
            name!(run, i64),
        ),
    >,
    ErrorReport,
> {
    let step = args::required("step", step)?;
    if !(1..=100).contains(&step) {
        Err(Error::Argument {
            argument: "step",
            found: step.to_string(),
            required: "a number of scores from 1 to 100".to_owned(),
            hint: "Write for example step => 5.".to_owned(),
        })?;
    }
    let definition = catalog::load(args::required("model", model)?)?;
    let charted = charted(&definition, run)?;
    let all = charted.figures.all().profiles;
    let rows = (0..100).step_by(step as usize).map(move |from: usize| {
        // 100 belongs to the last step.
        let end = from + step as usize;
        let to = if end >= 100 { 100 } else { end - 1 };
        let sums = charted.figures.scores.iter().skip(from).take(to + 1 - from);
        let (profiles, expected) = sums.fold((0, 0.0), |(profiles, expected), sum| {
            (profiles + sum.profiles, expected + sum.expected)
        });
        (
            from as i16,
            to as i16,
            charted.buckets.bucket(from as i16).name().to_owned(),
            profiles as i64,
            share(profiles, all),
            expected,
            charted.run.id,
        )
    });
    Ok(TableIterator::new(rows))
}

/// The place of a bucket by its name.
fn bucket_named(name: &str) -> Result<usize, Error> {
    let found = Bucket::ALL.iter().position(|bucket| bucket.name() == name);
    found.ok_or_else(|| Error::Argument {
        argument: "bucket",
        found: format!("\"{name}\""),
        required: "low, medium or high".to_owned(),
        hint: "Write bucket => 'high'.".to_owned(),
    })
}

/// The bins that a run was summed up in: those of its version.
fn bins(definition: &Definition, charted: &Charted) -> Result<Distribution, Error> {
    let version = charted.run.version;
    let found = judged::distribution(definition.id, version)?;
    let Some(found) = found else {
        return Err(unknown_version(definition, version)?);
    };
    let bins: Distribution = parsed(&found)?;
    if charted.figures.factors.is_empty() {
        return Err(Error::NoFigures {
            model: definition.name.clone(),
            run: charted.run.id,
            binned: !bins.factors.is_empty(),
        });
    }
    Ok(bins)
}

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn bucket_factors(
    model: Option<&str>,
    bucket: default!(Option<&str>, "'high'"),
    run: default!(Option<i64>, "NULL"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(rank, i32),
            name!(factor, String),
            name!(mean_impact, f64),
            name!(direction, String),
            name!(times_the_odds, f64),
            name!(mean_size, f64),
            name!(raised, i64),
            name!(lowered, i64),
            name!(profiles, i64),
            name!(run, i64),
        ),
    >,
    ErrorReport,
> {
    let bucket = bucket_named(args::required("bucket", bucket)?)?;
    let definition = catalog::load(args::required("model", model)?)?;
    let charted = charted(&definition, run)?;
    let bins = bins(&definition, &charted)?;
    let profiles = charted.figures.buckets(charted.buckets)[bucket].profiles;
    let calling = calling(&definition, charted.run.version)?;
    let named = bins.factors.into_iter().zip(charted.figures.factors);
    let mut factors: Vec<(String, Impacts)> = named
        .map(|(bins, figures)| (calling.factor(bins.factor), figures.impacts[bucket]))
        .collect();
    factors.sort_by(|one, other| other.1.sum.abs().total_cmp(&one.1.sum.abs()));
    factors.truncate(if profiles == 0 { 0 } else { MOST_FACTORS });
    let rows = factors
        .into_iter()
        .enumerate()
        .map(move |(rank, (factor, impacts))| {
            let mean = impacts.sum / profiles as f64;
            (
                rank as i32 + 1,
                factor,
                mean,
                if mean < 0.0 { "lowers" } else { "raises" }.to_owned(),
                mean.exp(),
                impacts.sizes / profiles as f64,
                impacts.raised as i64,
                impacts.lowered as i64,
                profiles as i64,
                charted.run.id,
            )
        });
    Ok(TableIterator::new(rows))
}

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn drilldown(
    model: Option<&str>,
    factor: Option<&str>,
    run: default!(Option<i64>, "NULL"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(bin, i32),
            name!(value, String),
            name!(from_value, Option<f64>),
            name!(to_value, Option<f64>),
            name!(bucket, String),
            name!(profiles, i64),
            name!(share, Option<f64>),
            name!(mean_probability, Option<f64>),
            name!(share_at_training, Option<f64>),
            name!(run, i64),
        ),
    >,
    ErrorReport,
> {
    let wanted = args::required("factor", factor)?;
    let definition = catalog::load(args::required("model", model)?)?;
    let charted = charted(&definition, run)?;
    let Distribution { factors, .. } = bins(&definition, &charted)?;
    let calling = calling(&definition, charted.run.version)?;
    let is_wanted =
        |bins: &FactorBins| bins.factor == wanted || calling.factor(bins.factor.clone()) == wanted;
    let Some(place) = factors.iter().position(is_wanted) else {
        let names: Vec<String> = factors
            .into_iter()
            .map(|bins| calling.factor(bins.factor))
            .collect();
        let names = names.iter().map(String::as_str);
        Err(Error::NoSuchFactor {
            model: definition.name,
            factor: wanted.to_owned(),
            nearest: nearest(wanted, names),
        })?
    };
    let bins = calling.bins(factors[place].clone());
    let figures = charted
        .figures
        .factors
        .get(place)
        .ok_or(Error::from(MISSHAPEN))?;
    let of_buckets = charted
        .figures
        .buckets(charted.buckets)
        .map(|sum| sum.profiles);
    let learned: u64 = bins.rows.iter().sum();
    let mut rows = Vec::new();
    for (bin, counts) in figures.bins.iter().enumerate() {
        let all: u64 = counts.iter().sum();
        let before = bins.rows.get(bin).copied().unwrap_or(0);
        // Nobody is in the bins of other and missing values where there are none.
        if bin >= bins.values.len() && all == 0 && before == 0 {
            continue;
        }
        let number = |place: usize| {
            bins.values
                .get(place)
                .copied()
                .filter(|_| !bins.is_category)
        };
        for (bucket, &profiles) in counts.iter().enumerate() {
            rows.push((
                bin as i32 + 1,
                bins.words.get(bin).cloned().unwrap_or_default(),
                number(bin),
                if bin < bins.values.len() {
                    number(bin + 1)
                } else {
                    None
                },
                Bucket::ALL[bucket].name().to_owned(),
                profiles as i64,
                share(profiles, of_buckets[bucket]),
                figures
                    .expected
                    .get(bin)
                    .filter(|_| all > 0)
                    .map(|sum| sum / all as f64),
                share(before, learned),
                charted.run.id,
            ));
        }
    }
    Ok(TableIterator::new(rows))
}

#[pg_extern(stable, parallel_safe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn trend(
    model: Option<&str>,
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
            name!(share_of_high, Option<f64>),
            name!(expected, Option<f64>),
            name!(mean_probability, Option<f64>),
        ),
    >,
    ErrorReport,
> {
    let definition = catalog::load(args::required("model", model)?)?;
    let rows = judged::all_scored(definition.id)?.into_iter().map(|run| {
        let figures = run.figures.as_deref().map(parsed::<Figures>).transpose()?;
        let all = figures.map(|figures| figures.all());
        let [low, medium, high] = run.buckets;
        Ok::<_, Error>((
            run.id,
            run.version,
            instant::from_micros(run.as_of)?,
            run.profiles,
            low,
            medium,
            high,
            share(high as u64, run.profiles as u64),
            all.map(|all| all.expected),
            all.filter(|all| all.profiles > 0)
                .map(|all| all.expected / all.profiles as f64),
        ))
    });
    Ok(TableIterator::new(rows.collect::<Result<Vec<_>, _>>()?))
}
