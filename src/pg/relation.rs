//! The relations of users: their columns, and the SQL that reads them. The only module that quotes identifiers.

use pgrx::pg_sys;
use pgrx::spi::{SpiHeapTupleData, quote_identifier, quote_literal, quote_qualified_identifier};

use crate::error::{Error, not_null};
use crate::pg::role::role_name;
use crate::pg::sql;

/// An identifier, quoted where it must be.
pub fn quote(identifier: &str) -> String {
    quote_identifier(identifier)
}

/// A qualified identifier, quoted where it must be.
pub fn qualified(schema: &str, name: &str) -> String {
    quote_qualified_identifier(schema, name)
}

/// A text as a literal.
pub fn literal(text: &str) -> String {
    quote_literal(text)
}

/// What the values of a column can be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    Number,
    Bool,
    Text,
    /// A text that is equal to others in upper and lower case: a type of the extension of this name.
    Citext,
    Enum,
    Uuid,
    Timestamptz,
    Timestamp,
    Date,
    Json,
    /// Whatever else; [`role`] says what some of them are good for.
    Other,
}

impl Category {
    /// Of a type; of a domain, that of the type under it.
    pub fn of(type_oid: pg_sys::Oid) -> Self {
        // SAFETY: a look-up in the catalog by OID.
        let base = unsafe { pg_sys::getBaseType(type_oid) };
        match base {
            pg_sys::INT2OID
            | pg_sys::INT4OID
            | pg_sys::INT8OID
            | pg_sys::FLOAT4OID
            | pg_sys::FLOAT8OID
            | pg_sys::NUMERICOID => Self::Number,
            pg_sys::BOOLOID => Self::Bool,
            pg_sys::TEXTOID | pg_sys::VARCHAROID | pg_sys::BPCHAROID | pg_sys::NAMEOID => {
                Self::Text
            }
            pg_sys::UUIDOID => Self::Uuid,
            pg_sys::TIMESTAMPTZOID => Self::Timestamptz,
            pg_sys::TIMESTAMPOID => Self::Timestamp,
            pg_sys::DATEOID => Self::Date,
            pg_sys::JSONOID | pg_sys::JSONBOID => Self::Json,
            // SAFETY: a look-up in the catalog by OID.
            _ if unsafe { pg_sys::type_is_enum(base) } => Self::Enum,
            _ if is_citext(base) => Self::Citext,
            _ => Self::Other,
        }
    }

    /// Whether it can be the time of an event.
    pub fn is_time(self) -> bool {
        matches!(self, Self::Timestamptz | Self::Timestamp | Self::Date)
    }
}

/// An extension's type has no fixed OID.
fn is_citext(type_oid: pg_sys::Oid) -> bool {
    let name = type_name(type_oid);
    name == "citext" || name.ends_with(".citext")
}

/// A column of a relation. Of a domain, `base_oid` and `category` are those of the type under it.
#[derive(Clone, Debug)]
pub struct Column {
    pub name: String,
    /// The type with its modifier, as SQL.
    pub type_name: String,
    pub type_oid: pg_sys::Oid,
    pub typmod: i32,
    pub collation: pg_sys::Oid,
    /// The collation as SQL; empty if it has none.
    pub collation_sql: String,
    pub base_oid: pg_sys::Oid,
    pub category: Category,
    /// False when its collation takes different texts for equal.
    pub deterministic: bool,
    /// Part of a primary key, a unique index or a foreign key.
    pub in_key: bool,
    /// The whole primary key.
    pub is_row_key: bool,
    /// Whether the reader may SELECT it.
    pub readable: bool,
}

/// Schemas of Postgres itself.
const SYSTEM: [&str; 3] = ["pg_catalog", "information_schema", "pg_toast"];

/// A relation, locked until the transaction ends so that nobody renames or alters it meanwhile.
#[derive(Clone, Debug)]
pub struct Relation {
    pub schema: String,
    pub name: String,
    pub columns: Vec<Column>,
    /// Whether it vanishes with the session.
    pub is_temporary: bool,
    reader: pg_sys::Oid,
}

