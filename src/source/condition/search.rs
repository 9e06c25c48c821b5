//! What is not allowed in conditions, searched in their trees.

use std::ffi::c_void;

use pgrx::{pg_guard, pg_sys};

use super::ONE_EXPRESSION;
use super::mutable::Changes;
use super::position::place;
use crate::error::Error;

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
pub(super) unsafe fn search(
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
pub(super) unsafe extern "C-unwind" fn forbidden_in_text(
    node: *mut pg_sys::Node,
    found: *mut c_void,
) -> bool {
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
pub(super) unsafe extern "C-unwind" fn forbidden_in_query(
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
        if let Some(what) = super::mutable::moment(node, result.text) {
            result.what = Some(what);
            result.hint = super::mutable::HINT;
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
        match super::mutable::function(function) {
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
