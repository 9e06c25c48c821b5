//! From an analysed expression back to SQL, with every function, operator, type and collation qualified that the
//! search_path does not find: as views are kept.
//!
//! Postgres writes the expression (`deparse_expression`), with a parameter in the place of each column; then these are
//! replaced by the names of the columns. So no table or view must be there for the expression to be written.

use std::ffi::{CStr, c_void};

use pgrx::{pg_guard, pg_sys};

use crate::error::Error;
use crate::pg::list::pointers;
use crate::pg::relation::quote;

/// An expression as SQL.
pub struct Written {
    pub sql: String,
    pub type_oid: pg_sys::Oid,
    /// The columns that it reads.
    pub columns: Vec<String>,
    /// Whether it reads the cutoff.
    pub at_cutoff: bool,
}

/// What parameters stand for.
struct Columns {
    /// The only item of FROM.
    item: *mut pg_sys::RangeTblEntry,
    /// How each is written, the first being `$1`.
    sql: Vec<String>,
    names: Vec<String>,
    at_cutoff: bool,
    whole_row: bool,
    /// The aggregates that were met, if they are to be columns too.
    aggregates: Option<Vec<pg_sys::Aggref>>,
}

// A parameter is written over a column or an aggregate, which lives in the same memory.
const _: () = assert!(size_of::<pg_sys::Param>() <= size_of::<pg_sys::Var>());
const _: () = assert!(size_of::<pg_sys::Param>() <= size_of::<pg_sys::Aggref>());

/// Writes an expression, the only column of a query with one item of FROM. The tree is spoiled.
///
/// # Safety
/// `expression` is of `query`, as `analysed` returns them, and nobody else reads it afterwards.
pub unsafe fn deparse(
    label: &'static str,
    query: *mut pg_sys::Query,
    expression: *mut pg_sys::Node,
) -> Result<Written, Error> {
    // SAFETY: by contract.
    unsafe { write(label, query, expression, None).map(|(written, _)| written) }
}

/// The same of what a condition says of its aggregates, which it returns: each is a column of `c`, where the cutoff is.
///
/// # Safety
/// As for [`deparse`]; what the aggregates read is not spoiled.
pub unsafe fn deparse_above(
    label: &'static str,
    query: *mut pg_sys::Query,
    expression: *mut pg_sys::Node,
) -> Result<(Written, Vec<pg_sys::Aggref>), Error> {
    // SAFETY: by contract.
    unsafe { write(label, query, expression, Some(Vec::new())) }
}

/// Writes an expression; with `aggregates`, to which those that are met are added, they are columns too.
///
/// # Safety
/// As for [`deparse`].
unsafe fn write(
    label: &'static str,
    query: *mut pg_sys::Query,
    expression: *mut pg_sys::Node,
    aggregates: Option<Vec<pg_sys::Aggref>>,
) -> Result<(Written, Vec<pg_sys::Aggref>), Error> {
    // SAFETY: by contract; nodes are cast by their tags.
    unsafe {
        let [item] = *pointers::<pg_sys::RangeTblEntry>((*query).rtable) else {
            return Err(super::analyse::nothing(label));
        };
        let type_oid = pg_sys::exprType(expression);
        let mut columns = Columns {
            item,
            sql: Vec::new(),
            names: Vec::new(),
            at_cutoff: false,
            whole_row: false,
            aggregates,
        };
        stand_in(expression, (&raw mut columns).cast());
        if columns.whole_row {
            return Err(Error::Forbidden {
                condition: label,
                what: "a whole row".to_owned(),
                place: String::new(),
                hint: "Name the columns; count(*) counts rows.",
            });
        }
        let text = pg_sys::deparse_expression(expression, std::ptr::null_mut(), false, false);
        let text = CStr::from_ptr(text).to_string_lossy();
        let written = Written {
            sql: fill(&text, &columns.sql),
            type_oid,
            columns: columns.names,
            at_cutoff: columns.at_cutoff,
        };
        Ok((written, columns.aggregates.unwrap_or_default()))
    }
}

