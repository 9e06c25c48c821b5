//! The score relation: a view of the newest run over a history that is partitioned by run.
//!
//! Readers never wait and never see a mix of two runs: a run is filled in a table of its own,
//! which is attached in the same transaction (a lock that does not conflict with reading), and
//! the view takes the newest run that the reader's snapshot sees.

use pgrx::Spi;
use pgrx::pg_sys::{self, Oid};

use crate::catalog::{self, Definition};
use crate::error::Error;
use crate::relation::{self, quote};
use crate::sql;
use crate::stream::Key;

/// Columns after the profile's, in order.
const COLUMNS: &str = "probability double precision NOT NULL, score smallint NOT NULL, \
    percentile smallint NOT NULL, bucket text NOT NULL, factors jsonb NOT NULL, \
    scored_at timestamptz NOT NULL, run bigint NOT NULL, version integer NOT NULL";
/// Their names.
const NAMES: [&str; 8] = [
    "probability",
    "score",
    "percentile",
    "bucket",
    "factors",
    "scored_at",
    "run",
    "version",
];

/// The relations that hold a model's scores.
pub struct ScoreRelation {
    schema: String,
    view: String,
    history: String,
    profile: String,
}

impl ScoreRelation {
    /// The score relation of a model whose profile column is `profile`.
    pub fn of(definition: &Definition, profile: &str) -> Self {
        // A profile column called like one of ours gives way.
        let clash = NAMES.contains(&profile);
        Self {
            schema: definition.scores_schema.clone(),
            view: definition.scores_name.clone(),
            history: format!("{}_score_history", definition.name),
            profile: if clash {
                "profile".to_owned()
            } else {
                profile.to_owned()
            },
        }
    }

    fn qualified(&self, name: &str) -> String {
        format!("{}.{}", quote(&self.schema), quote(name))
    }

    /// The view as SQL.
    pub fn view_sql(&self) -> String {
        self.qualified(&self.view)
    }

    /// Creates what is missing of the view and the history.
    pub fn ensure(&self, definition: &Definition, key: &Key) -> Result<(), Error> {
        let (history, profile) = (self.qualified(&self.history), quote(&self.profile));
        if relation::find(&self.schema, &self.history).is_none() {
            sql::run(&format!(
                "CREATE TABLE {history} ({profile} {} NOT NULL, {COLUMNS}, PRIMARY KEY (run, {profile})) \
                 PARTITION BY LIST (run)",
                key.type_sql
            ))?;
            sql::run(&format!(
                "COMMENT ON TABLE {history} IS 'scores of the runs kept of customer_ai model {}'",
                definition.name
            ))?;
        }
        match relation::find(&self.schema, &self.view) {
            None => {
                sql::run(&format!(
                    "CREATE VIEW {} AS SELECT {profile}, {} FROM {history} \
                     WHERE run = (SELECT pg_catalog.max(run) FROM {history})",
                    self.view_sql(),
                    NAMES.join(", ")
                ))?;
                self.comment(definition)
            }
            Some(view) if self.is_ours(view)? => Ok(()),
            Some(_) => Err(Error::ScoresTaken {
                relation: self.view_sql(),
                model: definition.name.clone(),
            }),
        }
    }

    /// Whether a relation of the view's name reads our history.
    fn is_ours(&self, view: Oid) -> Result<bool, Error> {
        const SQL: &str = "SELECT EXISTS (SELECT FROM pg_catalog.pg_depend d \
             JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid \
             WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.ev_class = $1 \
               AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = $2)";
        let Some(history) = relation::find(&self.schema, &self.history) else {
            return Ok(false);
        };
        let found = Spi::connect(|client| {
            client
                .select(SQL, Some(1), &[view.into(), history.into()])?
                .first()
                .get_one::<bool>()
        })?;
        Ok(found.unwrap_or(false))
    }

    fn comment(&self, definition: &Definition) -> Result<(), Error> {
        let view = self.view_sql();
        let about = [
            (
                "",
                format!("newest scores of customer_ai model {}", definition.name),
            ),
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
            sql::run(&format!(
                "COMMENT ON {object} IS {}",
                relation::literal(&text)
            ))?;
        }
        Ok(())
    }

    fn partition(&self, run: i64) -> String {
        self.qualified(&format!("{}_{run}", self.history))
    }

    /// Creates the empty table of a run; readers do not see it before [`ScoreRelation::attach`].
    pub fn create_run(&self, run: i64) -> Result<Oid, Error> {
        let name = format!("{}_{run}", self.history);
        // The CHECK lets ATTACH skip its scan.
        sql::run(&format!(
            "CREATE TABLE {} (LIKE {}, CONSTRAINT run CHECK (run = {run}))",
            self.partition(run),
            self.qualified(&self.history)
        ))?;
        relation::find(&self.schema, &name)
            .ok_or(Error::Internal("a table that was just made is missing"))
    }

    /// Indexes the filled table of a run and makes it part of the history.
    pub fn attach(&self, run: i64) -> Result<(), Error> {
        let (table, history) = (self.partition(run), self.qualified(&self.history));
        let profile = quote(&self.profile);
        sql::run(&format!(
            "ALTER TABLE {table} ADD PRIMARY KEY (run, {profile})"
        ))?;
        sql::run(&format!(
            "ALTER TABLE {history} ATTACH PARTITION {table} FOR VALUES IN ({run})"
        ))?;
        sql::run(&format!("ALTER TABLE {table} DROP CONSTRAINT run"))
    }

    /// Drops the oldest runs beyond `keep`, if that disturbs nobody.
    ///
    /// Dropping a partition needs an exclusive lock on the history. It is taken only when it is
    /// free at once, outside a transaction block (so that it is held for an instant), and for runs
    /// that no running snapshot can still take for the newest; otherwise the next scoring does it.
    pub fn retire(&self, definition: &Definition) -> Result<(), Error> {
        // SAFETY: looks at the transaction's state.
        if unsafe { pg_sys::IsTransactionBlock() } {
            return Ok(());
        }
        let mut old = catalog::superseded_runs(definition.id, definition.options.keep_runs)?;
        old.retain(|run| {
            relation::find(&self.schema, &format!("{}_{run}", self.history)).is_some()
        });
        let history = relation::find(&self.schema, &self.history);
        if old.is_empty() || !history.is_some_and(sql::lock_now) {
            return Ok(());
        }
        old.into_iter()
            .try_for_each(|run| sql::run(&format!("DROP TABLE {}", self.partition(run))))
    }
}
