//! How profiles went from bucket to bucket between two runs.

use crate::catalog::Definition;
use crate::error::{Error, not_null};
use crate::pg::jit;
use crate::pg::relation::quote;
use crate::pg::sql;
use crate::store::scores::{ScoreRelation, Table, runs_of};

/// Two buckets, of which none is for those who are in one run only, and how many profiles went from the first to the other.
type Moved = (Option<String>, Option<String>, i64);

/// How many profiles went from which bucket to which between two runs, as the caller may read them; none is for those who
/// are in one of them only.
pub fn moved(definition: &Definition, from: i64, to: i64) -> Result<Vec<Moved>, Error> {
    let relation = ScoreRelation::find(definition)?;
    let kept = match relation.table() {
        Some(history) => runs_of(history.oid)?,
        None => Vec::new(),
    };
    let table = |run: i64| match kept.iter().find(|(known, _)| known.abs() == run) {
        Some((_, table)) => Ok(table.sql()),
        None => Err(Error::RunNotKept {
            model: definition.name.clone(),
            run,
            history: relation.history_display(),
        }),
    };
    let (before, after) = (table(from)?, table(to)?);
    let profile = match relation.table() {
        Some(history) => quote(&profile_column(history)?),
        None => return Ok(Vec::new()),
    };
    let query = format!(
        "SELECT b.bucket, a.bucket, pg_catalog.count(*) FROM {before} b FULL JOIN {after} a ON a.{profile} = b.{profile} \
         GROUP BY 1, 2 ORDER BY pg_catalog.array_position('{{low,medium,high}}', b.bucket), \
         pg_catalog.array_position('{{low,medium,high}}', a.bucket)"
    );
    jit::without(|| {
        sql::rows_once(&query, &[], |row| {
            Ok((row.get(1)?, row.get(2)?, not_null(row.get(3)?)?))
        })
    })
}

/// The column of a history that has the profile: the first one.
pub fn profile_column(history: &Table) -> Result<String, Error> {
    let query = "SELECT a.attname::pg_catalog.text FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum LIMIT 1";
    not_null(sql::row(query, &[history.oid.into()], |row| {
        not_null(row.get(1)?)
    })?)
}
