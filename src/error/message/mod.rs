//! SQLSTATE, message, DETAIL and HINT of each situation, in the style of Postgres: the message short, lowercase and
//! without a full stop; DETAIL says in full sentences what was found and what is required, HINT what to do next.
//! A [`Message`] has no part that may be left out, and each variant of [`Error`] has a line here: what compiles has a HINT.

mod aggregates;
mod arguments;
mod conditions;
mod data;
mod definition;
mod judging;
mod learning;
mod relations;
mod resources;
mod scores;
mod versions;

use pgrx::PgSqlErrorCode as Code;
use pgrx::pg_sys::panic::ErrorReport;

use super::Error;

/// A message in its parts, before it becomes a report. None of them is empty.
struct Message {
    code: Code,
    text: String,
    detail: String,
    hint: String,
}

impl From<Error> for ErrorReport {
    fn from(error: Error) -> Self {
        let Message {
            code,
            text,
            detail,
            hint,
        } = message(error);
        Self::new(code, shortened(text), "customer_ai")
            .set_detail(shortened(detail))
            .set_hint(shortened(hint))
    }
}

/// Each situation goes to the topic it belongs to.
fn message(error: Error) -> Message {
    match error {
        Error::NullArgument { argument } => arguments::null(argument),
        Error::Argument {
            argument,
            found,
            required,
            hint,
        } => arguments::invalid(argument, &found, &required, hint),
        Error::Window { argument, found } => arguments::window(argument, &found),
        Error::WindowTooLong { argument, found } => arguments::window_too_long(argument, &found),
        Error::Instant {
            argument,
            found,
            required,
        } => arguments::instant(argument, &found, required),
        Error::NoRowsAccepted => arguments::no_rows_accepted(),
        Error::OptionsShape { found } => arguments::options_shape(&found),
        Error::UnknownOption { option } => arguments::unknown_option(&option),
        Error::Option {
            option,
            found,
            required,
        } => arguments::option(&option, &found, &required),
        Error::OptionLimit {
            option,
            found,
            limit,
        } => arguments::option_limit(&option, &found, &limit),

        Error::UnknownModel { name, nearest } => definition::unknown_model(&name, nearest),
        Error::ModelExists { name } => definition::model_exists(&name),
        Error::ModelDiffers { name, differing } => definition::model_differs(&name, &differing),
        Error::ModelDisabled { model } => definition::model_disabled(&model),
        Error::ModelUsed { model, others } => definition::model_used(&model, &others),
        Error::NothingToAlter => arguments::nothing_to_alter(),
        Error::ScoresTaken { relation, model } => definition::scores_taken(&relation, &model),
        Error::HistoryAltered {
            relation,
            found,
            required,
            hint,
        } => scores::history_altered(&relation, &found, &required, hint),
        Error::HistoryType {
            relation,
            column,
            found,
            required,
            hint,
        } => scores::history_type(&relation, &column, &found, &required, hint),
        Error::OwnerGone { model, owner } => definition::owner_gone(&model, &owner),
        Error::OwnerReplaced { model, owner } => definition::owner_replaced(&model, &owner),
        Error::ScoresGiven {
            model,
            owner,
            found,
        } => definition::scores_given(&model, &owner, &found),
        Error::NoSources { model } => definition::no_sources(&model),
        Error::UnknownRole { name } => definition::unknown_role(&name),
        Error::NotOwner { owner, caller } => definition::not_owner(&owner, &caller),
        Error::SourceTwice { model, relation } => definition::source_twice(&model, &relation),
        Error::NotASource {
            model,
            relation,
            kind,
            sources,
        } => definition::not_a_source(&model, &relation, kind, &sources),
        Error::LastSource { model, relation } => definition::last_source(&model, &relation),
        Error::SecondProfiles { model, relation } => definition::second_profiles(&model, &relation),
        Error::SchemaRights { schema, exists } => definition::schema_rights(&schema, exists),

        Error::UnknownRelation { relation } => relations::unknown(&relation),
        Error::WrongKind { relation, found } => relations::wrong_kind(&relation, &found),
        Error::OwnRelation { relation } => relations::ours(&relation),
        Error::NoSuchColumn {
            option,
            column,
            relation,
            columns,
        } => arguments::no_such_column(option, &column, &relation, &columns),
        Error::UnknownColumn {
            relation,
            column,
            columns,
        } => relations::unknown_column(&relation, &column, &columns),
        Error::CannotGuess {
            argument,
            relation,
            candidates,
            columns,
        } => relations::cannot_guess(argument, &relation, &candidates, &columns),
        Error::ColumnType {
            relation,
            column,
            found,
            required,
            hint,
        } => relations::column_type(&relation, &column, &found, required, hint),
        Error::ColumnEquality {
            relation,
            column,
            found,
            hint,
        } => relations::column_equality(&relation, &column, &found, hint),
        Error::SameColumn {
            column,
            first,
            second,
        } => relations::same_column(&column, first, second),
        Error::ProfileTypes {
            relation,
            column,
            found,
            required,
        } => relations::profile_types(&relation, &column, &found, &required),
        Error::StreamTypes {
            relation,
            column,
            found,
            required,
        } => relations::stream_types(&relation, &column, &found, &required),
        Error::ColumnRights {
            relation,
            column,
            role,
        } => relations::column_rights(&relation, &column, &role),
        Error::SchemaUsage { schema, role } => relations::schema_usage(&schema, &role),
        Error::ColumnRetyped {
            model,
            relation,
            column,
            found,
            learned,
        } => relations::column_retyped(&model, &relation, &column, &found, &learned),
        Error::ColumnGone { model, column } => relations::column_gone(&model, &column),

        Error::NotAnExpression { condition, found } => {
            conditions::not_an_expression(condition, &found)
        }
        Error::Forbidden {
            condition,
            what,
            place,
            hint,
        } => conditions::forbidden(condition, &what, place, hint),
        Error::OverNothing { condition, reason } => conditions::over_nothing(condition, &reason),
        Error::NotBoolean { condition, found } => conditions::not_boolean(condition, &found),
        Error::Aggregate { condition } => conditions::aggregate(condition),

        Error::NoEvents {
            model,
            future,
            skipped,
            newest,
        } => data::no_events(&model, future, skipped, newest),
        Error::TooLittleHistory {
            model,
            found,
            required,
            eligible,
            outcome,
            apart,
        } => data::too_little_history(&model, (found, required), (&eligible, &outcome), apart),
        Error::OneClass {
            model,
            positives,
            rows,
            window,
            goal,
            once,
        } => data::one_class(&model, (positives, rows), &window, &goal, once),
        Error::WindowOpen {
            model,
            cutoff,
            found,
            required,
        } => data::window_open(&model, &cutoff, &found, &required),
        Error::NoEligible { model, cutoffs } => data::no_eligible(&model, &cutoffs),
        Error::NoExamples { relation, found } => data::no_examples(&relation, &found),
        Error::ExampleColumn {
            relation,
            column,
            profile,
            found,
        } => data::example_column(&relation, &column, &profile, &found),
        Error::ExampleLabels {
            relation,
            found,
            required,
        } => data::example_labels(&relation, &found, required),
        Error::UnknownProfile {
            model,
            profile,
            as_of,
            later,
        } => data::unknown_profile(&model, &profile, &as_of, later),
        Error::KeyTooLong {
            beginning,
            bytes,
            limit,
        } => data::key_too_long(&beginning, bytes, limit),
        Error::DuplicateProfiles {
            relation,
            column,
            profile,
        } => data::duplicate_profiles(&relation, &column, &profile),
        Error::ProfileText {
            profile,
            column,
            required,
        } => data::profile_text(&profile, &column, &required),
        Error::UnknownFactor { name, nearest } => data::unknown_factor(&name, nearest),

        Error::NotTrained { model, newest } => versions::not_trained(&model, newest),
        Error::UnknownVersion {
            model,
            version,
            versions,
        } => versions::unknown(&model, version, &versions),
        Error::VersionActive { model, version } => versions::active(&model, version),
        Error::NoFormerVersion { model, active } => versions::no_former(&model, active),
        Error::NotScored { model } => scores::not_scored(&model),
        Error::UnknownRun { model, run, runs } => judging::unknown_run(&model, run, &runs),
        Error::NoFigures { model, run, binned } => judging::no_figures(&model, run, binned),
        Error::NoSuchFactor {
            model,
            factor,
            nearest,
        } => judging::no_such_factor(&model, &factor, nearest),
        Error::OneRun { model, run } => judging::one_run(&model, run),
        Error::NoHoldOut {
            model,
            version,
            measured,
        } => judging::no_hold_out(&model, version, measured),
        Error::NotSummedUp { model, run } => judging::not_summed_up(&model, run),
        Error::RunOtherGoal { model, run } => judging::run_other_goal(&model, run),
        Error::RunNotKept {
            model,
            run,
            history,
        } => judging::run_not_kept(&model, run, &history),
        Error::SegmentName { found } => scores::segment_name(&found),
        Error::UnknownSegment { name, nearest } => scores::unknown_segment(&name, nearest),
        Error::OtherVersion { found, library } => versions::of_extension(&found, library),
        Error::SegmentExists { name } => scores::segment_exists(&name),
        Error::SegmentDiffers { name, differing } => scores::segment_differs(&name, &differing),
        Error::NoCron { database, command } => scores::no_cron(&database, &command),
        Error::Scheduled { model, role } => scores::scheduled(&model, &role),
        Error::SegmentNeeded { name, reason } => scores::segment_needed(&name, &reason),
        Error::SegmentFails {
            name,
            model,
            reason,
        } => scores::segment_fails(&name, &model, &reason),
        Error::SegmentGone {
            name,
            model,
            reason,
        } => scores::segment_gone(&name, &model, reason),

        Error::MemoryLimit { used, limit } => resources::memory_limit(used, limit),
        Error::TempFile(found) => resources::temp_file(&found),
        Error::Internal(what) => resources::internal(what),
        Error::Spi(status) => resources::internal(&format!("a query of ours ended with {status}")),

        Error::DirectCall => aggregates::direct_call(),
        Error::DocumentText => aggregates::document_text(),
        Error::UnknownDocument => aggregates::unknown_document(),
        Error::NotConstant { argument } => aggregates::not_constant(argument),
        Error::AttributeCount { found, names } => aggregates::attribute_count(found, &names),
        Error::ArgumentType {
            argument,
            found,
            required,
        } => aggregates::argument_type(&argument, &found, required),
        Error::NotPushed { model, reason } => aggregates::not_pushed(&model, reason),
        Error::HistoryTooLong { bytes, limit } => aggregates::history_too_long(bytes, limit),
        Error::BadAnswer => aggregates::bad_answer(),
        Error::NeedsProfiles => aggregates::needs_profiles(),

        Error::Model { model, error } => learning::of_model(&model, &error),
        Error::Learning(error) => learning::of_document(&error),
    }
}

