//! NOTICEs and WARNINGs: what users should know about a run that succeeded.

use pgrx::PgLogLevel;
use pgrx::PgSqlErrorCode as Code;
use pgrx::pg_sys::panic::ErrorReport;
use propensity::event::counts::ReadCounts;
use propensity::event::dictionary::Dictionary;
use propensity::features::schema::{LeftOut, LeftOutColumn};
use propensity::fit::{LaterReport, Report};

use propensity::event::spread::Span;
use propensity::time::{self, Length, Micros};
use propensity::walk::sample::Share;

use crate::catalog::instant;
use crate::catalog::notice::warning;
use crate::catalog::{self, Definition, Run};
use crate::error::{Error, listed};
use crate::feed::gather::TrainingSet;
use crate::feed::span;

/// Warns of what training found, and says what was left out.
pub fn training(definition: &Definition, report: &Report, counts: &ReadCounts) {
    for warning in &report.warnings {
        ErrorReport::new(
            Code::ERRCODE_WARNING,
            format!("model \"{}\": {warning}", definition.name),
            "train",
        )
        .report(PgLogLevel::WARNING);
    }
    left_out(definition, counts);
}

/// Says which numbers are taken for identifiers by what they hold, and what there are no features of because others tell
/// more, if anything.
pub fn chosen(definition: &Definition, left_out: &LeftOut) {
    if !left_out.identifiers.is_empty() {
        ErrorReport::new(
            Code::ERRCODE_SUCCESSFUL_COMPLETION,
            format!(
                "model \"{}\" takes numbers for identifiers: {}",
                definition.name,
                listed(&left_out.identifiers)
            ),
            "train",
        )
        .set_detail("They are whole, hardly ever alike, and counted off or spread evenly: no sums and means are made of them.")
        .set_hint(AMOUNT)
        .report(PgLogLevel::NOTICE);
    }
    let Some(parts) = least(left_out) else {
        return;
    };
    ErrorReport::new(
        Code::ERRCODE_SUCCESSFUL_COMPLETION,
        format!(
            "model \"{}\" makes no features of what tells least: {parts}",
            definition.name
        ),
        "train",
    )
    .set_detail("Of more event types and numbers than there is room for those are used that tell most of the outcomes before the hold-out.")
    .set_hint(MORE_ROOM)
    .report(PgLogLevel::NOTICE);
}

/// What to do about an amount that is taken for an identifier.
pub const AMOUNT: &str = "The option take_as says what a column is: {\"name\": \"amount\"}.";

/// What to do about what tells least.
pub const MORE_ROOM: &str =
    "The options columns and ignore leave others in; attributes can put several into one.";

/// "duration (tsrange)" of each column.
pub fn typed(columns: &[LeftOutColumn]) -> Vec<String> {
    let typed = |column: &LeftOutColumn| format!("{} ({})", column.name, column.sql_type);
    columns.iter().map(typed).collect()
}

