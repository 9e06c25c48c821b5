//! Queries of ours are not compiled.
//!
//! What they compute for a row is little, and their time is that of reading and of what we do with it. Compiling them takes
//! a tenth of a second and 20 MB of memory, more than all records that wait in memory.

use pgrx::pg_sys;

/// Does something, in which no query is compiled.
pub fn without<T>(work: impl FnOnce() -> T) -> T {
    // SAFETY: within a transaction, whose end, or that of its part, sets it back should the work fail.
    let level = unsafe { pg_sys::NewGUCNestLevel() };
    // SAFETY: a setting that anybody may change, and one of its values.
    unsafe {
        pg_sys::set_config_option(
            c"jit".as_ptr(),
            c"off".as_ptr(),
            pg_sys::GucContext::PGC_USERSET,
            pg_sys::GucSource::PGC_S_SESSION,
            pg_sys::GucAction::GUC_ACTION_SAVE,
            true,
            0,
            false,
        );
    }
    let done = work();
    // SAFETY: the level is that of above.
    unsafe { pg_sys::AtEOXact_GUC(true, level) };
    done
}
