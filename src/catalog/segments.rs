//! Segments of models.

use pgrx::spi::SpiHeapTupleData;

use super::{not_null, sql};
use crate::catalog::owner::owner_of;
use crate::catalog::place;
use crate::error::{Error, nearest};
use crate::pg::relation;
use crate::pg::role::current;

/// A segment as it was created.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    pub id: i64,
    pub model: String,
    pub schema: String,
    pub name: String,
    pub condition: String,
    /// What runs of the condition.
    pub condition_sql: String,
    pub limit: Limit,
    /// A view instead of a copy.
    pub live: bool,
    pub description: Option<String>,
    /// Whether its relation was noted here and is gone.
    pub dropped: bool,
}

/// How many of those who meet the condition a segment takes, the highest scores first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    All,
    Top(i64),
    Percent(f64),
}

impl Limit {
    /// `top` and `top_percent` as they are written.
    pub fn shown(self) -> (Option<String>, Option<String>) {
        let (top, percent) = self.columns();
        let percent = percent.map(|percent| percent.to_string());
        (top.map(|top| top.to_string()), percent)
    }

    /// The columns `top` and `top_percent`.
    fn columns(self) -> (Option<i64>, Option<f64>) {
        match self {
            Self::All => (None, None),
            Self::Top(top) => (Some(top), None),
            Self::Percent(percent) => (None, Some(percent)),
        }
    }
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
    let noted = place::noted(row.get(6)?, place.as_deref());
    let (schema, name) = place::follow(kept, noted, None);
    Ok(Segment {
        dropped: noted.is_some_and(|oid| !relation::exists(oid)),
        id: not_null(row.get(1)?)?,
        model: not_null(row.get(2)?)?,
        schema,
        name,
        condition: not_null(row.get(5)?)?,
        condition_sql: not_null(row.get(8)?)?,
        limit: match (row.get(9)?, row.get(10)?) {
            (Some(top), _) => Limit::Top(top),
            (None, Some(percent)) => Limit::Percent(percent),
            (None, None) => Limit::All,
        },
        live: not_null(row.get(11)?)?,
        description: row.get(12)?,
    })
}

/// The segments of a model, in the order they were created.
pub fn segments_of(model_id: i64) -> Result<Vec<Segment>, Error> {
    let query = "SELECT s.id, m.name, s.schema_name::text, s.segment_name::text, s.condition,
            s.relation_oid, s.place, s.condition_sql, s.top, s.top_percent, s.live, s.description
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

/// A segment, as it is now. Only reads.
///
/// # Errors
/// 42704 when there is none of the caller's.
pub fn known_segment(schema: &str, name: &str) -> Result<Segment, Error> {
    find(schema, name)?.map_or_else(|| Err(unknown(&format!("{schema}.{name}"))?), Ok)
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
            s.condition_sql, s.top, s.top_percent, s.live, s.description, m.owner::text, m.owner_oid, m.place
        FROM customer_ai.segment s JOIN customer_ai.model m ON m.id = s.model_id AND m.owner = s.owner
        WHERE (s.schema_name = $1::name AND s.segment_name = $2::name) OR s.relation_oid = $3
        ORDER BY (s.schema_name = $1::name AND s.segment_name = $2::name) DESC";
    let oid = relation::find(schema, name);
    let found = sql::rows(query, &[schema.into(), name.into(), oid.into()], |row| {
        let owner: String = not_null(row.get(13)?)?;
        let place: Option<String> = row.get(15)?;
        let owner = owner_of(&owner, place::noted(row.get(14)?, place.as_deref()));
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

/// Holds a segment against other writers until the transaction ends; false if it is gone.
pub fn hold_segment(segment_id: i64) -> Result<bool, Error> {
    let query = "SELECT id FROM customer_ai.segment WHERE id = $1 FOR UPDATE";
    Ok(sql::written(query, &[segment_id.into()], |_| Ok(()))?.is_some())
}

/// A segment that is to be written.
pub struct NewSegment<'a> {
    pub schema: &'a str,
    pub name: &'a str,
    pub condition: &'a str,
    pub condition_sql: &'a str,
    pub limit: Limit,
    pub live: bool,
    pub description: Option<&'a str>,
    pub profiles: i64,
}

/// Writes a segment and returns its id.
///
/// # Errors
/// 42710 when there is one of that name, also of a model of somebody else.
pub fn insert_segment(model_id: i64, new: &NewSegment) -> Result<i64, Error> {
    let query = "INSERT INTO customer_ai.segment (model_id, schema_name, segment_name, condition, condition_sql, top,
            top_percent, live, description, profiles)
        VALUES ($1, $2::name, $3::name, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id";
    let (top, percent) = new.limit.columns();
    let arguments = [
        model_id.into(),
        new.schema.into(),
        new.name.into(),
        new.condition.into(),
        new.condition_sql.into(),
        top.into(),
        percent.into(),
        new.live.into(),
        new.description.into(),
        new.profiles.into(),
    ];
    let written = sql::written(query, &arguments, |row| not_null(row.get(1)?))?;
    written.ok_or_else(|| Error::SegmentExists {
        name: format!("{}.{}", new.schema, new.name),
    })
}

/// Writes what a segment is now.
pub fn update_segment(segment: &Segment) -> Result<(), Error> {
    let query = "UPDATE customer_ai.segment SET schema_name = $2::name, segment_name = $3::name, condition = $4,
            condition_sql = $5, top = $6, top_percent = $7, description = $8
        WHERE id = $1";
    let (top, percent) = segment.limit.columns();
    let arguments = [
        segment.id.into(),
        segment.schema.as_str().into(),
        segment.name.as_str().into(),
        segment.condition.as_str().into(),
        segment.condition_sql.as_str().into(),
        top.into(),
        percent.into(),
        segment.description.as_deref().into(),
    ];
    sql::run(query, &arguments)
}

/// Notes a refresh and the size after it.
pub fn set_refreshed(segment_id: i64, profiles: i64) -> Result<(), Error> {
    let query = "UPDATE customer_ai.segment SET refreshed_at = clock_timestamp(), profiles = $2 WHERE id = $1";
    sql::run(query, &[segment_id.into(), profiles.into()])
}

/// Deletes a segment with its memory; its relation is not touched.
pub fn delete_segment(segment_id: i64) -> Result<(), Error> {
    let queries = [
        "DELETE FROM customer_ai.segment_change c USING customer_ai.segment_refresh f
            WHERE f.segment_id = $1 AND c.refresh_id = f.id",
        "DELETE FROM customer_ai.segment_refresh WHERE segment_id = $1",
        "DELETE FROM customer_ai.segment WHERE id = $1",
    ];
    queries
        .iter()
        .try_for_each(|query| sql::run(query, &[segment_id.into()]))
}
