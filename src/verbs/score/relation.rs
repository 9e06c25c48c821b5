//! The score relation: a view of the newest run over a history that is partitioned by run.
//!
//! Readers never wait and never see a mix of two runs: a run is filled in a table of its own,
//! which is attached in the same transaction (a lock that does not conflict with reading), and
//! the view takes the newest run that the reader's snapshot sees.
//!
//! A relation is ours by what we know of it, never by its name alone: the history holds runs that the catalog knows
//! as the model's or says so in its comment, the view reads that history, and a run's table is a partition of it.

use pgrx::pg_sys::{self, Oid};

use super::migrate;
use super::names;
use super::shape::{self, Fit, NAMES};
use crate::catalog::owner::as_owner;
use crate::catalog::{self, Definition};
use crate::error::{Error, not_null};
use crate::feed::stream::Key;
use crate::pg::attempt::attempt;
use crate::pg::relation::{self, literal, qualified, quote};
use crate::pg::sql;
use crate::verbs::notice;
use crate::verbs::segment;

/// Names tried for the table of a run.
const TRIES: usize = 99;

/// A table, wherever it is.
#[derive(Clone, Debug)]
pub struct Table {
    pub oid: Oid,
    pub schema: String,
    pub name: String,
}

impl Table {
    /// Its name in SQL.
    pub fn sql(&self) -> String {
        qualified(&self.schema, &self.name)
    }

    /// Its name for a message.
    pub fn display(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }
}

