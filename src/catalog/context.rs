//! What errors of Postgres say about the expressions of a model: a value that cannot be cast is one of an attribute or a
//! condition, and the message that shows the value does not say of which.

use std::panic::AssertUnwindSafe;

use pgrx::pg_sys::panic::{CaughtError, ErrorReport, ErrorReportWithLevel};
use pgrx::{PgSqlErrorCode as Code, PgTryBuilder};

use crate::catalog::Definition;
use crate::error::Error;
use crate::pg::role::role_name;

/// Does something with the expressions of a model. Errors about values and rights say which expressions they can be of.
pub fn of_model<T>(
    definition: &Definition,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    // Once there is an error the catalog is not to be asked.
    let owner = role_name(definition.owner_oid);
    PgTryBuilder::new(AssertUnwindSafe(work))
        .catch_others(|caught| match &caught {
            CaughtError::PostgresError(found) if found.hint().is_none() => {
                match explained(definition, &owner, found) {
                    Some(report) => std::panic::panic_any(report),
                    None => caught.rethrow(),
                }
            }
            _ => caught.rethrow(),
        })
        .execute()
}

/// Does something with the value of an argument. An error about the value says of which argument, and what to write.
pub fn of_argument<T>(
    argument: &str,
    hint: &str,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    PgTryBuilder::new(AssertUnwindSafe(work))
        .catch_others(|caught| match &caught {
            CaughtError::PostgresError(found) if found.hint().is_none() => {
                let text = found.message().chars().take(500).collect::<String>();
                let report = ErrorReport::new(found.sql_error_code(), text, "customer_ai")
                    .set_detail(format!("Found in the argument \"{argument}\"."))
                    .set_hint(hint.to_owned());
                std::panic::panic_any(report)
            }
            _ => caught.rethrow(),
        })
        .execute()
}

/// The error with more in it; none if nothing can be said.
fn explained(
    definition: &Definition,
    owner: &str,
    found: &ErrorReportWithLevel,
) -> Option<ErrorReport> {
    let code = found.sql_error_code();
    let (detail, hint) = match code {
        Code::ERRCODE_INSUFFICIENT_PRIVILEGE => (
                format!("Model \"{}\" runs as its owner, role \"{owner}\".", definition.name),
                format!("Ask for the right: GRANT EXECUTE on a function, or SELECT on a relation, TO \"{owner}\"."),
        ),
        _ if is_of_value(code) => (
            origin(definition, found.message()),
            if code == Code::ERRCODE_DIVISION_BY_ZERO {
                "Guard the expression: amount / nullif(pieces, 0) is missing where pieces is 0."
            } else {
            "Correct the rows, leave them out with a view, or guard the expression: CASE WHEN value ~ '^-?[0-9.]+$' THEN value::numeric END."
            }
            .to_owned(),
        ),
        _ => return None,
    };
    let detail = match found.detail() {
        Some(before) => format!("{before} {detail}"),
        None => detail,
    };
    let text = found.message().chars().take(500).collect::<String>();
    Some(
        ErrorReport::new(code, text, "customer_ai")
            .set_detail(detail)
            .set_hint(hint),
    )
}

/// Whether a value was not what a cast, an operator or a function takes.
fn is_of_value(code: Code) -> bool {
    matches!(
        code,
        Code::ERRCODE_INVALID_TEXT_REPRESENTATION
            | Code::ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE
            | Code::ERRCODE_INVALID_DATETIME_FORMAT
            | Code::ERRCODE_DATETIME_FIELD_OVERFLOW
            | Code::ERRCODE_DIVISION_BY_ZERO
            | Code::ERRCODE_INVALID_PARAMETER_VALUE
            | Code::ERRCODE_INVALID_ARGUMENT_FOR_LOG
            | Code::ERRCODE_STRING_DATA_RIGHT_TRUNCATION
    )
}

/// Which expressions of the model can have met the value: those with the type that the message names, else all.
fn origin(definition: &Definition, message: &str) -> String {
    let attributes = definition.options.attributes.iter();
    let attributes =
        attributes.map(|(name, text)| (format!("attribute \"{name}\""), text.as_str()));
    let conditions = [
        ("goal", Some(&definition.goal)),
        ("eligible", definition.eligible.as_ref()),
        ("exclude", definition.exclude.as_ref()),
    ];
    let conditions = conditions
        .into_iter()
        .filter_map(|(label, condition)| Some((format!("\"{label}\""), condition?.text.as_str())));
    let sources = definition.events.iter().filter_map(|source| {
        let label = format!("where_clause of \"{}.{}\"", source.schema, source.relation);
        Some((label, source.where_clause.as_deref()?))
    });
    let all: Vec<(String, &str)> = attributes.chain(conditions).chain(sources).collect();
    let casts = |(_, text): &&(String, &str)| {
        names_of_type(message)
            .iter()
            .any(|name| text.to_lowercase().contains(name))
    };
    let mut named: Vec<&(String, &str)> = all.iter().filter(casts).collect();
    if named.is_empty() {
        // A plain column compared with a plain literal casts nothing.
        named = all
            .iter()
            .filter(|(_, text)| text.contains(['(', ':', '/']))
            .collect();
    }
    let parts: Vec<String> = named
        .iter()
        .map(|(label, text)| format!("{label}, {}", text.trim()))
        .collect();
    let model = &definition.name;
    if parts.is_empty() {
        return format!("Found while the sources of model \"{model}\" were read.");
    }
    format!("Found in model \"{model}\" by {}.", parts.join("; or by "))
}

/// How a type that a message names is written in expressions.
fn names_of_type(message: &str) -> &'static [&'static str] {
    const TYPES: [(&str, &[&str]); 9] = [
        ("double precision", &["double precision", "float8", "float"]),
        ("timestamp", &["timestamp"]),
        ("bigint", &["bigint", "int8"]),
        ("smallint", &["smallint", "int2"]),
        ("integer", &["integer", "int4", "::int", "as int"]),
        ("numeric", &["numeric", "decimal"]),
        ("real", &["real", "float4"]),
        ("boolean", &["bool"]),
        ("date", &["date"]),
    ];
    TYPES
        .iter()
        .find(|(name, _)| message.contains(&format!("type {name}")))
        .map_or(&[], |(_, names)| names)
}
