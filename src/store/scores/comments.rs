//! What the comments of the view and the history say: to people what a column is, to us whose a relation is.

use super::names::{about, kept, ours};
use super::relation::ScoreRelation;
use crate::error::Error;
use crate::pg::relation::literal;
use crate::pg::sql;

impl ScoreRelation<'_> {
    pub(super) fn comment(&self) -> Result<(), Error> {
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
