//! A history whose ids are of another type than the profiles: the ids are cast, if none of them changes by that.
//!
//! The type of a view's column cannot be altered, so the view of the scores and the segments are dropped and made again
//! in the same transaction, with their comments, rights, options and indexes: readers see all of before or all of after.

use pgrx::Spi;
use pgrx::pg_sys::Oid;

use super::names;
use super::relation::{ScoreRelation, profile_name};
use super::remake::Reader;
use super::shape::{self, Fit};
use super::table::{Table, runs_of};
use crate::catalog::owner::as_owner;
use crate::error::{Error, not_null};
use crate::feed::stream::Key;
use crate::pg::attempt::attempt;
use crate::pg::relation::quote;
use crate::pg::sql;
use crate::store::notice;

impl ScoreRelation<'_> {
    /// Compares the history, if there is one, with what is to be written, and returns whether its ids are to be cast.
    ///
    /// # Errors
    /// 42804 and 55000 when rows of this kind cannot be written there, 42710 when its name is taken.
    pub fn check(&self, key: &Key) -> Result<Fit, Error> {
        if let Some(history) = &self.history {
            let fit = shape::compare(history, &self.view_display(), &profile_name(key), key)?;
            if let Fit::Retyped(found) = &fit {
                as_owner(self.definition, || check(self, history, found, key))?;
            }
            return Ok(fit);
        }
        match names::found(self.schema, &self.name)? {
            None => Ok(Fit::Same),
            Some(model) => Err(Error::ScoresTaken {
                relation: self.history_display(),
                model,
            }),
        }
    }

    /// Casts the ids of the history to the type of the key.
    pub fn migrate(&self, found: &str, key: &Key) -> Result<(), Error> {
        // Casts and conditions of users are code.
        as_owner(self.definition, || {
            migrate(self, self.history()?, found, key)
        })
    }
}

/// What keeps the ids from being cast, or stands on what has to be made again; none if they can be.
///
/// # Errors
/// 42804, with what was found and what to do.
fn check(scores: &ScoreRelation, history: &Table, found: &str, key: &Key) -> Result<(), Error> {
    let profile = quote(&profile_name(key));
    let required = shape::type_sql(key)?;
    let wrong = |found: String, hint: String| Error::HistoryType {
        relation: history.display(),
        column: profile_name(key),
        found,
        required: required.clone(),
        hint,
    };
    let anew = format!(
        "Drop the view \"{}\" and rename the table \"{}\": the next scoring begins new ones.",
        scores.view_display(),
        history.display()
    );
    let query = format!(
        "SELECT pg_catalog.count(*) FILTER (WHERE {profile}::{}::{found} IS DISTINCT FROM {profile}), pg_catalog.count(*) FROM {}",
        key.type_sql,
        history.sql()
    );
    let counted = attempt(|| {
        Spi::connect(|client| {
            let row = client.select(query.as_str(), Some(1), &[])?.first();
            Ok((not_null(row.get::<i64>(1)?)?, not_null(row.get::<i64>(2)?)?))
        })
    });
    match counted {
        Err(failure) => {
            let why = failure.text.trim_end_matches('.');
            return Err(wrong(
                format!("{found}, which cannot be cast ({why})"),
                anew,
            ));
        }
        Ok((lost @ 1.., of)) => {
            return Err(wrong(
                format!("{found}, and {lost} of {of} ids would not be the same"),
                anew,
            ));
        }
        Ok(_) => (),
    }
    let others = dependents(scores, history)?;
    if others.is_empty() {
        return Ok(());
    }
    let others = others.join(", ");
    Err(wrong(
        format!("{found}, which cannot be changed under {others}"),
        format!("Drop {others}; score again; and make it again."),
    ))
}

/// Casts the ids, and makes again what reads them.
fn migrate(scores: &ScoreRelation, history: &Table, found: &str, key: &Key) -> Result<(), Error> {
    let profile = quote(&profile_name(key));
    let readers = scores.readers()?;
    let made: Vec<Reader> = readers.iter().map(Reader::look).collect::<Result<_, _>>()?;
    for reader in made.iter().rev() {
        reader.drop()?;
    }
    let required = shape::type_sql(key)?;
    let cast = format!(
        "ALTER TABLE {} ALTER COLUMN {profile} TYPE {required} USING {profile}::{}",
        history.sql(),
        key.type_sql
    );
    // A constraint or a policy of somebody may mean nothing for the new type.
    if let Err(failure) = attempt(|| sql::run(&cast)) {
        let why = failure.text.trim_end_matches('.');
        return Err(Error::HistoryType {
            relation: history.display(),
            column: profile_name(key),
            found: format!("{found}, which cannot be changed ({why})"),
            required,
            hint:
                "Drop what was put on this column; score again; and make it again for the new type."
                    .to_owned(),
        });
    }
    for reader in &made {
        if let Err(failure) = attempt(|| reader.make()) {
            let name = reader.table.display();
            let why = failure.text.trim_end_matches('.');
            return Err(Error::HistoryType {
                relation: history.display(),
                column: profile_name(key),
                found: format!("{found}, under \"{name}\", which cannot be made again ({why})"),
                required: shape::type_sql(key)?,
                hint: format!(
                    "Run SELECT customer_ai.drop_segment('{name}'); score again; and create the segment with a condition for the new type."
                ),
            });
        }
    }
    notice::history_cast(&history.display(), &profile_name(key), found, &required);
    Ok(())
}

/// What others built upon the history, its runs and what reads them, in words.
fn dependents(scores: &ScoreRelation, history: &Table) -> Result<Vec<String>, Error> {
    let readers: Vec<Oid> = scores
        .readers()?
        .into_iter()
        .map(|table| table.oid)
        .collect();
    let runs = runs_of(history.oid)?
        .into_iter()
        .map(|(_, table)| table.oid);
    let ours: Vec<Oid> = readers
        .iter()
        .copied()
        .chain(runs)
        .chain([history.oid])
        .collect();
    // Triggers and rules of ours are found by what they are on; foreign keys move with the column.
    let query = "SELECT DISTINCT COALESCE(
            pg_catalog.pg_describe_object('pg_catalog.pg_class'::pg_catalog.regclass, w.ev_class, 0),
            pg_catalog.pg_describe_object(d.classid, d.objid, 0))
        FROM pg_catalog.pg_depend d
        LEFT JOIN pg_catalog.pg_rewrite w
            ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND w.oid = d.objid AND w.rulename = '_RETURN'
        WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = ANY ($1) AND d.deptype = 'n'
            AND d.classid <> 'pg_catalog.pg_constraint'::pg_catalog.regclass
            AND (w.ev_class IS NULL OR w.ev_class <> ALL ($1))
        UNION SELECT pg_catalog.pg_describe_object('pg_catalog.pg_trigger'::pg_catalog.regclass, t.oid, 0)
        FROM pg_catalog.pg_trigger t WHERE t.tgrelid = ANY ($2)
        UNION SELECT pg_catalog.pg_describe_object('pg_catalog.pg_rewrite'::pg_catalog.regclass, w.oid, 0)
        FROM pg_catalog.pg_rewrite w WHERE w.ev_class = ANY ($2) AND w.rulename <> '_RETURN'
        ORDER BY 1";
    sql::rows(query, &[ours.into(), readers.into()], |row| {
        not_null(row.get(1)?)
    })
}
