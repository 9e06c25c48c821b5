//! The owners of models: a role is kept by name, which survives dump and restore, and by OID, which a new role of the same
//! name does not have.

use pgrx::pg_sys;

use super::{not_null, sql};
use crate::catalog::owner::{self, Owner};
use crate::catalog::place;
use crate::error::Error;
use crate::pg::role::{self, role_name};

/// The tables whose rows are of a model, and say whose they are.
const PARTS: [&str; 11] = [
    "UPDATE customer_ai.event_definition p SET owner = $2::name FROM customer_ai.model m
    WHERE m.id = $1 AND p.model_id = m.id AND p.owner = m.owner",
    "UPDATE customer_ai.event_source p SET owner = $2::name FROM customer_ai.model m
    WHERE m.id = $1 AND p.model_id = m.id AND p.owner = m.owner",
    "UPDATE customer_ai.profile_source p SET owner = $2::name FROM customer_ai.model m
    WHERE m.id = $1 AND p.model_id = m.id AND p.owner = m.owner",
    "UPDATE customer_ai.label p SET owner = $2::name FROM customer_ai.model m
    WHERE m.id = $1 AND p.model_id = m.id AND p.owner = m.owner",
    "UPDATE customer_ai.version p SET owner = $2::name FROM customer_ai.model m
    WHERE m.id = $1 AND p.model_id = m.id AND p.owner = m.owner",
    "UPDATE customer_ai.run p SET owner = $2::name FROM customer_ai.model m
    WHERE m.id = $1 AND p.model_id = m.id AND p.owner = m.owner",
    "UPDATE customer_ai.failed_run p SET owner = $2::name FROM customer_ai.model m
    WHERE m.id = $1 AND p.model_id = m.id AND p.owner = m.owner",
    "UPDATE customer_ai.outcome p SET owner = $2::name FROM customer_ai.model m
    WHERE m.id = $1 AND p.model_id = m.id AND p.owner = m.owner",
    "UPDATE customer_ai.segment p SET owner = $2::name FROM customer_ai.model m
    WHERE m.id = $1 AND p.model_id = m.id AND p.owner = m.owner",
    "UPDATE customer_ai.segment_refresh p SET owner = $2::name FROM customer_ai.model m
    WHERE m.id = $1 AND p.model_id = m.id AND p.owner = m.owner",
    "UPDATE customer_ai.segment_change p SET owner = $2::name FROM customer_ai.model m
    WHERE m.id = $1 AND p.model_id = m.id AND p.owner = m.owner",
];

/// Notes the name that the owner of a model has now, and that the role is needed.
pub(super) fn remember(model_id: i64, owner: pg_sys::Oid) -> Result<(), Error> {
    let query = "SELECT owner::text FROM customer_ai.model WHERE id = $1";
    let known = sql::row(query, &[model_id.into()], |row| {
        not_null(row.get::<String>(1)?)
    })?;
    if known.is_some_and(|known| known != role_name(owner)) {
        write(model_id, owner)?;
    }
    if owner::is_held(owner)? {
        return Ok(());
    }
    owner::hold(owner)
}

/// Notes of a model that was copied in whose it is and where its scores are, if the caller may run it.
pub fn note(model_id: i64) -> Result<bool, Error> {
    let query = "SELECT owner::text, owner_oid, place FROM customer_ai.model WHERE id = $1";
    let found = sql::row(query, &[model_id.into()], |row| {
        let place: Option<String> = row.get(3)?;
        let oid = place::noted(row.get(2)?, place.as_deref());
        Ok(owner::owner_of(&not_null::<String>(row.get(1)?)?, oid))
    })?;
    match found {
        Some(owner @ Owner::Role(role)) if owner.is_open_to(role::current()) => {
            super::remember(model_id, role)?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// Gives a model to a role. The model must be locked.
pub fn give(model_id: i64, owner: pg_sys::Oid) -> Result<(), Error> {
    let known = sql::row(
        "SELECT owner_oid, place FROM customer_ai.model WHERE id = $1",
        &[model_id.into()],
        |row| {
            let place: Option<String> = row.get(2)?;
            Ok(place::noted(row.get(1)?, place.as_deref()))
        },
    )?;
    owner::hold(owner)?;
    write(model_id, owner)?;
    match known.flatten() {
        Some(before) => let_go(before),
        None => Ok(()),
    }
}

fn write(model_id: i64, owner: pg_sys::Oid) -> Result<(), Error> {
    let name = role_name(owner);
    for query in PARTS {
        sql::run(query, &[model_id.into(), name.as_str().into()])?;
    }
    // What was noted elsewhere does not begin to mean something here.
    let query = "UPDATE customer_ai.model SET owner = $2::name, owner_oid = $3, place = $4, altered_at = now(),
            scores_oid = CASE WHEN place = $4 THEN scores_oid END,
            scores_schema_oid = CASE WHEN place = $4 THEN scores_schema_oid END
        WHERE id = $1";
    let here = place::here();
    let arguments = [model_id.into(), name.into(), owner.into(), here.into()];
    sql::run(query, &arguments)
}

/// Lets a role be dropped that owns no model any more.
pub fn let_go(role: pg_sys::Oid) -> Result<(), Error> {
    owner::let_go(role, || {
        let query = "SELECT FROM customer_ai.model WHERE owner_oid = $1 AND place = $2 LIMIT 1";
        let arguments = [role.into(), place::here().into()];
        Ok(sql::row(query, &arguments, |_| Ok(()))?.is_some())
    })
}