/// The relations that hold a model's scores.
pub struct ScoreRelation<'a> {
    definition: &'a Definition,
    schema: &'a str,
    view: &'a str,
    /// What the history is called, if nobody has renamed it.
    name: String,
    history: Option<Table>,
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

    fn view_oid(&self) -> Option<Oid> {
        relation::find(self.schema, self.view)
    }

    /// The view as SQL.
    fn view_sql(&self) -> String {
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

    /// Compares the history, if there is one, with what is to be written, and returns whether its ids are to be cast.
    ///
    /// # Errors
    /// 42804 and 55000 when rows of this kind cannot be written not_null, 42710 when its name is taken.
    pub fn check(&self, key: &Key) -> Result<Fit, Error> {
        if let Some(history) = &self.history {
            let fit = shape::compare(history, &self.view_display(), &profile_name(key), key)?;
            if let Fit::Retyped(found) = &fit {
                as_owner(self.definition, || {
                    migrate::check(self, history, found, key)
                })?;
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

    /// The relations of ours that read the history, each after what it reads: the view and the segments.
    pub fn readers(&self) -> Result<Vec<Table>, Error> {
        let Some(view) = self.view_oid() else {
            return Ok(Vec::new());
        };
        if !self.is_our_view(view)? {
            return Ok(Vec::new());
        }
        let mut readers: Vec<Table> = table(view)?.into_iter().collect();
        for oid in segment::relations_of(self.definition)? {
            if relation::reads(oid, view)? {
                readers.extend(table(oid)?);
            }
        }
        Ok(readers)
    }

    /// Casts the ids of the history to the type of the key.
    pub fn migrate(&self, found: &str, key: &Key) -> Result<(), Error> {
        // Casts and conditions of users are code.
        as_owner(self.definition, || {
            migrate::migrate(self, self.history()?, found, key)
        })
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
        self.history = Some(Table {
            oid: not_null(relation::find(self.schema, &self.name))?,
            schema: self.schema.to_owned(),
            name: self.name.clone(),
        });
        Ok(())
    }

    fn history(&self) -> Result<&Table, Error> {
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
        self.comment()
    }

    /// Whether a relation is a view of our history.
    fn is_our_view(&self, view: Oid) -> Result<bool, Error> {
        match &self.history {
            Some(history) => Ok(partitioned_under(view)?.contains(&history.oid)),
            None => Ok(false),
        }
    }

    fn comment(&self) -> Result<(), Error> {
        let view = self.view_sql();
        let about = [
            ("", about(&self.definition.name)),
            (
                "probability",
                "probability of the goal within the outcome window, 0 to 1".to_owned(),
            ),
            (
                "score",
                "0 to 100: 50 = the average odds, 75 = three times, 25 = a third".to_owned(),
            ),
            (
                "percentile",
                "rank among the profiles of the run, 1 to 100".to_owned(),
            ),
            ("bucket", "low, medium or high, by score".to_owned()),
            (
                "factors",
                "strongest influential factors with their signed impact in log-odds".to_owned(),
            ),
            (
                "scored_at",
                "the cutoff that the scores were computed at".to_owned(),
            ),
            ("run", "the scoring run (customer_ai.runs)".to_owned()),
            (
                "version",
                "the model version (customer_ai.versions)".to_owned(),
            ),
        ];
        for (column, text) in about {
            let object = if column.is_empty() {
                format!("VIEW {view}")
            } else {
                format!("COLUMN {view}.{column}")
            };
            sql::run(&format!("COMMENT ON {object} IS {}", literal(&text)))?;
        }
        Ok(())
    }

    /// Creates the empty table of a run; readers do not see it before [`ScoreRelation::attach`].
    pub fn create_run(&self, run: i64, key: &Key, fit: &Fit) -> Result<Table, Error> {
        self.refuse_partition_of(run)?;
        let name = self.free_name(run)?;
        let table = qualified(self.schema, &name);
        // The CHECK lets ATTACH skip its scan.
        let (history, space) = (self.history()?.sql(), self.space(false)?);
        sql::run(&format!(
            "CREATE TABLE {table} (LIKE {history}, CONSTRAINT customer_ai_run CHECK (run = {run})){space}"
        ))?;
        if *fit != Fit::Same {
            let profile = quote(&profile_name(key));
            sql::run(&format!(
                "ALTER TABLE {table} ALTER COLUMN {profile} TYPE {} USING {profile}::{}",
                shape::type_sql(key)?,
                key.type_sql
            ))?;
        }
        Ok(Table {
            oid: not_null(relation::find(self.schema, &name))?,
            schema: self.schema.to_owned(),
            name,
        })
    }

    /// Refuses a partition of somebody where a run is to go, before any work is done for it.
    fn refuse_partition_of(&self, run: i64) -> Result<(), Error> {
        let history = self.history()?;
        let runs = runs_of(history.oid)?;
        let Some((_, table)) = runs.iter().find(|(of, _)| *of == run) else {
            return Ok(());
        };
        Err(Error::HistoryAltered {
            relation: history.display(),
            found: format!("the partition \"{}\" for the run {run}", table.display()),
            required: "none for a run that is to come".to_owned(),
            hint: format!(
                "Run ALTER TABLE {} DETACH PARTITION {}.",
                history.sql(),
                table.sql()
            ),
        })
    }

    /// Where a run goes, or its index: beside the history, else beside the newest run, if somebody put them into a table
    /// space that may be used.
    fn space(&self, of_index: bool) -> Result<String, Error> {
        let history = self.history()?.oid;
        let runs = runs_of(history)?;
        let beside: Vec<Oid> = [history]
            .into_iter()
            .chain(runs.last().map(|(_, table)| table.oid))
            .collect();
        let query = "SELECT pg_catalog.quote_ident(s.spcname)
            FROM pg_catalog.unnest($1) WITH ORDINALITY b (oid, place)
            LEFT JOIN pg_catalog.pg_index i ON i.indrelid = b.oid AND i.indisprimary
            JOIN pg_catalog.pg_class c ON c.oid = CASE WHEN $2 THEN i.indexrelid ELSE b.oid END
            JOIN pg_catalog.pg_tablespace s ON s.oid = c.reltablespace
            WHERE pg_catalog.has_tablespace_privilege(s.oid, 'CREATE') ORDER BY b.place LIMIT 1";
        let space = sql::row(query, &[beside.into(), of_index.into()], |row| {
            not_null(row.get::<String>(1)?)
        })?;
        Ok(space.map_or_else(String::new, |space| {
            let using = if of_index { " USING INDEX" } else { "" };
            format!("{using} TABLESPACE {space}")
        }))
    }

    fn free_name(&self, run: i64) -> Result<String, Error> {
        let first = names::run(&self.name, run.abs());
        for number in 1..=TRIES {
            let name = if number == 1 {
                first.clone()
            } else {
                format!("{first}_{number}")
            };
            if names::found(self.schema, &name)?.is_none() {
                return Ok(name);
            }
        }
        Err(Error::ScoresTaken {
            relation: format!("{}.{first}", self.schema),
            model: "another relation".to_owned(),
        })
    }

    /// Indexes the filled table of a run, holds it against the constraints of the history, and makes it part of that.
    pub fn attach(&self, table: &Table, run: i64, key: &Key) -> Result<(), Error> {
        let (history, profile) = (self.history()?, quote(&profile_name(key)));
        let name = table.sql();
        sql::run(&format!(
            "ALTER TABLE {name} ADD PRIMARY KEY (run, {profile}){}",
            self.space(true)?
        ))?;
        // Rows were written past the executor, and conditions of users are code.
        as_owner(self.definition, || {
            shape::validate(history, table, &profile, key)
        })?;
        sql::run(&format!(
            "ALTER TABLE {} ATTACH PARTITION {name} FOR VALUES IN ({run})",
            history.sql()
        ))?;
        sql::run(&format!(
            "ALTER TABLE {name} DROP CONSTRAINT customer_ai_run"
        ))
    }

    /// Drops the oldest runs beyond `keep`, if that disturbs nobody.
    ///
    /// Dropping a partition needs an exclusive lock on the history. It is taken only when it is
    /// free at once, outside a transaction block (so that it is held for an instant), and for runs
    /// that no running snapshot can still take for the newest; otherwise the next scoring does it.
    pub fn retire(&self) -> Result<(), Error> {
        // SAFETY: looks at the transaction's state.
        if unsafe { pg_sys::IsTransactionBlock() } {
            return Ok(());
        }
        let history = self.history()?;
        let keep = self.definition.options.keep_runs;
        let superseded = catalog::superseded_runs(self.definition.id, keep)?;
        let mut old = runs_of(history.oid)?;
        old.retain(|(run, _)| superseded.contains(&run.abs()));
        if old.is_empty() || !sql::lock_now(history.oid) {
            return Ok(());
        }
        for (_, table) in old {
            // Somebody may have built upon a run, which is no reason to lose the newest one.
            if let Err(failure) = attempt(|| sql::run(&format!("DROP TABLE {}", table.sql()))) {
                notice::run_stays(&self.definition.name, &table.display(), &failure.text);
            }
        }
        Ok(())
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

    /// Says of the view and the history which model they are of, when it has another name.
    pub fn sign(&self, model: &str) -> Result<(), Error> {
        let Some(history) = &self.history else {
            return Ok(());
        };
        sql::run(&format!(
            "COMMENT ON TABLE {} IS {}",
            history.sql(),
            literal(&ours(model))
        ))?;
        match self.view_oid() {
            Some(view) if self.is_our_view(view)? => sql::run(&format!(
                "COMMENT ON VIEW {} IS {}",
                self.view_sql(),
                literal(&about(model))
            )),
            _ => Ok(()),
        }
    }

    /// What others built upon the view, the history and the segments, in words: it would be dropped with them.
    pub fn built_upon(&self) -> Result<Vec<String>, Error> {
        let mut ours = segment::relations_of(self.definition)?;
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

    /// Says of the history that no model has it any more: a later one of the same name leaves it alone.
    pub fn keep(self) -> Result<(), Error> {
        let Some(history) = &self.history else {
            return Ok(());
        };
        sql::run(&format!(
            "COMMENT ON TABLE {} IS {}",
            history.sql(),
            literal(&kept(&self.definition.name))
        ))
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

/// The comment of a model's view.
fn about(model: &str) -> String {
    format!("newest scores of customer_ai model {model}")
}

/// The comment of a model's history.
fn ours(model: &str) -> String {
    format!("scores of the runs kept of customer_ai model {model}")
}

/// The same, of a model that is gone.
fn kept(model: &str) -> String {
    format!("scores that were kept of customer_ai model {model}, which is dropped")
}

pub fn table(oid: Oid) -> Result<Option<Table>, Error> {
    let query = "SELECT n.nspname::pg_catalog.text, c.relname::pg_catalog.text
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1";
    sql::row(query, &[oid.into()], |row| {
        Ok(Table {
            oid,
            schema: not_null(row.get(1)?)?,
            name: not_null(row.get(2)?)?,
        })
    })
}

/// The partitioned tables that a view reads; none of what is no view.
fn partitioned_under(view: Oid) -> Result<Vec<Oid>, Error> {
    let query = "SELECT DISTINCT c.oid FROM pg_catalog.pg_class v
        JOIN pg_catalog.pg_rewrite w ON w.ev_class = v.oid
        JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = w.oid
            AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        JOIN pg_catalog.pg_class c ON c.oid = d.refobjid AND c.relkind = 'p'
        WHERE v.oid = $1 AND v.relkind = 'v' ORDER BY 1";
    sql::rows(query, &[view.into()], |row| not_null(row.get(1)?))
}

/// The runs that a history holds, each with its table; with a minus those that are not shown.
pub fn runs_of(history: Oid) -> Result<Vec<(i64, Table)>, Error> {
    let query = "SELECT b.run::pg_catalog.int8, c.oid, n.nspname::pg_catalog.text, c.relname::pg_catalog.text
        FROM pg_catalog.pg_inherits i
        JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL (SELECT pg_catalog.substring(pg_catalog.pg_get_expr(c.relpartbound, c.oid),
            '^FOR VALUES IN \\(''?(-?[0-9]{1,19})''?\\)$')::pg_catalog.numeric AS run) b
        WHERE i.inhparent = $1 AND b.run BETWEEN -9223372036854775807 AND 9223372036854775807 ORDER BY 1";
    sql::rows(query, &[history.into()], |row| {
        Ok((
            not_null(row.get(1)?)?,
            Table {
                oid: not_null(row.get(2)?)?,
                schema: not_null(row.get(3)?)?,
                name: not_null(row.get(4)?)?,
            },
        ))
    })
}
