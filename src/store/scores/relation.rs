//! The score relation: a view of the newest run over a history that is partitioned by run.
//!
//! Readers never wait and never see a mix of two runs: a run is filled in a table of its own,
//! which is attached in the same transaction (a lock that does not conflict with reading), and
//! the view takes the newest run that the reader's snapshot sees.
//!
//! A relation is ours by what we know of it, never by its name alone: the history holds runs that the catalog knows
//! as the model's or says so in its comment, the view reads that history, and a run's table is a partition of it.

use pgrx::pg_sys::Oid;

use super::comments::comment_columns;
use super::names::{self, kept, ours};
use super::shape::{self, NAMES};
use super::table::{Table, partitioned_under, runs_of, table};
use crate::catalog::{self, Definition};
use crate::error::{Error, not_null};
use crate::feed::stream::Key;
use crate::pg::relation::{self, literal, qualified, quote};
use crate::pg::sql;
use crate::store::notice;
use crate::store::segments;

/// The relations that hold a model's scores.
pub struct ScoreRelation<'a> {
    pub(super) definition: &'a Definition,
    pub(super) schema: &'a str,
    view: &'a str,
    /// What the history is called, if nobody has renamed it.
    pub(super) name: String,
    pub(super) history: Option<Table>,
}

impl<'a> ScoreRelation<'a> {
    /// Looks for the score relation of a model.
    pub fn find(definition: &'a Definition) -> Result<Self, Error> {
        let mut found = Self {
            definition,
            schema: &definition.scores_schema,
            view: &definition.scores_name,
            name: names::history(&definition.scores_name),
            history: None,
        };
        let by_view = match found.view_oid() {
            Some(view) => partitioned_under(view)?,
            None => Vec::new(),
        };
        let by_name = relation::find(found.schema, &found.name);
        for (oid, is_read) in by_view
            .into_iter()
            .map(|oid| (oid, true))
            .chain(by_name.map(|oid| (oid, false)))
        {
            if found.is_history(oid, is_read)? {
                found.history = table(oid)?;
                break;
            }
        }
        Ok(found)
    }

    /// The history, if there is one.
    pub fn table(&self) -> Option<&Table> {
        self.history.as_ref()
    }

    /// What the history was called before anybody renamed the view.
    fn first_name(&self) -> String {
        let given = self.definition.options.scores.as_deref();
        match given.map(|given| given.split_once('.').map_or(given, |(_, name)| name)) {
            Some(view) => names::history(view),
            None => names::history(&format!("{}_scores", self.definition.name)),
        }
    }

    pub(super) fn view_oid(&self) -> Option<Oid> {
        relation::find(self.schema, self.view)
    }

    /// The view as SQL.
    pub(super) fn view_sql(&self) -> String {
        qualified(self.schema, self.view)
    }

    /// The view for a message.
    pub fn view_display(&self) -> String {
        format!("{}.{}", self.schema, self.view)
    }

