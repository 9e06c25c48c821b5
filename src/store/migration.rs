//! How profiles went from bucket to bucket between two runs: counted of the newest run and the one before when it is
//! written, and kept with it, because reading two runs takes seconds for a million profiles; of other runs when it is asked.

use pgrx::Spi;
use pgrx::spi::SpiHeapTupleData;
use propensity::model::score::Bucket;
use serde::{Deserialize, Serialize};

use super::scores::{ScoreRelation, profile_of, runs_of};
use crate::catalog::judged::{self, parsed};
use crate::catalog::{self, Definition};
use crate::error::{Error, not_null};
use crate::pg::jit;
use crate::pg::relation::quote;
use crate::pg::setting::with_setting;
use crate::pg::sql;

/// Two buckets, of which none is for those who are in one run only, and how many profiles went from the first to the other.
pub type Moved = (Option<String>, Option<String>, i64);

/// What is kept with a run of how profiles came to its buckets.
#[derive(Serialize, Deserialize)]
struct Kept {
    from: i64,
    profiles: Vec<Moved>,
}

/// How many profiles went from which bucket to which between two runs, as it was kept, or else as the caller may read them.
pub fn between(definition: &Definition, from: i64, to: i64) -> Result<Vec<Moved>, Error> {
    if let Some(json) = judged::migration(definition.id, to)? {
        let kept: Kept = parsed(&json)?;
        if kept.from == from {
            return Ok(kept.profiles);
        }
    }
    let query = query(definition, from, to, "FULL")?;
    jit::without(|| sql::rows_once(&query, &[], |row| moved(&row)))
}

/// Keeps with the run `to`, which was just written and has `buckets` profiles in its low, medium and high bucket, how they
/// moved since the run `from`, as the owner; nothing if the scores of that are gone.
pub fn keep(
    definition: &Definition,
    from: i64,
    (to, buckets): (i64, [i64; 3]),
) -> Result<(), Error> {
    // Whoever is new is the rest, so that no full join is needed: that cannot go in parallel. No table of a run has been
    // analysed, and of such ones the planner would sort both.
    let query = match query(definition, from, to, "LEFT") {
        Err(Error::RunNotKept { .. }) => return Ok(()),
        query => query?,
    };
    // Not by the snapshot in force, which does not see what this call wrote.
    let count = || {
        Spi::connect_mut(|client| {
            let rows = client.update(query.as_str(), None, &[])?;
            rows.into_iter()
                .map(|row| moved(&row))
                .collect::<Result<Vec<Moved>, Error>>()
        })
    };
    let mut profiles = jit::without(|| with_setting(c"enable_mergejoin", c"off", count))?;
    for (bucket, all) in Bucket::ALL.map(Bucket::name).into_iter().zip(buckets) {
        let came = profiles
            .iter()
            .filter(|(_, to, _)| to.as_deref() == Some(bucket));
        let new = all - came.map(|(_, _, profiles)| profiles).sum::<i64>();
        if new > 0 {
            profiles.push((None, Some(bucket.to_owned()), new));
        }
    }
    let kept = catalog::json(&Kept { from, profiles })?;
    judged::keep_migration(definition.id, to, &kept)
}

fn query(definition: &Definition, from: i64, to: i64, join: &str) -> Result<String, Error> {
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
    let (profile, _) = not_null(profile_of(relation.history()?)?)?;
    let profile = quote(&profile);
    Ok(format!(
        "SELECT b.bucket, a.bucket, pg_catalog.count(*) FROM {before} b {join} JOIN {after} a ON a.{profile} = b.{profile} \
         GROUP BY 1, 2 ORDER BY pg_catalog.array_position('{{low,medium,high}}', b.bucket), \
         pg_catalog.array_position('{{low,medium,high}}', a.bucket)"
    ))
}

fn moved(row: &SpiHeapTupleData) -> Result<Moved, Error> {
    Ok((row.get(1)?, row.get(2)?, not_null(row.get(3)?)?))
}
