//! What people call columns, event types and values of a model.

use propensity::features::{Called, Labels, label_in};

use super::{Definition, not_null, sql};
use crate::error::Error;
use crate::pg::relation;

/// The column that has the type of an event, whatever it is called in a source. Labels of event types are of it.
pub const EVENT: &str = "event";

/// What one thing is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub column: String,
    /// A value of the column; None: the column itself.
    pub value: Option<String>,
    pub label: Option<String>,
    pub unit: Option<String>,
}

/// What somebody said that things are called. Only reads.
pub fn given_labels(model_id: i64) -> Result<Vec<Label>, Error> {
    let query = "SELECT l.column_name, nullif(l.value, ''), l.label, l.unit
        FROM customer_ai.label l JOIN customer_ai.model m ON m.id = l.model_id AND m.owner = l.owner
        WHERE l.model_id = $1 ORDER BY l.column_name, l.value";
    sql::rows(query, &[model_id.into()], |row| {
        Ok(Label {
            column: not_null(row.get(1)?)?,
            value: row.get(2)?,
            label: row.get(3)?,
            unit: row.get(4)?,
        })
    })
}

/// What the columns, event types and values of a model are called: as somebody said, or else as the COMMENT of the column
/// has it, of several sources the first. Only reads.
pub fn labels_of(definition: &Definition) -> Result<Labels, Error> {
    let mut labels = Labels::default();
    let given = given_labels(definition.id)?;
    for (column, comment) in comments(definition)? {
        if let Some(label) = label_in(&comment) {
            let called = Called {
                label: Some(label.to_owned()),
                unit: None,
            };
            labels.call_column(column, called);
        }
    }
    for Label {
        column,
        value,
        label,
        unit,
    } in given
    {
        match (value, label) {
            (None, label) => {
                // A unit alone leaves the comment what it is.
                let label = label.or_else(|| labels.label(&column).cloned());
                labels.call_column(column, Called { label, unit });
            }
            (Some(value), Some(label)) if column == EVENT => labels.call_type(value, label),
            (Some(value), Some(label)) => labels.call_value(column, value, label),
            (Some(_), None) => {}
        }
    }
    Ok(labels)
}

/// The comments of the columns of all sources, those that count most last.
fn comments(definition: &Definition) -> Result<Vec<(String, String)>, Error> {
    let events = definition.events.iter();
    let events = events.map(|source| (&source.schema, &source.relation));
    let profiles = definition.profiles.iter();
    let profiles = profiles.map(|source| (&source.schema, &source.relation));
    let found = events.chain(profiles);
    let found: Vec<_> = found
        .filter_map(|(schema, name)| relation::find(schema, name))
        .collect();
    let query = "SELECT a.attname::text, d.description
        FROM unnest($1::oid[]) WITH ORDINALITY s (oid, place)
        JOIN pg_catalog.pg_description d ON d.objoid = s.oid AND d.classoid = 'pg_catalog.pg_class'::regclass
        JOIN pg_catalog.pg_attribute a ON a.attrelid = s.oid AND a.attnum = d.objsubid
        WHERE d.objsubid > 0 ORDER BY s.place DESC, d.objsubid";
    sql::rows(query, &[found.into()], |row| {
        Ok((not_null(row.get(1)?)?, not_null(row.get(2)?)?))
    })
}

/// Says what something is called; nothing takes it back. The model must be locked.
pub fn set_label_of(model_id: i64, label: &Label) -> Result<(), Error> {
    let value = label.value.as_deref().unwrap_or_default();
    if label.label.is_none() && label.unit.is_none() {
        let query =
            "DELETE FROM customer_ai.label WHERE model_id = $1 AND column_name = $2 AND value = $3";
        return sql::run(
            query,
            &[model_id.into(), label.column.as_str().into(), value.into()],
        );
    }
    let query = "INSERT INTO customer_ai.label (model_id, column_name, value, label, unit) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (model_id, column_name, value) DO UPDATE SET label = excluded.label, unit = excluded.unit";
    let arguments = [
        model_id.into(),
        label.column.as_str().into(),
        value.into(),
        label.label.as_deref().into(),
        label.unit.as_deref().into(),
    ];
    sql::run(query, &arguments)
}