impl Relation {
    /// Locks a relation by OID, then looks at it as `reader` may.
    ///
    /// # Errors
    /// 42P01 when it does not exist, 42809 for what has no rows, 22023 for a relation of ours.
    pub fn open(oid: pg_sys::Oid, reader: pg_sys::Oid) -> Result<Self, Error> {
        if oid == pg_sys::InvalidOid {
            return Err(Error::UnknownRelation {
                relation: "-".to_owned(),
            });
        }
        // While we wait for the lock the relation may be dropped, and its name with it.
        let known = name_of(oid);
        // SAFETY: a lock by OID, released at the end of the transaction.
        unsafe { pg_sys::LockRelationOid(oid, SHARE) };
        let Identity {
            schema,
            name,
            kind,
            is_temporary,
            may_use_schema,
        } = identity(oid, reader)?.ok_or_else(|| Error::UnknownRelation {
            relation: known.unwrap_or_else(|| oid.to_string()),
        })?;
        let relation = format!("{schema}.{name}");
        if schema == "customer_ai" || schema == "customer_ai_internal" {
            return Err(Error::OwnRelation { relation });
        }
        let wrong = match kind.as_str() {
            // Scores are written beside the events, and nothing may be written there.
            _ if SYSTEM.contains(&schema.as_str()) => Some("a system catalog"),
            "r" | "v" | "m" | "p" | "f" => None,
            "i" | "I" => Some("an index"),
            "S" => Some("a sequence"),
            "c" => Some("a composite type"),
            _ => Some("another kind of relation"),
        };
        if let Some(found) = wrong {
            return Err(Error::WrongKind {
                relation,
                found: found.to_owned(),
            });
        }
        if !may_use_schema {
            return Err(Error::SchemaUsage {
                schema,
                role: role_name(reader),
            });
        }
        Ok(Self {
            columns: columns(oid, reader)?,
            schema,
            name,
            is_temporary,
            reader,
        })
    }

    /// Opens a relation by its stored name.
    pub fn named(schema: &str, name: &str, reader: pg_sys::Oid) -> Result<Self, Error> {
        let oid = hold(schema, name)
            .oid
            .ok_or_else(|| Error::UnknownRelation {
                relation: format!("{schema}.{name}"),
            })?;
        Self::open(oid, reader)
    }

    /// Its name for a message.
    pub fn display(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    /// Its name in SQL.
    pub fn sql(&self) -> String {
        qualified(&self.schema, &self.name)
    }

    /// Its columns that the reader may read, as an item of FROM.
    pub fn readable_sql(&self) -> String {
        let columns = self
            .columns
            .iter()
            .filter(|column| column.readable)
            .map(|column| quote(&column.name));
        format!(
            "(SELECT {} FROM {}) r",
            columns.collect::<Vec<_>>().join(", "),
            self.sql()
        )
    }

    /// Whether all of it, which is much, must be read to find the rows of one value of a column: no index begins with
    /// it. Of views and foreign tables nobody knows.
    pub fn reads_all_for(&self, column: &str) -> Result<bool, Error> {
        let query = "SELECT true FROM pg_catalog.pg_attribute a
            JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'm')
            WHERE a.attrelid = $1 AND a.attname = $2::pg_catalog.name
                AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i
                    WHERE i.indrelid = a.attrelid AND i.indkey[0] = a.attnum AND i.indisvalid AND i.indpred IS NULL)
                AND coalesce((SELECT sum(pg_catalog.pg_relation_size(t.relid)) FROM pg_catalog.pg_partition_tree($1) t),
                    pg_catalog.pg_relation_size($1)) >= $3";
        let Some(oid) = find(&self.schema, &self.name) else {
            return Ok(false);
        };
        let arguments = [oid.into(), column.into(), MUCH.into()];
        Ok(!sql::rows_now(query, &arguments, |_| Ok(()))?.is_empty())
    }

    /// The names of its columns.
    pub fn names(&self) -> Vec<String> {
        let name = |column: &Column| column.name.clone();
        self.columns.iter().map(name).collect()
    }

    /// A column that the reader may not read.
    pub fn forbidden(&self, column: &str) -> Error {
        Error::ColumnRights {
            relation: self.display(),
            column: column.to_owned(),
            role: role_name(self.reader),
        }
    }

    /// Refuses what vanishes with the session, as a source of a model that stays.
    pub fn refuse_temporary(&self) -> Result<(), Error> {
        if self.is_temporary {
            return Err(Error::WrongKind {
                relation: self.display(),
                found: "a temporary relation, which vanishes with the session".to_owned(),
            });
        }
        Ok(())
    }

    /// A column that the reader may read.
    ///
    /// # Errors
    /// 42703 with the nearest name, 42501.
    pub fn column(&self, name: &str) -> Result<&Column, Error> {
        let column = self
            .columns
            .iter()
            .find(|column| column.name == name)
            .ok_or_else(|| Error::UnknownColumn {
                relation: self.display(),
                column: name.to_owned(),
                columns: self.names(),
            })?;
        if column.readable {
            Ok(column)
        } else {
            Err(self.forbidden(name))
        }
    }
}

/// Bytes of a relation that takes longer to read than everything else that an answer takes.
const MUCH: i64 = 4 << 20;

/// The lock of readers.
const SHARE: pg_sys::LOCKMODE = pg_sys::AccessShareLock as pg_sys::LOCKMODE;

