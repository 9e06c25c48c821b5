//! SQLSTATE, message, DETAIL and HINT of each situation, in the style of Postgres: the message short, lowercase and
//! without a full stop; DETAIL says in full sentences what was found and what is required, HINT what to do.

use pgrx::PgSqlErrorCode as Code;
use pgrx::pg_sys::panic::ErrorReport;

use super::{Error, nearest};

/// A message in its parts, before it becomes a report.
struct Message {
    code: Code,
    text: String,
    detail: Option<String>,
    hint: Option<String>,
}

impl Message {
    fn new(code: Code, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
            detail: None,
            hint: None,
        }
    }

    fn detail(self, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..self
        }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    fn maybe(self, hint: Option<String>) -> Self {
        Self {
            hint: hint.or(self.hint),
            ..self
        }
    }
}

impl From<Error> for ErrorReport {
    fn from(error: Error) -> Self {
        let Message {
            code,
            text,
            detail,
            hint,
        } = message(error);
        let mut report = ErrorReport::new(code, text, "customer_ai");
        if let Some(detail) = detail {
            report = report.set_detail(detail);
        }
        if let Some(hint) = hint {
            report = report.set_hint(hint);
        }
        report
    }
}

fn perhaps(noun: &str, name: Option<String>) -> Option<String> {
    name.map(|name| format!("Perhaps you meant the {noun} \"{name}\"."))
}

fn list(names: &[impl AsRef<str>]) -> String {
    names
        .iter()
        .map(|name| format!("\"{}\"", name.as_ref()))
        .collect::<Vec<_>>()
        .join(", ")
}

const STATE: Code = Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;

