//! What differs between a thing that is there and one of its name that is asked for.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, PgSqlErrorCode};

/// Parts that differ, each in words.
#[derive(Default)]
pub struct Differing(pub Vec<String>);

impl Differing {
    pub fn compare(&mut self, part: &str, known: Option<&str>, given: Option<&str>) {
        let shown = |text: Option<&str>| {
            text.map_or("nothing".to_owned(), |text| format!("\"{}\"", text.trim()))
        };
        if known.map(str::trim) != given.map(str::trim) {
            self.0
                .push(format!("{part} {}, not {}", shown(known), shown(given)));
        }
    }
}

/// Says that what is asked for is there, and nothing was done.
pub fn notice_same(what: &str) {
    ErrorReport::new(
        PgSqlErrorCode::ERRCODE_SUCCESSFUL_COMPLETION,
        format!("{what} already exists, as it is defined here"),
        "customer_ai",
    )
    .report(PgLogLevel::NOTICE);
}