const STATE: Code = Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
const INVALID: Code = Code::ERRCODE_INVALID_PARAMETER_VALUE;
const UNSUPPORTED: Code = Code::ERRCODE_FEATURE_NOT_SUPPORTED;
const TYPE: Code = Code::ERRCODE_DATATYPE_MISMATCH;

/// What a HINT shows of a call: `SELECT * FROM customer_ai.train('churn')`.
fn call(function: &str, model: &str) -> String {
    let model = model.replace('\'', "''");
    format!("SELECT * FROM customer_ai.{function}('{model}')")
}

/// The name that is meant, if one is like what was given; else what helps without it.
fn perhaps(noun: &str, name: Option<String>, otherwise: impl Into<String>) -> String {
    name.map_or_else(
        || otherwise.into(),
        |name| format!("Perhaps you meant the {noun} \"{name}\"."),
    )
}

/// Names in quotes; of many only the first ones.
fn list(names: &[impl AsRef<str>]) -> String {
    const MOST: usize = 20;
    let mut shown: Vec<String> = names
        .iter()
        .take(MOST)
        .map(|name| format!("\"{}\"", name.as_ref()))
        .collect();
    if names.len() > MOST {
        shown.push(format!("and {} more", names.len() - MOST));
    }
    shown.join(", ")
}

/// A text of a user in a message: a key may have megabytes.
fn cut(text: &str) -> String {
    const MOST: usize = 63;
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
    }
}

/// No part of a message is longer than a screen, whatever found its way into it.
fn shortened(text: String) -> String {
    const MOST: usize = 2000;
    match text.char_indices().nth(MOST) {
        None => text,
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
    }
}
