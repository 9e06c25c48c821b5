//! Segments of models.

use pgrx::Spi;
use pgrx::spi::SpiHeapTupleData;

use super::not_null;
use crate::error::{Error, nearest};
use crate::sql;

/// A segment as it was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub id: i64,
    pub model: String,
    pub schema: String,
    pub name: String,
    pub condition: String,
}

const SELECT: &str = "SELECT s.id, m.name, s.schema_name::text, s.segment_name::text, s.condition
    FROM customer_ai.segment s JOIN customer_ai.model m ON m.id = s.model_id";

fn segment(row: &SpiHeapTupleData) -> Result<Segment, Error> {
    Ok(Segment {
        id: not_null(row.get(1)?)?,
        model: not_null(row.get(2)?)?,
        schema: not_null(row.get(3)?)?,
        name: not_null(row.get(4)?)?,
        condition: not_null(row.get(5)?)?,
    })
}

/// The segments of a model, in the order they were created.
pub fn segments_of(model_id: i64) -> Result<Vec<Segment>, Error> {
    let query = format!("{SELECT} WHERE s.model_id = $1 ORDER BY s.id");
    Spi::connect(|client| {
        client
            .select(query.as_str(), None, &[model_id.into()])?
            .map(|row| segment(&row))
            .collect()
    })
}

/// A segment, held against other writers until the transaction ends.
///
/// # Errors
/// 42704 when there is none.
pub fn lock_segment(schema: &str, name: &str) -> Result<Segment, Error> {
    let query = format!(
        "{SELECT} WHERE s.schema_name = $1::name AND s.segment_name = $2::name FOR UPDATE OF s"
    );
    let found = Spi::connect_mut(|client| {
        let mut rows = client.update(query.as_str(), None, &[schema.into(), name.into()])?;
        rows.next().map(|row| segment(&row)).transpose()
    })?;
    found.map_or_else(|| Err(unknown(&format!("{schema}.{name}"))?), Ok)
}

fn unknown(name: &str) -> Result<Error, Error> {
    let query =
        "SELECT schema_name::text || '.' || segment_name FROM customer_ai.segment ORDER BY 1";
    let names: Vec<String> = sql::rows(query, &[], |row| not_null(row.get(1)?))?;
    let nearest = nearest(name, names.iter().map(String::as_str));
    Ok(Error::UnknownSegment {
        name: name.to_owned(),
        nearest,
    })
}

/// Writes a segment.
pub fn insert_segment(
    model_id: i64,
    (schema, name): (&str, &str),
    condition: &str,
    description: Option<&str>,
    profiles: i64,
) -> Result<(), Error> {
    let query = "INSERT INTO customer_ai.segment (model_id, schema_name, segment_name, condition, description, profiles)
        VALUES ($1, $2::name, $3::name, $4, $5, $6)";
    let arguments = [
        model_id.into(),
        schema.into(),
        name.into(),
        condition.into(),
        description.into(),
        profiles.into(),
    ];
    Ok(Spi::run_with_args(query, &arguments)?)
}

/// Notes a refresh and the size after it.
pub fn set_refreshed(segment_id: i64, profiles: i64) -> Result<(), Error> {
    let query = "UPDATE customer_ai.segment SET refreshed_at = clock_timestamp(), profiles = $2 WHERE id = $1";
    Ok(Spi::run_with_args(
        query,
        &[segment_id.into(), profiles.into()],
    )?)
}

/// Deletes a segment; its relation is not touched.
pub fn delete_segment(segment_id: i64) -> Result<(), Error> {
    Ok(Spi::run_with_args(
        "DELETE FROM customer_ai.segment WHERE id = $1",
        &[segment_id.into()],
    )?)
}
