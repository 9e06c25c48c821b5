//! The verbs that define: create_model and what alters, renames, copies and drops a model, and its sources. What is
//! impossible fails here, before anything is written.

mod alter;
mod alter_sources;
mod columns;
mod copy;
mod custom;
mod given;
mod label;
mod model;
mod moving;
mod options;
mod same;
mod sources;

use crate::catalog::held::lock;

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::catalog;
use crate::catalog::args::required;
use crate::catalog::owner::{ddl_as_owner, defining};
use crate::error::Error;
use crate::pg::sqltype::{JsonbText, Name, Names, Regclass};
use crate::store::jobs;
use crate::store::scores::ScoreRelation;
use crate::store::segments;

/// Without a SET clause, which would hide the caller's search_path: it is pinned within.
#[pg_extern(volatile, parallel_unsafe)]
#[allow(
    clippy::too_many_arguments,
    reason = "a definition in one statement; they are named"
)]
fn create_model(
    model: Option<&str>,
    events: Option<Regclass>,
    goal: Option<&str>,
    outcome_window: Option<Interval>,
    profile_column: default!(Option<Name>, "NULL"),
    time_column: default!(Option<Name>, "NULL"),
    type_column: default!(Option<Name>, "NULL"),
    kind: default!(Option<&str>, "'conversion'"),
    occurs: default!(Option<bool>, "true"),
    eligible: default!(Option<&str>, "NULL"),
    eligible_window: default!(Option<Interval>, "'45 days'"),
    exclude: default!(Option<&str>, "NULL"),
    exclude_window: default!(Option<Interval>, "NULL"),
    description: default!(Option<&str>, "NULL"),
    options: default!(Option<JsonbText>, "'{}'"),
    if_not_exists: default!(Option<bool>, "false"),
) -> Result<String, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.create_model()");
    let given = given::Given {
        model: required("model", model)?,
        events: required("events", events)?.0,
        goal: required("goal", goal)?,
        outcome_window: required("outcome_window", outcome_window)?,
        profile_column: profile_column.map(|name| name.0),
        time_column: time_column.map(|name| name.0),
        type_column: type_column.map(|name| name.0),
        kind: required("kind", kind)?,
        occurs: required("occurs", occurs)?,
        eligible,
        eligible_window,
        exclude,
        exclude_window,
        description,
        options: required("options", options)?.0,
        if_not_exists: required("if_not_exists", if_not_exists)?,
    };
    Ok(defining(|path| given.create(path))?)
}

/// Without a SET clause, as create_model.
#[pg_extern(volatile, parallel_unsafe)]
#[allow(
    clippy::too_many_arguments,
    reason = "a source in one statement; they are named"
)]
fn add_events(
    model: Option<&str>,
    events: Option<Regclass>,
    profile_column: default!(Option<Name>, "NULL"),
    time_column: default!(Option<Name>, "NULL"),
    type_column: default!(Option<Name>, "NULL"),
    event_type: default!(Option<&str>, "NULL"),
    where_clause: default!(Option<&str>, "NULL"),
    if_not_exists: default!(Option<bool>, "false"),
) -> Result<String, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.add_events()");
    let given = sources::GivenEvents {
        events: required("events", events)?.0,
        profile_column: profile_column.map(|name| name.0),
        time_column: time_column.map(|name| name.0),
        type_column: type_column.map(|name| name.0),
        event_type,
        where_clause,
        if_not_exists: required("if_not_exists", if_not_exists)?,
    };
    let model = required("model", model)?;
    Ok(defining(|path| given.add(model, path))?)
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn add_profiles(
    model: Option<&str>,
    profiles: Option<Regclass>,
    profile_column: default!(Option<Name>, "NULL"),
    columns: default!(Option<Names>, "NULL"),
    valid_from_column: default!(Option<Name>, "NULL"),
    if_not_exists: default!(Option<bool>, "false"),
) -> Result<String, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.add_profiles()");
    let given = sources::GivenProfiles {
        profiles: required("profiles", profiles)?.0,
        profile_column: profile_column.map(|name| name.0),
        columns: columns.map(|names| names.0),
        valid_from_column: valid_from_column.map(|name| name.0),
        if_not_exists: required("if_not_exists", if_not_exists)?,
    };
    Ok(given.add(required("model", model)?)?)
}

