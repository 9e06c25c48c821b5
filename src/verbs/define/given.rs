//! The arguments of create_model.

use pgrx::datum::Interval;
use pgrx::pg_sys;

/// The arguments of create_model, none of them NULL that must not be.
pub struct Given<'a> {
    pub model: &'a str,
    pub events: pg_sys::Oid,
    pub goal: &'a str,
    pub outcome_window: Interval,
    pub profile_column: Option<String>,
    pub time_column: Option<String>,
    pub type_column: Option<String>,
    pub kind: &'a str,
    pub occurs: bool,
    pub eligible: Option<&'a str>,
    pub eligible_window: Option<Interval>,
    pub exclude: Option<&'a str>,
    pub exclude_window: Option<Interval>,
    pub description: Option<&'a str>,
    pub options: String,
    pub if_not_exists: bool,
}
