//! The names of what a model's scores are kept in, and the comments by which it is known to be ours. All names follow from
//! that of the score relation, so that the option `scores` changes them all, and fit into the 63 bytes of an identifier,
//! whatever the number of the run.

use pgrx::Spi;

use crate::catalog;
use crate::error::{Error, not_null};
use crate::pg::relation;

/// Longest identifier, in bytes.
pub const LONGEST: usize = 63;
/// Most bytes of the name of a run's table before the run: it is followed by an underscore, at most 19 digits, and at
/// most three bytes more where that name is taken.
const BEFORE_RUN: usize = LONGEST - 20 - 3;

/// The history of a score relation: `x_score_history` of `x_scores`, `y_history` of `y`.
pub fn history(scores: &str) -> String {
    let (stem, end) = scores
        .strip_suffix("_scores")
        .map_or((scores, "_history"), |stem| (stem, "_score_history"));
    format!("{}{end}", cut(stem, LONGEST - end.len()))
}

/// The table of a run.
pub fn run(history: &str, run: i64) -> String {
    format!("{}_{run}", cut(history, BEFORE_RUN))
}

/// The longest beginning of a name within a limit of bytes, and no half of a letter.
fn cut(name: &str, bytes: usize) -> &str {
    &name[..name.floor_char_boundary(bytes)]
}

/// The comment of a model's view.
pub fn about(model: &str) -> String {
    format!("newest scores of customer_ai model {model}")
}

/// The comment of a model's history.
pub fn ours(model: &str) -> String {
    format!("scores of the runs kept of customer_ai model {model}")
}

/// The same, of a model that is gone.
pub fn kept(model: &str) -> String {
    format!("scores that were kept of customer_ai model {model}, which is dropped")
}

/// Checks that the names of the scores of a model that is to be made are free.
///
/// # Errors
/// 22023 for a name that is none, 42710 for one that is taken.
pub fn check_free(schema: &str, scores: &str) -> Result<(), Error> {
    for name in [schema, scores] {
        if name.is_empty() || name.len() > LONGEST {
            return Err(Error::Option {
                option: "scores".to_owned(),
                found: format!(
                    "\"{schema}.{scores}\" with {} bytes in \"{name}\"",
                    name.len()
                ),
                required: format!(
                    "a relation's name of 1 to {LONGEST} bytes, or one behind a schema's"
                ),
            });
        }
    }
    let history = history(scores);
    if history == scores {
        return Err(taken(schema, &history, "the scores themselves".to_owned()));
    }
    for name in [scores, &history] {
        if let Some(found) = found(schema, name)? {
            return Err(taken(schema, name, found));
        }
    }
    for (model, other) in catalog::scores_in(schema)? {
        let others = [self::history(&other), other];
        if let Some(name) = [scores, &history]
            .iter()
            .find(|name| others.iter().any(|other| other == **name))
        {
            return Err(taken(schema, name, model));
        }
    }
    match stray_run(schema, &history)? {
        Some(name) => Err(taken(schema, &name, "another table".to_owned())),
        None => Ok(()),
    }
}

fn taken(schema: &str, name: &str, model: String) -> Error {
    Error::ScoresTaken {
        relation: format!("{schema}.{name}"),
        model,
    }
}

/// What has a name: relations and types share theirs.
pub fn found(schema: &str, name: &str) -> Result<Option<String>, Error> {
    if relation::find(schema, name).is_some() {
        return Ok(Some("another relation".to_owned()));
    }
    let query = "SELECT 'a type' FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
        WHERE n.nspname = $1::pg_catalog.name AND t.typname = $2::pg_catalog.name";
    Spi::connect(|client| {
        let rows = client.select(query, Some(1), &[schema.into(), name.into()])?;
        rows.into_iter()
            .next()
            .map(|row| not_null(row.get(1)?))
            .transpose()
    })
}

/// A table that is called like that of a run, and is a run of nobody: not a partition.
fn stray_run(schema: &str, history: &str) -> Result<Option<String>, Error> {
    let query = "SELECT c.relname::pg_catalog.text
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1::pg_catalog.name AND NOT c.relispartition AND c.relkind NOT IN ('i', 'I')
            AND pg_catalog.starts_with(c.relname::pg_catalog.text, $2)
            AND pg_catalog.substr(c.relname::pg_catalog.text, pg_catalog.length($2) + 1) ~ '^[0-9]+$'
        ORDER BY 1";
    let before = format!("{}_", cut(history, BEFORE_RUN));
    Spi::connect(|client| {
        let rows = client.select(query, Some(1), &[schema.into(), before.into()])?;
        rows.into_iter()
            .next()
            .map(|row| not_null(row.get(1)?))
            .transpose()
    })
}
