//! Errors of the parser, pointed into the condition.

use std::ffi::c_void;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};

use pgrx::pg_sys::panic::{CaughtError, ErrorReport, ErrorReportWithLevel};
use pgrx::{PgTryBuilder, pg_sys};

/// Runs a step of the parser; an error of it that has a position is raised again with its place in the condition,
/// where Postgres would point into the calling statement.
pub(super) unsafe fn positioned<T>(label: &'static str, text: &str, step: impl FnOnce() -> T) -> T {
    let position = AtomicI32::new(0);
    let place = || {
        // Counted in characters, from 1.
        let before = usize::try_from(position.load(Relaxed))
            .ok()?
            .checked_sub(1)?;
        let byte = text
            .char_indices()
            .nth(before)
            .map_or(text.len(), |(byte, _)| byte);
        Some(place(label, text, byte))
    };
    // SAFETY: `Previous` takes the callback off the stack on every way out, before it is gone.
    unsafe {
        let _previous = Previous(pg_sys::error_context_stack);
        let mut callback = pg_sys::ErrorContextCallback {
            previous: pg_sys::error_context_stack,
            callback: Some(note_position),
            arg: (&raw const position).cast_mut().cast::<c_void>(),
        };
        pg_sys::error_context_stack = &raw mut callback;
        PgTryBuilder::new(AssertUnwindSafe(step))
            .catch_others(|error: CaughtError| match (&error, place()) {
                (CaughtError::PostgresError(found), Some(place)) => raise(found, &place),
                _ => error.rethrow(),
            })
            .execute()
    }
}

/// Raises an error of Postgres again, with a place.
fn raise(found: &ErrorReportWithLevel, place: &str) -> ! {
    let detail = found
        .detail()
        .map_or_else(|| place.to_owned(), |detail| format!("{detail} {place}"));
    let text: String = found.message().chars().take(500).collect();
    let hint = found.hint().unwrap_or(
        "Write one SQL expression over the columns of the sources, for example amount > 20.",
    );
    let report = ErrorReport::new(found.sql_error_code(), text, "customer_ai")
        .set_detail(detail)
        .set_hint(hint.to_owned());
    std::panic::panic_any(report)
}

/// Where a byte of a condition is, in words.
pub(super) fn place(label: &str, text: &str, byte: usize) -> String {
    let (before, after) = text.split_at_checked(byte).unwrap_or((text, ""));
    let character = before.chars().count() + 1;
    let near: String = after
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(20)
        .collect();
    match near.trim() {
        "" => format!("At the end of \"{label}\"."),
        near => format!("At character {character} of \"{label}\", near \"{near}\"."),
    }
}

/// The stack of error callbacks as it was. pgrx reports an error of Postgres again further out, when what is on the
/// stack is long gone.
struct Previous(*mut pg_sys::ErrorContextCallback);

impl Drop for Previous {
    fn drop(&mut self) {
        // SAFETY: an assignment, no call of Postgres: an error may be unwinding.
        unsafe { pg_sys::error_context_stack = self.0 };
    }
}

/// Keeps the position of an error, and takes it off: the calling statement has nothing there.
unsafe extern "C-unwind" fn note_position(position: *mut c_void) {
    // SAFETY: called while an error is being reported, with the integer given in `positioned`.
    unsafe {
        (*position.cast::<AtomicI32>()).store(pg_sys::geterrposition(), Relaxed);
        pg_sys::errposition(0);
    }
}
