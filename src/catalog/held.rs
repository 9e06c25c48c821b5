//! A model whose sources are held, so that nobody alters them meanwhile.
//!
//! Who waits for a lock has looked at a definition, and taken a snapshot, from before what he waited for: an altered
//! table is empty in it, a new version is not there. So one looks again after waiting.

use pgrx::pg_sys;

use crate::catalog::{self, Definition};
use crate::error::Error;
use crate::source::relation;
use crate::verbs::define;

/// Calls `work` with the definition of a model, while its sources are held.
///
/// # Errors
/// 42704 when there is no such model; those of `work`.
pub fn for_reading<T>(
    name: &str,
    work: impl FnOnce(&Definition) -> Result<T, Error>,
) -> Result<T, Error> {
    let definition = catalog::load(name)?;
    if hold(&definition) {
        look_again(name, work)
    } else {
        work(&definition)
    }
}

/// Like [`for_reading`], and holds the model against other writers.
pub fn for_writing<T>(
    name: &str,
    work: impl FnOnce(&Definition) -> Result<T, Error>,
) -> Result<T, Error> {
    define::lock(name)?;
    look_again(name, work)
}

/// Calls `work` in a snapshot that was taken after the last lock that had to be waited for.
fn look_again<T>(
    name: &str,
    work: impl FnOnce(&Definition) -> Result<T, Error>,
) -> Result<T, Error> {
    loop {
        // SAFETY: the snapshot is copied, and popped below; an error of Postgres that unwinds from here aborts the
        // (sub)transaction, which pops it.
        unsafe { pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot()) };
        let found = catalog::load(name);
        let settled = match &found {
            // It waits at most once for each lock.
            Ok(definition) => !hold(definition),
            Err(_) => true,
        };
        if settled {
            let result = found.and_then(|definition| work(&definition));
            // SAFETY: as above.
            unsafe { pg_sys::PopActiveSnapshot() };
            return result;
        }
        // SAFETY: as above.
        unsafe { pg_sys::PopActiveSnapshot() };
    }
}

/// Locks the sources of a model, and returns whether somebody had to be waited for. A source that is gone is left to
/// those who read it.
fn hold(definition: &Definition) -> bool {
    let events = definition.events.iter();
    let events = events.map(|source| (&source.schema, &source.relation));
    let profiles = definition.profiles.iter();
    let profiles = profiles.map(|source| (&source.schema, &source.relation));
    events
        .chain(profiles)
        .fold(false, |waited, (schema, name)| {
            relation::hold(schema, name).waited || waited
        })
}
