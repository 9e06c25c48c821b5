//! What the history must be like for rows to be written into it past the executor.

use pgrx::pg_sys::{self, Oid};

use super::table::Table;
use crate::error::{Error, not_null};
use crate::feed::stream::Key;
use crate::pg::relation::{qualified, quote};
use crate::pg::sql;

/// Columns after the profile's, in order: name, type, and the type as SQL.
pub const COLUMNS: [(&str, Oid, &str); 8] = [
    ("probability", pg_sys::FLOAT8OID, "double precision"),
    ("score", pg_sys::INT2OID, "smallint"),
    ("percentile", pg_sys::INT2OID, "smallint"),
    ("bucket", pg_sys::TEXTOID, "text"),
    ("factors", pg_sys::JSONBOID, "jsonb"),
    (
        "scored_at",
        pg_sys::TIMESTAMPTZOID,
        "timestamp with time zone",
    ),
    ("run", pg_sys::INT8OID, "bigint"),
    ("version", pg_sys::INT4OID, "integer"),
];
/// Their names.
pub const NAMES: [&str; 8] = [
    "probability",
    "score",
    "percentile",
    "bucket",
    "factors",
    "scored_at",
    "run",
    "version",
];

/// The columns of a row, in the order in which it is written: names and types.
pub fn row<'a>(profile: &'a str, key: &Key) -> [(&'a str, Oid); 9] {
    let mut columns = [(profile, key.type_oid); 9];
    for (column, (name, type_oid, _)) in columns.iter_mut().skip(1).zip(COLUMNS) {
        *column = (name, type_oid);
    }
    columns
}

/// Whether the ids of a history are of the type of the profiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fit {
    Same,
    /// They are of this type instead.
    Retyped(String),
}

/// A column as it is found.
struct Found {
    name: String,
    type_oid: Oid,
    typmod: i32,
    collation: Oid,
    type_sql: String,
    /// What keeps it from being left NULL.
    demands: Option<String>,
}

/// The columns of a new history.
pub fn columns_sql(profile: &str, key: &Key) -> Result<String, Error> {
    let mut columns = format!("{profile} {} NOT NULL", type_sql(key)?);
    for (name, _, type_sql) in COLUMNS {
        columns.push_str(&format!(", {name} {type_sql} NOT NULL"));
    }
    Ok(columns)
}

/// The type of the key with its collation, where that is not the one of the type.
pub fn type_sql(key: &Key) -> Result<String, Error> {
    let query = "SELECT n.nspname::pg_catalog.text, l.collname::pg_catalog.text
        FROM pg_catalog.pg_collation l JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace
        WHERE l.oid = $1 AND l.oid <> (SELECT t.typcollation FROM pg_catalog.pg_type t WHERE t.oid = $2)";
    let collation = sql::row(query, &[key.collation.into(), key.type_oid.into()], |row| {
        Ok((
            not_null(row.get::<String>(1)?)?,
            not_null(row.get::<String>(2)?)?,
        ))
    })?;
    Ok(match collation {
        Some((schema, name)) => format!("{} COLLATE {}", key.type_sql, qualified(&schema, &name)),
        None => key.type_sql.clone(),
    })
}

/// The profile's column of a history, and the type under its type, without a modifier.
pub fn profile_of(history: &Table) -> Result<Option<(String, String)>, Error> {
    let Some(found) = columns(history.oid)?
        .into_iter()
        .find(|column| !NAMES.contains(&column.name.as_str()))
    else {
        return Ok(None);
    };
    // SAFETY: a look-up in the catalog by OID.
    let base = unsafe { pg_sys::getBaseType(found.type_oid) };
    Ok(Some((found.name, plain_type(base)?)))
}

/// A type as SQL, without a modifier.
fn plain_type(type_oid: Oid) -> Result<String, Error> {
    let query = "SELECT pg_catalog.format_type($1, -1)";
    not_null(sql::row(query, &[type_oid.into()], |row| {
        not_null(row.get(1)?)
    })?)
}

/// Compares a history, attribute by attribute, with rows of a profile and our columns.
///
/// # Errors
/// 55000 and 42804, with what to do.
pub fn compare(history: &Table, view: &str, profile: &str, key: &Key) -> Result<Fit, Error> {
    let (relation, table) = (history.display(), history.sql());
    let altered = |found: String, required: &str, hint: String| Error::HistoryAltered {
        relation: relation.clone(),
        found,
        required: required.to_owned(),
        hint,
    };
    if !is_partitioned_by_run(history.oid)? {
        return Err(altered(
            "another partition key".to_owned(),
            "a table that is partitioned by LIST (run)",
            format!("Rename it, and drop the view \"{view}\": the next scoring begins a new one."),
        ));
    }
    if let Some((name, kind)) = interferes(history.oid)? {
        return Err(altered(
            format!("the {kind} {} on INSERT", quote(&name)),
            "none, because runs are attached to the table, not inserted",
            format!(
                "Run DROP {} {} ON {table}.",
                kind.to_uppercase(),
                quote(&name)
            ),
        ));
    }
    let found = columns(history.oid)?;
    let known = |name: &str| name == profile || NAMES.contains(&name);
    for (name, type_oid, type_sql) in COLUMNS {
        let Some(column) = found.iter().find(|column| column.name == name) else {
            return Err(missing(history, name, type_sql));
        };
        if column.type_oid != type_oid {
            return Err(Error::HistoryType {
                relation: relation.clone(),
                column: name.to_owned(),
                found: column.type_sql.clone(),
                required: type_sql.to_owned(),
                hint: format!(
                    "Drop the view \"{view}\", which the next scoring makes again, and run ALTER TABLE {table} ALTER COLUMN {name} TYPE {type_sql} USING {name}::{type_sql}."
                ),
            });
        }
    }
    let Some(ids) = found.iter().find(|column| column.name == profile) else {
        return Err(missing(history, profile, &key.type_sql));
    };
    if let Some(column) = found
        .iter()
        .find(|column| !known(&column.name) && column.demands.is_some())
    {
        let demands = column.demands.as_deref().unwrap_or_default();
        return Err(altered(
            format!("the column {} {demands}", quote(&column.name)),
            "none besides those of the scores that cannot be left NULL",
            format!(
                "Run ALTER TABLE {table} DROP COLUMN {}.",
                quote(&column.name)
            ),
        ));
    }
    let same =
        (ids.type_oid, ids.typmod, ids.collation) == (key.type_oid, key.typmod, key.collation);
    Ok(if same {
        Fit::Same
    } else {
        Fit::Retyped(ids.type_sql.clone())
    })
}

