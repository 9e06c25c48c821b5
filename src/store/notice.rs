//! WARNINGs about relations of ours that somebody altered: what was to be written was written all the same.

use pgrx::PgLogLevel;
use pgrx::PgSqlErrorCode as Code;
use pgrx::pg_sys::panic::ErrorReport;

use crate::catalog::Segment;
use crate::catalog::notice::warning;

/// Warns of what somebody has done to the relations of a model; the scores were written all the same.
fn altered(message: String, detail: &str, hint: String) {
    ErrorReport::new(Code::ERRCODE_WARNING, message, "score")
        .set_detail(detail)
        .set_hint(hint)
        .report(PgLogLevel::WARNING);
}

/// The history was dropped.
pub fn history_gone(model: &str, history: &str) {
    altered(
        format!("the score history \"{history}\" of model \"{model}\" was gone and is made again"),
        "The scores of the runs before are lost.",
        "Grant again what was granted on it and on the view of the scores, and make again the segments that were dropped with it: customer_ai.create_segment.".to_owned(),
    );
}

/// The history was renamed or moved.
pub fn history_renamed(model: &str, expected: &str, found: &str) {
    altered(
        format!("the score history of model \"{model}\" is \"{found}\" now"),
        "The scores are written there, where the view of the scores reads them.",
        format!(
            "Rename or move it back to \"{expected}\"; or drop the view of the scores, and the next scoring begins a new history."
        ),
    );
}

/// The ids of the history were cast.
pub fn history_cast(history: &str, column: &str, found: &str, type_sql: &str) {
    ErrorReport::new(
        Code::ERRCODE_SUCCESSFUL_COMPLETION,
        format!("column \"{column}\" of the score history \"{history}\" is {type_sql} now"),
        "score",
    )
    .set_detail(format!(
        "It was {found}. The profiles are of the new type, and the ids kept were cast to it."
    ))
    .report(PgLogLevel::NOTICE);
}

/// The view was dropped or renamed.
pub fn view_gone(model: &str, view: &str) {
    altered(
        format!("the view \"{view}\" of model \"{model}\" was gone and is made again"),
        "The scores of the runs before are there as well.",
        "Grant again what was granted on it, and make again the segments that were dropped with it: customer_ai.create_segment.".to_owned(),
    );
}

/// The name of the view is taken.
pub fn view_taken(model: &str, view: &str, history: &str) {
    altered(
        format!("\"{view}\" does not show the scores of model \"{model}\" any more"),
        "It is another relation now, which is left alone.",
        format!(
            "The scores are in \"{history}\". Rename or drop \"{view}\", and the next scoring makes the view again."
        ),
    );
}

/// A run that is not kept any more cannot be dropped.
pub fn run_stays(model: &str, table: &str, failure: &str) {
    altered(
        format!("\"{table}\", an old run of model \"{model}\", cannot be dropped"),
        failure,
        "Drop what depends on it, or raise the option keep_runs.".to_owned(),
    );
}

/// A segment is not refreshed.
pub fn segment_stale(segment: &str, model: &str, failure: &str) {
    altered(
        format!("segment \"{segment}\" of model \"{model}\" is not refreshed"),
        failure,
        format!(
            "Put it right and run SELECT customer_ai.refresh_segment('{segment}'), make it again with customer_ai.create_segment, or run SELECT customer_ai.drop_segment('{segment}')."
        ),
    );
}

/// Somebody dropped the relation of a segment.
pub fn segment_dropped(segment: &Segment) {
    let name = segment.display();
    altered(
        format!("segment \"{name}\" was dropped, and is forgotten with its changes"),
        &format!("Its condition was: {}", segment.condition.trim()),
        format!(
            "To have it again run SELECT customer_ai.create_segment('{name}', '{}', ...).",
            segment.model
        ),
    );
}

/// The relation of a segment that is dropped is another one.
pub fn segment_left(segment: &str, reason: &str) {
    altered(
        format!("the relation \"{segment}\" is left alone"),
        &format!("It is not the segment's: it {reason}."),
        "Drop it yourself if nobody needs it.".to_owned(),
    );
}

/// A segment had lost its unique index.
pub fn segment_indexed(segment: &str) {
    altered(
        format!("the unique index of segment \"{segment}\" was gone and is made again"),
        "Its readers had to wait for this refresh.",
        "To drop the segment run customer_ai.drop_segment.".to_owned(),
    );
}

/// A job of pg_cron for a model that is dropped.
pub fn job_stays(model: &str, job: i64, role: &str) {
    warning(format!(
        "job {job} of pg_cron still refreshes model \"{model}\""
    ))
    .set_detail(format!(
        "It is of role \"{role}\", and will end with an error."
    ))
    .set_hint(format!(
        "As that role or as a superuser run SELECT cron.unschedule({job})."
    ))
    .report(PgLogLevel::WARNING);
}
