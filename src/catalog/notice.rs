//! NOTICEs about the catalogue itself.

use pgrx::PgLogLevel;
use pgrx::PgSqlErrorCode as Code;
use pgrx::pg_sys::panic::ErrorReport;

use crate::catalog::Definition;

/// Warns of a version that was trained on another definition.
pub fn outdated(definition: &Definition, version: i32, parts: &[String]) {
    warning(format!(
        "model \"{}\": version {version} was trained on another definition",
        definition.name
    ))
    .set_detail(format!("Changed since: {}.", parts.join(", ")))
    .set_hint(format!(
        "Run SELECT * FROM customer_ai.train('{}').",
        definition.name
    ))
    .report(PgLogLevel::WARNING);
}

/// Says that a relation has another name than the one kept, and is used all the same.
pub fn moved(kept: &(String, String), now: &(String, String)) {
    ErrorReport::new(
        Code::ERRCODE_SUCCESSFUL_COMPLETION,
        format!(
            "relation \"{}.{}\" is now \"{}.{}\"",
            kept.0, kept.1, now.0, now.1
        ),
        "place",
    )
    .set_detail("It was renamed or moved; the model goes on with it.")
    .report(PgLogLevel::NOTICE);
}

/// Says that a model was given to the role that its scores were given to.
pub fn given(model: &str, before: &str, owner: &str) {
    ErrorReport::new(
        Code::ERRCODE_SUCCESSFUL_COMPLETION,
        format!("model \"{model}\" of role \"{before}\" is now a model of role \"{owner}\""),
        "owner",
    )
    .set_detail("Its scores were given to that role, by REASSIGN OWNED or by hand.")
    .report(PgLogLevel::NOTICE);
}

/// A WARNING of ours.
pub fn warning(text: String) -> ErrorReport {
    ErrorReport::new(Code::ERRCODE_WARNING, text, "customer_ai")
}
