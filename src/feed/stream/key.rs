//! The key of the profiles.

use pgrx::pg_sys::{self, Oid};

use crate::catalog::Definition;
use crate::error::Error;
use crate::pg::datum::BytesKind;
use crate::pg::relation::Column;
use crate::source;

/// The profile key.
#[derive(Clone)]
pub struct Key {
    /// Name of the column in the first event source, which the score relation takes over.
    pub name: String,
    /// Its type as SQL, with modifier.
    pub type_sql: String,
    pub type_oid: Oid,
    pub typmod: i32,
    pub collation: Oid,
    /// Of a domain, the type under it.
    pub base_oid: Oid,
    /// What turns another expression into such a key as it is read, written behind it.
    pub cast: String,
    /// How its bytes are read.
    pub kind: BytesKind,
}

impl Key {
    /// Refuses a profile that is no value of the key's type, before Postgres does with a message that shows it whole.
    pub fn check(&self, profile: &str) -> Result<(), Error> {
        let fits = match self.kind {
            BytesKind::Int2 | BytesKind::Int4 | BytesKind::Int8 => {
                profile.trim().parse::<i64>().is_ok()
            }
            BytesKind::Uuid => {
                let digits = |letter: &char| letter.is_ascii_hexdigit();
                profile.len() < 64 && profile.chars().filter(digits).count() == 32
            }
            BytesKind::Varlena => true,
        };
        if fits {
            return Ok(());
        }
        Err(Error::ProfileText {
            profile: profile.to_owned(),
            column: self.name.clone(),
            required: self.type_sql.clone(),
        })
    }

    /// The key of a model as it is now. Its relation is locked, so that it stays.
    pub fn of(definition: &Definition) -> Result<Self, Error> {
        let sources = source::open_events(definition)?;
        Self::of_column(
            sources[0]
                .relation
                .column(&sources[0].source.profile_column)?,
        )
    }

    /// The key of the profiles, as the first source has it.
    pub fn of_column(column: &Column) -> Result<Self, Error> {
        let kind = BytesKind::of(column.base_oid).ok_or(Error::Internal(
            "a profile column has a type that was refused",
        ))?;
        Ok(Self {
            name: column.name.clone(),
            type_sql: column.type_name.clone(),
            type_oid: column.type_oid,
            typmod: column.typmod,
            collation: column.collation,
            base_oid: column.base_oid,
            // Texts are not cut to the length of the column.
            cast: match column.base_oid {
                pg_sys::BPCHAROID => "::pg_catalog.bpchar::pg_catalog.text".to_owned(),
                pg_sys::TEXTOID | pg_sys::VARCHAROID => "::pg_catalog.text".to_owned(),
                _ => format!("::{}", column.type_name),
            },
            kind,
        })
    }
}
