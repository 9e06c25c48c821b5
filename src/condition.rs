//! Conditions are SQL expressions of users. Each is parsed alone, so that it can be put between parentheses later
//! without reaching beyond them, and analysed against what it will see.

mod member;

pub use member::{Value, member};

use std::ffi::{CStr, CString, c_void};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};

use pgrx::pg_sys::panic::{CaughtError, ErrorReport, ErrorReportWithLevel};
use pgrx::{PgTryBuilder, pg_guard, pg_sys};

use crate::error::Error;

/// A condition that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// One SQL expression. It may end with a comment: a line break must follow it.
    pub text: String,
    /// With an aggregate it is about the events of a window, without about one event.
    pub aggregate: bool,
}

/// Checks a condition of events; `from` is the item of FROM whose columns it sees. To be called as the owner.
///
/// # Errors
/// Those of Postgres with the position in the condition; 42601 for what is not one expression, 0A000 for what is
/// not allowed in conditions, 42804 when it is not boolean.
pub fn check(label: &'static str, text: &str, from: &str) -> Result<Condition, Error> {
    let (type_oid, aggregate) = analyse(label, text, from)?;
    // SAFETY: look-ups in the catalog by OID.
    let found = unsafe { pg_sys::getBaseType(type_oid) };
    if found == pg_sys::BOOLOID {
        Ok(Condition {
            text: text.to_owned(),
            aggregate,
        })
    } else {
        Err(Error::NotBoolean {
            condition: label,
            found: type_name(type_oid),
        })
    }
}

/// Checks a condition about one row.
pub fn check_row(label: &'static str, text: &str, from: &str) -> Result<Condition, Error> {
    let condition = check(label, text, from)?;
    if condition.aggregate {
        Err(Error::Aggregate { condition: label })
    } else {
        Ok(condition)
    }
}

/// Checks an expression about one row, and returns its type.
pub fn check_expression(label: &'static str, text: &str, from: &str) -> Result<pg_sys::Oid, Error> {
    match analyse(label, text, from)? {
        (_, true) => Err(Error::Aggregate { condition: label }),
        (type_oid, false) => Ok(type_oid),
    }
}

/// The type of an expression, and whether it aggregates.
fn analyse(label: &'static str, text: &str, from: &str) -> Result<(pg_sys::Oid, bool), Error> {
    // SAFETY: the trees live in the current memory context until the end of the call.
    unsafe {
        let (query, expression) = analysed(label, text, from)?;
        Ok((pg_sys::exprType(expression), (*query).hasAggs))
    }
}

/// An expression about what `from` has, and the query that it is the only column of.
///
/// # Safety
/// The result lives in the current memory context.
unsafe fn analysed(
    label: &'static str,
    text: &str,
    from: &str,
) -> Result<(*mut pg_sys::Query, *mut pg_sys::Node), Error> {
    let nul = |_| Error::NotAnExpression {
        condition: label,
        found: "a NUL character".to_owned(),
    };
    let source = CString::new(text).map_err(nul)?;
    let frame = CString::new(format!("SELECT NULL FROM {from}")).map_err(nul)?;
    // SAFETY: nodes are cast by their tags.
    unsafe {
        let targets = parse(label, text, &source)?;
        let frame = pg_sys::raw_parser(frame.as_ptr(), pg_sys::RawParseMode::RAW_PARSE_DEFAULT);
        let statement = *pointers::<pg_sys::RawStmt>(frame)
            .first()
            .ok_or_else(|| nothing(label))?;
        (*(*statement).stmt.cast::<pg_sys::SelectStmt>()).targetList = targets;
        let query = positioned(label, text, || transform(statement, &source));
        let [entry] = *pointers::<pg_sys::TargetEntry>((*query).targetList) else {
            return Err(several(label));
        };
        let expression = (*entry).expr.cast::<pg_sys::Node>();
        search(expression, Some(forbidden_in_query), label, text)?;
        Ok((query, expression))
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

/// The pointers of a list.
///
/// # Safety
/// The list is NULL, or a list of pointers to `T` that lives at least as long as the result is used.
pub unsafe fn pointers<'a, T>(list: *mut pg_sys::List) -> &'a [*mut T] {
    // SAFETY: a cell of a list of pointers is a pointer.
    unsafe {
        match list.as_ref() {
            Some(list) => std::slice::from_raw_parts(
                list.elements.cast(),
                list.length.unsigned_abs() as usize,
            ),
            None => &[],
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
    let mut report = ErrorReport::new(
        found.sql_error_code(),
        found.message().to_owned(),
        "customer_ai",
    )
    .set_detail(detail);
    if let Some(hint) = found.hint() {
        report = report.set_hint(hint);
    }
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
#[derive(Default)]
struct Found {
    what: Option<String>,
    location: i32,
}

/// Searches a tree with a walker that stops at the first thing that is not allowed.
unsafe fn search(
    tree: *mut pg_sys::Node,
    walker: Walker,
    label: &'static str,
    text: &str,
) -> Result<(), Error> {
    let mut found = Found::default();
    if let Some(walk) = walker {
        // SAFETY: the walkers of this file get the tree they are for and a `Found`.
        unsafe { walk(tree, (&raw mut found).cast()) };
    }
    let Some(what) = found.what else {
        return Ok(());
    };
    let place = usize::try_from(found.location)
        .ok()
        .map(|byte| place(label, text, byte));
    Err(Error::Forbidden {
        condition: label,
        what,
        place: place.unwrap_or_default(),
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
        *found.cast::<Found>() = Found {
            what: Some(what.to_owned()),
            location,
        };
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
        let returns_set = match (*node).type_ {
            pg_sys::NodeTag::T_FuncExpr => (*node.cast::<pg_sys::FuncExpr>()).funcretset,
            pg_sys::NodeTag::T_OpExpr => (*node.cast::<pg_sys::OpExpr>()).opretset,
            _ => false,
        };
        if returns_set {
            result.what = Some("a set-returning function".to_owned());
            return true;
        }
        pg_sys::check_functions_in_node(node, Some(is_volatile), found)
            || pg_sys::expression_tree_walker(node, Some(forbidden_in_query), found)
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn is_volatile(function: pg_sys::Oid, found: *mut c_void) -> bool {
    // SAFETY: look-ups in the catalog by OID; `found` comes from `search`.
    unsafe {
        if pg_sys::func_volatile(function).cast_unsigned() != pg_sys::PROVOLATILE_VOLATILE {
            return false;
        }
        let name = pg_sys::get_func_name(function);
        let name = if name.is_null() {
            function.to_string()
        } else {
            CStr::from_ptr(name).to_string_lossy().into_owned()
        };
        (*found.cast::<Found>()).what = Some(format!("the volatile function \"{name}\""));
        true
    }
}

/// The name of a type, for a message.
pub fn type_name(type_oid: pg_sys::Oid) -> String {
    // SAFETY: the result is a C string in the current memory context.
    unsafe {
        CStr::from_ptr(pg_sys::format_type_be(type_oid))
            .to_string_lossy()
            .into_owned()
    }
}
