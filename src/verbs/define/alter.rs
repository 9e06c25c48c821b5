//! alter_model: what of a model can be changed. So far, whose it is.

use pgrx::{Spi, pg_sys};

use crate::catalog::owner::{current, is_member, is_superuser, role_name, role_oid};
use crate::catalog::{self, Definition};
use crate::error::{Error, not_null};
use crate::pg::sql;
use crate::source::relation::{self, qualified};
use crate::verbs::notice;

/// Gives a model with its scores and segments to another role, and returns the model's name. Its conditions are code that
/// runs as that role from then on: whoever gives must be a member of both.
pub fn set_owner(model: &str, owner: &str) -> Result<String, Error> {
    let role = role_oid(owner).ok_or_else(|| Error::UnknownRole {
        name: owner.to_owned(),
    })?;
    if !is_member(current(), role) {
        return Err(Error::NotOwner {
            owner: owner.to_owned(),
            caller: role_name(current()),
        });
    }
    match catalog::lock(model) {
        Ok(definition) => give(&definition, role)?,
        // Only a superuser is told that; a role that is gone has left no relations.
        Err(Error::OwnerGone { .. } | Error::OwnerReplaced { .. }) => {
            catalog::give(catalog::lock_orphan(model)?, role)?;
        }
        Err(error) => return Err(error),
    }
    Ok(model.to_owned())
}

/// Holds a model like [`catalog::lock`]. If somebody gave its scores to another role, as REASSIGN OWNED does, the model
/// follows them, when the caller could have given it: never to a superuser without being told to.
pub fn lock(name: &str) -> Result<Definition, Error> {
    let definition = catalog::lock(name)?;
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
    notice::given(name, &role_name(owner), &role_name(found));
    catalog::load(name)
}

fn give(definition: &Definition, role: pg_sys::Oid) -> Result<(), Error> {
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
