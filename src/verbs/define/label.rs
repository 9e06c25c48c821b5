//! describe_column: what people call a column, an event type or a value. Words only: nothing is trained again.

use propensity::features::is_invisible;

use crate::catalog::owner::as_owner;
use crate::catalog::{self, Definition, EVENT, Label, given_labels};
use crate::error::{Error, listed, nearest};
use crate::source;

/// The longest label and the longest unit, in characters.
const LONGEST_LABEL: usize = 60;
const LONGEST_UNIT: usize = 12;
/// The longest value, in bytes.
const LONGEST_VALUE: usize = 1000;
/// Labels of a model at most.
const MOST: usize = 10_000;

/// Writes what something is called, or takes it back, and returns the model's name.
pub fn describe(model: &str, mut label: Label) -> Result<String, Error> {
    check(&label)?;
    let definition = super::lock(model)?;
    let mut types = definition.events.iter();
    let is_type = types.any(|source| source.type_column.as_ref() == Some(&label.column));
    if is_type && label.value.is_some() {
        EVENT.clone_into(&mut label.column);
    }
    let given = given_labels(definition.id)?;
    let is_known = given
        .iter()
        .any(|known| known.column == label.column && known.value == label.value);
    if !is_known {
        // What was called something is known, also when its column is gone.
        check_column(&definition, &label.column)?;
        if given.len() >= MOST {
            return Err(wrong(
                "label",
                &format!("{} labels", given.len()),
                &format!("a model of at most {MOST}"),
            ));
        }
    }
    catalog::set_label_of(definition.id, &label)?;
    Ok(definition.name)
}

/// Checks the texts of a label.
fn check(label: &Label) -> Result<(), Error> {
    let Label {
        value, label, unit, ..
    } = label;
    text("label", label.as_deref(), LONGEST_LABEL)?;
    text("unit", unit.as_deref(), LONGEST_UNIT)?;
    let value = value.as_deref();
    if value.is_some_and(|value| value.is_empty() || value.len() > LONGEST_VALUE) {
        let found = format!("{} bytes", value.unwrap_or_default().len());
        return Err(wrong("value", &found, "a text of 1 to 1000 bytes"));
    }
    match (value, unit) {
        (Some(_), Some(unit)) => Err(wrong(
            "unit",
            &shown(unit),
            "NULL where a value is described: a unit is of a whole column",
        )),
        _ => Ok(()),
    }
}

fn text(argument: &'static str, text: Option<&str>, longest: usize) -> Result<(), Error> {
    let Some(text) = text else {
        return Ok(());
    };
    let sound = text.trim() == text
        && (1..=longest).contains(&text.chars().count())
        && !text.contains(is_invisible);
    if sound {
        return Ok(());
    }
    let required = format!(
        "1 to {longest} characters without spaces around them, control characters and signs that turn the direction of writing"
    );
    Err(wrong(argument, &shown(text), &required))
}

/// The beginning of a text, as it can be printed.
fn shown(text: &str) -> String {
    let begin: String = text.chars().take(LONGEST_LABEL).collect();
    let more = if begin.len() < text.len() { "..." } else { "" };
    format!("\"{}{more}\"", begin.escape_debug())
}

fn wrong(argument: &'static str, found: &str, required: &str) -> Error {
    Error::Argument {
        argument,
        found: found.to_owned(),
        required: required.to_owned(),
        hint: "Write for example customer_ai.describe_column('repurchase', 'amount', 'order value', unit => 'EUR'), or for an event type describe_column('repurchase', 'event', 'sign-up', value => 'reg_ok').".to_owned(),
    }
}

/// Checks that the model has such a column, of events or profiles.
fn check_column(definition: &Definition, column: &str) -> Result<(), Error> {
    let mut names = vec![EVENT.to_owned()];
    names.extend(definition.attributes.keys().cloned());
    as_owner(definition, || {
        for events in source::open_events(definition)? {
            names.extend(events.columns.into_iter().map(|column| column.name));
        }
        for profiles in source::open_profiles(definition)? {
            names.extend(profiles.columns().map(|column| column.name.clone()));
        }
        Ok(())
    })?;
    if names.iter().any(|name| name == column) {
        return Ok(());
    }
    let hint = match nearest(column, names.iter().map(String::as_str)) {
        Some(meant) => format!("Perhaps you meant \"{meant}\"."),
        None => format!(
            "The columns are {}; the type of an event is \"{EVENT}\".",
            listed(&names)
        ),
    };
    Err(Error::Argument {
        argument: "column_name",
        found: shown(column),
        required: format!(
            "a column of the events or profiles of model \"{}\", or event",
            definition.name
        ),
        hint,
    })
}
