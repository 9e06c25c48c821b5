//! alter_events and alter_profiles: how a source is read. What is not given stays.

use std::ffi::CStr;

use super::sources::{GivenEvents, GivenProfiles, check_conditions};
use crate::catalog::owner::as_owner;
use crate::catalog::{self, Definition, EventSource};
use crate::error::Error;
use crate::pg::relation::Relation;
use crate::source;
use crate::source::condition::{self, CutoffName, Scope};
use crate::verbs::notice;

/// Changes how a relation of events is read, by the checks of add_events, and returns the model's name. `remove` takes
/// type_column, event_type or where_clause away.
pub fn events(
    given: GivenEvents,
    remove: &[Option<String>],
    model: &str,
    path: &CStr,
) -> Result<String, Error> {
    let removed = removed(remove, &["type_column", "event_type", "where_clause"])?;
    let definition = super::lock(model)?;
    let relation = Relation::open(given.events, definition.owner_oid)?;
    let place = place(&definition, &relation)?;
    let mut rest = definition.clone();
    let known = rest.events.remove(place);
    let keep = |part: &str, known: &Option<String>| match removed.contains(&part) {
        true => None,
        false => known.clone(),
    };
    // A type_column that is given takes the place of an event_type, and the other way round.
    let kind = match given.event_type {
        Some(_) => None,
        None => keep("type_column", &known.type_column),
    };
    let only = match given.type_column {
        Some(_) => None,
        None => keep("event_type", &known.event_type),
    };
    let condition = keep("where_clause", &known.where_clause);
    let merged = GivenEvents {
        events: given.events,
        profile_column: given.profile_column.or(Some(known.profile_column.clone())),
        time_column: given.time_column.or(Some(known.time_column.clone())),
        type_column: given.type_column.or(kind),
        event_type: given.event_type.or(only.as_deref()),
        where_clause: given.where_clause.or(condition.as_deref()),
        if_not_exists: false,
    };
    let others = match rest.events.is_empty() {
        true => Vec::new(),
        false => source::open_events(&rest)?,
    };
    let mut source = merged.source(&rest, &others, &relation)?;
    source.label.clone_from(&known.label);
    as_owner(&definition, || {
        source.where_sql = match (given.where_clause, &source.where_clause) {
            (Some(text), _) => {
                let scope = Scope {
                    from: &relation.readable_sql(),
                    cutoff: CutoffName::None,
                    path,
                };
                Some(condition::define_row("where_clause", text, &scope)?.sql)
            }
            (None, Some(_)) => known.where_sql.clone(),
            (None, None) => None,
        };
        rest.events.insert(place, source.clone());
        check_conditions(&rest, &source::open_events(&rest)?)
    })?;
    catalog::update_events(definition.id, place as i32, &source)?;
    catalog::set_altered(definition.id)?;
    notice::needs_training(&definition, &definition)?;
    Ok(definition.name)
}

/// Changes how the relation of profile attributes is read, by the checks of add_profiles, and returns the model's name.
/// `remove` takes columns (all are used then) or valid_from_column away.
pub fn profiles(
    given: GivenProfiles,
    remove: &[Option<String>],
    model: &str,
) -> Result<String, Error> {
    let removed = removed(remove, &["columns", "valid_from_column"])?;
    let definition = super::lock(model)?;
    let relation = Relation::open(given.profiles, definition.owner_oid)?;
    let mut sources = definition.profiles.iter();
    let known = sources
        .find(|known| (&known.schema, &known.relation) == (&relation.schema, &relation.name));
    let Some(known) = known else {
        let sources = definition.profiles.iter();
        return Err(Error::NotASource {
            model: definition.name.clone(),
            relation: relation.display(),
            kind: "relation of profile attributes",
            sources: sources
                .map(|known| format!("{}.{}", known.schema, known.relation))
                .collect(),
        });
    };
    let columns = known
        .columns
        .clone()
        .filter(|_| !removed.contains(&"columns"));
    let columns = columns.map(|columns| columns.into_iter().map(Some).collect());
    let valid_from = known.valid_from_column.clone();
    let valid_from = valid_from.filter(|_| !removed.contains(&"valid_from_column"));
    catalog::remember(definition.id, definition.owner_oid)?;
    catalog::delete_profiles(definition.id, &relation.schema, &relation.name)?;
    GivenProfiles {
        profiles: given.profiles,
        profile_column: given.profile_column.or(Some(known.profile_column.clone())),
        columns: given.columns.or(columns),
        valid_from_column: given.valid_from_column.or(valid_from),
        if_not_exists: false,
    }
    .add(model)?;
    notice::needs_training(&definition, &definition)?;
    Ok(definition.name)
}

/// Where a relation is among the event sources of a model.
fn place(definition: &Definition, relation: &Relation) -> Result<usize, Error> {
    let is_it = |source: &EventSource| {
        (&source.schema, &source.relation) == (&relation.schema, &relation.name)
    };
    let places: Vec<usize> = (0..)
        .zip(&definition.events)
        .filter(|(_, source)| is_it(source))
        .map(|(place, _)| place)
        .collect();
    match places.as_slice() {
        [place] => Ok(*place),
        [] => Err(Error::NotASource {
            model: definition.name.clone(),
            relation: relation.display(),
            kind: "event source",
            sources: definition
                .events
                .iter()
                .map(|source| format!("{}.{}", source.schema, source.relation))
                .collect(),
        }),
        many => Err(Error::Argument {
            argument: "events",
            found: format!("\"{}\", which is {} sources of the model", relation.display(), many.len()),
            required: "one source of the model".to_owned(),
            hint: "Take it out with customer_ai.remove_events, then add what it is to be with customer_ai.add_events.".to_owned(),
        }),
    }
}

fn removed(names: &[Option<String>], known: &[&'static str]) -> Result<Vec<&'static str>, Error> {
    let find = |name: &Option<String>| {
        let name = name.as_deref().unwrap_or("NULL");
        let found = known.iter().find(|part| **part == name);
        found.copied().ok_or_else(|| Error::Argument {
            argument: "remove",
            found: format!("\"{}\"", name.escape_debug()),
            required: format!("a list of parts among {}", known.join(", ")),
            hint: format!("Write for example remove => '{{{}}}'.", known[0]),
        })
    };
    names.iter().map(find).collect()
}