/// One arm for each variant: long, but with nothing to follow from arm to arm.
fn message(error: Error) -> Message {
    match error {
        Error::NullArgument { argument } => {
            Message::new(Code::ERRCODE_NULL_VALUE_NOT_ALLOWED, format!("\"{argument}\" must not be NULL"))
        }
        Error::Argument { argument, found, required } => {
            Message::new(Code::ERRCODE_INVALID_PARAMETER_VALUE, format!("invalid value for \"{argument}\""))
                .detail(format!("Found {found}; it must be {required}."))
        }
        Error::Window { argument, found } => {
            Message::new(Code::ERRCODE_INVALID_PARAMETER_VALUE, format!("\"{argument}\" must be a positive interval"))
                .detail(format!("Found {found}; months, days and time must not be negative, and not all zero."))
                .hint("Write for example '30 days'.")
        }
        Error::WindowTooLong { argument, found } => {
            Message::new(Code::ERRCODE_DATETIME_FIELD_OVERFLOW, format!("\"{argument}\" is too long"))
                .detail(format!("Found {found}; at most 100 years are allowed."))
        }
        Error::Instant { argument, found, required } => {
            Message::new(Code::ERRCODE_INVALID_PARAMETER_VALUE, format!("invalid value for \"{argument}\""))
                .detail(format!("Found {found}; it must be {required}."))
        }
        Error::NoRowsAccepted => {
            Message::new(Code::ERRCODE_FEATURE_NOT_SUPPORTED, "set-valued function called in context that cannot accept a set")
        }
        Error::OptionsShape { found } => {
            Message::new(Code::ERRCODE_INVALID_PARAMETER_VALUE, "options must be a JSON object")
                .detail(format!("Found {found}."))
                .hint("Write for example '{\"seed\": 1}'.")
        }
        Error::UnknownOption { option, valid } => {
            Message::new(Code::ERRCODE_INVALID_PARAMETER_VALUE, format!("unknown option \"{option}\""))
                .detail(format!("Valid options are {}.", list(valid)))
                .maybe(perhaps("option", nearest(&option, valid.iter().copied())))
        }
        Error::Option { option, found, required } => {
            Message::new(Code::ERRCODE_INVALID_PARAMETER_VALUE, format!("invalid value for option \"{option}\""))
                .detail(format!("Found {found}; it must be {required}."))
        }
        Error::OptionLimit { option, found, limit } => {
            Message::new(Code::ERRCODE_PROGRAM_LIMIT_EXCEEDED, format!("option \"{option}\" is too large"))
                .detail(format!("Found {found}; at most {limit} is allowed."))
        }
        Error::UnknownModel { name, nearest } => {
            Message::new(Code::ERRCODE_UNDEFINED_OBJECT, format!("model \"{name}\" does not exist"))
                .hint("The view customer_ai.models lists the models that you may use.")
                .maybe(perhaps("model", nearest))
        }
        Error::ModelExists { name } => {
            Message::new(Code::ERRCODE_DUPLICATE_OBJECT, format!("model \"{name}\" already exists"))
                .hint("Choose another name, or drop the model with customer_ai.drop_model.")
        }
        Error::ScoresTaken { relation, model } => {
            Message::new(Code::ERRCODE_DUPLICATE_OBJECT, format!("scores cannot be written to \"{relation}\""))
                .detail(format!("Found that name taken by {model}; it must be free."))
                .hint("Choose another name with options => '{\"scores\": \"name\"}'.")
        }
        Error::OwnerGone { model, owner } => {
            Message::new(Code::ERRCODE_UNDEFINED_OBJECT, format!("model \"{model}\" has no owner"))
                .detail(format!("Role \"{owner}\" does not exist any more."))
                .hint("Create the role again, or drop the model with customer_ai.drop_model.")
        }
        Error::NotOwner { owner } => {
            Message::new(Code::ERRCODE_INSUFFICIENT_PRIVILEGE, format!("must be a member of role \"{owner}\""))
                .detail("A model runs with the rights of its owner; only members of that role may run it.")
        }
        Error::NotTrained { model } => {
            Message::new(Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, format!("model \"{model}\" is not trained"))
                .detail("Found no active version; one is required.")
                .hint(format!("Run SELECT * FROM customer_ai.train('{model}')."))
        }
        Error::NotScored { model } => {
            Message::new(Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, format!("model \"{model}\" has no scores"))
                .detail("Found no scoring run; one is required.")
                .hint(format!("Run SELECT * FROM customer_ai.score('{model}')."))
        }
        Error::UnknownRelation { relation } => {
            Message::new(Code::ERRCODE_UNDEFINED_TABLE, format!("relation \"{relation}\" does not exist"))
                .hint("If it was renamed or moved, rename it back; otherwise define the model or the segment again.")
        }
        Error::WrongKind { relation, found } => {
            Message::new(Code::ERRCODE_WRONG_OBJECT_TYPE, format!("\"{relation}\" cannot be a source of a model"))
                .detail(format!("Found {found}; required is a table, view, materialized view, partitioned or foreign table."))
        }
        Error::OwnRelation { relation } => {
            Message::new(Code::ERRCODE_INVALID_PARAMETER_VALUE, format!("\"{relation}\" cannot be a source of a model"))
                .detail("It belongs to customer_ai.")
        }
        Error::UnknownColumn { relation, column, nearest } => Message::new(
            Code::ERRCODE_UNDEFINED_COLUMN,
            format!("column \"{column}\" of relation \"{relation}\" does not exist"),
        )
        .maybe(perhaps("column", nearest)),
        Error::CannotGuess { argument, relation, candidates } if candidates.is_empty() => {
            Message::new(Code::ERRCODE_UNDEFINED_COLUMN, format!("no column of \"{relation}\" can be the {argument}"))
                .hint(format!("Name it with {argument} => 'name'."))
        }
        Error::CannotGuess { argument, relation, candidates } => Message::new(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("more than one column of \"{relation}\" can be the {argument}"),
        )
        .detail(format!("Candidates are {}; exactly one is required.", list(&candidates)))
        .hint(format!("Name it with {argument} => 'name'.")),
        Error::ColumnType { relation, column, found, required, hint } => Message::new(
            Code::ERRCODE_DATATYPE_MISMATCH,
            format!("column \"{column}\" of relation \"{relation}\" has the wrong type"),
        )
        .detail(format!("Found {found}; it must be {required}."))
        .maybe(hint),
        Error::ColumnEquality { relation, column, found } => Message::new(
            Code::ERRCODE_FEATURE_NOT_SUPPORTED,
            format!("column \"{column}\" of relation \"{relation}\" cannot be the profile column"),
        )
        .detail(format!("Found {found}, in which different texts may be equal."))
        .hint("Use a view that casts it, for example lower(column::text)."),
        Error::SameColumn { column, first, second } => Message::new(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("column \"{column}\" is given twice"),
        )
        .detail(format!("Found as {first} and as {second}; they must differ.")),
        Error::ProfileTypes { relation, column, found, required } => Message::new(
            Code::ERRCODE_DATATYPE_MISMATCH,
            format!("profile column \"{column}\" of relation \"{relation}\" has the wrong type"),
        )
        .detail(format!("Found {found}; the first event source of the model has {required}."))
        .hint("Use a view that casts it."),
        Error::StreamTypes { relation, column, found, required } => Message::new(
            Code::ERRCODE_DATATYPE_MISMATCH,
            format!("column \"{column}\" of relation \"{relation}\" has another type than in the other sources"),
        )
        .detail(format!("Found {found}; the others have {required}."))
        .hint("Use a view that casts or renames it."),
        Error::SchemaRights { schema, exists: false } => {
            Message::new(Code::ERRCODE_INVALID_SCHEMA_NAME, format!("schema \"{schema}\" does not exist"))
        }
        Error::SchemaRights { schema, exists: true } => {
            Message::new(Code::ERRCODE_INSUFFICIENT_PRIVILEGE, format!("permission denied for schema \"{schema}\""))
                .detail("The scores are written there, which needs the right to CREATE.")
                .hint("Choose another place with options => '{\"scores\": \"schema.name\"}'.")
        }
        Error::ColumnRights { relation, column, role } => Message::new(
            Code::ERRCODE_INSUFFICIENT_PRIVILEGE,
            format!("permission denied for column \"{column}\" of relation \"{relation}\""),
        )
        .detail(format!("Role \"{role}\" has no right to SELECT it; that is required of the owner of the model.")),
        Error::NotAnExpression { condition, found } => {
            Message::new(Code::ERRCODE_SYNTAX_ERROR, format!("\"{condition}\" must be one expression"))
                .detail(format!("Found {found}."))
        }
        Error::Forbidden { condition, what, place } => {
            Message::new(Code::ERRCODE_FEATURE_NOT_SUPPORTED, format!("\"{condition}\" cannot contain {what}"))
                .detail(place)
                .hint("A condition is one expression over the columns of the sources.")
        }
        Error::NotBoolean { condition, found } => {
            Message::new(Code::ERRCODE_DATATYPE_MISMATCH, format!("\"{condition}\" must be a condition"))
                .detail(format!("Found an expression of type {found}; it must be boolean."))
        }
        Error::Aggregate { condition } => {
            Message::new(Code::ERRCODE_GROUPING_ERROR, format!("\"{condition}\" cannot contain an aggregate"))
                .detail("It is about one row.")
        }
        Error::SecondProfiles { model, relation } => {
            Message::new(Code::ERRCODE_FEATURE_NOT_SUPPORTED, format!("model \"{model}\" has a relation of profile attributes already"))
                .detail(format!("Found \"{relation}\"; at most one is allowed."))
                .hint("Join the relations in a view, and define the model with that.")
        }
        Error::SegmentName { found } => {
            Message::new(Code::ERRCODE_INVALID_PARAMETER_VALUE, "invalid name of a segment")
                .detail(format!("Found \"{found}\"; it must be schema.name, each of lower-case letters, digits and underscores."))
                .hint("Write for example 'public.likely_buyers'.")
        }
        Error::UnknownSegment { name, nearest } => {
            Message::new(Code::ERRCODE_UNDEFINED_OBJECT, format!("segment \"{name}\" does not exist"))
                .hint("The view customer_ai.segments lists the segments that you may use.")
                .maybe(perhaps("segment", nearest))
        }
        Error::SegmentExists { name } => {
            Message::new(Code::ERRCODE_DUPLICATE_OBJECT, format!("relation \"{name}\" already exists"))
                .hint("Choose another name, or drop the segment with customer_ai.drop_segment.")
        }
        Error::NoEvents { model, future, skipped, newest } => Message::new(STATE, format!("model \"{model}\" has no usable events"))
            .detail(format!("Found {future} events in the future and {skipped} without profile or time; at least 1 event up to now is required."))
            .hint("Load events, or check the profile and time columns. Rows that row-level security hides are not counted.")
            .maybe(newest.map(|newest| format!("The newest event is of {newest}: give a later as_of, or check the time column and its time zone."))),
        Error::TooLittleHistory { model, found, required } => {
            Message::new(STATE, format!("model \"{model}\" has too little history"))
                .detail(format!("Found {found:.0} days; at least {required:.0} days are required: the eligible window (30 days or more) and the outcome window."))
                .hint("Load older events, use a shorter outcome window, or a later as_of.")
        }
        Error::WindowOpen { model, cutoff, found, required } => {
            Message::new(STATE, format!("outcomes of model \"{model}\" at cutoff {cutoff} are not known yet"))
                .detail(format!("Events are known up to {found}; required is {required}, the end of the outcome window."))
                .hint("Use an earlier cutoff, or load newer events.")
        }
        Error::NoEligible { model, cutoffs } => {
            Message::new(STATE, format!("model \"{model}\" has no eligible profiles"))
                .detail(format!("Found 0 profiles at {cutoffs} cutoffs; at least 1 is required."))
                .hint("Widen the eligible condition or eligible_window, or narrow the exclude condition.")
        }
        Error::NoExamples { relation } => {
            Message::new(STATE, format!("\"{relation}\" has no examples"))
                .detail("Found 0 rows; required are rows of profile, cutoff and optionally label.")
        }
        Error::UnknownProfile { model, profile, future } => {
            Message::new(Code::ERRCODE_UNDEFINED_OBJECT, format!("profile \"{profile}\" has no events for model \"{model}\""))
                .detail(format!("Found 0 events up to the cutoff and {future} after it; at least 1 is required."))
                .hint("Check the key, or give a later as_of.")
        }
        Error::UnknownFactor { name, nearest } => {
            Message::new(Code::ERRCODE_INVALID_PARAMETER_VALUE, format!("unknown factor \"{name}\" in overrides"))
                .detail("Overrides go by the names of factors or features.")
                .hint("See the factors of customer_ai.explain.")
                .maybe(perhaps("factor", nearest))
        }
        Error::ColumnGone { model, column } => {
            Message::new(STATE, format!("model \"{model}\" needs the column \"{column}\""))
                .detail("The active version was trained on it; it is gone, renamed or of another type.")
                .hint(format!("Restore the column, or run SELECT * FROM customer_ai.train('{model}')."))
        }
        Error::MemoryLimit { used, limit } => {
            Message::new(Code::ERRCODE_CONFIGURATION_LIMIT_EXCEEDED, "memory limit of customer_ai exceeded")
                .detail(format!("Found {} kB in use; customer_ai.max_memory allows {} kB.", used / 1024, limit / 1024))
                .hint("Raise customer_ai.max_memory; or lower the option max_training_rows; or leave out profiles with tens of millions of events, all of which are held at once.")
        }
        Error::TempFile(found) => {
            let full = found.kind() == std::io::ErrorKind::StorageFull;
            let code = if full { Code::ERRCODE_DISK_FULL } else { Code::ERRCODE_IO_ERROR };
            let message = Message::new(code, "temporary file of customer_ai cannot be written or read")
                .detail(format!("Found: {found}. Reading takes about 25 bytes an event, and 4 to 8 for each attribute."));
            match found.kind() {
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::FileTooLarge | std::io::ErrorKind::QuotaExceeded => {
                    message.hint("Make room where temp_tablespaces points, or set it to a place with more.")
                }
                _ => message,
            }
        }
        Error::DirectCall => {
            Message::new(Code::ERRCODE_FEATURE_NOT_SUPPORTED, "this function is a part of an aggregate")
                .detail("It cannot be called by itself or over a window.")
                .hint("Use one of the aggregates over events, customer_ai.event_scores or another, with GROUP BY.")
        }
        Error::DocumentText => {
            Message::new(Code::ERRCODE_INVALID_TEXT_REPRESENTATION, "invalid input for type model_document")
                .detail("It must be written in an even number of hexadecimal digits.")
        }
        Error::UnknownDocument => Message::new(STATE, "a model document is not known to this backend")
            .detail("It finishes what parallel workers began, but the document did not come in through it, or more than 8 others did since.")
            .hint("Give the document as a literal or a parameter of this query, or set max_parallel_workers_per_gather = 0."),
        Error::NotConstant { argument } => {
            Message::new(Code::ERRCODE_INVALID_PARAMETER_VALUE, format!("\"{argument}\" must be the same for all rows"))
                .hint("Give a literal or a parameter, not an expression of columns or a subquery.")
        }
        Error::AttributeCount { found, names } => {
            let expected = if names.is_empty() { "none".to_owned() } else { list(&names) };
            Message::new(Code::ERRCODE_INVALID_PARAMETER_VALUE, "wrong number of attributes")
                .detail(format!("Found {found}; required are {}: {expected}.", names.len()))
                .hint("Give them in this order after the argument \"excluded\".")
        }
        Error::ArgumentType { argument, found, required } => {
            Message::new(Code::ERRCODE_DATATYPE_MISMATCH, format!("argument \"{argument}\" has the wrong type"))
                .detail(format!("Found {found}; it must be {required}."))
                .hint("Cast it, or train the model on this column.")
        }
        Error::NotPushed { model, reason } => {
            Message::new(Code::ERRCODE_FEATURE_NOT_SUPPORTED, format!("the events of model \"{model}\" cannot be asked where they are"))
                .detail(reason)
                .hint("Set customer_ai.feeder to auto or local.")
        }
        Error::HistoryTooLong { bytes, limit } => {
            Message::new(Code::ERRCODE_PROGRAM_LIMIT_EXCEEDED, "the events of a profile are too many to travel as one value")
                .detail(format!("Found {} MB; at most {} MB are allowed.", bytes >> 20, limit >> 20))
                .hint("Set customer_ai.feeder = local, or leave the profile out by the where_clause of the event source.")
        }
        Error::BadAnswer => Message::new(Code::ERRCODE_PROTOCOL_VIOLATION, "an answer about a profile cannot be read")
            .hint("Install the same version of customer_ai on all servers, or set customer_ai.feeder = local."),
        Error::NeedsProfiles => {
            Message::new(Code::ERRCODE_FEATURE_NOT_SUPPORTED, "the model reads profile attributes")
                .detail("An aggregate over events does not see them.")
                .hint("Use customer_ai.score or customer_ai.features.")
        }
        Error::Model { model, error } => learning(&format!("model \"{model}\""), &error),
        Error::Learning(error) => learning("the model", &error),
        Error::Spi(error) => {
            Message::new(Code::ERRCODE_INTERNAL_ERROR, format!("unexpected result of a query: {error}"))
                .hint("This is a mistake in customer_ai; please report it.")
        }
    }
}

