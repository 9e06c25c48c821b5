//! Segments: the profiles of the newest run that meet a condition, as a materialized view of the model's owner, or as a
//! view that is always as new as the scores.

mod alter;
mod overlap;

use std::ffi::CStr;

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use propensity::judge::Figures;

use crate::catalog::args::required;
use crate::catalog::differing::{Differing, notice_same};
use crate::catalog::held;
use crate::catalog::judged;
use crate::catalog::owner::{as_owner, ddl_as_owner, defining};
use crate::catalog::{self, Definition, Limit, NewSegment, Segment, Turn};
use crate::error::Error;
use crate::pg::progress::{self, Phase, Verb};
use crate::pg::relation::qualified;
use crate::pg::sql;
use crate::store::scores::{comment_columns, names};
use crate::store::segments::{
    SHOWN, Sight, comment, count, create_sql, drop_relation, find_ours, parse_name, refresh,
};
use crate::verbs::notice;

/// Without a SET clause, which would hide the caller's search_path: it is pinned within.
#[pg_extern(volatile, parallel_unsafe)]
#[allow(clippy::too_many_arguments, reason = "the arguments that SQL sees")]
fn create_segment(
    segment: Option<&str>,
    model: Option<&str>,
    condition: default!(Option<&str>, "'true'"),
    description: default!(Option<&str>, "NULL"),
    top: default!(Option<i64>, "NULL"),
    top_percent: default!(Option<f64>, "NULL"),
    live: default!(Option<bool>, "false"),
    if_not_exists: default!(Option<bool>, "false"),
) -> Result<String, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.create_segment()");
    let wish = Wish {
        names: parse_name(required("segment", segment)?)?,
        condition: required("condition", condition)?,
        description,
        limit: limit(top, top_percent)?.unwrap_or(Limit::All),
        live: required("live", live)?,
        if_not_exists: required("if_not_exists", if_not_exists)?,
    };
    let model = required("model", model)?;
    Ok(defining(|path| {
        held::for_writing(model, Turn::Scores, |definition| {
            create(definition, &wish, path)
        })
    })?)
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn refresh_segment(segment: Option<&str>) -> Result<i64, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.refresh_segment()");
    let (schema, name) = parse_name(required("segment", segment)?)?;
    let known = catalog::known_segment(&schema, &name)?;
    // In a turn at the model: what forget does not see yet, it could not remove.
    Ok(held::for_writing(
        &known.model,
        Turn::Scores,
        |definition| {
            let segment = catalog::lock_segment(&known.schema, &known.name)?;
            let _shown = progress::begin(definition.id, &definition.name, Verb::Refresh);
            progress::phase(Phase::Segments, None);
            let profiles = refresh(definition, &segment)?;
            catalog::remember(definition.id, definition.owner_oid)?;
            Ok(profiles)
        },
    )?)
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn drop_segment(segment: Option<&str>) -> Result<String, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.drop_segment()");
    let (schema, name) = parse_name(required("segment", segment)?)?;
    let segment = catalog::lock_segment(&schema, &name)?;
    let definition = catalog::load(&segment.model)?;
    ddl_as_owner(definition.owner_oid, || {
        drop_relation(&definition, &segment, false)
    })?;
    catalog::delete_segment(segment.id)?;
    Ok(format!("{schema}.{name}"))
}

/// A segment as it is asked for.
struct Wish<'a> {
    names: (String, String),
    condition: &'a str,
    description: Option<&'a str>,
    limit: Limit,
    live: bool,
    if_not_exists: bool,
}

/// How many are taken, if that is said; 0: all.
fn limit(top: Option<i64>, percent: Option<f64>) -> Result<Option<Limit>, Error> {
    let wrong = |argument, found: String, required: &str| {
        Err(Error::Argument {
            argument,
            found,
            required: required.to_owned(),
            hint: "Write for example top => 1000, or top_percent => 5.".to_owned(),
        })
    };
    match (top, percent) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => wrong(
            "top_percent",
            "\"top\" as well".to_owned(),
            "one of the two",
        ),
        (Some(0), None) => Ok(Some(Limit::All)),
        (Some(top @ 1..), None) => Ok(Some(Limit::Top(top))),
        (Some(top), None) => wrong("top", top.to_string(), "a number of profiles from 1 on"),
        (None, Some(percent)) if percent > 0.0 && percent <= 100.0 => {
            Ok(Some(Limit::Percent(percent)))
        }
        (None, Some(percent)) => {
            let required = "a share of the profiles, above 0 and at most 100";
            wrong("top_percent", percent.to_string(), required)
        }
    }
}