fn missing(history: &Table, column: &str, type_sql: &str) -> Error {
    Error::HistoryAltered {
        relation: history.display(),
        found: format!("no column {}", quote(column)),
        required: format!("{} of type {type_sql}", quote(column)),
        hint: format!(
            "If it was renamed, rename it back: ALTER TABLE {} RENAME COLUMN ... TO {}. Otherwise rename the table and drop its view: the next scoring begins a new one.",
            history.sql(),
            quote(column)
        ),
    }
}

fn is_partitioned_by_run(history: Oid) -> Result<bool, Error> {
    let query = "SELECT FROM pg_catalog.pg_partitioned_table p
        JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
        WHERE p.partrelid = $1 AND p.partstrat = 'l' AND p.partnatts = 1 AND a.attname = 'run'";
    Ok(sql::row(query, &[history.into()], |_| Ok(()))?.is_some())
}

/// What somebody put there to happen with each INSERT: its name and kind.
fn interferes(history: Oid) -> Result<Option<(String, &'static str)>, Error> {
    let query = "SELECT t.tgname::pg_catalog.text, true FROM pg_catalog.pg_trigger t
        WHERE t.tgrelid = $1 AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 4 <> 0
        UNION ALL SELECT w.rulename::pg_catalog.text, false FROM pg_catalog.pg_rewrite w
        WHERE w.ev_class = $1 AND w.ev_type = '3' AND w.ev_enabled <> 'D' ORDER BY 1";
    sql::row(query, &[history.into()], |row| {
        let kind = if not_null(row.get(2)?)? {
            "trigger"
        } else {
            "rule"
        };
        Ok((not_null(row.get(1)?)?, kind))
    })
}

fn columns(history: Oid) -> Result<Vec<Found>, Error> {
    let query = "SELECT a.attname::pg_catalog.text, a.atttypid, a.atttypmod, a.attcollation,
            pg_catalog.format_type(a.atttypid, a.atttypmod) || COALESCE((
                SELECT pg_catalog.format(' COLLATE %I.%I', n.nspname, l.collname)
                FROM pg_catalog.pg_collation l
                JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace
                JOIN pg_catalog.pg_type t ON t.oid = a.atttypid AND t.typcollation <> l.oid
                WHERE l.oid = a.attcollation), ''),
            CASE WHEN a.attgenerated <> '' THEN 'that is generated' WHEN a.attidentity <> '' THEN 'that is an identity'
                WHEN a.attnotnull THEN 'that is NOT NULL' WHEN a.atthasdef THEN 'that has a default' END
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";
    sql::rows(query, &[history.into()], |row| {
        Ok(Found {
            name: not_null(row.get(1)?)?,
            type_oid: not_null(row.get(2)?)?,
            typmod: not_null(row.get(3)?)?,
            collation: not_null(row.get(4)?)?,
            type_sql: not_null(row.get(5)?)?,
            demands: row.get(6)?,
        })
    })
}

/// Holds the filled table of a run against the constraints of the history and those of a domain, as the executor
/// would have done row by row.
///
/// # Errors
/// 23514, of Postgres itself.
pub fn validate(history: &Table, table: &Table, profile: &str, key: &Key) -> Result<(), Error> {
    let query = "SELECT k.conname::pg_catalog.text, pg_catalog.pg_get_constraintdef(k.oid)
        FROM pg_catalog.pg_constraint k
        WHERE k.conrelid = $1 AND k.contype = 'c' AND NOT k.connoinherit ORDER BY k.conname";
    let checks: Vec<(String, String)> = sql::rows(query, &[history.oid.into()], |row| {
        Ok((not_null(row.get(1)?)?, not_null(row.get(2)?)?))
    })?;
    for (name, definition) in checks {
        // Of a new table all rows are new: NOT VALID is about older ones.
        let definition = definition.strip_suffix(" NOT VALID").unwrap_or(&definition);
        sql::run(&format!(
            "ALTER TABLE {} ADD CONSTRAINT {} {definition}",
            table.sql(),
            quote(&name)
        ))?;
    }
    if key.base_oid == key.type_oid {
        return Ok(());
    }
    let base = plain_type(key.base_oid)?;
    sql::run(&format!(
        "SELECT FROM {} WHERE ({profile}::{base})::{} IS NULL LIMIT 1",
        table.sql(),
        key.type_sql
    ))
}
