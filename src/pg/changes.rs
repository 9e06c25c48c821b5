//! Counts what others tell this session to have changed in the system catalog, as far as it is watched: so that what was
//! found there once is looked up again after a change only.

use std::cell::{Cell, RefCell};
use std::ffi::c_int;

use pgrx::pg_sys::{self, Datum, Oid};

/// What is watched: relations, and types by the hashes that Postgres tells them by.
struct Watched {
    relations: Vec<Oid>,
    types: Vec<u32>,
    /// The count when it was first watched.
    since: u64,
}

thread_local! {
    static BEGUN: Cell<bool> = const { Cell::new(false) };
    static COUNT: Cell<u64> = const { Cell::new(0) };
    static WATCHED: RefCell<Watched> = const {
        RefCell::new(Watched { relations: Vec::new(), types: Vec::new(), since: 0 })
    };
}

/// How many changes there were so far.
pub fn count() -> u64 {
    if !BEGUN.replace(true) {
        let none = Datum::null();
        // SAFETY: the functions live as long as the session, and do nothing but count.
        unsafe {
            pg_sys::CacheRegisterRelcacheCallback(Some(relation_changed), none);
            for cache in [
                pg_sys::SysCacheIdentifier::AUTHOID,
                pg_sys::SysCacheIdentifier::AUTHMEMROLEMEM,
                pg_sys::SysCacheIdentifier::NAMESPACEOID,
            ] {
                pg_sys::CacheRegisterSyscacheCallback(cache as c_int, Some(object_changed), none);
            }
            let types = pg_sys::SysCacheIdentifier::TYPEOID as c_int;
            pg_sys::CacheRegisterSyscacheCallback(types, Some(type_changed), none);
        }
    }
    COUNT.get()
}

/// Watches relations, which are locked, with the types of their columns. Roles and schemas are watched always.
pub fn watch(relations: &[Oid]) {
    let mut types = Vec::new();
    for &oid in relations {
        // SAFETY: a locked relation has a descriptor; look-ups in the catalog by OID.
        unsafe {
            let relation = pg_sys::RelationIdGetRelation(oid);
            if relation.is_null() {
                continue;
            }
            let columns = pgrx::PgTupleDesc::from_pg_copy((*relation).rd_att);
            pg_sys::RelationClose(relation);
            let found = columns.iter().filter(|column| !column.attisdropped);
            for own in found.map(|column| column.atttypid) {
                types.extend([hash(own), hash(pg_sys::getBaseType(own))]);
            }
        }
    }
    WATCHED.with_borrow_mut(|watched| {
        if watched.since != COUNT.get() {
            // What was kept before the last change is not used any more.
            (watched.relations, watched.types) = (Vec::new(), Vec::new());
            watched.since = COUNT.get();
        }
        watched.relations.extend(relations);
        watched.types.extend(types);
        watched.relations.sort_unstable_by_key(|oid| oid.to_u32());
        watched.relations.dedup();
        watched.types.sort_unstable();
        watched.types.dedup();
    });
}

/// # Safety
///
/// On the main thread, in a transaction.
unsafe fn hash(type_oid: Oid) -> u32 {
    let (cache, none) = (pg_sys::SysCacheIdentifier::TYPEOID as c_int, Datum::null());
    // SAFETY: computes a number.
    unsafe { pg_sys::GetSysCacheHashValue(cache, Datum::from(type_oid), none, none, none) }
}

fn add_if(is_watched: impl FnOnce(&Watched) -> bool) {
    // What cannot be looked at counts.
    let counts = WATCHED.with(|watched| watched.try_borrow().map_or(true, |w| is_watched(&w)));
    COUNT.set(COUNT.get() + u64::from(counts));
}

unsafe extern "C-unwind" fn relation_changed(_: Datum, relation: Oid) {
    add_if(|watched| relation == pg_sys::InvalidOid || watched.relations.contains(&relation));
}

unsafe extern "C-unwind" fn object_changed(_: Datum, _: c_int, _: u32) {
    add_if(|_| true);
}

unsafe extern "C-unwind" fn type_changed(_: Datum, _: c_int, hash: u32) {
    add_if(|watched| hash == 0 || watched.types.binary_search(&hash).is_ok());
}
