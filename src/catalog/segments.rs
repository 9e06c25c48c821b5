//! Segments of models.

use pgrx::spi::SpiHeapTupleData;

use super::{not_null, sql};
use crate::catalog::owner::owner_of;
use crate::catalog::place;
use crate::error::{Error, nearest};
use crate::pg::relation;
use crate::pg::role::current;

/// A segment as it was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub id: i64,
    pub model: String,
    pub schema: String,
    pub name: String,
    pub condition: String,
}

impl Segment {
    /// As users write it.
    pub fn display(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }
}

fn segment(row: &SpiHeapTupleData) -> Result<Segment, Error> {
    let place: Option<String> = row.get(7)?;
    let kept = (not_null(row.get(3)?)?, not_null(row.get(4)?)?);
    let (schema, name) = place::follow(kept, place::noted(row.get(6)?, place.as_deref()), None);
    Ok(Segment {
        id: not_null(row.get(1)?)?,
        model: not_null(row.get(2)?)?,
        schema,
        name,
        condition: not_null(row.get(5)?)?,
    })
}

/// The segments of a model, in the order they were created.
pub fn segments_of(model_id: i64) -> Result<Vec<Segment>, Error> {
    let query = "SELECT s.id, m.name, s.schema_name::text, s.segment_name::text, s.condition,
            s.relation_oid, s.place
        FROM customer_ai.segment s JOIN customer_ai.model m ON m.id = s.model_id AND m.owner = s.owner
        WHERE s.model_id = $1 ORDER BY s.id";
    sql::rows(query, &[model_id.into()], |row| segment(&row))
}

/// A segment, held against other writers until the transaction ends.
///
/// # Errors
/// 42704 when there is none of the caller's.
pub fn lock_segment(schema: &str, name: &str) -> Result<Segment, Error> {
    find_segment(schema, name)?.map_or_else(|| Err(unknown(&format!("{schema}.{name}"))?), Ok)
}

/// A segment of the caller's, if there is one, held against other writers until the transaction ends.
pub fn find_segment(schema: &str, name: &str) -> Result<Option<Segment>, Error> {
    // Whoever may not use a segment may not keep others waiting for it either.
    let Some(known) = find(schema, name)? else {
        return Ok(None);
    };
    let query = "SELECT id FROM customer_ai.segment WHERE id = $1 FOR UPDATE";
    sql::written(query, &[known.id.into()], |_| Ok(()))?;
    // It may have been dropped meanwhile.
    find(schema, name)
}

/// A segment of the caller's, by the name that it was given or that it has now.
fn find(schema: &str, name: &str) -> Result<Option<Segment>, Error> {
    let caller = current();
    let query = "SELECT s.id, m.name, s.schema_name::text, s.segment_name::text, s.condition, s.relation_oid, s.place,
            m.owner::text, m.owner_oid, m.place
        FROM customer_ai.segment s JOIN customer_ai.model m ON m.id = s.model_id AND m.owner = s.owner
        WHERE (s.schema_name = $1::name AND s.segment_name = $2::name) OR s.relation_oid = $3
        ORDER BY (s.schema_name = $1::name AND s.segment_name = $2::name) DESC";
    let oid = relation::find(schema, name);
    let found = sql::rows(query, &[schema.into(), name.into(), oid.into()], |row| {
        let owner: String = not_null(row.get(8)?)?;
        let place: Option<String> = row.get(10)?;
        let owner = owner_of(&owner, place::noted(row.get(9)?, place.as_deref()));
        if !owner.is_open_to(caller) {
            return Ok(None);
        }
        let segment = segment(&row)?;
        let kept = (
            not_null::<String>(row.get(3)?)?,
            not_null::<String>(row.get(4)?)?,
        );
        let meant = (schema, name);
        let is_meant = meant == (&kept.0, &kept.1) || meant == (&segment.schema, &segment.name);
        Ok(is_meant.then_some(segment))
    })?;
    Ok(found.into_iter().flatten().next())
}

fn unknown(name: &str) -> Result<Error, Error> {
    // The view shows the caller's segments only.
    let query = "SELECT segment FROM customer_ai.segments ORDER BY segment";
    let names: Vec<String> = crate::pg::sql::rows(query, &[], |row| not_null(row.get(1)?))?;
    let nearest = nearest(name, names.iter().map(String::as_str));
    Ok(Error::UnknownSegment {
        name: name.to_owned(),
        nearest,
    })
}

/// Writes a segment.
///
/// # Errors
/// 42710 when there is one of that name, also of a model of somebody else.
pub fn insert_segment(
    model_id: i64,
    (schema, name): (&str, &str),
    condition: &str,
    description: Option<&str>,
    profiles: i64,
) -> Result<(), Error> {
    let query = "INSERT INTO customer_ai.segment (model_id, schema_name, segment_name, condition, description, profiles)
        VALUES ($1, $2::name, $3::name, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id";
    let arguments = [
        model_id.into(),
        schema.into(),
        name.into(),
        condition.into(),
        description.into(),
        profiles.into(),
    ];
    let written = sql::written(query, &arguments, |_| Ok(()))?;
    written.ok_or_else(|| Error::SegmentExists {
        name: format!("{schema}.{name}"),
    })
}

/// Notes a refresh and the size after it.
pub fn set_refreshed(segment_id: i64, profiles: i64) -> Result<(), Error> {
    let query = "UPDATE customer_ai.segment SET refreshed_at = clock_timestamp(), profiles = $2 WHERE id = $1";
    sql::run(query, &[segment_id.into(), profiles.into()])
}

/// Deletes a segment; its relation is not touched.
pub fn delete_segment(segment_id: i64) -> Result<(), Error> {
    let query = "DELETE FROM customer_ai.segment WHERE id = $1";
    sql::run(query, &[segment_id.into()])
}