/// What [`hold`] found.
pub struct Held {
    /// None: there is no such relation, or not any more.
    pub oid: Option<pg_sys::Oid>,
    /// Whether somebody else had a lock that had to be waited for.
    pub waited: bool,
}

/// Locks the relation of a name against being altered, until the transaction ends. Whoever held a lock may have dropped
/// it, or given its name to another one: so the name is looked up again afterwards.
pub fn hold(schema: &str, name: &str) -> Held {
    let mut waited = false;
    loop {
        let Some(oid) = find(schema, name) else {
            return Held { oid: None, waited };
        };
        // SAFETY: a lock by OID, released at the end of the transaction or below.
        unsafe {
            if !pg_sys::ConditionalLockRelationOid(oid, SHARE) {
                pg_sys::LockRelationOid(oid, SHARE);
                waited = true;
            }
        }
        if find(schema, name) == Some(oid) {
            return Held {
                oid: Some(oid),
                waited,
            };
        }
        // SAFETY: the lock was taken above.
        unsafe { pg_sys::UnlockRelationOid(oid, SHARE) };
        waited = true;
    }
}

/// The qualified name of a relation, if it exists.
fn name_of(oid: pg_sys::Oid) -> Option<String> {
    // SAFETY: look-ups in the catalog; what they find is a C string in the current memory context, or NULL.
    unsafe {
        let name = pg_sys::get_rel_name(oid);
        let schema = pg_sys::get_namespace_name(pg_sys::get_rel_namespace(oid));
        if name.is_null() || schema.is_null() {
            return None;
        }
        let text = |name| std::ffi::CStr::from_ptr(name).to_string_lossy();
        Some(format!("{}.{}", text(schema), text(name)))
    }
}

/// The OID of a relation, if it exists. NULL names and other schemas' relations cannot be meant: no search_path.
pub fn find(schema: &str, name: &str) -> Option<pg_sys::Oid> {
    let schema = std::ffi::CString::new(schema).ok()?;
    let name = std::ffi::CString::new(name).ok()?;
    // SAFETY: look-ups in the catalog by name.
    unsafe {
        let namespace = pg_sys::get_namespace_oid(schema.as_ptr(), true);
        let oid = if namespace == pg_sys::InvalidOid {
            pg_sys::InvalidOid
        } else {
            pg_sys::get_relname_relid(name.as_ptr(), namespace)
        };
        (oid != pg_sys::InvalidOid).then_some(oid)
    }
}

/// Whether there is a relation of an OID.
pub fn exists(oid: pg_sys::Oid) -> bool {
    // SAFETY: a look-up in the catalog.
    unsafe { !pg_sys::get_rel_name(oid).is_null() }
}

/// Whether a relation that the current role may read has a column of that name.
pub fn any_has(column: &str) -> Result<bool, Error> {
    let query =
        "SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE a.attname = $1::pg_catalog.name AND a.attnum > 0 AND NOT a.attisdropped
            AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
            AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'customer_ai', 'customer_ai_internal')
            AND pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')
        LIMIT 1";
    Ok(sql::row(query, &[column.into()], |_| Ok(()))?.is_some())
}

/// Whether a materialized view is populated, and whether it has a unique index: what a concurrent refresh needs.
pub fn readiness(view: pg_sys::Oid) -> Result<(bool, bool), Error> {
    let query = "SELECT c.relispopulated, EXISTS (SELECT FROM pg_catalog.pg_index i
            WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
                AND i.indpred IS NULL AND i.indexprs IS NULL)
        FROM pg_catalog.pg_class c WHERE c.oid = $1";
    let found = sql::row(query, &[view.into()], |row| {
        Ok((not_null(row.get(1)?)?, not_null(row.get(2)?)?))
    })?;
    Ok(found.unwrap_or_default())
}

/// Whether a view or a materialized view reads a relation.
pub fn reads(view: pg_sys::Oid, relation: pg_sys::Oid) -> Result<bool, Error> {
    let query = "SELECT FROM pg_catalog.pg_rewrite w
        JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = w.oid
        WHERE w.ev_class = $1 AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = $2 LIMIT 1";
    Ok(sql::row(query, &[view.into(), relation.into()], |_| Ok(()))?.is_some())
}

/// The name of a relation's first column.
pub fn first_column(oid: pg_sys::Oid) -> Result<Option<String>, Error> {
    let query = "SELECT attname::pg_catalog.text FROM pg_catalog.pg_attribute
        WHERE attrelid = $1 AND attnum = 1 AND NOT attisdropped";
    sql::row(query, &[oid.into()], |row| not_null(row.get(1)?))
}

