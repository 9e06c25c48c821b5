//! A model whose sources are held, so that nobody alters them meanwhile.
//!
//! Who waits for a lock has looked at a definition, and taken a snapshot, from before what he waited for: an altered
//! table is empty in it, a new version is not there. So one looks again after waiting.

use pgrx::{Spi, pg_sys};

use crate::catalog::kept::{self, Begun, Found, Kept};
use crate::catalog::{self, Definition, Turn, notice};
use crate::error::{Error, not_null};
use crate::pg::relation::{self, qualified};
use crate::pg::role::{current, is_member, is_superuser, role_name};
use crate::pg::sql;

/// Calls `work` with the definition of a model, while its sources are held.
///
/// # Errors
/// 42704 when there is no such model; those of `work`.
pub fn for_reading<T>(
    name: &str,
    work: impl FnOnce(&Definition) -> Result<T, Error>,
) -> Result<T, Error> {
    let definition = catalog::load(name)?;
    if hold(&definition) {
        look_again(name, work)
    } else {
        work(&definition)
    }
}

/// Like [`for_reading`], with what live answers need of the model, which the session keeps.
pub fn for_live<T>(name: &str, work: impl FnOnce(&Kept) -> Result<T, Error>) -> Result<T, Error> {
    let begun = Begun::now();
    // Whoever waited for a lock, here or there, looks again in a newer snapshot.
    let waited = match kept::find(name) {
        Found::Valid(kept) => return work(&kept),
        Found::Nothing => false,
        Found::Waited => true,
    };
    let read = |definition: &Definition| work(&*kept::keep(definition, &begun)?);
    if waited {
        look_again(name, read)
    } else {
        for_reading(name, read)
    }
}

/// Like [`for_reading`], in a turn at the model: what is of the same kind waits, and so does what alters the model.
pub fn for_writing<T>(
    name: &str,
    turn: Turn,
    work: impl FnOnce(&Definition) -> Result<T, Error>,
) -> Result<T, Error> {
    follow(catalog::lock_turn(name, turn)?)?;
    look_again(name, work)
}

/// Calls `work` in a snapshot that was taken after the last lock that had to be waited for.
fn look_again<T>(
    name: &str,
    work: impl FnOnce(&Definition) -> Result<T, Error>,
) -> Result<T, Error> {
    loop {
        // SAFETY: the snapshot is copied, and popped below; an error of Postgres that unwinds from here aborts the
        // (sub)transaction, which pops it.
        unsafe { pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot()) };
        let found = catalog::load(name);
        let settled = match &found {
            // It waits at most once for each lock.
            Ok(definition) => !hold(definition),
            Err(_) => true,
        };
        if settled {
            let result = found.and_then(|definition| work(&definition));
            // SAFETY: as above.
            unsafe { pg_sys::PopActiveSnapshot() };
            return result;
        }
        // SAFETY: as above.
        unsafe { pg_sys::PopActiveSnapshot() };
    }
}

/// Locks the sources of a model, and returns whether somebody had to be waited for. A source that is gone is left to
/// those who read it.
fn hold(definition: &Definition) -> bool {
    let events = definition.events.iter();
    let events = events.map(|source| (&source.schema, &source.relation));
    let profiles = definition.profiles.iter();
    let profiles = profiles.map(|source| (&source.schema, &source.relation));
    events
        .chain(profiles)
        .fold(false, |waited, (schema, name)| {
            relation::hold(schema, name).waited || waited
        })
}

/// Holds a model like [`catalog::lock`], and follows its scores.
pub fn lock(name: &str) -> Result<Definition, Error> {
    follow(catalog::lock(name)?)
}

/// If somebody gave the scores of a model to another role, as REASSIGN OWNED does, the model follows them, when the
/// caller could have given it: never to a superuser without being told to.
fn follow(definition: Definition) -> Result<Definition, Error> {
    let (caller, owner) = (current(), definition.owner_oid);
    let Some(found) = catalog::scores_owner(definition.id)?.filter(|&found| found != owner) else {
        return Ok(definition);
    };
    if !is_member(caller, found) {
        return Ok(definition);
    }
    if is_superuser(found) {
        return Err(Error::ScoresGiven {
            model: definition.name,
            owner: role_name(owner),
            found: role_name(found),
        });
    }
    give(&definition, found)?;
    notice::given(&definition.name, &role_name(owner), &role_name(found));
    catalog::load(&definition.name)
}

/// Gives a model to a role, with its scores and segments.
pub fn give(definition: &Definition, role: pg_sys::Oid) -> Result<(), Error> {
    if role != definition.owner_oid {
        // As the caller: PostgreSQL asks as it does for every ALTER ... OWNER.
        for (kind, relation) in relations(definition)? {
            Spi::run(&format!(
                "ALTER {kind} {relation} OWNER TO {}",
                relation::quote(&role_name(role))
            ))?;
        }
    }
    catalog::give(definition.id, role)
}

/// The scores with their history and the segments of a model, as far as they are its owner's: kind and name.
fn relations(definition: &Definition) -> Result<Vec<(&'static str, String)>, Error> {
    let named = |schema: &str, name: &str| relation::find(schema, name);
    let view = named(&definition.scores_schema, &definition.scores_name);
    let segments = catalog::segments_of(definition.id)?;
    let mut tops: Vec<pg_sys::Oid> = segments
        .iter()
        .filter_map(|segment| named(&segment.schema, &segment.name))
        .collect();
    tops.extend(view);
    // The history is what the view reads; its runs are its partitions.
    let query = "WITH RECURSIVE top AS (SELECT unnest($1::oid[]) AS oid),
        history AS (
            SELECT DISTINCT c.oid FROM pg_catalog.pg_rewrite w
            JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = w.oid
                AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
            JOIN pg_catalog.pg_class c ON c.oid = d.refobjid AND c.relkind = 'p'
            WHERE w.ev_class = $2),
        part AS (
            SELECT oid FROM history UNION SELECT i.inhrelid FROM part p JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid)
        SELECT c.relkind::pg_catalog.text, n.nspname::pg_catalog.text, c.relname::pg_catalog.text
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid IN (SELECT oid FROM top UNION SELECT oid FROM part) AND c.relowner = $3
        ORDER BY c.oid";
    let arguments = [tops.into(), view.into(), definition.owner_oid.into()];
    sql::rows(query, &arguments, |row| {
        let kind: String = not_null(row.get(1)?)?;
        let kind = match kind.as_str() {
            "v" => "VIEW",
            "m" => "MATERIALIZED VIEW",
            _ => "TABLE",
        };
        let (schema, name): (String, String) = (not_null(row.get(2)?)?, not_null(row.get(3)?)?);
        Ok((kind, qualified(&schema, &name)))
    })
}
