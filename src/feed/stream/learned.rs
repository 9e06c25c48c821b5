//! What the columns of a version were when it learned them: one that holds something else now is refused, for a date read
//! as the amount that it was is a quiet other score.

use pgrx::pg_sys;
use propensity::features::schema::{ColumnNames, ColumnType};

use crate::catalog::Definition;
use crate::error::Error;
use crate::pg::relation::{Category, Column, Relation, type_name};
use crate::source::condition;
use crate::source::{self, Events};

/// Which columns of a model an attribute may be.
pub struct Places<'a> {
    pub definition: &'a Definition,
    pub events: &'a [Events],
    pub profiles: Option<&'a Relation>,
}

/// A column by its name, or an expression.
struct Found<'a> {
    relation: String,
    column: Option<(&'a Relation, &'a Column)>,
    type_oid: pg_sys::Oid,
    sql: String,
}

impl<'a> Places<'a> {
    /// The types of the attributes now.
    pub fn types(&self, names: &ColumnNames) -> Result<Vec<ColumnType>, Error> {
        let of = |(name, of_profile, is_code): (&String, bool, bool)| {
            let found = self.find(name, of_profile)?;
            Ok(found.map_or_else(ColumnType::default, |found| column_type(&found, is_code)))
        };
        each(names).map(of).collect()
    }

    /// Refuses a version that learned other types.
    ///
    /// # Errors
    /// 42804 with both types; 42501 when the owner may not read the column any more.
    pub fn check(&self, names: &ColumnNames) -> Result<(), Error> {
        for ((name, of_profile, is_code), learned) in each(names).zip(&names.types) {
            // One that is gone is missed by those who choose what to read.
            let Some(found) = self.find(name, of_profile)? else {
                continue;
            };
            if let Some((relation, column)) = found.column
                && !column.readable
            {
                return Err(relation.forbidden(name));
            }
            let now = column_type(&found, is_code);
            if now.kind != learned.kind {
                return Err(Error::ColumnRetyped {
                    model: self.definition.name.clone(),
                    relation: found.relation,
                    column: name.clone(),
                    found: now.sql,
                    learned: learned.sql.clone(),
                });
            }
        }
        Ok(())
    }

    fn find(&self, name: &str, of_profile: bool) -> Result<Option<Found<'a>>, Error> {
        if !of_profile && let Some(text) = self.definition.attributes.get(name) {
            let from = source::seen_sql(self.events);
            let type_oid = condition::type_of("attributes", text, &from)?;
            return Ok(Some(Found {
                relation: format!("attributes of {}", self.definition.name),
                column: None,
                type_oid,
                sql: type_name(type_oid),
            }));
        }
        let (events, profiles) = if of_profile {
            (&[][..], self.profiles)
        } else {
            (self.events, None)
        };
        let relations = events.iter().map(|events| &events.relation).chain(profiles);
        let columns = relations.flat_map(|relation| {
            let own = relation.columns.iter();
            own.map(move |column| (relation, column))
        });
        let mut named: Vec<(&Relation, &Column)> =
            columns.filter(|(_, column)| column.name == name).collect();
        // The first that may be read is the one that the stream is of.
        named.sort_by_key(|(_, column)| !column.readable);
        Ok(named.first().map(|&(relation, column)| Found {
            relation: relation.display(),
            column: Some((relation, column)),
            type_oid: column.base_oid,
            sql: column.type_name.clone(),
        }))
    }
}

/// All attributes, in the order of their types: the name, whether it is of a profile, whether it is read as a text.
fn each(names: &ColumnNames) -> impl Iterator<Item = (&String, bool, bool)> {
    fn of(
        names: &[String],
        of_profile: bool,
        is_code: bool,
    ) -> impl Iterator<Item = (&String, bool, bool)> {
        names.iter().map(move |name| (name, of_profile, is_code))
    }
    of(&names.numbers, false, false)
        .chain(of(&names.codes, false, true))
        .chain(of(&names.profile_numbers, true, false))
        .chain(of(&names.profile_codes, true, true))
}

fn column_type(found: &Found, is_code: bool) -> ColumnType {
    // SAFETY: a look-up in the catalog by OID.
    let base = unsafe { pg_sys::getBaseType(found.type_oid) };
    let whole = matches!(base, pg_sys::INT2OID | pg_sys::INT4OID | pg_sys::INT8OID);
    let kind = match Category::of(base) {
        // Whole numbers that are names are texts of digits; others have decimals.
        Category::Number if is_code && whole => "whole number".to_owned(),
        Category::Number => "number".to_owned(),
        Category::Bool => "boolean".to_owned(),
        Category::Text | Category::Enum => "text".to_owned(),
        Category::Uuid => "uuid".to_owned(),
        Category::Timestamptz | Category::Timestamp | Category::Date => "instant".to_owned(),
        _ => type_name(base),
    };
    ColumnType {
        kind,
        sql: found.sql.clone(),
    }
}
