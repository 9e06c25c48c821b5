//! forget: removes a person from what the models of the caller have stored about single profiles.

use pgrx::Spi;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::catalog::args::required;
use crate::catalog::owner::as_owner;
use crate::catalog::{self, Definition};
use crate::error::{Error, not_null};
use crate::pg::attempt::attempt;
use crate::pg::relation::{literal, qualified, quote};
use crate::pg::setting::with_setting;
use crate::pg::sqltype::AnyValue;
use crate::store::scores::{self, ScoreRelation};
use crate::store::segments;

/// Model, relation and number of rows removed.
type Row = (String, String, i64);

#[pg_extern(volatile, parallel_unsafe)]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::type_complexity, reason = "the row type that SQL sees")]
fn forget(
    model: default!(Option<&str>, "NULL"),
    profile: default!(Option<AnyValue>, "NULL::text"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(model, String),
            name!(relation, String),
            name!(rows, i64),
        ),
    >,
    ErrorReport,
> {
    catalog::refuse_read_only(c"customer_ai.forget()");
    let profile = required("profile", profile)?.text();
    let profile = profile.as_str();
    let mut removed = Vec::new();
    match model {
        Some(model) => {
            let definition = catalog::lock(model)?;
            if !erase(&definition, profile, &mut removed)? {
                Err(Error::Argument {
                    argument: "profile",
                    found: format!("\"{profile}\""),
                    required: format!("a key of the profiles of model \"{model}\""),
                    hint: "Write the key as the score relation shows it.".to_owned(),
                })?;
            }
        }
        // In the order of their names, as everybody does, so that none waits for another.
        None => {
            for model in catalog::mine()? {
                erase(&catalog::lock(&model)?, profile, &mut removed)?;
            }
        }
    }
    Ok(TableIterator::new(removed))
}

/// Removes a profile from all runs and segments of a model; false if it cannot be one of its profiles.
fn erase(definition: &Definition, profile: &str, removed: &mut Vec<Row>) -> Result<bool, Error> {
    let scores = ScoreRelation::find(definition)?;
    let known = match scores.table() {
        Some(history) => scores::profile_of(history)?.map(|profile| (history, profile)),
        None => None,
    };
    let Some((history, (column, type_sql))) = known else {
        // What segments remember may have outlived the scores.
        catalog::memory::delete_changes_of(definition.id, profile)?;
        return Ok(true);
    };
    // Without a modifier: a cast to varchar(10) would cut the key, and make it somebody else's.
    let key = format!("{}::{type_sql}", literal(profile));
    if attempt(|| {
        as_owner(definition, || {
            count(&format!("SELECT 1::bigint WHERE {key} IS NOT NULL"))
        })
    })
    .is_err()
    {
        return Ok(false);
    }
    let is_it = format!("{} = {key}", quote(&column));
    let mut note =
        |relation: String, rows: i64| removed.push((definition.name.clone(), relation, rows));
    let delete = format!(
        "WITH gone AS (DELETE FROM {} WHERE {is_it} RETURNING 1) SELECT pg_catalog.count(*) FROM gone",
        history.sql()
    );
    // An error, not rows left behind, where row-level security would hide some.
    let rows = as_owner(definition, || {
        with_setting(c"row_security", c"off", || count(&delete))
    })?;
    note(history.display(), rows);
    let as_text = as_owner(definition, || {
        Spi::connect_mut(|client| {
            let text = format!("SELECT ({key})::pg_catalog.text");
            not_null(
                client
                    .update(text.as_str(), None, &[])?
                    .first()
                    .get::<String>(1)?,
            )
        })
    })?;
    for (segment, filled) in segments::holders_of(definition)? {
        let name = qualified(&segment.schema, &segment.name);
        let held = format!("SELECT pg_catalog.count(*) FROM {name} WHERE {is_it}");
        let before = match filled {
            true => as_owner(definition, || count(&held))?,
            false => 0,
        };
        if before > 0 {
            if let Err(failure) = attempt(|| segments::refresh(definition, &segment)) {
                return Err(Error::SegmentFails {
                    name: segment.display(),
                    model: definition.name.clone(),
                    reason: failure.text,
                });
            }
            note(
                segment.display(),
                before - as_owner(definition, || count(&held))?,
            );
        } else {
            note(segment.display(), 0);
        }
    }
    // After the segments: that the profile left them is no more to be remembered than that it entered.
    note(
        "customer_ai.segment_changes".to_owned(),
        catalog::memory::delete_changes_of(definition.id, &as_text)?,
    );
    Ok(true)
}

/// The number that a statement returns.
fn count(statement: &str) -> Result<i64, Error> {
    Spi::connect_mut(|client| not_null(client.update(statement, None, &[])?.first().get::<i64>(1)?))
}
