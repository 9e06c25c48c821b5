//! The verbs about versions: activate, rollback, drop_version, label_version.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::catalog::args::{LABEL_HINT, label_of_version, required};
use crate::catalog::held::lock;
use crate::catalog::version::read;
use crate::catalog::{self, Definition, Version};
use crate::error::Error;
use crate::verbs::notice;

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
fn activate(model: Option<&str>, version: Option<i32>) -> Result<i32, ErrorReport> {
    catalog::refuse_read_only(c"customer_ai.activate()");
    let definition = lock(required("model", model)?)?;
    let version = find(&definition, required("version", version)?)?;
    // One that cannot be read would fail at night, in score; so in rollback.
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
    read(&definition, find(&definition, version)?.stamp)?;
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
    if let Some(label) = label {
        label_of_version(label)?;
        if !catalog::set_label(definition.id, number, Some(label))? {
            Err(Error::Argument {
                argument: "label",
                found: format!("\"{label}\", which another version has"),
                required: "a label that no other version of the model has".to_owned(),
                hint: LABEL_HINT.to_owned(),
            })?;
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