    /// What the history is called, for a message.
    pub fn history_display(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    /// Whether a relation is the model's history, which its view may read.
    fn is_history(&self, oid: Oid, is_read: bool) -> Result<bool, Error> {
        let query = "SELECT pg_catalog.obj_description(oid, 'pg_class') FROM pg_catalog.pg_class
            WHERE oid = $1 AND relkind = 'p'";
        let Some(comment) = sql::row(query, &[oid.into()], |row| Ok(row.get::<String>(1)?))? else {
            return Ok(false);
        };
        let model = &self.definition.name;
        if comment
            .as_ref()
            .is_some_and(|comment| *comment == kept(model))
        {
            return Ok(false);
        }
        let said = comment
            .as_ref()
            .is_some_and(|comment| *comment == ours(model));
        if said || is_read && comment.is_none() {
            return Ok(true);
        }
        let runs = runs_of(oid)?
            .into_iter()
            .map(|(run, _)| run.abs())
            .collect();
        catalog::has_any_run(self.definition.id, runs)
    }

    /// The relations of ours that read the history, each after what it reads: the view and the segments.
    pub fn readers(&self) -> Result<Vec<Table>, Error> {
        let Some(view) = self.view_oid() else {
            return Ok(Vec::new());
        };
        if !self.is_our_view(view)? {
            return Ok(Vec::new());
        }
        let mut readers: Vec<Table> = table(view)?.into_iter().collect();
        for oid in segments::relations_of(self.definition)? {
            if relation::reads(oid, view)? {
                readers.extend(table(oid)?);
            }
        }
        Ok(readers)
    }

    /// Creates what is missing of the history and the view, and says what somebody has done to them.
    pub fn ensure(&mut self, key: &Key, run: i64) -> Result<(), Error> {
        let scored = catalog::has_scored_before(self.definition.id, run.abs())?;
        let (model, gone) = (&self.definition.name, self.history.is_none());
        match &self.history {
            None => {
                self.create_history(key)?;
                if scored {
                    notice::history_gone(model, &self.history_display());
                }
            }
            Some(history)
                if history.schema != self.schema
                    || history.name != self.name && history.name != self.first_name() =>
            {
                notice::history_renamed(model, &self.history_display(), &history.display());
            }
            Some(_) => (),
        }
        match self.view_oid() {
            None => {
                self.create_view(&quote(&profile_name(key)))?;
                if scored && !gone {
                    notice::view_gone(model, &self.view_display());
                }
                Ok(())
            }
            Some(view) if self.is_our_view(view)? => Ok(()),
            Some(_) if scored => {
                notice::view_taken(model, &self.view_display(), &self.history()?.display());
                Ok(())
            }
            Some(_) => Err(Error::ScoresTaken {
                relation: self.view_display(),
                model: "another relation".to_owned(),
            }),
        }
    }

    fn create_history(&mut self, key: &Key) -> Result<(), Error> {
        let (history, profile) = (
            qualified(self.schema, &self.name),
            quote(&profile_name(key)),
        );
        sql::run(&format!(
            "CREATE TABLE {history} ({}, PRIMARY KEY (run, {profile})) PARTITION BY LIST (run)",
            shape::columns_sql(&profile, key)?
        ))?;
        sql::run(&format!(
            "COMMENT ON TABLE {history} IS {}",
            literal(&ours(&self.definition.name))
        ))?;
        comment_columns(&history, &profile, &NAMES)?;
        self.history = Some(Table {
            oid: not_null(relation::find(self.schema, &self.name))?,
            schema: self.schema.to_owned(),
            name: self.name.clone(),
        });
        Ok(())
    }

    /// The history.
    ///
    /// # Errors
    /// 42P01 if there is none.
    pub fn history(&self) -> Result<&Table, Error> {
        self.history.as_ref().ok_or_else(|| Error::UnknownRelation {
            relation: self.history_display(),
        })
    }

    fn create_view(&self, profile: &str) -> Result<(), Error> {
        let (view, history) = (self.view_sql(), self.history()?.sql());
        sql::run(&format!(
            "CREATE VIEW {view} AS SELECT {profile}, {} FROM {history} \
             WHERE run = (SELECT pg_catalog.max(run) FROM {history} WHERE run > 0)",
            NAMES.join(", ")
        ))?;
        self.comment(profile)
    }

    /// Whether a relation is a view of our history.
    pub(super) fn is_our_view(&self, view: Oid) -> Result<bool, Error> {
        match &self.history {
            Some(history) => Ok(partitioned_under(view)?.contains(&history.oid)),
            None => Ok(false),
        }
    }

    /// Drops the view and the history, as far as they are ours. What others built upon them is dropped with them only by
    /// force; else Postgres names it and refuses.
    pub fn drop(self, force: bool) -> Result<(), Error> {
        let Some(history) = &self.history else {
            return Ok(());
        };
        if let Some(view) = self.view_oid()
            && self.is_our_view(view)?
        {
            sql::run(&format!("DROP VIEW {}{}", self.view_sql(), cascade(force)))?;
        }
        sql::run(&format!("DROP TABLE {}{}", history.sql(), cascade(force)))
    }

    /// What others built upon the view, the history and the segments, in words: it would be dropped with them.
    pub fn built_upon(&self) -> Result<Vec<String>, Error> {
        let mut ours = segments::relations_of(self.definition)?;
        if let Some(history) = &self.history {
            ours.push(history.oid);
            ours.extend(
                runs_of(history.oid)?
                    .into_iter()
                    .map(|(_, table)| table.oid),
            );
            ours.extend(self.readers()?.into_iter().map(|table| table.oid));
        }
        let query = "SELECT DISTINCT COALESCE(
                pg_catalog.pg_describe_object('pg_catalog.pg_class'::pg_catalog.regclass, w.ev_class, 0),
                pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid))
            FROM pg_catalog.pg_depend d
            LEFT JOIN pg_catalog.pg_rewrite w
                ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND w.oid = d.objid
            WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = ANY ($1) AND d.deptype = 'n'
                AND (w.ev_class IS NULL OR w.ev_class <> ALL ($1))
            ORDER BY 1";
        sql::rows(query, &[ours.into()], |row| not_null(row.get(1)?))
    }
}

/// What drops dependent objects too.
pub fn cascade(force: bool) -> &'static str {
    if force { " CASCADE" } else { "" }
}

/// What the profile's column is called: under its own name, unless that is one of ours.
pub fn profile_name(key: &Key) -> String {
    if NAMES.contains(&key.name.as_str()) {
        "profile".to_owned()
    } else {
        key.name.clone()
    }
}
