//! The text of a condition as one expression, analysed against what it sees.

use std::ffi::{CStr, CString};

use pgrx::pg_sys;

use super::position::positioned;
use super::search::{forbidden_in_text, search};
use crate::error::Error;
use crate::pg::list::pointers;
use crate::pg::setting::with_setting;

/// An expression about what `from` has, and the query that it is the only column of. With `at_cutoff`, a level above it
/// is `c` with the column `cutoff`: for an aggregate that is a constant.
///
/// # Safety
/// The result lives in the current memory context.
pub(super) unsafe fn analysed(
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
            positioned(label, text, || transform(statement, &source))
        });
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

pub(super) fn nothing(label: &'static str) -> Error {
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
