//! alter_model: what of a model can be changed. So far, whose it is.

use crate::catalog;
use crate::catalog::held::give;
use crate::error::Error;
use crate::pg::role::{current, is_member, role_name, role_oid};

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
