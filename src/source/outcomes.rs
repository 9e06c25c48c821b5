//! Who met the goal after an instant, as SQL over the events: for judging what was predicted then.

use propensity::time::Micros;

use super::{Events, Names, condition, events_sql, open_events};
use crate::catalog::{Condition, Definition, instant};
use crate::error::{Error, not_null};
use crate::pg::sql;

/// The events of a model, to be asked for outcomes.
pub struct Outcomes {
    goal: Condition,
    occurs: bool,
    from: String,
    names: Names,
}

/// A query of profiles, and what the outcome is of those that it finds.
pub struct Found {
    /// `$1` the cutoff, `$2` the end of its outcome window; a column `profile`, each of them once.
    pub sql: String,
    pub positive: bool,
}

impl Outcomes {
    /// Opens the sources of a model, as its owner may read them.
    pub fn open(definition: &Definition) -> Result<Self, Error> {
        let sources: Vec<Events> = open_events(definition)?;
        Ok(Self {
            goal: definition.goal.clone(),
            occurs: definition.occurs,
            from: events_sql(&sources, None),
            names: Names::of(&sources),
        })
    }

    /// The time of the newest event: up to `$1`, and not from `$2` to `$3`.
    pub fn newest(&self) -> String {
        let Names { profile, time, .. } = &self.names;
        format!(
            "SELECT pg_catalog.max(e.{time}) FROM {} WHERE e.{profile} IS NOT NULL \
             AND e.{time} <= $1 AND (e.{time} < $2 OR e.{time} > $3)",
            self.from
        )
    }

    /// Whose outcome at a cutoff is another one than that of profiles without events.
    pub fn found(&self, cutoff: Micros) -> Result<Found, Error> {
        let Self { goal, from, .. } = self;
        let Names { profile, time, .. } = &self.names;
        let events = format!(
            "FROM {from} CROSS JOIN (SELECT $1::pg_catalog.timestamptz AS cutoff) c \
             WHERE e.{profile} IS NOT NULL AND e.{time} > $1 AND e.{time} <= $2"
        );
        if !goal.aggregate {
            return Ok(Found {
                sql: format!(
                    "SELECT DISTINCT e.{profile} AS profile {events} AND ({}\n)",
                    goal.sql
                ),
                positive: self.occurs,
            });
        }
        let at = vec![instant::from_micros(cutoff)?];
        let query = condition::over_nothing(&goal.sql, from);
        let holds = sql::rows_once(&query, &[at.into()], |row| not_null(row.get::<bool>(1)?))?;
        let holds = not_null(holds.first().copied())?;
        let not = if holds { "NOT " } else { "" };
        Ok(Found {
            sql: format!(
                "SELECT e.{profile} AS profile {events} \
                 GROUP BY e.{profile}, c.cutoff HAVING ({}\n) IS {not}TRUE",
                goal.sql
            ),
            positive: holds != self.occurs,
        })
    }
}
