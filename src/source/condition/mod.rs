//! Conditions are SQL expressions of users. Each is parsed alone, so that it can be put between parentheses later
//! without reaching beyond them, and analysed against what it will see.

mod analyse;
mod deparse;
mod member;
mod mutable;
mod parts;
mod position;
mod search;

pub use member::{Value, member};
pub use parts::{Input, Parts, Reads, column};

use std::ffi::CStr;
use std::panic::AssertUnwindSafe;

use pgrx::pg_sys::panic::{CaughtError, ErrorReport};
use pgrx::{PgLogLevel, PgSqlErrorCode, PgTryBuilder, Spi, pg_sys};

use crate::catalog::Condition;
use crate::error::Error;
use analyse::analysed;
use search::{forbidden_in_query, search};

/// What a condition sees when it is defined.
pub struct Scope<'a> {
    /// The item of FROM whose columns it sees.
    pub from: &'a str,
    /// What `cutoff` is in it.
    pub cutoff: CutoffName,
    /// The search_path that its names are looked up in.
    pub path: &'a CStr,
}

/// What the name `cutoff` is in a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutoffName {
    /// The instant of the prediction.
    Instant,
    /// A column of the events of that name, which keeps its meaning.
    Column,
    /// Nothing of ours.
    None,
}

/// Conditions are analysed and run with this search_path.
const PINNED: &CStr = c"pg_catalog, pg_temp";
const ONE_EXPRESSION: &str = "A condition is one expression over the columns of the sources: compute anything else in a view, \
    and define the model with that.";

/// Checks a condition of events that is being defined. To be called as the owner.
///
/// # Errors
/// Those of Postgres with the position in the condition; 42601 for what is not one expression, 0A000 for what is
/// not allowed in conditions, 42804 when it is not boolean.
pub fn define(label: &'static str, text: &str, scope: &Scope) -> Result<Condition, Error> {
    let defined = Defined::of(label, text, scope)?;
    // SAFETY: look-ups in the catalog by OID.
    let found = unsafe { pg_sys::getBaseType(defined.type_oid) };
    if found != pg_sys::BOOLOID {
        return Err(Error::NotBoolean {
            condition: label,
            found: crate::pg::relation::type_name(defined.type_oid),
        });
    }
    // What looks at the cutoff has no value of one event by itself: there are as many as cutoffs.
    let (sql, aggregate) = if defined.at_cutoff && !defined.aggregate {
        (format!("pg_catalog.bool_or({})", defined.sql), true)
    } else {
        (defined.sql, defined.aggregate)
    };
    let condition = Condition {
        text: text.to_owned(),
        sql,
        aggregate,
    };
    check(label, &condition.sql, scope.from)?;
    if aggregate {
        try_over_nothing(label, &condition.sql, scope.from)?;
    }
    Ok(condition)
}

/// Checks a condition about one row that is being defined.
pub fn define_row(label: &'static str, text: &str, scope: &Scope) -> Result<Condition, Error> {
    let condition = define(label, text, scope)?;
    if condition.aggregate {
        Err(Error::Aggregate { condition: label })
    } else {
        Ok(condition)
    }
}

/// Checks an expression about one row that is being defined, and returns its type and what runs.
pub fn define_expression(
    label: &'static str,
    text: &str,
    scope: &Scope,
) -> Result<(pg_sys::Oid, String), Error> {
    let defined = Defined::of(label, text, scope)?;
    if defined.aggregate {
        return Err(Error::Aggregate { condition: label });
    }
    Ok((defined.type_oid, defined.sql))
}

/// Checks that what runs of a condition still means something over `from`.
pub fn check(label: &'static str, sql: &str, from: &str) -> Result<(), Error> {
    analyse(label, sql, from).map(drop)
}

/// The type of what runs of an expression about one row.
pub fn type_of(label: &'static str, sql: &str, from: &str) -> Result<pg_sys::Oid, Error> {
    analyse(label, sql, from)
}

