//! Definitions that change: altered, renamed, copied, disabled.

use super::model::{Kind, NewModel, forget_parts, taken};
use super::{not_null, sql};
use crate::error::Error;

/// What is kept of a definition for people, beside what runs.
#[derive(Clone, Debug)]
pub struct Described {
    pub kind: Kind,
    pub description: Option<String>,
    /// JSON, as given.
    pub options: String,
}

/// What is kept of a definition for people. Only reads.
pub fn described(model_id: i64) -> Result<Described, Error> {
    let query = "SELECT kind, description, options::text FROM customer_ai.model WHERE id = $1";
    not_null(sql::row(query, &[model_id.into()], |row| {
        let kind: String = not_null(row.get(1)?)?;
        Ok(Described {
            kind: not_null(Kind::from_name(&kind))?,
            description: row.get(2)?,
            options: not_null(row.get(3)?)?,
        })
    })?)
}

/// Writes a definition over the one that there is. Name, owner and place of the scores stay. The model must be locked.
pub fn update_model(model_id: i64, new: &NewModel) -> Result<(), Error> {
    let query = "UPDATE customer_ai.model SET kind = $2, goal = $3, occurs = $4, outcome_window = $5::interval, eligible = $6,
            eligible_window = $7::interval, exclude = $8, exclude_window = $9::interval, description = $10, options = $11::jsonb,
            time_zone = $12, goal_aggregates = $13, eligible_aggregates = $14, exclude_aggregates = $15, goal_sql = $16,
            eligible_sql = $17, exclude_sql = $18, attributes_sql = $19::jsonb, altered_at = clock_timestamp()
        WHERE id = $1";
    let [eligible, exclude] = [new.eligible, new.exclude];
    let attributes = super::model::attributes_json(new.attributes)?;
    let arguments = [
        model_id.into(),
        new.kind.name().into(),
        new.goal.text.as_str().into(),
        new.occurs.into(),
        new.outcome_window.to_string().into(),
        eligible.map(|condition| condition.text.as_str()).into(),
        new.eligible_window.map(|window| window.to_string()).into(),
        exclude.map(|condition| condition.text.as_str()).into(),
        new.exclude_window.map(|window| window.to_string()).into(),
        new.description.into(),
        new.options.into(),
        new.time_zone.into(),
        new.goal.aggregate.into(),
        eligible.map(|condition| condition.aggregate).into(),
        exclude.map(|condition| condition.aggregate).into(),
        new.goal.sql.as_str().into(),
        eligible.map(|condition| condition.sql.as_str()).into(),
        exclude.map(|condition| condition.sql.as_str()).into(),
        attributes.into(),
    ];
    sql::run(query, &arguments)
}

/// Notes where the scores of a model will be, which has none yet.
pub fn set_scores(model_id: i64, schema: &str, name: &str) -> Result<(), Error> {
    let query = "UPDATE customer_ai.model SET scores_schema = $2::name, scores_name = $3::name, scores_oid = NULL,
            scores_schema_oid = NULL
        WHERE id = $1";
    sql::run(query, &[model_id.into(), schema.into(), name.into()])
}

/// Gives a model another name, and notes in its options where its scores stay. The model must be locked, the name free.
pub fn rename(model_id: i64, name: &str, scores: &str) -> Result<(), Error> {
    let query = "UPDATE customer_ai.model
        SET name = $2, options = jsonb_build_object('scores', $3::text) || options, altered_at = clock_timestamp()
        WHERE id = $1";
    sql::run(query, &[model_id.into(), name.into(), scores.into()])
}

/// Copies the definition of a model with its sources, and returns the id of the copy. Versions, runs, scores and segments
/// are not copied.
pub fn copy(model_id: i64, name: &str, (schema, scores): (&str, &str)) -> Result<i64, Error> {
    let query = "INSERT INTO customer_ai.model (name, owner, kind, goal, goal_sql, goal_aggregates, occurs, outcome_window,
            eligible, eligible_sql, eligible_aggregates, eligible_window, exclude, exclude_sql, exclude_aggregates,
            exclude_window, description, options, attributes_sql, time_zone, scores_schema, scores_name)
        SELECT $2, owner, kind, goal, goal_sql, goal_aggregates, occurs, outcome_window,
            eligible, eligible_sql, eligible_aggregates, eligible_window, exclude, exclude_sql, exclude_aggregates,
            exclude_window, description, options - 'scores', attributes_sql, time_zone, $3::name, $4::name
        FROM customer_ai.model WHERE id = $1
        ON CONFLICT DO NOTHING RETURNING id";
    let arguments = [model_id.into(), name.into(), schema.into(), scores.into()];
    let Some(id) = sql::written(query, &arguments, |row| not_null(row.get::<i64>(1)?))? else {
        return Err(taken(name, schema, scores)?);
    };
    forget_parts(id)?;
    let parts = [
        "INSERT INTO customer_ai.event_source (model_id, position, schema_name, relation_name, label, profile_column,
            time_column, type_column, event_type, where_clause, where_sql)
        SELECT $2, s.position, s.schema_name, s.relation_name, s.label, s.profile_column,
            s.time_column, s.type_column, s.event_type, s.where_clause, s.where_sql
        FROM customer_ai.event_source s JOIN customer_ai.model m ON m.id = s.model_id AND m.owner = s.owner
        WHERE m.id = $1",
        "INSERT INTO customer_ai.event_definition (model_id, name, condition, condition_sql)
        SELECT $2, s.name, s.condition, s.condition_sql
        FROM customer_ai.event_definition s JOIN customer_ai.model m ON m.id = s.model_id AND m.owner = s.owner
        WHERE m.id = $1 ORDER BY s.id",
        "INSERT INTO customer_ai.label (model_id, column_name, value, label, unit)
        SELECT $2, s.column_name, s.value, s.label, s.unit
        FROM customer_ai.label s JOIN customer_ai.model m ON m.id = s.model_id AND m.owner = s.owner
        WHERE m.id = $1 ORDER BY s.id",
        "INSERT INTO customer_ai.profile_source (model_id, position, schema_name, relation_name, profile_column, columns,
            valid_from_column)
        SELECT $2, s.position, s.schema_name, s.relation_name, s.profile_column, s.columns, s.valid_from_column
        FROM customer_ai.profile_source s JOIN customer_ai.model m ON m.id = s.model_id AND m.owner = s.owner
        WHERE m.id = $1",
    ];
    for part in parts {
        sql::run(part, &[model_id.into(), id.into()])?;
    }
    Ok(id)
}

/// Says whether a model may be trained and scored. The model must be locked.
pub fn set_enabled(model_id: i64, enabled: bool) -> Result<(), Error> {
    let query = "UPDATE customer_ai.model SET enabled = $2 WHERE id = $1";
    sql::run(query, &[model_id.into(), enabled.into()])
}
