//! Running as the owner of a model, whoever calls: stored conditions are code, and must have the rights of those
//! who wrote them, no more and no less.

use std::ffi::{CStr, CString};

use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::catalog::Definition;
use crate::catalog::context;
use crate::catalog::place;
use crate::error::Error;
use crate::pg::relation::quote;
use crate::pg::role::{current, existing_name, is_member, is_superuser, role_name, role_oid};
use crate::pg::setting::{set, with_setting};
use crate::pg::sql;
use crate::pg::sqltype::Name;

/// What may be done meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Reading through stored conditions: no DDL, no SET, nothing that outlives the call.
    Restricted,
    /// Our own DDL and writes, which no user wrote.
    Own,
}

/// Runs statements on our own tables as their owner, whom nobody else may be: for src/catalog alone, never with SQL of
/// a user, and with search_path pinned, as every function of ours has it already.
pub fn as_catalog<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let (mut user, mut context) = (pg_sys::InvalidOid, 0);
    let flags = pg_sys::SECURITY_LOCAL_USERID_CHANGE | pg_sys::SECURITY_RESTRICTED_OPERATION;
    // SAFETY: catalog look-ups by name and plain assignments in the backend. After an error, the abort of the
    // (sub)transaction restores identity and settings.
    let settings = unsafe {
        let owner = catalog_owner();
        pg_sys::GetUserIdAndSecContext(&mut user, &mut context);
        let settings = (!is_path_pinned()).then(|| pg_sys::NewGUCNestLevel());
        pg_sys::SetUserIdAndSecContext(owner, context | flags as i32);
        if settings.is_some() {
            set(c"search_path", PATH);
        }
        settings
    };
    let result = work();
    // SAFETY: undoes the above.
    unsafe {
        if let Some(level) = settings {
            pg_sys::AtEOXact_GUC(false, level);
        }
        pg_sys::SetUserIdAndSecContext(user, context);
    }
    result
}

/// Where names are looked for: nowhere that a user can put something before what is meant.
const PATH: &CStr = c"pg_catalog, pg_temp";

fn is_path_pinned() -> bool {
    // SAFETY: the setting is NULL or a C string, which lives until it is set again.
    unsafe {
        let path = pg_sys::namespace_search_path;
        !path.is_null() && CStr::from_ptr(path) == PATH
    }
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
    let work = || context::of_model(definition, work);
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
            caller: role_name(current()),
        });
    }
    let switch = Switch::to(owner, mode);
    let result = work();
    switch.back();
    result
}

/// The owner of a model, as the catalog knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    Role(pg_sys::Oid),
    /// The role is gone, and there is another one of its name.
    Replaced,
    Gone,
}

/// Who owns a model: the role of the OID that was noted here, whatever it is called now; the role of the name, if none was.
pub fn owner_of(name: &str, noted: Option<pg_sys::Oid>) -> Owner {
    match (noted, role_oid(name)) {
        (Some(oid), _) if existing_name(oid).is_some() => Owner::Role(oid),
        (Some(_), Some(_)) => Owner::Replaced,
        (None, Some(oid)) => Owner::Role(oid),
        (_, None) => Owner::Gone,
    }
}

impl Owner {
    /// Whether a role may see and run what is this owner's: a superuser what is nobody's any more.
    pub fn is_open_to(self, role: pg_sys::Oid) -> bool {
        match self {
            Self::Role(owner) => is_member(role, owner),
            Self::Replaced | Self::Gone => is_superuser(role),
        }
    }
}

/// Whether the current role may see and run what belongs to a role: what the views ask for every row, so not an SQL
/// function, which costs a millisecond to start.
#[pg_extern(schema = "customer_ai_internal", stable, parallel_safe)]
fn is_mine(
    owner: Option<Name>,
    owner_oid: default!(Option<pg_sys::Oid>, "NULL"),
    place: default!(Option<&str>, "NULL"),
) -> bool {
    owner.is_some_and(|owner| {
        owner_of(&owner.0, place::noted(owner_oid, place)).is_open_to(current())
    })
}

/// The name that the owner of a model has now, for the views.
#[pg_extern(schema = "customer_ai_internal", stable, parallel_safe)]
fn owner_now(
    owner: Option<Name>,
    owner_oid: Option<pg_sys::Oid>,
    place: Option<&str>,
) -> Option<String> {
    let name = place::noted(owner_oid, place).and_then(existing_name);
    name.or_else(|| owner.map(|owner| owner.0))
}

/// What DROP ROLE names when the role owns models: a right on the column of the owners. Nobody holds this right, so
/// nothing of it is in a dump, and DROP OWNED does not remove it.
fn anchor() -> (pg_sys::Oid, i32) {
    // SAFETY: look-ups in the catalog by name.
    unsafe {
        let schema = pg_sys::get_namespace_oid(c"customer_ai".as_ptr(), false);
        let view = pg_sys::get_relname_relid(c"models".as_ptr(), schema);
        (view, i32::from(pg_sys::get_attnum(view, c"owner".as_ptr())))
    }
}

