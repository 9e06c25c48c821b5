//! What a column is taken for: by its type, its name and the option `take_as`.

use pgrx::pg_sys::{self, Oid};

use propensity::naming::is_called_identifier;

use super::folded;
use crate::catalog::args::TakeAs;
use crate::pg::datum::{BytesKind, NumberKind};
use crate::pg::relation::{Category, Column};

/// What a column is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Amount,
    /// A category or an identifier, as its values turn out.
    Category,
    Date,
    /// A list: its length is an amount, its members together a category.
    List,
}

impl Role {
    /// Whether its number is read.
    pub fn has_number(self) -> bool {
        self != Self::Category
    }

    /// Whether its text is read.
    pub fn has_text(self) -> bool {
        matches!(self, Self::Category | Self::List)
    }
}

/// How the number of a column is read: the expression, and the kind of its type.
pub struct NumberReading {
    pub sql: String,
    pub kind: NumberKind,
}

/// How the text of a column is read.
pub struct TextReading {
    pub sql: String,
    /// Whether it is cast to text.
    pub cast: bool,
    pub kind: BytesKind,
}

/// The number of a value of this (base) type, if it has one; `sql` is an expression of one operand.
pub fn number(sql: &str, type_oid: Oid) -> Option<NumberReading> {
    let reading = |sql: String, kind: NumberKind| Some(NumberReading { sql, kind });
    if let Some(kind) = NumberKind::of(type_oid) {
        return reading(sql.to_owned(), kind);
    }
    match type_oid {
        pg_sys::MONEYOID => reading(format!("{sql}::pg_catalog.numeric"), NumberKind::Numeric),
        // In seconds.
        pg_sys::INTERVALOID => reading(
            format!("EXTRACT(epoch FROM {sql})::pg_catalog.float8"),
            NumberKind::Float8,
        ),
        // In hours.
        pg_sys::TIMEOID | pg_sys::TIMETZOID => reading(
            format!("EXTRACT(epoch FROM {sql})::pg_catalog.float8 / 3600"),
            NumberKind::Float8,
        ),
        _ if is_list(type_oid) => {
            reading(format!("pg_catalog.cardinality({sql})"), NumberKind::Int4)
        }
        _ => None,
    }
}

/// The text of a value of this (base) type, if it is one of a category or an identifier.
pub fn text(sql: &str, type_oid: Oid) -> Option<TextReading> {
    let plain = |kind: BytesKind| TextReading {
        sql: sql.to_owned(),
        cast: false,
        kind,
    };
    let made = |sql: String, cast: bool| TextReading {
        sql,
        cast,
        kind: BytesKind::Varlena,
    };
    match Category::of(type_oid) {
        // A numeric in bytes is no text.
        Category::Number if type_oid == pg_sys::NUMERICOID => Some(made(sql.to_owned(), true)),
        // char(n) without the blanks at its end.
        Category::Text if type_oid == pg_sys::BPCHAROID => Some(made(sql.to_owned(), true)),
        // Equal texts of it differ in case only.
        Category::Citext => Some(made(folded(&format!("{sql}::pg_catalog.text")), false)),
        Category::Number | Category::Text | Category::Uuid => {
            Some(BytesKind::of(type_oid).map_or_else(|| made(sql.to_owned(), true), plain))
        }
        Category::Bool | Category::Enum => Some(made(sql.to_owned(), true)),
        Category::Other => match type_oid {
            pg_sys::CHAROID
            | pg_sys::INETOID
            | pg_sys::CIDROID
            | pg_sys::MACADDROID
            | pg_sys::MACADDR8OID
            | pg_sys::BITOID
            | pg_sys::VARBITOID => Some(made(sql.to_owned(), true)),
            _ if is_list(type_oid) => Some(made(
                format!("NULLIF(pg_catalog.array_to_string({sql}, ', '), '')"),
                false,
            )),
            _ => None,
        },
        _ => None,
    }
}

/// What values of a (base) type are taken for, if for anything; `asked` is what the option says.
pub fn role(type_oid: Oid, is_identifier: bool, asked: Option<TakeAs>) -> Option<Role> {
    let category = Category::of(type_oid);
    let (number, text) = (
        number("e", type_oid).is_some(),
        text("e", type_oid).is_some(),
    );
    match asked {
        Some(TakeAs::Amount) if number => {
            return Some(if category.is_time() {
                Role::Date
            } else {
                Role::Amount
            });
        }
        Some(TakeAs::Category | TakeAs::Identifier) if text => return Some(Role::Category),
        _ => (),
    }
    match (number, text) {
        _ if category.is_time() => Some(Role::Date),
        (true, true) if is_list(type_oid) => Some(Role::List),
        (true, true) if category == Category::Number && is_identifier => Some(Role::Category),
        (true, _) => Some(Role::Amount),
        (false, true) => Some(Role::Category),
        (false, false) => None,
    }
}

/// What a column of events is taken for, if for anything. Whole numbers that are keys are names.
pub fn event_role(column: &Column, asked: Option<TakeAs>) -> Option<Role> {
    let whole = matches!(
        column.base_oid,
        pg_sys::INT2OID | pg_sys::INT4OID | pg_sys::INT8OID
    );
    let is_identifier = is_called_identifier(&column.name) || whole && column.in_key;
    role(column.base_oid, is_identifier, asked)
}

/// What a column of profiles is taken for, if for anything.
pub fn profile_role(column: &Column, asked: Option<TakeAs>) -> Option<Role> {
    role(column.base_oid, is_called_identifier(&column.name), asked)
}

fn is_list(type_oid: Oid) -> bool {
    // SAFETY: a look-up in the catalog by OID.
    (unsafe { pg_sys::get_element_type(type_oid) }) != pg_sys::InvalidOid
}
