//! Where relations are now. Names are what a model keeps, since a name survives dump and restore. Beside each an OID is
//! noted, with the place where it means something, so that a relation which is renamed or moved is found again. An OID
//! that came with a dump is forgotten on the way in (sql/grants.sql), and a relation of the name that is kept always wins.

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, CString, c_char};

use pgrx::{pg_extern, pg_sys};

use crate::catalog::notice;
use crate::pg::relation;
use crate::pg::sqltype::Name;

/// Schema and name of a relation.
pub type Names = (String, String);

thread_local! {
    /// What this session was told to have moved.
    static TOLD: RefCell<Vec<(pg_sys::Oid, Names)>> = const { RefCell::new(Vec::new()) };
    /// How often a relation was somewhere else.
    static FOLLOWED: Cell<u64> = const { Cell::new(0) };
}

/// Moves of which a session remembers that it was told.
const MOST_TOLD: usize = 64;

/// Where an OID means something: this database of this cluster.
pub fn here() -> String {
    // SAFETY: reads two variables of the backend.
    let (database, cluster) = unsafe { (pg_sys::MyDatabaseId, pg_sys::GetSystemIdentifier()) };
    format!("{database}/{cluster}")
}

/// An OID that was noted, if that was here.
pub fn noted(oid: Option<pg_sys::Oid>, place: Option<&str>) -> Option<pg_sys::Oid> {
    oid.filter(|_| place.is_some_and(|place| place == here()))
}

/// Where a relation is that was kept by name, and where its schema is, if it has none of the name any more. Says so once
/// in a session.
pub fn follow(kept: Names, oid: Option<pg_sys::Oid>, schema: Option<pg_sys::Oid>) -> Names {
    let now = now(&kept, oid, schema);
    FOLLOWED.set(FOLLOWED.get() + u64::from(now != kept));
    if let (true, Some(oid)) = (now != kept, oid.or(schema)) {
        tell(&kept, oid, &now);
    }
    now
}

/// How often a relation was found somewhere else than under the name that was kept, so far.
pub fn followed() -> u64 {
    FOLLOWED.get()
}

fn tell(kept: &Names, oid: pg_sys::Oid, now: &Names) {
    let known = TOLD.with_borrow_mut(|told| {
        let known = told
            .iter()
            .any(|(known, names)| *known == oid && names == now);
        if !known {
            told.truncate(MOST_TOLD - 1);
            told.insert(0, (oid, now.clone()));
        }
        known
    });
    if !known {
        notice::moved(kept, now);
    }
}

fn now(kept: &Names, oid: Option<pg_sys::Oid>, schema: Option<pg_sys::Oid>) -> Names {
    let (kept_schema, kept_name) = kept;
    if relation::find(kept_schema, kept_name).is_some() {
        return kept.clone();
    }
    if let Some(found) = oid.and_then(names_of) {
        return found;
    }
    let moved = schema
        .and_then(schema_name)
        .filter(|_| schema_oid(kept_schema).is_none());
    (
        moved.unwrap_or_else(|| kept_schema.clone()),
        kept_name.clone(),
    )
}

/// Schema and name of a relation, if there is one of this OID.
pub fn names_of(oid: pg_sys::Oid) -> Option<Names> {
    // SAFETY: look-ups in the catalog by OID.
    let (schema, name) = unsafe {
        (
            pg_sys::get_rel_namespace(oid),
            text(pg_sys::get_rel_name(oid))?,
        )
    };
    Some((schema_name(schema)?, name))
}

/// The OID of a schema, if it exists.
pub fn schema_oid(schema: &str) -> Option<pg_sys::Oid> {
    let schema = CString::new(schema).ok()?;
    // SAFETY: a look-up in the catalog by name.
    let oid = unsafe { pg_sys::get_namespace_oid(schema.as_ptr(), true) };
    (oid != pg_sys::InvalidOid).then_some(oid)
}

fn schema_name(oid: pg_sys::Oid) -> Option<String> {
    // SAFETY: a look-up in the catalog by OID.
    unsafe { text(pg_sys::get_namespace_name(oid)) }
}

/// A C string of Postgres, if it is one.
///
/// # Safety
/// NULL or a string that ends with a zero.
unsafe fn text(found: *mut c_char) -> Option<String> {
    // SAFETY: as said above.
    (!found.is_null()).then(|| {
        // SAFETY: by contract, and not NULL.
        unsafe { CStr::from_ptr(found) }
            .to_string_lossy()
            .into_owned()
    })
}

/// Schema and name that a relation has now, for the views.
#[pg_extern(schema = "customer_ai_internal", stable, parallel_safe)]
fn relation_now(
    schema: Option<Name>,
    relation: Option<Name>,
    relation_oid: Option<pg_sys::Oid>,
    schema_oid: Option<pg_sys::Oid>,
    place: Option<&str>,
) -> Option<Vec<String>> {
    let kept = (schema?.0, relation?.0);
    let (schema, name) = now(&kept, noted(relation_oid, place), noted(schema_oid, place));
    Some(vec![schema, name])
}