/// Whether DROP ROLE refuses a role because of its models.
pub fn is_held(role: pg_sys::Oid) -> Result<bool, Error> {
    let (view, column) = anchor();
    let query = "SELECT FROM pg_catalog.pg_shdepend d
        WHERE d.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
            AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = $1 AND d.objsubid = $2
            AND d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND d.refobjid = $3";
    let arguments = [view.into(), column.into(), role.into()];
    Ok(is_pinned(role) || sql::row(query, &arguments, |_| Ok(()))?.is_some())
}

/// Nobody drops the first superuser.
fn is_pinned(role: pg_sys::Oid) -> bool {
    role.to_u32() == pg_sys::BOOTSTRAP_SUPERUSERID
}

/// Makes DROP ROLE refuse a role, from the end of the transaction on.
pub fn hold(role: pg_sys::Oid) -> Result<(), Error> {
    // Against one who lets it go meanwhile; others may hold it as well.
    lock_role(role, pg_sys::RowExclusiveLock);
    if !is_held(role)? {
        change(&[], &[role]);
    }
    Ok(())
}

/// Lets DROP ROLE have a role, if it owns no model any more.
pub fn let_go(
    role: pg_sys::Oid,
    is_needed: impl FnOnce() -> Result<bool, Error>,
) -> Result<(), Error> {
    if is_pinned(role) {
        return Ok(());
    }
    lock_role(role, pg_sys::ShareRowExclusiveLock);
    if !is_needed()? {
        change(&[role], &[]);
    }
    Ok(())
}

fn lock_role(role: pg_sys::Oid, mode: u32) {
    // SAFETY: a lock by OID, released at the end of the transaction.
    unsafe { pg_sys::LockSharedObject(pg_sys::AuthIdRelationId, role, 0, mode as i32) }
}

fn change(before: &[pg_sys::Oid], after: &[pg_sys::Oid]) {
    let (view, column) = anchor();
    // PostgreSQL frees both lists.
    let list = |roles: &[pg_sys::Oid]| {
        let Some(&role) = roles.first() else {
            return std::ptr::null_mut();
        };
        // SAFETY: palloc returns room for an OID or raises an error.
        unsafe {
            let list: *mut pg_sys::Oid = pg_sys::palloc(size_of::<pg_sys::Oid>()).cast();
            *list = role;
            list
        }
    };
    // SAFETY: lists of the lengths given, as of the rights before and after a GRANT. No role is skipped as the owner of the
    // view is: that one owns models as everybody does.
    unsafe {
        pg_sys::updateAclDependencies(
            pg_sys::RelationRelationId,
            view,
            column,
            pg_sys::InvalidOid,
            before.len() as i32,
            list(before),
            after.len() as i32,
            list(after),
        );
    }
}

/// Settings that change what an expression means. With them pinned, a condition means for everybody, and tomorrow,
/// what it meant when it was checked.
const PINNED: [(&CStr, &CStr); 7] = [
    (c"search_path", PATH),
    (c"standard_conforming_strings", c"on"),
    (c"DateStyle", c"ISO, MDY"),
    (c"IntervalStyle", c"postgres"),
    (c"extra_float_digits", c"1"),
    (c"xmloption", c"content"),
    (c"bytea_output", c"hex"),
];

/// Runs a function that defines, with the search_path of its caller: names in conditions are looked up in it, as those
/// of a view are. Everything else runs with the search_path pinned, which such a function cannot do by its SET clause:
/// that would hide the caller's.
pub fn defining<T>(work: impl FnOnce(&CStr) -> Result<T, Error>) -> Result<T, Error> {
    let path = path()?;
    with_setting(c"search_path", c"pg_catalog, pg_temp", || work(&path))
}

/// The search_path in force, its schemas by name: not "$user", which is another one for the owner of a model.
fn path() -> Result<CString, Error> {
    let mut schemas = Vec::new();
    // SAFETY: a list of OIDs, which are looked up in the catalog.
    unsafe {
        let cells = match pg_sys::fetch_search_path(false).as_ref() {
            Some(list) => {
                std::slice::from_raw_parts(list.elements, list.length.unsigned_abs() as usize)
            }
            None => &[],
        };
        for cell in cells {
            let name = pg_sys::get_namespace_name(cell.oid_value);
            if !name.is_null() {
                schemas.push(quote(&CStr::from_ptr(name).to_string_lossy()));
            }
        }
    }
    CString::new(schemas.join(", ")).map_err(|_| Error::Argument {
        argument: "search_path",
        found: "a NUL character".to_owned(),
        required: "names of schemas".to_owned(),
        hint: "Set search_path to the schemas that the condition needs.".to_owned(),
    })
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