/// Errors of the learning library, which knows neither models nor SQLSTATEs.
fn learning(model: &str, error: &propensity::Error) -> Message {
    use propensity::Error as Learning;
    let state = Code::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
    match error {
        Learning::OutOfMemory => Message::new(
            Code::ERRCODE_OUT_OF_MEMORY,
            format!("out of memory in {model}"),
        )
        .hint("Lower customer_ai.max_memory or max_training_rows."),
        Learning::NoRows => Message::new(state, format!("{model} has nothing to learn from"))
            .detail("Found no eligible profile at any cutoff.")
            .hint("Run SELECT * FROM customer_ai.check_model('...')."),
        Learning::OneClass { positives, rows } => Message::new(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("the goal of {model} has one class"),
        )
        .detail(format!(
            "Found {positives} positive of {rows} examples; both classes are required."
        ))
        .hint("Change the goal or the outcome window."),
        Learning::TooFew {
            found,
            required,
            positive,
        } => {
            let class = if *positive { "positive" } else { "negative" };
            Message::new(state, format!("{model} has too few {class} examples"))
                .detail(format!("Found {found}; at least {required} are required."))
                .hint("Use a more frequent goal, a longer outcome window or more history; or set the option allow_small.")
        }
        Learning::NoFeatures => Message::new(state, format!("{model} has no feature that varies"))
            .detail("Every profile has the same events."),
        Learning::Parameter {
            name,
            found,
            required,
        } => Message::new(
            Code::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("invalid value for \"{name}\""),
        )
        .detail(format!("Found {found}; it must be {required}.")),
        Learning::Corrupted { reason } => Message::new(
            Code::ERRCODE_DATA_CORRUPTED,
            format!("the stored version of {model} is damaged"),
        )
        .detail(format!("Found that {reason}."))
        .hint("Train again: SELECT * FROM customer_ai.train('...')."),
        Learning::UnknownFormat { found, newest } => Message::new(
            Code::ERRCODE_FEATURE_NOT_SUPPORTED,
            format!("the stored version of {model} is of a newer customer_ai"),
        )
        .detail(format!(
            "Found format {found}; this library reads up to {newest}."
        ))
        .hint("Install the newer library, or train again."),
        other => Message::new(Code::ERRCODE_INTERNAL_ERROR, format!("{model}: {other}"))
            .hint("This is a mistake in customer_ai; please report it."),
    }
}
