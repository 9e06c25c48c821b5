//! create_model for a model that exists: the same definition is what was wanted, another one is not.

use propensity::time::Length;
use serde_json::Value;

use super::given::Given;
use crate::catalog::differing::{Differing, notice_same};
use crate::catalog::{self, Condition, Kind};
use crate::error::Error;
use crate::pg::relation::Relation;

/// Compares what is given with the model of that name, and returns its name if nothing differs. Columns that are left
/// out are not compared: they were guessed.
///
/// # Errors
/// 42710 with what differs, or when the model is somebody else's.
pub fn check(given: &Given, kind: Kind, windows: [Option<Length>; 3]) -> Result<String, Error> {
    let exists = || Error::ModelExists {
        name: given.model.to_owned(),
    };
    let definition = catalog::load(given.model).map_err(|error| match error {
        Error::UnknownModel { .. } => exists(),
        error => error,
    })?;
    let known = catalog::described(definition.id)?;
    let mut differing = Differing::default();
    let relation = Relation::open(given.events, definition.owner_oid)?;
    let first = definition.events.first();
    let events = first.map(|source| format!("{}.{}", source.schema, source.relation));
    differing.compare("events", events.as_deref(), Some(&relation.display()));
    let columns = [
        (
            "profile_column",
            first.map(|source| &source.profile_column),
            &given.profile_column,
        ),
        (
            "time_column",
            first.map(|source| &source.time_column),
            &given.time_column,
        ),
        (
            "type_column",
            first.and_then(|source| source.type_column.as_ref()),
            &given.type_column,
        ),
    ];
    for (name, known, given) in columns {
        if given.is_some() {
            differing.compare(name, known.map(String::as_str), given.as_deref());
        }
    }
    fn text(condition: &Option<Condition>) -> Option<&str> {
        condition.as_ref().map(|condition| condition.text.as_str())
    }
    let [outcome_window, eligible_window, exclude_window] =
        windows.map(|window| window.map(|window| window.to_string()));
    let window = |window: Option<Length>| window.map(|window| window.to_string());
    differing.compare("kind", Some(known.kind.name()), Some(kind.name()));
    differing.compare("goal", Some(&definition.goal.text), Some(given.goal));
    differing.compare(
        "occurs",
        Some(&definition.occurs.to_string()),
        Some(&given.occurs.to_string()),
    );
    differing.compare(
        "outcome_window",
        Some(&definition.outcome_window.to_string()),
        outcome_window.as_deref(),
    );
    differing.compare("eligible", text(&definition.eligible), given.eligible);
    differing.compare(
        "eligible_window",
        window(definition.eligible_window).as_deref(),
        eligible_window.as_deref(),
    );
    differing.compare("exclude", text(&definition.exclude), given.exclude);
    differing.compare(
        "exclude_window",
        window(definition.exclude_window).as_deref(),
        exclude_window.as_deref(),
    );
    differing.compare(
        "description",
        known.description.as_deref(),
        given.description,
    );
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    if json(&known.options) != json(&given.options) {
        differing.compare("options", Some(&known.options), Some(&given.options));
    }
    if !differing.0.is_empty() {
        return Err(Error::ModelDiffers {
            name: given.model.to_owned(),
            differing: differing.0,
        });
    }
    notice_same(&format!("model \"{}\"", given.model));
    Ok(given.model.to_owned())
}
