//! add_event_definition and remove_event_definition: events by a condition, with a name for people.

use std::ffi::CStr;

use crate::catalog::differing::notice_same;
use crate::catalog::owner::as_owner;
use crate::catalog::{self, Definition, EventDefinition};
use crate::error::Error;
use crate::source::condition::{self, CutoffName, Scope};
use crate::source::{self, Events, Names};
use crate::verbs::notice;

/// The longest name, in bytes: it is a column in conditions.
const LONGEST: usize = 63;

/// Checks a definition over the events of a model, then writes it, and returns the model's name. Names in the condition
/// are looked up in the search_path given.
pub fn add(
    model: &str,
    name: &str,
    text: &str,
    if_not_exists: bool,
    path: &CStr,
) -> Result<String, Error> {
    let definition = super::lock(model)?;
    let same = |known: &EventDefinition| known.name == name && known.text.trim() == text.trim();
    if if_not_exists && definition.event_definitions.iter().any(same) {
        notice_same(&format!("event definition \"{name}\""));
        return Ok(definition.name);
    }
    let sources = source::open_events(&definition)?;
    check_name(&definition, &sources, name)?;
    // Over the rows as they are: one definition does not build upon another.
    let from = source::plain_sql(&sources);
    let scope = Scope {
        from: &from,
        cutoff: CutoffName::None,
        path,
    };
    let condition = as_owner(&definition, || {
        condition::define_row("condition", text, &scope)
    })?;
    catalog::insert_event_definition(definition.id, name, &condition)?;
    catalog::set_altered(definition.id)?;
    notice::needs_training(&definition, &definition)?;
    Ok(definition.name)
}

/// Takes a definition out of a model, and returns the model's name.
///
/// # Errors
/// 22023 when it is not there, and the error of a condition that needs it.
pub fn remove(model: &str, name: &str) -> Result<String, Error> {
    let definition = super::lock(model)?;
    let mut rest = definition.clone();
    rest.event_definitions.retain(|known| known.name != name);
    if rest.event_definitions.len() == definition.event_definitions.len() {
        let names: Vec<String> = definition.event_definitions.iter().map(quoted).collect();
        return Err(Error::Argument {
            argument: "name",
            found: format!("\"{}\"", name.escape_debug()),
            required: match names.as_slice() {
                [] => "the name of an event definition, of which the model has none".to_owned(),
                names => format!("one of {}", names.join(", ")),
            },
            hint: "SELECT * FROM customer_ai.event_definitions lists them.".to_owned(),
        });
    }
    as_owner(&rest, || {
        super::sources::check_conditions(&rest, &source::open_events(&rest)?)
    })?;
    catalog::delete_event_definition(definition.id, name)?;
    catalog::set_altered(definition.id)?;
    notice::needs_training(&definition, &definition)?;
    Ok(definition.name)
}

fn quoted(known: &EventDefinition) -> String {
    format!("\"{}\"", known.name)
}

fn check_name(definition: &Definition, sources: &[Events], name: &str) -> Result<(), Error> {
    let wrong = |required: &str| {
        let shown: String = name.chars().take(LONGEST).collect();
        Err(Error::Argument {
            argument: "name",
            found: format!("\"{}\"", shown.escape_debug()),
            required: required.to_owned(),
            hint: "Write for example 'Large order': factors show it, and in conditions it is a column, \"Large order\".".to_owned(),
        })
    };
    if name.trim().is_empty() || name.len() > LONGEST || name.contains(char::is_control) {
        return wrong("1 to 63 bytes without control characters");
    }
    let mut columns = sources.iter().flat_map(|events| &events.relation.columns);
    let own = Names::of(sources);
    let ours = [own.profile, own.time, own.kind, own.window];
    let is_ours = ours.iter().any(|own| own == name);
    if is_ours
        || ["event", "source", "cutoff"].contains(&name)
        || columns.any(|column| column.name == name)
    {
        return wrong("another name than that of a column of the events");
    }
    match definition
        .event_definitions
        .iter()
        .any(|known| known.name == name)
    {
        true => wrong("a name that no other event definition of the model has"),
        false => Ok(()),
    }
}