/// Evaluates a condition with aggregates over no events, which must not fail: it would at every training.
fn try_over_nothing(label: &'static str, sql: &str, from: &str) -> Result<(), Error> {
    let query = over_nothing(sql, from);
    let now = crate::catalog::instant::from_micros(crate::catalog::instant::now())?;
    let run = || {
        Spi::connect(|client| {
            let rows = client.select(query.as_str(), Some(1), &[vec![now].into()])?;
            rows.first().get_one::<bool>()
        })
    };
    PgTryBuilder::new(AssertUnwindSafe(|| run().map(drop).map_err(Error::from)))
        .catch_others(|error: CaughtError| match &error {
            CaughtError::PostgresError(found) => {
                let reason = found.message().to_owned();
                raise_error(Error::OverNothing {
                    condition: label,
                    reason,
                })
            }
            _ => error.rethrow(),
        })
        .execute()
}

/// Raises an error while another one is being handled, which it takes the place of.
fn raise_error(error: Error) -> ! {
    std::panic::panic_any(ErrorReport::from(error))
}

/// An expression that is being defined.
struct Defined {
    type_oid: pg_sys::Oid,
    sql: String,
    aggregate: bool,
    /// Whether it looks at the cutoff.
    at_cutoff: bool,
}

impl Defined {
    fn of(label: &'static str, text: &str, scope: &Scope) -> Result<Self, Error> {
        let at_cutoff = scope.cutoff == CutoffName::Instant;
        // SAFETY: the trees live in the current memory context until the end of the call.
        unsafe {
            let (query, expression) = analysed(label, text, scope.from, at_cutoff, scope.path)?;
            let stable = search(expression, Some(forbidden_in_query), label, text)?;
            stable.iter().for_each(|name| notice_stable(label, name));
            let written = deparse::deparse(label, query, expression)?;
            if scope.cutoff == CutoffName::Column && written.columns.iter().any(|c| c == "cutoff") {
                notice_cutoff(label);
            }
            Ok(Self {
                type_oid: written.type_oid,
                aggregate: (*query).hasAggs,
                at_cutoff: written.at_cutoff,
                sql: written.sql,
            })
        }
    }
}

/// A function that is STABLE may read tables: a condition with it means the same as long as they stay the same. Many
/// are labelled so that depend on nothing but their arguments, so it is said and not refused.
fn notice_stable(label: &str, function: &str) {
    ErrorReport::new(
        PgSqlErrorCode::ERRCODE_SUCCESSFUL_COMPLETION,
        format!("the function \"{function}\" in \"{label}\" is STABLE"),
        "customer_ai",
    )
    .set_detail("At past cutoffs it returns what it returns now.")
    .set_hint("If its result depends on its arguments only, declare it IMMUTABLE.")
    .report(PgLogLevel::NOTICE);
}

fn notice_cutoff(label: &str) {
    ErrorReport::new(
        PgSqlErrorCode::ERRCODE_SUCCESSFUL_COMPLETION,
        format!("\"cutoff\" in \"{label}\" is the column of the events"),
        "customer_ai",
    )
    .set_detail("Where no column has that name it is the instant of the prediction.")
    .set_hint("Rename the column in a view if you mean the instant.")
    .report(PgLogLevel::NOTICE);
}

/// The type of an expression that was defined before.
fn analyse(label: &'static str, sql: &str, from: &str) -> Result<pg_sys::Oid, Error> {
    // SAFETY: the trees live in the current memory context until the end of the call.
    unsafe {
        let (_, expression) = analysed(label, sql, from, true, PINNED)?;
        search(expression, Some(forbidden_in_query), label, sql)?;
        Ok(pg_sys::exprType(expression))
    }
}

/// What a condition with aggregates is over no events of `from`, at the cutoffs that `$1` has.
pub fn over_nothing(condition: &str, from: &str) -> String {
    format!(
        "SELECT d.holds FROM pg_catalog.unnest($1) WITH ORDINALITY AS c(cutoff, place) \
         CROSS JOIN LATERAL (SELECT ({condition}\n) IS TRUE AS holds FROM {from} WHERE false) d ORDER BY c.place"
    )
}