fn create(definition: &Definition, wish: &Wish, path: &CStr) -> Result<String, Error> {
    let (schema, name) = &wish.names;
    if names::found(schema, name)?.is_some() {
        if wish.if_not_exists
            && let Some(known) = catalog::find_segment(schema, name)?
        {
            return same(definition, &known, wish);
        }
        return Err(Error::SegmentExists {
            name: format!("{schema}.{name}"),
        });
    }
    // Somebody dropped its relation: it is made again.
    if let Some(gone) = catalog::find_segment(schema, name)? {
        catalog::delete_segment(gone.id)?;
    }
    let sight = Sight::of(definition)?;
    let condition_sql = sight.define(definition, wish.condition, path)?;
    let query = sight.query(definition, &condition_sql, wish.limit)?;
    let segment = qualified(schema, name);
    ddl_as_owner(definition.owner_oid, || {
        sql::run(&create_sql(&segment, wish.live, &query))?;
        if !wish.live {
            sql::run(&format!("CREATE UNIQUE INDEX ON {segment} ({})", sight.key))?;
        }
        comment(&segment, wish.live, &definition.name, wish.description)?;
        comment_columns(&segment, &sight.key, &SHOWN)
    })?;
    let profiles = as_owner(definition, || count(&segment))?;
    let id = catalog::insert_segment(
        definition.id,
        &NewSegment {
            schema,
            name,
            condition: wish.condition,
            condition_sql: &condition_sql,
            limit: wish.limit,
            live: wish.live,
            description: wish.description,
            profiles,
        },
    )?;
    // The first contents: changes are counted from them.
    catalog::memory::insert_refresh(definition.id, id, profiles)?;
    catalog::remember(definition.id, definition.owner_oid)?;
    say_if_empty(
        definition,
        &format!("{schema}.{name}"),
        wish.condition,
        profiles,
    )?;
    Ok(format!("{schema}.{name}"))
}

/// A segment that is there: the same is what was wanted, another one is not.
///
/// # Errors
/// 42710 with what differs.
fn same(definition: &Definition, known: &Segment, wish: &Wish) -> Result<String, Error> {
    let (known_top, known_percent) = known.limit.shown();
    let (top, percent) = wish.limit.shown();
    let live = |live: bool| Some(if live { "true" } else { "false" });
    let mut differing = Differing::default();
    differing.compare("model", Some(&known.model), Some(&definition.name));
    differing.compare("condition", Some(&known.condition), Some(wish.condition));
    differing.compare(
        "description",
        known.description.as_deref(),
        wish.description,
    );
    differing.compare("top", known_top.as_deref(), top.as_deref());
    differing.compare("top_percent", known_percent.as_deref(), percent.as_deref());
    differing.compare("live", live(known.live), live(wish.live));
    if !differing.0.is_empty() {
        return Err(Error::SegmentDiffers {
            name: known.display(),
            differing: differing.0,
        });
    }
    find_ours(definition, known)?;
    notice_same(&format!("segment \"{}\"", known.display()));
    Ok(known.display())
}

/// Says that a segment is empty, and why, if nobody is in the bucket high.
fn say_if_empty(
    definition: &Definition,
    segment: &str,
    condition: &str,
    profiles: i64,
) -> Result<(), Error> {
    if profiles > 0 {
        return Ok(());
    }
    if condition.contains("'high'")
        && let Some(run) = judged::scored(definition.id, None)?
        && let [_, _, 0] = run.buckets
        && let Some(figures) = &run.figures
        && let Ok(figures) = serde_json::from_str::<Figures>(figures)
    {
        notice::none_high(definition, figures.top_tenth_from());
        return Ok(());
    }
    notice::segment_empty(segment);
    Ok(())
}
