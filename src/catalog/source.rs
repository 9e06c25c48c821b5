//! Event sources and profile sources of a model.

use pgrx::spi::SpiHeapTupleData;

use super::condition::Condition;
use super::{not_null, sql};
use crate::catalog::place;
use crate::error::Error;

/// A relation of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSource {
    pub schema: String,
    pub relation: String,
    /// What conditions and event types call it: its name when it was added.
    pub label: String,
    pub profile_column: String,
    pub time_column: String,
    /// The column that says what kind of event a row is.
    pub type_column: Option<String>,
    /// Or the one kind that all rows are.
    pub event_type: Option<String>,
    /// Which rows are events; None: all.
    pub where_clause: Option<String>,
    /// What runs of it: every name qualified, of the row `r`.
    pub where_sql: Option<String>,
}

/// A relation of profile attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileSource {
    pub schema: String,
    pub relation: String,
    pub profile_column: String,
    /// The columns to use; None: all that can be.
    pub columns: Option<Vec<String>>,
    /// From when on a row is in force; None: there is one, current row for each profile.
    pub valid_from_column: Option<String>,
}

/// Events of a model by a condition, under a name of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventDefinition {
    pub name: String,
    /// As the user wrote it.
    pub text: String,
    /// What runs of the condition: every name qualified, of the row `e`.
    pub sql: String,
}

pub(super) fn event_definitions_of(model_id: i64) -> Result<Vec<EventDefinition>, Error> {
    let query = "SELECT d.name, d.condition_sql, d.condition
        FROM customer_ai.event_definition d JOIN customer_ai.model m ON m.id = d.model_id AND m.owner = d.owner
        WHERE d.model_id = $1 ORDER BY d.id";
    sql::rows(query, &[model_id.into()], |row| {
        Ok(EventDefinition {
            name: not_null(row.get(1)?)?,
            sql: not_null(row.get(2)?)?,
            text: not_null(row.get(3)?)?,
        })
    })
}

/// Adds an event definition behind those a model has.
pub fn insert_event_definition(
    model_id: i64,
    name: &str,
    condition: &Condition,
) -> Result<(), Error> {
    let query = "INSERT INTO customer_ai.event_definition (model_id, name, condition, condition_sql) VALUES ($1, $2, $3, $4)";
    let arguments = [
        model_id.into(),
        name.into(),
        condition.text.as_str().into(),
        condition.sql.as_str().into(),
    ];
    sql::run(query, &arguments)
}

/// Deletes an event definition of a model.
pub fn delete_event_definition(model_id: i64, name: &str) -> Result<(), Error> {
    let query = "DELETE FROM customer_ai.event_definition WHERE model_id = $1 AND name = $2";
    sql::run(query, &[model_id.into(), name.into()])
}

pub(super) fn events_of(model_id: i64) -> Result<Vec<EventSource>, Error> {
    let query =
        "SELECT s.schema_name::text, s.relation_name::text, s.profile_column::text, s.time_column::text,
            s.type_column::text, s.event_type, s.where_clause, s.label::text, s.relation_oid, s.place, s.where_sql
        FROM customer_ai.event_source s JOIN customer_ai.model m ON m.id = s.model_id AND m.owner = s.owner
        WHERE s.model_id = $1 ORDER BY s.position";
    sql::rows(query, &[model_id.into()], event_source)
}

fn event_source(row: SpiHeapTupleData) -> Result<EventSource, Error> {
    let (schema, relation) = names(&row, 9, 10)?;
    Ok(EventSource {
        schema,
        relation,
        label: not_null(row.get(8)?)?,
        profile_column: not_null(row.get(3)?)?,
        time_column: not_null(row.get(4)?)?,
        type_column: row.get(5)?,
        event_type: row.get(6)?,
        where_clause: row.get(7)?,
        where_sql: row.get(11)?,
    })
}

pub(super) fn profiles_of(model_id: i64) -> Result<Vec<ProfileSource>, Error> {
    let query =
        "SELECT s.schema_name::text, s.relation_name::text, s.profile_column::text, s.columns::text[],
            s.valid_from_column::text, s.relation_oid, s.place
        FROM customer_ai.profile_source s JOIN customer_ai.model m ON m.id = s.model_id AND m.owner = s.owner
        WHERE s.model_id = $1 ORDER BY s.position";
    sql::rows(query, &[model_id.into()], profile_source)
}

