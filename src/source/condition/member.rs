//! Members of JSON documents: the one kind of expression that postgres_fdw does not ship for its keys alone, because
//! they are texts whose collation no column has.

use std::ffi::CStr;

use pgrx::FromDatum;
use pgrx::pg_sys::{self, CoercionForm, NodeTag};

use super::{PINNED, analysed};
use crate::error::Error;
use crate::pg::list::pointers;
use crate::pg::relation::type_name;

/// A value in a jsonb column.
pub struct Member {
    pub column: String,
    /// Those of `->`, from the outermost document on.
    pub keys: Vec<String>,
    pub value: Value,
}

/// How the value is taken.
pub enum Value {
    /// By `->>` with this key.
    Text(String),
    /// By a cast to this type.
    Cast(String),
}

/// What an expression about one row is, if it is `column -> 'key' .. ->> 'key'`, or a cast of `column -> 'key' ..`.
///
/// # Errors
/// Those of [`super::check`].
pub fn member(label: &'static str, text: &str, from: &str) -> Result<Option<Member>, Error> {
    // SAFETY: the tree lives in the current memory context until the end of the call; nodes are cast by their tags.
    unsafe {
        let (query, expression) = analysed(label, text, from, true, PINNED)?;
        let found = match (*expression).type_ {
            NodeTag::T_OpExpr => step(expression, pg_sys::F_JSONB_OBJECT_FIELD_TEXT)
                .map(|(document, key)| (document, Value::Text(key))),
            NodeTag::T_FuncExpr => {
                let cast = &*expression.cast::<pg_sys::FuncExpr>();
                match *pointers::<pg_sys::Node>(cast.args) {
                    [document] if cast.funcformat == CoercionForm::COERCE_EXPLICIT_CAST => {
                        let value = Value::Cast(type_name(cast.funcresulttype));
                        Some((document, value))
                    }
                    _ => None,
                }
            }
            _ => None,
        };
        let Some((mut document, value)) = found else {
            return Ok(None);
        };
        let mut keys = Vec::new();
        while let Some((outer, key)) = step(document, pg_sys::F_JSONB_OBJECT_FIELD) {
            keys.insert(0, key);
            document = outer;
        }
        let is_member = matches!(value, Value::Text(_)) || !keys.is_empty();
        let column = column_of(query, document).filter(|_| is_member);
        Ok(column.map(|column| Member {
            column,
            keys,
            value,
        }))
    }
}

/// The document and the key of an operator that is this function with a constant key.
unsafe fn step(node: *mut pg_sys::Node, function: u32) -> Option<(*mut pg_sys::Node, String)> {
    // SAFETY: nodes are cast by their tags; the key of these functions is a text.
    unsafe {
        if (*node).type_ != NodeTag::T_OpExpr {
            return None;
        }
        let operator = &*node.cast::<pg_sys::OpExpr>();
        let [document, key] = *pointers::<pg_sys::Node>(operator.args) else {
            return None;
        };
        if operator.opfuncid != pg_sys::Oid::from(function) || (*key).type_ != NodeTag::T_Const {
            return None;
        }
        let key = &*key.cast::<pg_sys::Const>();
        String::from_datum(key.constvalue, key.constisnull).map(|key| (document, key))
    }
}

/// The name of the column that a node is, if it is one of the only item of FROM.
unsafe fn column_of(query: *mut pg_sys::Query, node: *mut pg_sys::Node) -> Option<String> {
    // SAFETY: as above.
    unsafe {
        if (*node).type_ != NodeTag::T_Var {
            return None;
        }
        let column = &*node.cast::<pg_sys::Var>();
        let [item] = pointers::<pg_sys::RangeTblEntry>((*query).rtable) else {
            return None;
        };
        let name = pg_sys::get_rte_attribute_name(*item, column.varattno);
        Some(CStr::from_ptr(name).to_str().ok()?.to_owned())
    }
}
