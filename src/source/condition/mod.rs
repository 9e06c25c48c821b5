//! Conditions are SQL expressions of users. Each is parsed alone, so that it can be put between parentheses later
//! without reaching beyond them, and analysed against what it will see.

mod deparse;
mod member;
mod mutable;

pub use member::{Value, member};

use std::ffi::{CStr, CString, c_void};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};

use pgrx::pg_sys::panic::{CaughtError, ErrorReport, ErrorReportWithLevel};
use pgrx::{PgLogLevel, PgSqlErrorCode, PgTryBuilder, Spi, pg_guard, pg_sys};

use crate::catalog::Condition;
use crate::error::Error;
use crate::pg::list::pointers;
use crate::pg::setting::with_setting;
use mutable::Changes;

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

/// An expression about what `from` has, and the query that it is the only column of. With `at_cutoff`, a level above it
/// is `c` with the column `cutoff`: for an aggregate that is a constant.
///
/// # Safety
/// The result lives in the current memory context.
unsafe fn analysed(
    label: &'static str,
    text: &str,
    from: &str,
    at_cutoff: bool,
    path: &CStr,
) -> Result<(*mut pg_sys::Query, *mut pg_sys::Node), Error> {
    let nul = |_| Error::NotAnExpression {
        condition: label,
        found: "a NUL character".to_owned(),
    };
    let source = CString::new(text).map_err(nul)?;
    let above = if at_cutoff {
        "SELECT NULL::pg_catalog.timestamptz AS cutoff"
    } else {
        "SELECT"
    };
    let frame = format!("SELECT NULL FROM ({above}) c, LATERAL (SELECT NULL FROM {from}) d");
    let frame = CString::new(frame).map_err(nul)?;
    // SAFETY: nodes are cast by their tags; the frame is ours.
    unsafe {
        let targets = parse(label, text, &source)?;
        let frame = pg_sys::raw_parser(frame.as_ptr(), pg_sys::RawParseMode::RAW_PARSE_DEFAULT);
        let statement = *pointers::<pg_sys::RawStmt>(frame)
            .first()
            .ok_or_else(|| nothing(label))?;
        let outer = &*(*statement).stmt.cast::<pg_sys::SelectStmt>();
        let [_, below] = *pointers::<pg_sys::RangeSubselect>(outer.fromClause) else {
            return Err(nothing(label));
        };
        (*(*below).subquery.cast::<pg_sys::SelectStmt>()).targetList = targets;
        let outer = with_setting(c"search_path", path, || {
            Ok(positioned(label, text, || transform(statement, &source)))
        })?;
        let [_, below] = *pointers::<pg_sys::RangeTblEntry>((*outer).rtable) else {
            return Err(nothing(label));
        };
        let query = (*below).subquery;
        let [entry] = *pointers::<pg_sys::TargetEntry>((*query).targetList) else {
            return Err(several(label));
        };
        Ok((query, (*entry).expr.cast::<pg_sys::Node>()))
    }
}

/// Parses a text as one expression, and returns it as a list of targets.
///
/// # Safety
/// The result lives in the current memory context.
unsafe fn parse(
    label: &'static str,
    text: &str,
    source: &CStr,
) -> Result<*mut pg_sys::List, Error> {
    // SAFETY: the parser returns a list of one RawStmt with a SelectStmt in this mode.
    unsafe {
        let mode = pg_sys::RawParseMode::RAW_PARSE_PLPGSQL_EXPR;
        let list = positioned(label, text, || pg_sys::raw_parser(source.as_ptr(), mode));
        let statement = *pointers::<pg_sys::RawStmt>(list)
            .first()
            .ok_or_else(|| nothing(label))?;
        let select = &*(*statement).stmt.cast::<pg_sys::SelectStmt>();
        let clauses = [
            select.distinctClause,
            select.fromClause,
            select.groupClause,
            select.windowClause,
            select.sortClause,
            select.lockingClause,
        ];
        let nodes = [
            select.whereClause,
            select.havingClause,
            select.limitOffset,
            select.limitCount,
        ];
        if clauses.iter().any(|clause| !clause.is_null())
            || nodes.iter().any(|node| !node.is_null())
        {
            return Err(Error::NotAnExpression {
                condition: label,
                found: "clauses of a query".to_owned(),
            });
        }
        match *pointers::<pg_sys::ResTarget>(select.targetList) {
            [] => Err(nothing(label)),
            [target] if (*target).name.is_null() => {
                search((*target).val, Some(forbidden_in_text), label, text)?;
                Ok(select.targetList)
            }
            // "amount > 5 AND" is read as "amount > 5", called "and".
            [target] => {
                let name = CStr::from_ptr((*target).name).to_string_lossy();
                let found = format!("an expression followed by \"{name}\"");
                Err(Error::NotAnExpression {
                    condition: label,
                    found,
                })
            }
            _ => Err(several(label)),
        }
    }
}