/// "numbers: a, b; numbers of a type: buy.c; event types, which count as one: x, y" of what tells least, if there is any.
pub fn least(left_out: &LeftOut) -> Option<String> {
    let mut parts = Vec::new();
    if !left_out.numbers.is_empty() {
        parts.push(format!("numbers: {}", listed(&left_out.numbers)));
    }
    if !left_out.pairs.is_empty() {
        parts.push(format!("numbers of a type: {}", listed(&left_out.pairs)));
    }
    if !left_out.types.is_empty() {
        let types = listed(&left_out.types);
        parts.push(format!("event types, which count as one: {types}"));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Says that not all event types were told apart, if so.
pub fn too_many_types(definition: &Definition, gathered: &TrainingSet) {
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
pub fn sampled(definition: &Definition, gathered: &TrainingSet) {
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
        "They have {} of about {} examples; the option max_training_rows asks for {}.",
        gathered.eligible,
        gathered.estimate(),
        gathered.wanted(definition)
    ))
    .report(PgLogLevel::NOTICE);
}

/// Says how far a backtest of several cutoffs has come: its rows come all at once.
pub fn backtested(
    definition: &Definition,
    (done, all): (usize, usize),
    cutoff: Micros,
    later: &LaterReport,
) {
    let auc = match later.model {
        Some(model) => format!("AUC {:.3}", model.auc),
        None => "one class".to_owned(),
    };
    ErrorReport::new(
        Code::ERRCODE_SUCCESSFUL_COMPLETION,
        format!(
            "model \"{}\": {done} of {all} cutoffs tested, {}: {auc}, {} profiles",
            definition.name,
            instant::text(cutoff),
            later.rows
        ),
        "backtest",
    )
    .report(PgLogLevel::NOTICE);
}

/// Says which events lie apart from the others, if any do.
pub fn apart(definition: &Definition, span: &Span) {
    let Some(apart) = span::apart(span) else {
        return;
    };
    ErrorReport::new(
        Code::ERRCODE_SUCCESSFUL_COMPLETION,
        format!("model \"{}\": {apart}", definition.name),
        "read",
    )
    .set_detail("They say neither how far back the events reach nor what a run is as of.")
    .set_hint("Correct or delete them if their times are wrong; give an as_of if they are right.")
    .report(PgLogLevel::NOTICE);
}

/// Warns of a window so short that its unit may have been forgotten: '30' is 30 seconds.
pub fn short_window(argument: &str, window: Length) {
    const HOUR: f64 = 1.0 / 24.0;
    if window.in_days() >= HOUR {
        return;
    }
    let words = window.words();
    let meant = match words.split_once(' ') {
        Some((number, "seconds" | "second")) => format!("{number} days"),
        _ => "30 days".to_owned(),
    };
    warning(format!("\"{argument}\" is {words}"))
        .set_detail("A number without a unit is a number of seconds.")
        .set_hint(format!(
            "Write {argument} => '{meant}' if days are meant, and define the model again."
        ))
        .report(PgLogLevel::WARNING);
}

/// Says that a condition asks for events of a name that none has.
pub fn always_called(relation: &str, value: &str) {
    ErrorReport::new(
        Code::ERRCODE_SUCCESSFUL_COMPLETION,
        format!("\"event\" is always \"{relation}\", never \"{value}\""),
        "customer_ai",
    )
    .set_detail("Without a type_column all events of a relation are called as it is; it has no column \"event\".")
    .set_hint("Name the column that says what kind of event a row is with type_column, or use that column in the condition.")
    .report(PgLogLevel::NOTICE);
}

/// Warns of events that have ended longer ago than the outcome window.
pub fn old(definition: &Definition, span: &Span) -> Result<(), Error> {
    let age = time::days_between(span.last, instant::now());
    if age <= definition.outcome_window.in_days() {
        return Ok(());
    }
    warning(format!(
        "model \"{}\": the newest event is of {}, longer ago than the outcome window of {}",
        definition.name,
        instant::text(span.last),
        definition.outcome_window.words(),
    ))
    .set_detail("The scores are as of that event: what they predict is over.")
    .set_hint("Load newer events; or give that instant as as_of, if you know.")
    .report(PgLogLevel::WARNING);
    Ok(())
}

/// Warns of a run that scores less than half as many profiles as the run before.
pub fn fewer(definition: &Definition, (profiles, as_of): (i64, Micros), before: &Run) {
    if profiles.saturating_mul(2) >= before.profiles {
        return;
    }
    warning(format!(
        "model \"{}\": fewer profiles were scored than half of the run before: {profiles} of {}",
        definition.name, before.profiles
    ))
    .set_detail(format!(
        "This run is as of {}, the one before as of {}.",
        instant::text(as_of),
        instant::text(before.as_of)
    ))
    .set_hint("Check that the events are complete, and that their times are right.")
    .report(PgLogLevel::WARNING);
}

/// Says that nobody is in the bucket high, and where the best tenth begins.
pub fn none_high(definition: &Definition, top_tenth_from: i16) {
    let (_, high) = definition.options.buckets.thresholds();
    ErrorReport::new(
        Code::ERRCODE_SUCCESSFUL_COMPLETION,
        format!(
            "model \"{}\": no profile is in bucket \"high\", which begins at score {high}",
            definition.name
        ),
        "score",
    )
    .set_detail(format!(
        "The tenth of the profiles with the highest scores begins at score {top_tenth_from}."
    ))
    .set_hint(
        "Choose by rank instead of bucket: percentile > 90 is the best tenth, whatever the scores.",
    )
    .report(PgLogLevel::NOTICE);
}

/// Says in one NOTICE what was left out while reading, if anything was.
pub fn left_out(definition: &Definition, counts: &ReadCounts) {
    let reasons = [
        (counts.null_profile, "rows without a profile"),
        (counts.no_time, "rows whose time is NULL or infinite"),
        (counts.future, "events later than the cutoff or than now"),
        (
            counts.not_finite,
            "attribute values that are NaN or infinite, taken as missing",
        ),
        (
            counts.long_text,
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

/// Nobody is in a segment, which may be a mistake in its condition.
pub fn segment_empty(segment: &str) {
    ErrorReport::new(
        Code::ERRCODE_SUCCESSFUL_COMPLETION,
        format!("no profile is in segment \"{segment}\" now"),
        "customer_ai",
    )
    .set_detail("No profile of the newest scores meets its condition.")
    .set_hint("Texts are compared to the letter: the buckets are 'low', 'medium' and 'high'.")
    .report(PgLogLevel::NOTICE);
}

/// Says that a supposed value changes nothing.
pub fn no_effect(feature: &str) {
    ErrorReport::new(
        Code::ERRCODE_WARNING,
        format!("the model does not use the feature \"{feature}\""),
        "predict",
    )
    .set_detail("What is supposed of it changes nothing.")
    .set_hint("customer_ai.explain shows what counts; what_if supposes whole events.")
    .report(PgLogLevel::WARNING);
}

/// Says what of a definition that was altered the active version does not know, if there is one.
pub fn needs_training(before: &Definition, now: &Definition) -> Result<(), Error> {
    let Some(active) = catalog::active(now.id)? else {
        return Ok(());
    };
    let parts = catalog::altered_since(now.id, active.stamp)?;
    let (had, has) = (&before.options, &now.options);
    let only_trained = [
        ("seed", had.seed != has.seed),
        ("algorithm", had.algorithm != has.algorithm),
        ("forests", had.forests != has.forests),
        (
            "max_training_rows",
            had.max_training_rows != has.max_training_rows,
        ),
        ("goal_name", had.goal_name != has.goal_name),
    ];
    let changed = only_trained.into_iter().filter(|(_, changed)| *changed);
    let options: Vec<String> = changed.map(|(option, _)| option.to_owned()).collect();
    let mut details = Vec::new();
    if !parts.is_empty() {
        details.push(format!(
            "Version {} was trained with another definition: {}.",
            active.number,
            listed(&parts)
        ));
    }
    if !options.is_empty() {
        details.push(format!(
            "What was altered applies from the next training on: {}.",
            listed(&options)
        ));
    }
    if details.is_empty() {
        return Ok(());
    }
    let name = &now.name;
    ErrorReport::new(
        Code::ERRCODE_SUCCESSFUL_COMPLETION,
        format!("model \"{name}\" needs a new training"),
        "customer_ai",
    )
    .set_detail(details.join(" "))
    .set_hint(format!("Run SELECT * FROM customer_ai.train('{name}')."))
    .report(PgLogLevel::NOTICE);
    Ok(())
}

/// Says which version is active now, and of which one the scores are until the next scoring.
pub fn activated(definition: &Definition, version: i32) -> Result<(), Error> {
    let name = &definition.name;
    let before = definition
        .active_version
        .filter(|&before| before != version);
    let instead = before.map(|before| format!(" instead of version {before}"));
    let mut notice = ErrorReport::new(
        Code::ERRCODE_SUCCESSFUL_COMPLETION,
        format!(
            "version {version} of model \"{name}\" is active{}",
            instead.unwrap_or_default()
        ),
        "customer_ai",
    );
    let scored = catalog::scored_with(definition.id)?;
    if let Some(scored) = scored.filter(|&scored| scored != version) {
        notice = notice
            .set_detail(format!("Its scores are those of version {scored}."))
            .set_hint(format!("Run SELECT * FROM customer_ai.score('{name}')."));
    }
    notice.report(PgLogLevel::NOTICE);
    Ok(())
}

/// Warns that what came true of past runs could not be counted.
pub fn not_counted(definition: &Definition, failure: &str) {
    let model = &definition.name;
    ErrorReport::new(
        Code::ERRCODE_WARNING,
        format!("what came true of past runs of model \"{model}\" is not counted"),
        "score",
    )
    .set_detail(failure.to_owned())
    .set_hint(format!("The scores are written. When the cause is gone: SELECT customer_ai.count_outcomes('{model}')."))
    .report(PgLogLevel::WARNING);
}
