//! NOTICEs about the catalogue itself.

use std::cell::RefCell;

use pgrx::PgLogLevel;
use pgrx::PgSqlErrorCode as Code;
use pgrx::pg_sys::panic::ErrorReport;

use crate::pg::relation::{Relation, quote};

thread_local! {
    /// Relations without an index that this session was told of.
    static TOLD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Relations of which a session remembers that it was told.
const MOST_TOLD: usize = 64;

/// Who has a turn at a model.
pub struct Holder {
    /// None: a prepared transaction.
    pub process: Option<i32>,
    pub role: Option<String>,
    /// What is done with the model: completes "is being".
    pub work: &'static str,
}

/// Warns of a version that was trained on another definition.
pub fn outdated(model: &str, version: i32, parts: &[String]) {
    warning(format!(
        "model \"{model}\": version {version} was trained on another definition"
    ))
    .set_detail(format!("Changed since: {}.", parts.join(", ")))
    .set_hint(format!("Run SELECT * FROM customer_ai.train('{model}')."))
    .report(PgLogLevel::WARNING);
}

/// Says, once in a session, that an answer about one profile reads all events of a source.
pub fn without_index(model: &str, relation: &Relation, columns: [&String; 2]) {
    let sql = relation.sql();
    let known = TOLD.with_borrow_mut(|told| {
        let known = told.contains(&sql);
        if !known {
            told.truncate(MOST_TOLD - 1);
            told.insert(0, sql.clone());
        }
        known
    });
    if known {
        return;
    }
    let [profile, time] = columns.map(|column| quote(column));
    ErrorReport::new(
        Code::ERRCODE_SUCCESSFUL_COMPLETION,
        format!(
            "model \"{model}\": each prediction reads all of \"{}\", which has no index on \"{}\"",
            relation.display(),
            columns[0]
        ),
        "predict",
    )
    .set_hint(format!("Run CREATE INDEX ON {sql} ({profile}, {time})."))
    .report(PgLogLevel::NOTICE);
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

/// Says for whom the caller is about to wait; None: somebody who writes or alters the model.
pub fn waits(model: &str, holder: Option<&Holder>) {
    let text = match holder {
        Some(holder) => format!(
            "waiting until model \"{model}\" is no longer being {}",
            holder.work
        ),
        None => format!("waiting for another session that holds model \"{model}\""),
    };
    let process = holder.and_then(|holder| holder.process.zip(holder.role.as_ref()));
    let (detail, cancel) = match process {
        Some((process, role)) => (
            format!("Process {process} of role \"{role}\" does that."),
            format!("SELECT pg_cancel_backend({process}) ends it; "),
        ),
        None => ("Its transaction has not ended.".to_owned(), String::new()),
    };
    ErrorReport::new(Code::ERRCODE_SUCCESSFUL_COMPLETION, text, "customer_ai")
        .set_detail(detail)
        .set_hint(format!(
            "{cancel}SET lock_timeout = '10s' limits how long to wait."
        ))
        .report(PgLogLevel::NOTICE);
}
