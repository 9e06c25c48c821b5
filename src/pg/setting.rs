//! Settings in force for a while.

use std::ffi::CStr;

use pgrx::pg_sys;

/// Does something with a setting in force, which then has its value again; after an error, the abort of the
/// (sub)transaction sees to that.
pub fn with_setting<T>(name: &CStr, value: &CStr, work: impl FnOnce() -> T) -> T {
    // SAFETY: plain assignments in the backend; the nest level ends where it began.
    let level = unsafe { pg_sys::NewGUCNestLevel() };
    set(name, value);
    let result = work();
    // SAFETY: as above.
    unsafe { pg_sys::AtEOXact_GUC(false, level) };
    result
}

/// Sets a setting until the current nest level of settings ends.
pub fn set(name: &CStr, value: &CStr) {
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
