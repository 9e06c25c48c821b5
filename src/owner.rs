//! Running as the owner of a model, whoever calls: stored conditions are code, and must have the rights of those
//! who wrote them, no more and no less.

use std::ffi::{CStr, CString};

use pgrx::{pg_extern, pg_sys};

use crate::catalog::Definition;
use crate::error::Error;
use crate::sqltype::Name;

/// What may be done meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Reading through stored conditions: no DDL, no SET, nothing that outlives the call.
    Restricted,
    /// Our own DDL and writes, which no user wrote.
    Own,
}

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

/// Runs statements on our own tables as their owner, whom nobody else may be: for src/catalog alone, never with SQL of
/// a user. search_path is pinned by every function of ours.
pub fn as_catalog<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let (mut user, mut context) = (pg_sys::InvalidOid, 0);
    let flags = pg_sys::SECURITY_LOCAL_USERID_CHANGE | pg_sys::SECURITY_RESTRICTED_OPERATION;
    // SAFETY: catalog look-ups by name and plain assignments in the backend. After an error, the abort of the
    // (sub)transaction restores the identity.
    unsafe {
        let owner = catalog_owner();
        pg_sys::GetUserIdAndSecContext(&mut user, &mut context);
        pg_sys::SetUserIdAndSecContext(owner, context | flags as i32);
    }
    let result = work();
    // SAFETY: undoes the above.
    unsafe { pg_sys::SetUserIdAndSecContext(user, context) };
    result
}

/// The owner of our tables.
///
/// # Safety
/// On the main thread, in a transaction.
unsafe fn catalog_owner() -> pg_sys::Oid {
    // SAFETY: look-ups in the catalog by name.
    unsafe {
        let schema = pg_sys::get_namespace_oid(c"customer_ai".as_ptr(), false);
        let table = pg_sys::get_relname_relid(c"model".as_ptr(), schema);
        let (cache, column) = (
            pg_sys::SysCacheIdentifier::RELOID,
            pg_sys::Anum_pg_class_relowner,
        );
        let none = pg_sys::Datum::null();
        pg_sys::GetSysCacheOid(cache as i32, column as i16, table.into(), none, none, none)
    }
}

/// Runs stored conditions of a model as its owner, in a security-restricted operation, as REFRESH MATERIALIZED VIEW
/// does, with every setting pinned that changes what they mean.
///
/// # Errors
/// 42501 when the caller is not a member of the owner.
pub fn as_owner<T>(
    definition: &Definition,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    let result = as_role(definition.owner_oid, &definition.time_zone, work);
    // What the learning library says is about this model, which it does not know.
    result.map_err(|error| match error {
        Error::Learning(error) => Error::Model {
            model: definition.name.clone(),
            error,
        },
        error => error,
    })
}

/// Like [`as_owner`], for a model that is still to be defined.
pub fn as_role<T>(
    role: pg_sys::Oid,
    time_zone: &str,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    let unknown = |_| {
        Error::Argument {
        argument: "timezone",
        found: format!("\"{time_zone}\""),
        required: "a time zone".to_owned(),
        hint: "Write for example options => '{\"timezone\": \"Europe/Berlin\"}'; pg_timezone_names lists them.".to_owned(),
    }
    };
    let time_zone = CString::new(time_zone).map_err(unknown)?;
    switched(role, Mode::Restricted, || {
        set(c"TimeZone", &time_zone);
        work()
    })
}

/// Runs our own DDL as the owner, so that the relations belong to the owner. Never give it SQL of a user.
///
/// # Errors
/// 42501 when the caller is not a member of the owner.
pub fn ddl_as_owner<T>(
    owner: pg_sys::Oid,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    switched(owner, Mode::Own, work)
}

fn switched<T>(
    owner: pg_sys::Oid,
    mode: Mode,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    if !is_member(current(), owner) {
        return Err(Error::NotOwner {
            owner: role_name(owner),
            // SAFETY: reads the state of the backend.
            caller: role_name(unsafe { pg_sys::GetUserId() }),
        });
    }
    let switch = Switch::to(owner, mode);
    let result = work();
    switch.back();
    result
}