/// Without a SET clause, as create_model.
#[pg_extern(volatile, parallel_unsafe)]
#[allow(
    clippy::too_many_arguments,
    reason = "what a definition has; they are named"
)]
fn alter_model(
    model: Option<&str>,
    goal: default!(Option<&str>, "NULL"),
    outcome_window: default!(Option<Interval>, "NULL"),
    kind: default!(Option<&str>, "NULL"),
    occurs: default!(Option<bool>, "NULL"),
    eligible: default!(Option<&str>, "NULL"),
    eligible_window: default!(Option<Interval>, "NULL"),
    exclude: default!(Option<&str>, "NULL"),
    exclude_window: default!(Option<Interval>, "NULL"),
    description: default!(Option<&str>, "NULL"),
    options: default!(Option<JsonbText>, "NULL"),
    remove: default!(Option<Names>, "NULL"),
    owner: default!(Option<Name>, "NULL"),
) -> Result<String, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.alter_model()");
    let model = required("model", model)?;
    let changes = alter::Changes {
        goal,
        outcome_window,
        kind,
        occurs,
        eligible,
        eligible_window,
        exclude,
        exclude_window,
        description,
        options: options.map(|options| options.0),
        remove: remove.map(|names| names.0),
    };
    if changes.is_empty() && owner.is_none() {
        Err(Error::NothingToAlter)?;
    }
    defining(|path| {
        if !changes.is_empty() {
            changes.make(model, path)?;
        }
        owner.map_or(Ok(()), |owner| alter::set_owner(model, &owner.0))
    })?;
    Ok(model.to_owned())
}

/// Without a SET clause, as create_model.
#[pg_extern(volatile, parallel_unsafe)]
#[allow(
    clippy::too_many_arguments,
    reason = "what a source has; they are named"
)]
fn alter_events(
    model: Option<&str>,
    events: Option<Regclass>,
    profile_column: default!(Option<Name>, "NULL"),
    time_column: default!(Option<Name>, "NULL"),
    type_column: default!(Option<Name>, "NULL"),
    event_type: default!(Option<&str>, "NULL"),
    where_clause: default!(Option<&str>, "NULL"),
    remove: default!(Option<Names>, "NULL"),
) -> Result<String, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.alter_events()");
    let given = sources::GivenEvents {
        events: required("events", events)?.0,
        profile_column: profile_column.map(|name| name.0),
        time_column: time_column.map(|name| name.0),
        type_column: type_column.map(|name| name.0),
        event_type,
        where_clause,
        if_not_exists: false,
    };
    let model = required("model", model)?;
    let remove = remove.map(|names| names.0).unwrap_or_default();
    Ok(defining(|path| {
        alter_sources::events(given, &remove, model, path)
    })?)
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn alter_profiles(
    model: Option<&str>,
    profiles: Option<Regclass>,
    profile_column: default!(Option<Name>, "NULL"),
    columns: default!(Option<Names>, "NULL"),
    valid_from_column: default!(Option<Name>, "NULL"),
    remove: default!(Option<Names>, "NULL"),
) -> Result<String, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.alter_profiles()");
    let given = sources::GivenProfiles {
        profiles: required("profiles", profiles)?.0,
        profile_column: profile_column.map(|name| name.0),
        columns: columns.map(|names| names.0),
        valid_from_column: valid_from_column.map(|name| name.0),
        if_not_exists: false,
    };
    let model = required("model", model)?;
    let remove = remove.map(|names| names.0).unwrap_or_default();
    Ok(alter_sources::profiles(given, &remove, model)?)
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn rename_model(model: Option<&str>, new_name: Option<&str>) -> Result<String, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.rename_model()");
    let new_name = required("new_name", new_name)?;
    Ok(alter::rename(required("model", model)?, new_name)?)
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn clone_model(model: Option<&str>, new_model: Option<&str>) -> Result<String, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.clone_model()");
    let new_model = required("new_model", new_model)?;
    Ok(copy::clone(required("model", model)?, new_model)?)
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn enable_model(model: Option<&str>) -> Result<String, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.enable_model()");
    let definition = lock(required("model", model)?)?;
    catalog::set_enabled(definition.id, true)?;
    Ok(definition.name)
}

/// A model that is disabled is neither trained nor scored; what it has said stays, and it still predicts live.
#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn disable_model(model: Option<&str>) -> Result<String, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.disable_model()");
    let definition = lock(required("model", model)?)?;
    catalog::set_enabled(definition.id, false)?;
    Ok(definition.name)
}

