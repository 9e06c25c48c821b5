//! Which column is the profile and which the time: as named, or the only plausible one, and of a usable type.

use pgrx::pg_sys;

use super::sample::time_hint;
use crate::error::Error;
use crate::pg::relation::{Category, Column, Relation, literal, qualified, quote};

/// Columns with one of these names are the profile before any other.
const PROFILE_NAMES: [&str; 18] = [
    "profile_id",
    "profile",
    "customer_id",
    "customer",
    "user_id",
    "account_id",
    "client_id",
    "member_id",
    "driver_id",
    "contact_id",
    "person_id",
    "subscriber_id",
    "visitor_id",
    "patient_id",
    "student_id",
    "player_id",
    "company_id",
    "household_id",
];

/// The profile column: the one named, or the only plausible one.
///
/// # Errors
/// 42703 and 22023 when it cannot be guessed, 42804 and 0A000 for types whose equality is not that of profiles.
pub fn profile_column<'a>(relation: &'a Relation, name: Option<&str>) -> Result<&'a Column, Error> {
    let column = match name {
        Some(name) => relation.column(name)?,
        None => guess(relation, "profile_column", profile_candidates(relation))?,
    };
    if column.category == Category::Citext || !column.deterministic {
        return Err(Error::ColumnEquality {
            relation: relation.display(),
            column: column.name.clone(),
            found: if column.deterministic {
                format!("type {}", column.type_name)
            } else {
                "a non-deterministic collation".to_owned()
            },
            hint: as_key(relation, column),
        });
    }
    if !is_profile_type(column) {
        return Err(wrong_type(
            relation,
            column,
            "smallint, integer, bigint, text, varchar, char or uuid",
            as_key(relation, column),
        ));
    }
    Ok(column)
}

/// Whether the profiles of a further source are those of the first one, whose column is `key`: texts of any kind compare
/// with each other, integers must fit into those of the first source.
///
/// # Errors
/// 42804.
pub fn check_profile(relation: &Relation, column: &Column, key: &Column) -> Result<(), Error> {
    let width = |column: &Column| match column.base_oid {
        pg_sys::INT2OID => 2,
        pg_sys::INT4OID => 4,
        pg_sys::INT8OID => 8,
        _ => 0,
    };
    if column.category == key.category && width(column) <= width(key) {
        return Ok(());
    }
    Err(Error::ProfileTypes {
        relation: relation.display(),
        column: column.name.clone(),
        found: column.type_name.clone(),
        required: key.type_name.clone(),
    })
}

/// The time column: the one named, or the only one of a type of time.
///
/// # Errors
/// 42703 and 22023 when it cannot be guessed, 42804 for other types.
pub fn time_column<'a>(
    relation: &'a Relation,
    argument: &'static str,
    name: Option<&str>,
) -> Result<&'a Column, Error> {
    let column = match name {
        Some(name) => relation.column(name)?,
        None => {
            let candidates = relation
                .columns
                .iter()
                .filter(|column| column.category.is_time() && column.readable);
            guess(relation, argument, candidates.collect())?
        }
    };
    if column.category.is_time() {
        return Ok(column);
    }
    Err(wrong_type(
        relation,
        column,
        "timestamptz, timestamp or date",
        time_hint(relation, column),
    ))
}

fn guess<'a>(
    relation: &Relation,
    argument: &'static str,
    candidates: Vec<&'a Column>,
) -> Result<&'a Column, Error> {
    match candidates.as_slice() {
        [only] => Ok(only),
        several => Err(Error::CannotGuess {
            argument,
            relation: relation.display(),
            candidates: several.iter().map(|column| column.name.clone()).collect(),
            columns: relation.names(),
        }),
    }
}

/// Columns that are called like a profile; else those that refer to something and are not the key of the row.
fn profile_candidates(relation: &Relation) -> Vec<&Column> {
    let usable = || {
        relation
            .columns
            .iter()
            .filter(|column| is_profile_type(column) && column.readable)
    };
    let named: Vec<&Column> = usable()
        .filter(|column| PROFILE_NAMES.contains(&column.name.to_lowercase().as_str()))
        .collect();
    if !named.is_empty() {
        return named;
    }
    usable()
        .filter(|column| column.name.to_lowercase().ends_with("_id") && !column.is_row_key)
        .collect()
}

fn is_profile_type(column: &Column) -> bool {
    matches!(
        column.base_oid,
        pg_sys::INT2OID
            | pg_sys::INT4OID
            | pg_sys::INT8OID
            | pg_sys::TEXTOID
            | pg_sys::VARCHAROID
            | pg_sys::BPCHAROID
            | pg_sys::UUIDOID
    )
}

/// How to make a profile column of one of another type: a view, which is written out to be run as it is.
fn as_key(relation: &Relation, column: &Column) -> String {
    let name = quote(&column.name);
    let view = qualified(&relation.schema, &format!("{}_keyed", relation.name));
    let key = quote(&format!("{}_key", column.name));
    let value = match column.base_oid {
        pg_sys::NUMERICOID | pg_sys::FLOAT4OID | pg_sys::FLOAT8OID | pg_sys::OIDOID => {
            format!("{name}::bigint")
        }
        pg_sys::BYTEAOID => format!("encode({name}, 'hex')"),
        _ if column.category == Category::Citext => format!("lower({name}::text)"),
        _ if !column.deterministic => format!("lower({name}::text) COLLATE \"C\""),
        _ => format!("{name}::text"),
    };
    format!(
        "Use a view: CREATE VIEW {view} AS SELECT *, {value} AS {key} FROM {}; then profile_column => {}.",
        relation.sql(),
        literal(&format!("{}_key", column.name))
    )
}

fn wrong_type(relation: &Relation, column: &Column, required: &'static str, hint: String) -> Error {
    Error::ColumnType {
        relation: relation.display(),
        column: column.name.clone(),
        found: column.type_name.clone(),
        required,
        hint,
    }
}
