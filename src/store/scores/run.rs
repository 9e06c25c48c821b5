//! The table of a run: made beside the history, filled, made part of it, and dropped when newer ones took its place.

use pgrx::pg_sys::{self, Oid};

use super::comments::comment_run;
use super::names;
use super::relation::{ScoreRelation, profile_name};
use super::shape::{self, Fit};
use super::table::{Table, runs_of};
use crate::catalog;
use crate::catalog::owner::as_owner;
use crate::error::{Error, not_null};
use crate::feed::stream::Key;
use crate::pg::attempt::attempt;
use crate::pg::relation::{self, qualified, quote};
use crate::pg::sql;
use crate::store::notice;

/// Names tried for the table of a run.
const TRIES: usize = 99;

impl ScoreRelation<'_> {
    /// Creates the empty table of a run; readers do not see it before [`ScoreRelation::attach`].
    pub fn create_run(&self, run: i64, key: &Key, fit: &Fit) -> Result<Table, Error> {
        self.refuse_partition_of(run)?;
        let name = self.free_name(run)?;
        let table = qualified(self.schema, &name);
        // The CHECK lets ATTACH skip its scan.
        let (history, space) = (self.history()?.sql(), self.space(false)?);
        sql::run(&format!(
            "CREATE TABLE {table} (LIKE {history} INCLUDING COMMENTS, CONSTRAINT customer_ai_run CHECK (run = {run})){space}"
        ))?;
        comment_run(&table)?;
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
}

/// What a run is called in the history: one whose scores are not shown has its number with a minus, so that it is never the
/// newest.
pub fn kept_as(run: i64, published: bool) -> i64 {
    if published { run } else { -run }
}
