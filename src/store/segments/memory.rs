//! The memory of segments: who entered and who left by a refresh.

use pgrx::Spi;

use super::{find_ours, relation_sql};
use crate::catalog::memory;
use crate::catalog::news;
use crate::catalog::owner::{as_owner, ddl_as_owner};
use crate::catalog::{self, Definition, Segment};
use crate::error::{Error, not_null};
use crate::pg::memory::poll;
use crate::pg::relation::{self, quote};
use crate::pg::sql;

/// Changes that are taken over at a time.
const BATCH: i64 = 10_000;

/// Does what changes the contents of a segment, and takes down who entered and who left by it. Returns how many profiles
/// the segment has then.
pub fn remember(
    definition: &Definition,
    segment: &Segment,
    work: impl FnOnce() -> Result<(), Error>,
) -> Result<i64, Error> {
    // What is compared must be what was there last: one refresh at a time.
    catalog::hold_segment(segment.id)?;
    let copy = Copy::of(definition, segment)?;
    ddl_as_owner(definition.owner_oid, work)?;
    let profiles = as_owner(definition, || super::count(&relation_sql(segment)))?;
    let refresh = memory::insert_refresh(definition.id, segment.id, profiles)?;
    if let Some(copy) = copy {
        let changes = copy.compare(definition, segment, refresh)?;
        memory::set_changes(refresh, changes)?;
        if changes != [0, 0] {
            news::notify(&serde_json::json!({
                "model": definition.name, "kind": "segment", "segment": segment.display(),
                "profiles": profiles, "entered": changes[0], "gone": changes[1],
            }))?;
        }
    }
    let days = definition.options.keep_changes;
    memory::delete_older(segment.id, i64::try_from(days).unwrap_or(i64::MAX))?;
    catalog::set_refreshed(segment.id, profiles)?;
    Ok(profiles)
}

/// The profiles that a segment had, in a temporary table.
struct Copy {
    table: String,
}

impl Copy {
    /// None: what a segment had before is not known, or it is a view, which has nothing.
    fn of(definition: &Definition, segment: &Segment) -> Result<Option<Self>, Error> {
        if segment.live {
            return Ok(None);
        }
        ddl_as_owner(definition.owner_oid, || {
            let oid = find_ours(definition, segment)?;
            let (true, Some(key)) = (relation::readiness(oid)?.0, relation::first_column(oid)?)
            else {
                return Ok(None);
            };
            let table = format!("pg_temp.customer_ai_segment_{}", segment.id);
            sql::run(&format!(
                "CREATE TEMPORARY TABLE {table} ON COMMIT DROP AS SELECT {} AS profile FROM {}",
                quote(&key),
                relation_sql(segment)
            ))?;
            Ok(Some(Self { table }))
        })
    }

    /// Takes down who is in one and not in the other, and returns how many entered and how many left.
    fn compare(
        self,
        definition: &Definition,
        segment: &Segment,
        refresh: i64,
    ) -> Result<[i64; 2], Error> {
        let oid = find_ours(definition, segment)?;
        let key = not_null(relation::first_column(oid)?)?;
        let query = format!(
            "SELECT COALESCE(n.profile, o.profile)::pg_catalog.text, n.profile IS NOT NULL
            FROM (SELECT {} AS profile FROM {}) n FULL JOIN {} o ON n.profile = o.profile
            WHERE n.profile IS NULL OR o.profile IS NULL",
            quote(&key),
            relation_sql(segment),
            self.table
        );
        let mut changes = [0_i64; 2];
        ddl_as_owner(definition.owner_oid, || {
            Spi::connect_mut(|client| -> Result<(), Error> {
                let mut cursor = client.open_cursor_mut(query.as_str(), &[]);
                loop {
                    let (mut profiles, mut entered) = (Vec::new(), Vec::new());
                    for row in cursor.fetch(BATCH)? {
                        profiles.push(not_null(row.get::<String>(1)?)?);
                        entered.push(not_null(row.get::<bool>(2)?)?);
                    }
                    if profiles.is_empty() {
                        return Ok(());
                    }
                    let count = entered.iter().filter(|&&entered| entered).count() as i64;
                    changes[0] += count;
                    changes[1] += profiles.len() as i64 - count;
                    memory::insert_changes(refresh, profiles, entered)?;
                    poll();
                }
            })?;
            sql::run(&format!("DROP TABLE {}", self.table))
        })?;
        Ok(changes)
    }
}
