//! NOTICEs and WARNINGs: what users should know about a run that succeeded.

use pgrx::PgLogLevel;
use pgrx::PgSqlErrorCode as Code;
use pgrx::pg_sys::panic::ErrorReport;
use propensity::dictionary::Dictionary;
use propensity::fit::Report;

use propensity::sample::Share;

use crate::catalog::Definition;
use crate::gather::Gathered;
use crate::stream::Skipped;

/// Warns of what training found, and says what was left out.
pub fn training(definition: &Definition, report: &Report, skipped: &Skipped) {
    for warning in &report.warnings {
        ErrorReport::new(
            Code::ERRCODE_WARNING,
            format!("model \"{}\": {warning}", definition.name),
            "train",
        )
        .report(PgLogLevel::WARNING);
    }
    left_out(definition, skipped);
}

/// Says that not all event types were told apart, if so.
pub fn too_many_types(definition: &Definition, gathered: &Gathered) {
    if !gathered.stream.types_chosen() {
        return;
    }
    ErrorReport::new(
        Code::ERRCODE_SUCCESSFUL_COMPLETION,
        format!(
            "model \"{}\" has more than {} event types: only the {} most frequent ones were told apart",
            definition.name,
            Dictionary::ROOM,
            gathered.stream.dictionaries().kinds.len()
        ),
        "train",
    )
    .set_detail("All others count as one type, ~other.")
    .set_hint("Choose a type_column that says what kind of event it is; identifiers are better left as attributes.")
    .report(PgLogLevel::NOTICE);
}

/// Says that a sample of the profiles was read, if it was.
pub fn sampled(definition: &Definition, gathered: &Gathered, wanted: u64) {
    let stream = &gathered.stream;
    let (share, Some(profiles)) = (stream.share(), stream.profiles()) else {
        return;
    };
    if share == Share::ALL {
        return;
    }
    ErrorReport::new(
        Code::ERRCODE_SUCCESSFUL_COMPLETION,
        format!(
            "model \"{}\" learned from a sample: {:.2} % of about {profiles} profiles were read",
            definition.name,
            100.0 * share.fraction()
        ),
        "train",
    )
    .set_detail(format!(
        "They have {} of about {} examples; the option max_training_rows asks for {wanted}.",
        gathered.total(),
        gathered.estimate()
    ))
    .report(PgLogLevel::NOTICE);
}

/// Says in one NOTICE what was left out while reading, if anything was.
pub fn left_out(definition: &Definition, skipped: &Skipped) {
    let reasons = [
        (skipped.null_profile, "rows without a profile"),
        (skipped.no_time, "rows whose time is NULL or infinite"),
        (skipped.future, "events later than the cutoff or than now"),
        (
            skipped.not_finite,
            "attribute values that are NaN or infinite, taken as missing",
        ),
        (
            skipped.long_text,
            "texts longer than 8 kB, of which those of the same beginning and length are taken as the same",
        ),
    ];
    let found: Vec<String> = reasons
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, reason)| format!("{count} {reason}"))
        .collect();
    if !found.is_empty() {
        ErrorReport::new(
            Code::ERRCODE_SUCCESSFUL_COMPLETION,
            format!("left out: {}", found.join(", ")),
            "read",
        )
        .set_detail(format!(
            "The run of model \"{}\" used everything else.",
            definition.name
        ))
        .report(PgLogLevel::NOTICE);
    }
}
