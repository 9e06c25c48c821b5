//! The verbs about versions: activate, rollback, drop_version, label_version.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::catalog::args::required;
use crate::catalog::held::lock;
use crate::catalog::version::read;
use crate::catalog::{self, Definition, Version};
use crate::error::Error;
use crate::verbs::notice;

/// The longest label, in characters.
const LONGEST_LABEL: usize = 63;

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn activate(model: Option<&str>, version: Option<i32>) -> Result<i32, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.activate()");
    let definition = lock(required("model", model)?)?;
    let version = find(&definition, required("version", version)?)?;
    // One that cannot be read would fail at night, in score.
    read(&definition, version.stamp)?;
    catalog::set_active(definition.id, version.number)?;
    notice::activated(&definition, version.number)?;
    Ok(version.number)
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn rollback(model: Option<&str>) -> Result<i32, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.rollback()");
    let definition = lock(required("model", model)?)?;
    let Some(version) = catalog::set_former(definition.id)? else {
        Err(Error::NoFormerVersion {
            model: definition.name,
            active: definition.active_version,
        })?
    };
    notice::activated(&definition, version)?;
    Ok(version)
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn drop_version(model: Option<&str>, version: Option<i32>) -> Result<i32, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.drop_version()");
    let definition = lock(required("model", model)?)?;
    let Version { number, .. } = find(&definition, required("version", version)?)?;
    if definition.active_version == Some(number) {
        Err(Error::VersionActive {
            model: definition.name.clone(),
            version: number,
        })?;
    }
    catalog::delete_version(definition.id, number)?;
    Ok(number)
}

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn label_version(
    model: Option<&str>,
    version: Option<i32>,
    label: Option<&str>,
) -> Result<i32, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.label_version()");
    let definition = lock(required("model", model)?)?;
    let Version { number, .. } = find(&definition, required("version", version)?)?;
    let wrong = |found: String, required: &str| Error::Argument {
        argument: "label",
        found,
        required: required.to_owned(),
        hint: "Write for example label => 'before the new prices'; NULL takes the label away."
            .to_owned(),
    };
    if let Some(label) = label {
        let length = label.chars().count();
        if label.trim().is_empty() || label.contains(char::is_control) || length > LONGEST_LABEL {
            let shown: String = label.chars().take(LONGEST_LABEL).collect();
            Err(wrong(
                format!("\"{}\" of {length} characters", shown.escape_debug()),
                "a text of 1 to 63 characters, none of them a control character",
            ))?;
        }
        if !catalog::set_label(definition.id, number, Some(label))? {
            Err(wrong(
                format!("\"{label}\", which another version has"),
                "a label that no other version of the model has",
            ))?;
        }
    } else {
        catalog::set_label(definition.id, number, None)?;
    }
    Ok(number)
}

/// A version of a model by its number.
fn find(definition: &Definition, number: i32) -> Result<Version, Error> {
    let versions = catalog::versions_of(definition.id)?;
    let numbers = versions.iter().map(|version| version.number).collect();
    let mut versions = versions.into_iter();
    let found = versions.find(|version| version.number == number);
    found.ok_or_else(|| Error::UnknownVersion {
        model: definition.name.clone(),
        version: number,
        versions: numbers,
    })
}