fn nothing(label: &'static str) -> Error {
    Error::NotAnExpression {
        condition: label,
        found: "nothing".to_owned(),
    }
}

fn several(label: &'static str) -> Error {
    Error::NotAnExpression {
        condition: label,
        found: "several expressions".to_owned(),
    }
}

#[cfg(feature = "pg14")]
unsafe fn transform(statement: *mut pg_sys::RawStmt, source: &CStr) -> *mut pg_sys::Query {
    // SAFETY: no parameters, no environment.
    unsafe {
        pg_sys::parse_analyze(
            statement,
            source.as_ptr(),
            std::ptr::null_mut(),
            0,
            std::ptr::null_mut(),
        )
    }
}

#[cfg(not(feature = "pg14"))]
unsafe fn transform(statement: *mut pg_sys::RawStmt, source: &CStr) -> *mut pg_sys::Query {
    // SAFETY: no parameters, no environment.
    unsafe {
        pg_sys::parse_analyze_fixedparams(
            statement,
            source.as_ptr(),
            std::ptr::null_mut(),
            0,
            std::ptr::null_mut(),
        )
    }
}

/// Runs a step of the parser; an error of it that has a position is raised again with its place in the condition,
/// where Postgres would point into the calling statement.
unsafe fn positioned<T>(label: &'static str, text: &str, step: impl FnOnce() -> T) -> T {
    let position = AtomicI32::new(0);
    let place = || {
        // Counted in characters, from 1.
        let before = usize::try_from(position.load(Relaxed))
            .ok()?
            .checked_sub(1)?;
        let byte = text
            .char_indices()
            .nth(before)
            .map_or(text.len(), |(byte, _)| byte);
        Some(place(label, text, byte))
    };
    // SAFETY: `Previous` takes the callback off the stack on every way out, before it is gone.
    unsafe {
        let _previous = Previous(pg_sys::error_context_stack);
        let mut callback = pg_sys::ErrorContextCallback {
            previous: pg_sys::error_context_stack,
            callback: Some(note_position),
            arg: (&raw const position).cast_mut().cast::<c_void>(),
        };
        pg_sys::error_context_stack = &raw mut callback;
        PgTryBuilder::new(AssertUnwindSafe(step))
            .catch_others(|error: CaughtError| match (&error, place()) {
                (CaughtError::PostgresError(found), Some(place)) => raise(found, &place),
                _ => error.rethrow(),
            })
            .execute()
    }
}

/// Raises an error of Postgres again, with a place.
fn raise(found: &ErrorReportWithLevel, place: &str) -> ! {
    let detail = found
        .detail()
        .map_or_else(|| place.to_owned(), |detail| format!("{detail} {place}"));
    let text: String = found.message().chars().take(500).collect();
    let hint = found.hint().unwrap_or(
        "Write one SQL expression over the columns of the sources, for example amount > 20.",
    );
    let report = ErrorReport::new(found.sql_error_code(), text, "customer_ai")
        .set_detail(detail)
        .set_hint(hint.to_owned());
    std::panic::panic_any(report)
}

/// Where a byte of a condition is, in words.
fn place(label: &str, text: &str, byte: usize) -> String {
    let (before, after) = text.split_at_checked(byte).unwrap_or((text, ""));
    let character = before.chars().count() + 1;
    let near: String = after
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(20)
        .collect();
    match near.trim() {
        "" => format!("At the end of \"{label}\"."),
        near => format!("At character {character} of \"{label}\", near \"{near}\"."),
    }
}

/// The stack of error callbacks as it was. pgrx reports an error of Postgres again further out, when what is on the
/// stack is long gone.
struct Previous(*mut pg_sys::ErrorContextCallback);

impl Drop for Previous {
    fn drop(&mut self) {
        // SAFETY: an assignment, no call of Postgres: an error may be unwinding.
        unsafe { pg_sys::error_context_stack = self.0 };
    }
}

/// Keeps the position of an error, and takes it off: the calling statement has nothing there.
unsafe extern "C-unwind" fn note_position(position: *mut c_void) {
    // SAFETY: called while an error is being reported, with the integer given in `positioned`.
    unsafe {
        (*position.cast::<AtomicI32>()).store(pg_sys::geterrposition(), Relaxed);
        pg_sys::errposition(0);
    }
}