/// Whether the current role may see and run what belongs to a role: what the views ask for every row, so not an SQL
/// function, which costs a millisecond to start. False, not an error, when the role is gone.
#[pg_extern(name = "_is_mine", stable, strict, parallel_safe)]
fn is_mine(owner: Name) -> bool {
    let Ok(owner) = CString::new(owner.0) else {
        return false;
    };
    // SAFETY: look-ups in the catalog on the main thread.
    unsafe {
        let role = pg_sys::get_role_oid(owner.as_ptr(), true);
        role != pg_sys::InvalidOid && pg_sys::is_member_of_role(pg_sys::GetUserId(), role)
    }
}

/// The name of a role, for a message.
pub fn role_name(role: pg_sys::Oid) -> String {
    // SAFETY: with `noerr` the result is NULL or a C string in the current memory context.
    unsafe {
        let name = pg_sys::GetUserNameFromId(role, true);
        if name.is_null() {
            role.to_string()
        } else {
            CStr::from_ptr(name).to_string_lossy().into_owned()
        }
    }
}

/// Settings that change what an expression means. With them pinned, a condition means for everybody, and tomorrow,
/// what it meant when it was checked.
const PINNED: [(&CStr, &CStr); 6] = [
    (c"search_path", c"pg_catalog, pg_temp"),
    (c"standard_conforming_strings", c"on"),
    (c"DateStyle", c"ISO, MDY"),
    (c"IntervalStyle", c"postgres"),
    (c"extra_float_digits", c"1"),
    (c"xmloption", c"content"),
];

/// Sets a setting until the current nest level of settings ends.
fn set(name: &CStr, value: &CStr) {
    // SAFETY: both strings are copied.
    unsafe {
        pg_sys::set_config_option(
            name.as_ptr(),
            value.as_ptr(),
            pg_sys::GucContext::PGC_USERSET,
            pg_sys::GucSource::PGC_S_SESSION,
            pg_sys::GucAction::GUC_ACTION_SAVE,
            true,
            0,
            false,
        );
    }
}

/// Does something with a setting in force, which then has its value again; after an error, the abort of the
/// (sub)transaction sees to that.
pub fn with_setting<T>(
    name: &CStr,
    value: &CStr,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    // SAFETY: plain assignments in the backend; the nest level ends where it began.
    let level = unsafe { pg_sys::NewGUCNestLevel() };
    set(name, value);
    let result = work();
    unsafe { pg_sys::AtEOXact_GUC(false, level) };
    result
}

/// The caller's identity while another one is in force. There is no Drop: it would call Postgres while an error
/// unwinds the stack, and the abort of the (sub)transaction restores all three by itself.
struct Switch {
    user: pg_sys::Oid,
    context: i32,
    settings: i32,
}

impl Switch {
    fn to(owner: pg_sys::Oid, mode: Mode) -> Self {
        let (mut user, mut context) = (pg_sys::InvalidOid, 0);
        let mut flags = pg_sys::SECURITY_LOCAL_USERID_CHANGE as i32;
        if mode == Mode::Restricted {
            flags |= pg_sys::SECURITY_RESTRICTED_OPERATION as i32;
        }
        // SAFETY: plain assignments in the backend; the strings are constant.
        unsafe {
            pg_sys::GetUserIdAndSecContext(&mut user, &mut context);
            let settings = pg_sys::NewGUCNestLevel();
            pg_sys::SetUserIdAndSecContext(owner, context | flags);
            for (name, value) in PINNED {
                set(name, value);
            }
            Self {
                user,
                context,
                settings,
            }
        }
    }

    fn back(self) {
        // SAFETY: undoes `to`, in the same order as Postgres does it.
        unsafe {
            pg_sys::AtEOXact_GUC(false, self.settings);
            pg_sys::SetUserIdAndSecContext(self.user, self.context);
        }
    }
}
