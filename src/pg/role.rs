//! Roles.

use std::ffi::{CStr, CString};

use pgrx::pg_sys;

/// The current role.
pub fn current() -> pg_sys::Oid {
    // SAFETY: reads a variable of the backend.
    unsafe { pg_sys::GetUserId() }
}

/// Whether a role is another one or a member of it, as superusers are of all.
pub fn is_member(role: pg_sys::Oid, of: pg_sys::Oid) -> bool {
    // SAFETY: catalog look-ups on the main thread.
    unsafe { pg_sys::is_member_of_role(role, of) }
}

/// Whether a role is a superuser.
pub fn is_superuser(role: pg_sys::Oid) -> bool {
    // SAFETY: a look-up in the catalog on the main thread.
    unsafe { pg_sys::superuser_arg(role) }
}

/// The OID of a role, if it exists.
pub fn role_oid(name: &str) -> Option<pg_sys::Oid> {
    let name = CString::new(name).ok()?;
    // SAFETY: a look-up in the catalog by name.
    let oid = unsafe { pg_sys::get_role_oid(name.as_ptr(), true) };
    (oid != pg_sys::InvalidOid).then_some(oid)
}

pub fn existing_name(role: pg_sys::Oid) -> Option<String> {
    // SAFETY: with `noerr` the result is NULL or a C string in the current memory context.
    unsafe {
        let name = pg_sys::GetUserNameFromId(role, true);
        (!name.is_null()).then(|| CStr::from_ptr(name).to_string_lossy().into_owned())
    }
}

/// The name of a role.
pub fn role_name(role: pg_sys::Oid) -> String {
    existing_name(role).unwrap_or_else(|| role.to_string())
}