type Walker = Option<unsafe extern "C-unwind" fn(*mut pg_sys::Node, *mut c_void) -> bool>;

/// What a search finds.
struct Found<'a> {
    what: Option<String>,
    location: i32,
    hint: &'static str,
    /// Names of functions of users that are STABLE.
    stable: Vec<String>,
    text: &'a str,
}

/// Searches a tree with a walker that stops at the first thing that is not allowed, and returns the names of the
/// functions of users in it that are STABLE.
unsafe fn search(
    tree: *mut pg_sys::Node,
    walker: Walker,
    label: &'static str,
    text: &str,
) -> Result<Vec<String>, Error> {
    let mut found = Found {
        what: None,
        location: -1,
        hint: ONE_EXPRESSION,
        stable: Vec::new(),
        text,
    };
    if let Some(walk) = walker {
        // SAFETY: the walkers of this file get the tree they are for and a `Found`.
        unsafe { walk(tree, (&raw mut found).cast()) };
    }
    let Some(what) = found.what else {
        return Ok(found.stable);
    };
    let place = usize::try_from(found.location)
        .ok()
        .map(|byte| place(label, text, byte));
    Err(Error::Forbidden {
        condition: label,
        what,
        place: place.unwrap_or_default(),
        hint: found.hint,
    })
}

/// In the text as parsed: what must not even be analysed.
#[pg_guard]
unsafe extern "C-unwind" fn forbidden_in_text(node: *mut pg_sys::Node, found: *mut c_void) -> bool {
    if node.is_null() {
        return false;
    }
    // SAFETY: nodes are cast by their tags; `found` comes from `search`.
    unsafe {
        let (what, location) = match (*node).type_ {
            pg_sys::NodeTag::T_SubLink => {
                ("a subquery", (*node.cast::<pg_sys::SubLink>()).location)
            }
            pg_sys::NodeTag::T_ParamRef => {
                ("a parameter", (*node.cast::<pg_sys::ParamRef>()).location)
            }
            pg_sys::NodeTag::T_FuncCall if !(*node.cast::<pg_sys::FuncCall>()).over.is_null() => (
                "a window function",
                (*node.cast::<pg_sys::FuncCall>()).location,
            ),
            _ => return pg_sys::raw_expression_tree_walker(node, Some(forbidden_in_text), found),
        };
        let found = &mut *found.cast::<Found>();
        found.what = Some(what.to_owned());
        found.location = location;
        true
    }
}

/// In the analysed expression: what only the catalog tells.
#[pg_guard]
unsafe extern "C-unwind" fn forbidden_in_query(
    node: *mut pg_sys::Node,
    found: *mut c_void,
) -> bool {
    if node.is_null() {
        return false;
    }
    // SAFETY: nodes are cast by their tags; `found` comes from `search`.
    unsafe {
        let result = &mut *found.cast::<Found>();
        result.location = pg_sys::exprLocation(node);
        if let Some(what) = mutable::moment(node, result.text) {
            result.what = Some(what);
            result.hint = mutable::HINT;
            return true;
        }
        let returns_set = match (*node).type_ {
            pg_sys::NodeTag::T_FuncExpr => (*node.cast::<pg_sys::FuncExpr>()).funcretset,
            pg_sys::NodeTag::T_OpExpr => (*node.cast::<pg_sys::OpExpr>()).opretset,
            _ => false,
        };
        if returns_set {
            result.what = Some("a set-returning function".to_owned());
            return true;
        }
        pg_sys::check_functions_in_node(node, Some(is_mutable), found)
            || pg_sys::expression_tree_walker(node, Some(forbidden_in_query), found)
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn is_mutable(function: pg_sys::Oid, found: *mut c_void) -> bool {
    // SAFETY: look-ups in the catalog by OID; `found` comes from `search`.
    unsafe {
        let found = &mut *found.cast::<Found>();
        match mutable::function(function) {
            Changes::Never => false,
            Changes::Perhaps(name) => {
                if !found.stable.contains(&name) {
                    found.stable.push(name);
                }
                false
            }
            Changes::Yes(what, hint) => {
                found.what = Some(what);
                found.hint = hint;
                true
            }
        }
    }
}

/// What a condition with aggregates is over no events of `from`, at the cutoffs that `$1` has.
pub fn over_nothing(condition: &str, from: &str) -> String {
    format!(
        "SELECT d.holds FROM pg_catalog.unnest($1) WITH ORDINALITY AS c(cutoff, place) \
         CROSS JOIN LATERAL (SELECT ({condition}\n) IS TRUE AS holds FROM {from} WHERE false) d ORDER BY c.place"
    )
}
