//! What the comments of the view and the history say: to people what a column is, to us whose a relation is.

use super::names::{about, kept, ours};
use super::relation::ScoreRelation;
use super::shape::NAMES;
use crate::error::Error;
use crate::pg::relation::literal;
use crate::pg::sql;

/// What each column of the scores holds, behind the profile.
const SAYS: [(&str, &str); NAMES.len()] = [
    (
        "probability",
        "probability of the goal within the outcome window, 0 to 1",
    ),
    (
        "score",
        "0 to 100: 50 = the average odds, 75 = three times, 25 = a third",
    ),
    ("percentile", "rank among the profiles of the run, 1 to 100"),
    ("bucket", "low, medium or high, by score"),
    (
        "factors",
        "strongest influential factors with their signed impact in log-odds",
    ),
    ("scored_at", "the cutoff that the scores were computed at"),
    ("run", "the scoring run (customer_ai.runs)"),
    ("version", "the model version (customer_ai.versions)"),
];

/// Says what the columns of a relation of scores are, of the profile and of those of these names.
pub fn comment_columns(relation: &str, profile: &str, names: &[&str]) -> Result<(), Error> {
    let comment = |column: &str, text: &str| {
        sql::run(&format!(
            "COMMENT ON COLUMN {relation}.{column} IS {}",
            literal(text)
        ))
    };
    comment(profile, "the profile that is scored, as in the events")?;
    SAYS.iter()
        .filter(|(name, _)| names.contains(name))
        .try_for_each(|(name, text)| comment(name, text))
}

/// Says of the table of a run what it is: clients list it beside the history.
pub fn comment_run(table: &str) -> Result<(), Error> {
    let text = "one run of a score history, which is partitioned by run: read that instead";
    sql::run(&format!("COMMENT ON TABLE {table} IS {}", literal(text)))
}

impl ScoreRelation<'_> {
    pub(super) fn comment(&self, profile: &str) -> Result<(), Error> {
        let view = self.view_sql();
        let text = about(&self.definition.name);
        sql::run(&format!("COMMENT ON VIEW {view} IS {}", literal(&text)))?;
        comment_columns(&view, profile, &NAMES)
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