/// Without a SET clause, as create_model.
#[pg_extern(volatile, parallel_unsafe)]
fn add_event_definition(
    model: Option<&str>,
    name: Option<&str>,
    condition: Option<&str>,
    if_not_exists: default!(Option<bool>, "false"),
) -> Result<String, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.add_event_definition()");
    let model = required("model", model)?;
    let name = required("name", name)?;
    let condition = required("condition", condition)?;
    let if_not_exists = required("if_not_exists", if_not_exists)?;
    Ok(defining(|path| {
        custom::add(model, name, condition, if_not_exists, path)
    })?)
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn remove_event_definition(model: Option<&str>, name: Option<&str>) -> Result<String, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.remove_event_definition()");
    let name = required("name", name)?;
    Ok(custom::remove(required("model", model)?, name)?)
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn describe_column(
    model: Option<&str>,
    column_name: Option<Name>,
    label: Option<&str>,
    unit: default!(Option<&str>, "NULL"),
    value: default!(Option<&str>, "NULL"),
) -> Result<String, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.describe_column()");
    let label = catalog::Label {
        column: required("column_name", column_name)?.0,
        value: value.map(str::to_owned),
        label: label.map(str::to_owned),
        unit: unit.map(str::to_owned),
    };
    Ok(label::describe(required("model", model)?, label)?)
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn remove_events(model: Option<&str>, events: Option<Regclass>) -> Result<String, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.remove_events()");
    let events = required("events", events)?.0;
    Ok(sources::remove_events(required("model", model)?, events)?)
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn remove_profiles(model: Option<&str>, profiles: Option<Regclass>) -> Result<String, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.remove_profiles()");
    let profiles = required("profiles", profiles)?.0;
    Ok(sources::remove_profiles(
        required("model", model)?,
        profiles,
    )?)
}

/// What follows when a model is copied in, by a restore.
#[pg_extern(schema = "customer_ai_internal", volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn note(model_id: Option<i64>) -> Result<bool, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai_internal.note()");
    Ok(catalog::note(required("model_id", model_id)?)?)
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn drop_model(
    model: Option<&str>,
    keep_scores: default!(Option<bool>, "false"),
    force: default!(Option<bool>, "false"),
) -> Result<String, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.drop_model()");
    Ok(drop(
        required("model", model)?,
        required("keep_scores", keep_scores)?,
        required("force", force)?,
    )?)
}

/// Drops a model, and unless they are kept its scores and segments. What others built upon them is dropped with them only
/// by force.
fn drop(model: &str, keep_scores: bool, force: bool) -> Result<String, Error> {
    match lock(model) {
        Ok(definition) => {
            ddl_as_owner(definition.owner_oid, || {
                if keep_scores {
                    ScoreRelation::find(&definition)?.keep()
                } else {
                    drop_relations(&definition, force)
                }
            })?;
            jobs::forget(&definition.name)?;
            catalog::delete_model(definition.name.as_str())?;
        }
        // A role can be dropped only when nothing is left that it owns.
        Err(Error::OwnerGone { .. } | Error::OwnerReplaced { .. }) => {
            catalog::delete_model(model)?;
        }
        Err(error) => return Err(error),
    }
    Ok(model.to_owned())
}

fn drop_relations(definition: &catalog::Definition, force: bool) -> Result<(), Error> {
    let others = ScoreRelation::find(definition)?.built_upon()?;
    if !others.is_empty() && !force {
        return Err(Error::ModelUsed {
            model: definition.name.clone(),
            others,
        });
    }
    // Later ones may read earlier ones.
    for segment in catalog::segments_of(definition.id)?.iter().rev() {
        segments::drop_relation(definition, segment, force)?;
    }
    ScoreRelation::find(definition)?.drop(force)
}

/// Says in one NOTICE which of a source's columns were guessed.
fn notice_guessed(relation: &str, guessed: &[(bool, &str, &str)]) {
    let part = |(_, argument, column): &(bool, &str, &str)| format!("{argument} => '{column}'");
    let parts: Vec<String> = guessed
        .iter()
        .filter(|(guessed, ..)| *guessed)
        .map(part)
        .collect();
    if !parts.is_empty() {
        let message = format!("chosen for \"{relation}\": {}", parts.join(", "));
        ErrorReport::new(
            PgSqlErrorCode::ERRCODE_SUCCESSFUL_COMPLETION,
            message,
            "customer_ai",
        )
        .report(PgLogLevel::NOTICE);
    }
}