/// The kind of a relation, its comment, and whether a role may do with it as its owner may.
pub fn facts(
    oid: pg_sys::Oid,
    role: pg_sys::Oid,
) -> Result<Option<(String, Option<String>, bool)>, Error> {
    let query = "SELECT relkind::pg_catalog.text, pg_catalog.obj_description(oid, 'pg_class'),
            pg_catalog.pg_has_role($2, relowner, 'USAGE')
        FROM pg_catalog.pg_class WHERE oid = $1";
    sql::row(query, &[oid.into(), role.into()], |row| {
        Ok((not_null(row.get(1)?)?, row.get(2)?, not_null(row.get(3)?)?))
    })
}

/// Refuses a schema in which the current role may not create relations.
pub fn refuse_without_create(schema: &str) -> Result<(), Error> {
    let query =
        "SELECT pg_catalog.has_schema_privilege(n.oid, 'CREATE') FROM pg_catalog.pg_namespace n
        WHERE n.nspname = $1::pg_catalog.name";
    match sql::row(query, &[schema.into()], |row| not_null(row.get::<bool>(1)?))? {
        Some(true) => Ok(()),
        allowed => Err(Error::SchemaRights {
            schema: schema.to_owned(),
            exists: allowed.is_some(),
        }),
    }
}

/// The name of a type, for a message.
pub fn type_name(type_oid: pg_sys::Oid) -> String {
    // SAFETY: a look-up in the catalog by OID, which returns a C string in the current memory context; "???" if there
    // is no such type.
    unsafe { std::ffi::CStr::from_ptr(pg_sys::format_type_be(type_oid)) }
        .to_string_lossy()
        .into_owned()
}

/// What a relation is called, and is.
struct Identity {
    schema: String,
    name: String,
    kind: String,
    is_temporary: bool,
    /// Whether the reader may name what is in its schema.
    may_use_schema: bool,
}

fn identity(oid: pg_sys::Oid, reader: pg_sys::Oid) -> Result<Option<Identity>, Error> {
    let query = "SELECT n.nspname::pg_catalog.text, c.relname::pg_catalog.text, c.relkind::pg_catalog.text,
            c.relpersistence = 't', pg_catalog.has_schema_privilege($2, n.oid, 'USAGE')
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1";
    let found = sql::rows_now(query, &[oid.into(), reader.into()], |row| {
        Ok(Identity {
            schema: not_null(row.get(1)?)?,
            name: not_null(row.get(2)?)?,
            kind: not_null(row.get(3)?)?,
            is_temporary: not_null(row.get(4)?)?,
            may_use_schema: not_null(row.get(5)?)?,
        })
    })?;
    Ok(found.into_iter().next())
}

fn columns(oid: pg_sys::Oid, reader: pg_sys::Oid) -> Result<Vec<Column>, Error> {
    let query = "SELECT a.attname::pg_catalog.text, a.atttypid,
            pg_catalog.format_type(a.atttypid, a.atttypmod),
            COALESCE(l.collisdeterministic, true),
            EXISTS (SELECT FROM pg_catalog.pg_index i
                WHERE i.indrelid = a.attrelid AND i.indisunique AND a.attnum = ANY (i.indkey))
            OR EXISTS (SELECT FROM pg_catalog.pg_constraint k
                WHERE k.conrelid = a.attrelid AND k.contype = 'f' AND a.attnum = ANY (k.conkey)),
            EXISTS (SELECT FROM pg_catalog.pg_index i
                WHERE i.indrelid = a.attrelid AND i.indisprimary AND i.indnatts = 1 AND i.indkey[0] = a.attnum),
            pg_catalog.has_column_privilege($2, a.attrelid, a.attnum, 'SELECT'),
            a.atttypmod, a.attcollation,
            COALESCE((SELECT pg_catalog.format('%I.%I', n.nspname, l.collname)
                FROM pg_catalog.pg_namespace n WHERE n.oid = l.collnamespace), '')
        FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
        WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum";
    sql::rows_now(query, &[oid.into(), reader.into()], column)
}

fn column(row: SpiHeapTupleData) -> Result<Column, Error> {
    let type_oid: pg_sys::Oid = not_null(row.get(2)?)?;
    // SAFETY: a look-up in the catalog by OID.
    let base_oid = unsafe { pg_sys::getBaseType(type_oid) };
    Ok(Column {
        name: not_null(row.get(1)?)?,
        type_name: not_null(row.get(3)?)?,
        type_oid,
        typmod: not_null(row.get(8)?)?,
        collation: not_null(row.get(9)?)?,
        collation_sql: not_null(row.get(10)?)?,
        base_oid,
        category: Category::of(base_oid),
        deterministic: not_null(row.get(4)?)?,
        in_key: not_null(row.get(5)?)?,
        is_row_key: not_null(row.get(6)?)?,
        readable: not_null(row.get(7)?)?,
    })
}