fn profile_source(row: SpiHeapTupleData) -> Result<ProfileSource, Error> {
    let (schema, relation) = names(&row, 6, 7)?;
    Ok(ProfileSource {
        schema,
        relation,
        profile_column: not_null(row.get(3)?)?,
        columns: row.get(4)?,
        valid_from_column: row.get(5)?,
    })
}

/// Where a source is now.
fn names(row: &SpiHeapTupleData, oid: usize, place: usize) -> Result<place::Names, Error> {
    let place: Option<String> = row.get(place)?;
    let oid = place::noted(row.get(oid)?, place.as_deref());
    let kept = (not_null(row.get(1)?)?, not_null(row.get(2)?)?);
    Ok(place::follow(kept, oid, None))
}

/// Adds an event source behind those a model has.
pub fn insert_events(model_id: i64, source: &EventSource) -> Result<(), Error> {
    let query = "INSERT INTO customer_ai.event_source (model_id, position, schema_name, relation_name, profile_column,
            time_column, type_column, event_type, where_clause, label, where_sql)
        SELECT $1, coalesce(max(position), 0) + 1, $2::name, $3::name, $4::name, $5::name, $6::name, $7, $8, $9::name, $10
        FROM customer_ai.event_source WHERE model_id = $1";
    let arguments = [
        model_id.into(),
        source.schema.as_str().into(),
        source.relation.as_str().into(),
        source.profile_column.as_str().into(),
        source.time_column.as_str().into(),
        source.type_column.as_deref().into(),
        source.event_type.as_deref().into(),
        source.where_clause.as_deref().into(),
        source.label.as_str().into(),
        source.where_sql.as_deref().into(),
    ];
    sql::run(query, &arguments)
}

/// Writes how an event source is read over what there is; `place` counts the sources of the model from 0.
pub fn update_events(model_id: i64, place: i32, source: &EventSource) -> Result<(), Error> {
    let query = "UPDATE customer_ai.event_source SET profile_column = $3::name, time_column = $4::name, type_column = $5::name,
            event_type = $6, where_clause = $7, where_sql = $8
        WHERE id = (SELECT s.id FROM customer_ai.event_source s JOIN customer_ai.model m ON m.id = s.model_id AND m.owner = s.owner
            WHERE m.id = $1 ORDER BY s.position OFFSET $2 LIMIT 1)";
    let arguments = [
        model_id.into(),
        place.into(),
        source.profile_column.as_str().into(),
        source.time_column.as_str().into(),
        source.type_column.as_deref().into(),
        source.event_type.as_deref().into(),
        source.where_clause.as_deref().into(),
        source.where_sql.as_deref().into(),
    ];
    sql::run(query, &arguments)
}

/// Adds a profile source behind those a model has.
pub fn insert_profiles(model_id: i64, source: &ProfileSource) -> Result<(), Error> {
    let query = "INSERT INTO customer_ai.profile_source (model_id, position, schema_name, relation_name,
            profile_column, columns, valid_from_column)
        SELECT $1, coalesce(max(position), 0) + 1, $2::name, $3::name, $4::name, $5::name[], $6::name
        FROM customer_ai.profile_source WHERE model_id = $1";
    let arguments = [
        model_id.into(),
        source.schema.as_str().into(),
        source.relation.as_str().into(),
        source.profile_column.as_str().into(),
        source.columns.clone().into(),
        source.valid_from_column.as_deref().into(),
    ];
    sql::run(query, &arguments)
}

/// Deletes the event sources of a model that are a relation.
pub fn delete_events(model_id: i64, schema: &str, relation: &str) -> Result<(), Error> {
    let query = "DELETE FROM customer_ai.event_source
        WHERE model_id = $1 AND schema_name = $2::name AND relation_name = $3::name";
    sql::run(query, &[model_id.into(), schema.into(), relation.into()])
}

/// Deletes the profile source of a model that is a relation, and returns whether there was one.
pub fn delete_profiles(model_id: i64, schema: &str, relation: &str) -> Result<bool, Error> {
    let query = "DELETE FROM customer_ai.profile_source
        WHERE model_id = $1 AND schema_name = $2::name AND relation_name = $3::name RETURNING id";
    let arguments = [model_id.into(), schema.into(), relation.into()];
    Ok(sql::written(query, &arguments, |_| Ok(()))?.is_some())
}