/// Puts a parameter into the place of each column, and of each aggregate that is to be one.
#[pg_guard]
unsafe extern "C-unwind" fn stand_in(node: *mut pg_sys::Node, columns: *mut c_void) -> bool {
    if node.is_null() {
        return false;
    }
    // SAFETY: nodes are cast by their tags; `columns` comes from `deparse`. The parameter fits into the column's memory.
    unsafe {
        let all = &mut *columns.cast::<Columns>();
        let (place, type_oid, typmod, collation) = match (*node).type_ {
            pg_sys::NodeTag::T_Var => {
                let var = &*node.cast::<pg_sys::Var>();
                (all.place(var), var.vartype, var.vartypmod, var.varcollid)
            }
            pg_sys::NodeTag::T_Aggref if all.aggregates.is_some() => {
                let found = *node.cast::<pg_sys::Aggref>();
                let place = all.place_of_aggregate(found);
                (place, found.aggtype, -1, found.aggcollid)
            }
            _ => return pg_sys::expression_tree_walker(node, Some(stand_in), columns),
        };
        let param = pg_sys::Param {
            xpr: pg_sys::Expr {
                type_: pg_sys::NodeTag::T_Param,
            },
            paramkind: pg_sys::ParamKind::PARAM_EXTERN,
            paramid: place,
            paramtype: type_oid,
            paramtypmod: typmod,
            paramcollid: collation,
            location: -1,
        };
        node.cast::<pg_sys::Param>().write(param);
        false
    }
}

impl Columns {
    /// The number of the parameter that stands for a column.
    unsafe fn place(&mut self, var: &pg_sys::Var) -> i32 {
        let sql = if var.varlevelsup > 0 {
            self.at_cutoff = true;
            "c.cutoff".to_owned()
        } else {
            self.whole_row |= var.varattno <= 0;
            // SAFETY: the item has the column, and a name as every item of ours.
            let (alias, name) = unsafe {
                let name = pg_sys::get_rte_attribute_name(self.item, var.varattno);
                let alias = (*(*self.item).eref).aliasname;
                let text = |name| CStr::from_ptr(name).to_string_lossy().into_owned();
                (text(alias), text(name))
            };
            let sql = format!("{}.{}", quote(&alias), quote(&name));
            self.names.push(name);
            sql
        };
        self.place_of(sql)
    }

    /// The number of the parameter that stands for an aggregate.
    fn place_of_aggregate(&mut self, found: pg_sys::Aggref) -> i32 {
        let aggregates = self.aggregates.get_or_insert_default();
        aggregates.push(found);
        let sql = format!("c.{}", super::parts::column(aggregates.len() - 1));
        self.place_of(sql)
    }

    fn place_of(&mut self, sql: String) -> i32 {
        let known = self.sql.iter().position(|known| *known == sql);
        let place = known.unwrap_or_else(|| {
            self.sql.push(sql);
            self.sql.len() - 1
        });
        place as i32 + 1
    }
}

/// Replaces the parameters of a text that Postgres wrote: those that are not within quotes, which are doubled where
/// they stand for themselves.
fn fill(text: &str, columns: &[String]) -> String {
    let (mut filled, mut quoted) = (String::new(), None);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, quoted) {
            ('$', None) => {
                let mut number = 0;
                while let Some(digit) = letters.peek().and_then(|letter| letter.to_digit(10)) {
                    number = number * 10 + digit as usize;
                    letters.next();
                }
                match number.checked_sub(1).and_then(|place| columns.get(place)) {
                    Some(column) => filled.push_str(column),
                    None => filled.push('$'),
                }
                continue;
            }
            ('\'' | '"', None) => quoted = Some(letter),
            (_, Some(quote)) if quote == letter => quoted = None,
            _ => (),
        }
        filled.push(letter);
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn parameters_within_quotes_stay() {
        let columns = ["e.a".to_owned(), "e.\"b$1\"".to_owned()];
        let filled = |text| fill(text, &columns);
        assert_eq!(filled("($1 = '$1'::text)"), "(e.a = '$1'::text)");
        assert_eq!(
            filled("($2 = 'it''s $2') OR $1"),
            "(e.\"b$1\" = 'it''s $2') OR e.a"
        );
        assert_eq!(filled("E'\\\\$1' = \"$1\"($1)"), "E'\\\\$1' = \"$1\"(e.a)");
    }
}
