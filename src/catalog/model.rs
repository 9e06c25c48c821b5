//! Definitions of models.

use std::collections::BTreeMap;

use pgrx::datum::Interval;
use pgrx::pg_sys;
use pgrx::spi::SpiHeapTupleData;
use propensity::time::Length;

use super::condition::{Condition, read_condition};
use super::places::remember;
use super::source::{
    EventDefinition, EventSource, ProfileSource, event_definitions_of, events_of, profiles_of,
};
use super::turn::{self, Turn};
use super::{not_null, sql};
use crate::catalog::args::{Options, length};
use crate::catalog::owner::{Owner, owner_of};
use crate::catalog::place;
use crate::error::{Error, nearest};
use crate::pg::role::current;

/// Which end of the scores is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A high score is good.
    Conversion,
    /// A low score is good.
    Churn,
}

impl Kind {
    /// As users write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Conversion => "conversion",
            Self::Churn => "churn",
        }
    }

    /// From what users write.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Conversion, Self::Churn]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// A model as it was defined.
#[derive(Clone, Debug)]
pub struct Definition {
    pub id: i64,
    pub name: String,
    pub owner_oid: pg_sys::Oid,
    pub kind: Kind,
    pub goal: Condition,
    pub occurs: bool,
    pub outcome_window: Length,
    pub eligible: Option<Condition>,
    /// None: ever.
    pub eligible_window: Option<Length>,
    pub exclude: Option<Condition>,
    /// None: ever.
    pub exclude_window: Option<Length>,
    pub options: Options,
    /// What runs of the option `attributes`, by name.
    pub attributes: BTreeMap<String, String>,
    /// In which timestamps without a time zone and dates are read.
    pub time_zone: String,
    pub scores_schema: String,
    pub scores_name: String,
    pub active_version: Option<i32>,
    /// Whether it may be trained and scored.
    pub enabled: bool,
    /// In the order they were added; never empty.
    pub events: Vec<EventSource>,
    pub profiles: Vec<ProfileSource>,
    /// In the order they were added: a row is of the first whose condition it meets.
    pub event_definitions: Vec<EventDefinition>,
}

impl Definition {
    /// Refuses a model that may be neither trained nor scored.
    pub fn refuse_disabled(&self) -> Result<(), Error> {
        match self.enabled {
            true => Ok(()),
            false => Err(Error::ModelDisabled {
                model: self.name.clone(),
            }),
        }
    }
}

const SELECT: &str = "SELECT m.id, m.name, m.owner::text, m.owner_oid, m.goal, m.occurs, m.outcome_window, m.eligible,
        m.eligible_window, m.exclude, m.options::text, m.time_zone, m.scores_schema::text, m.scores_name::text,
        m.active_version, m.goal_aggregates, m.eligible_aggregates, m.exclude_aggregates, m.scores_oid,
        m.scores_schema_oid, m.place, m.goal_sql, m.eligible_sql, m.exclude_sql, m.exclude_window,
        m.attributes_sql::text, m.kind, m.enabled
    FROM customer_ai.model m WHERE m.name = $1";

/// The definition of a model. Only reads: works on a standby and in a parallel query.
///
/// # Errors
/// 42704 when there is no such model or its owner is gone, 55000 when another role has the name of its owner.
pub fn load(name: &str) -> Result<Definition, Error> {
    find(name)?.ok_or_else(|| unknown(name))
}

/// Like [`load`], and holds the model against all that use or write it until the transaction ends: for alterations.
/// Waiting can be cancelled and honours lock_timeout.
pub fn lock(name: &str) -> Result<Definition, Error> {
    // Whoever may not run a model may not keep others waiting for it either.
    let id = load(name)?.id;
    let free = "SELECT id FROM customer_ai.model WHERE id = $1 FOR UPDATE SKIP LOCKED";
    if sql::written(free, &[id.into()], |_| Ok(()))?.is_none() && exists(name)? {
        turn::say_who(name, id, None)?;
        let query = "SELECT id FROM customer_ai.model WHERE id = $1 FOR UPDATE";
        sql::written(query, &[id.into()], |_| Ok(()))?;
    }
    locked(name)
}

/// Like [`load`], and takes a turn at the model: nobody alters it until the transaction ends, and others take their
/// turns of the same kind after this one.
pub fn lock_turn(name: &str, turn: Turn) -> Result<Definition, Error> {
    // Whoever may not run a model may not keep others waiting for it either.
    let id = load(name)?.id;
    turn::take(name, id, turn)?;
    // Only against alterations: those lock the row FOR UPDATE.
    let query = "SELECT id FROM customer_ai.model WHERE id = $1 FOR KEY SHARE";
    sql::written(query, &[id.into()], |_| Ok(()))?;
    locked(name)
}

/// The definition of a model after a lock was waited for: it may have been dropped or given away meanwhile.
fn locked(name: &str) -> Result<Definition, Error> {
    let definition = load(name)?;
    remember(definition.id, definition.owner_oid)?;
    Ok(definition)
}

/// The definition of a model, if there is one of the caller's.
fn find(name: &str) -> Result<Option<Definition>, Error> {
    let caller = current();
    let found = sql::row(SELECT, &[name.into()], |row| definition(&row, caller))?;
    let Some(mut definition) = found.flatten() else {
        return Ok(None);
    };
    definition.events = events_of(definition.id)?;
    definition.profiles = profiles_of(definition.id)?;
    definition.event_definitions = event_definitions_of(definition.id)?;
    Ok(Some(definition))
}

/// Reads a definition, if the caller may see it.
fn definition(row: &SpiHeapTupleData, caller: pg_sys::Oid) -> Result<Option<Definition>, Error> {
    let name: String = not_null(row.get(2)?)?;
    let owner: String = not_null(row.get(3)?)?;
    let place: Option<String> = row.get(21)?;
    let noted = |oid| place::noted(oid, place.as_deref());
    let found = owner_of(&owner, noted(row.get(4)?));
    if !found.is_open_to(caller) {
        return Ok(None);
    }
    let owner_oid = match found {
        Owner::Role(oid) => oid,
        Owner::Replaced => return Err(Error::OwnerReplaced { model: name, owner }),
        Owner::Gone => return Err(Error::OwnerGone { model: name, owner }),
    };
    let scores = (not_null(row.get(13)?)?, not_null(row.get(14)?)?);
    let (scores_schema, scores_name) =
        place::follow(scores, noted(row.get(19)?), noted(row.get(20)?));
    Ok(Some(Definition {
        id: not_null(row.get(1)?)?,
        name,
        owner_oid,
        kind: not_null(Kind::from_name(&not_null(row.get::<String>(27)?)?))?,
        goal: Condition {
            text: not_null(row.get(5)?)?,
            sql: not_null(row.get(22)?)?,
            aggregate: not_null(row.get(16)?)?,
        },
        occurs: not_null(row.get(6)?)?,
        outcome_window: length(&not_null(row.get::<Interval>(7)?)?),
        eligible: read_condition(row, [8, 23, 17])?,
        eligible_window: row.get::<Interval>(9)?.as_ref().map(length),
        exclude: read_condition(row, [10, 24, 18])?,
        exclude_window: row.get::<Interval>(25)?.as_ref().map(length),
        attributes: attributes(&not_null(row.get::<String>(26)?)?)?,
        options: Options::parse(&not_null(row.get::<String>(11)?)?)?,
        time_zone: not_null(row.get(12)?)?,
        scores_schema,
        scores_name,
        active_version: row.get(15)?,
        enabled: not_null(row.get(28)?)?,
        events: Vec::new(),
        profiles: Vec::new(),
        event_definitions: Vec::new(),
    }))
}

/// Expressions by name.
fn attributes(json: &str) -> Result<BTreeMap<String, String>, Error> {
    Ok(serde_json::from_str(json).map_err(|_| propensity::Error::BadRecord)?)
}

/// Expressions by name as JSON.
pub(super) fn attributes_json(attributes: &BTreeMap<String, String>) -> Result<String, Error> {
    Ok(serde_json::to_string(attributes).map_err(|_| propensity::Error::BadRecord)?)
}

fn unknown(name: &str) -> Error {
    // The view shows the caller's models only.
    let query = "SELECT model FROM customer_ai.models ORDER BY model";
    match crate::pg::sql::rows(query, &[], |row| not_null(row.get::<String>(1)?)) {
        Ok(names) => Error::UnknownModel {
            name: name.to_owned(),
            nearest: nearest(name, names.iter().map(String::as_str)),
        },
        Err(error) => error,
    }
}

/// A definition that was checked and is to be written.
pub struct NewModel<'a> {
    pub name: &'a str,
    pub owner: &'a str,
    pub kind: Kind,
    pub goal: &'a Condition,
    pub occurs: bool,
    pub outcome_window: Length,
    pub eligible: Option<&'a Condition>,
    pub eligible_window: Option<Length>,
    pub exclude: Option<&'a Condition>,
    pub exclude_window: Option<Length>,
    pub description: Option<&'a str>,
    pub options: &'a str,
    pub attributes: &'a BTreeMap<String, String>,
    pub time_zone: &'a str,
    pub scores_schema: &'a str,
    pub scores_name: &'a str,
}

/// Writes a definition and returns its id.
///
/// # Errors
/// 42710 when the name is taken, also by a model of somebody else.
pub fn insert_model(new: &NewModel) -> Result<i64, Error> {
    let query = "INSERT INTO customer_ai.model (name, owner, kind, goal, occurs, outcome_window, eligible,
            eligible_window, exclude, description, options, time_zone, scores_schema, scores_name,
            goal_aggregates, eligible_aggregates, exclude_aggregates, goal_sql, eligible_sql, exclude_sql,
            exclude_window, attributes_sql)
        VALUES ($1, $2::name, $3, $4, $5, $6::interval, $7, $8::interval, $9, $10, $11::jsonb, $12, $13::name, $14::name,
            $15, $16, $17, $18, $19, $20, $21::interval, $22::jsonb)
        ON CONFLICT DO NOTHING RETURNING id";
    let text = |condition: Option<&'_ Condition>| condition.map(|condition| condition.text.clone());
    let sql = |condition: Option<&'_ Condition>| condition.map(|condition| condition.sql.clone());
    let attributes = attributes_json(new.attributes)?;
    let arguments = [
        new.name.into(),
        new.owner.into(),
        new.kind.name().into(),
        new.goal.text.as_str().into(),
        new.occurs.into(),
        new.outcome_window.to_string().into(),
        text(new.eligible).into(),
        new.eligible_window.map(|window| window.to_string()).into(),
        text(new.exclude).into(),
        new.description.into(),
        new.options.into(),
        new.time_zone.into(),
        new.scores_schema.into(),
        new.scores_name.into(),
        new.goal.aggregate.into(),
        new.eligible.map(|condition| condition.aggregate).into(),
        new.exclude.map(|condition| condition.aggregate).into(),
        new.goal.sql.as_str().into(),
        sql(new.eligible).into(),
        sql(new.exclude).into(),
        new.exclude_window.map(|window| window.to_string()).into(),
        attributes.into(),
    ];
    let Some(id) = sql::written(query, &arguments, |row| not_null(row.get::<i64>(1)?))? else {
        return Err(taken(new.name, new.scores_schema, new.scores_name)?);
    };
    // What a restore that went wrong may have left under this id.
    forget_parts(id)?;
    Ok(id)
}

/// What stood in the way of a model: another one of its name, or one that writes its scores there.
pub(super) fn taken(name: &str, schema: &str, scores: &str) -> Result<Error, Error> {
    let query = "SELECT name, owner::text, owner_oid, place FROM customer_ai.model
        WHERE scores_schema = $1::name AND scores_name = $2::name";
    let arguments = [schema.into(), scores.into()];
    let other = sql::row(query, &arguments, |row| {
        Ok((not_null(row.get::<String>(1)?)?, owner_in(&row, 2)?))
    })?;
    Ok(match other {
        Some((other, owner)) if other != name => Error::ScoresTaken {
            relation: format!("{schema}.{scores}"),
            model: called(&other, owner, current()),
        },
        _ => Error::ModelExists {
            name: name.to_owned(),
        },
    })
}

/// The names of the models that the caller may use; none that nobody owns any more.
pub fn mine() -> Result<Vec<String>, Error> {
    let query = "SELECT name, owner::text, owner_oid, place FROM customer_ai.model ORDER BY name";
    let caller = current();
    let models = sql::rows(query, &[], |row| {
        let owner = owner_in(&row, 2)?;
        let mine = matches!(owner, Owner::Role(_)) && owner.is_open_to(caller);
        Ok(mine.then_some(not_null(row.get::<String>(1)?)?))
    })?;
    Ok(models.into_iter().flatten().collect())
}

/// Whose a row is: its columns from `first` on are name, OID and place of the owner.
fn owner_in(row: &SpiHeapTupleData, first: usize) -> Result<Owner, Error> {
    let name: String = not_null(row.get(first)?)?;
    let place: Option<String> = row.get(first + 2)?;
    Ok(owner_of(
        &name,
        place::noted(row.get(first + 1)?, place.as_deref()),
    ))
}

/// The models whose scores are in a schema: what a message calls each, and the name of its score relation.
pub fn scores_in(schema: &str) -> Result<Vec<(String, String)>, Error> {
    let query =
        "SELECT name, scores_name::text, owner::text, owner_oid, place FROM customer_ai.model
        WHERE scores_schema = $1::name ORDER BY name";
    let caller = current();
    sql::rows(query, &[schema.into()], |row| {
        let name: String = not_null(row.get(1)?)?;
        Ok((
            called(&name, owner_in(&row, 3)?, caller),
            not_null(row.get(2)?)?,
        ))
    })
}

/// What a message to a role calls a model, which it may not know of.
fn called(model: &str, owner: Owner, caller: pg_sys::Oid) -> String {
    if owner.is_open_to(caller) {
        format!("model \"{model}\"")
    } else {
        "a model of another role".to_owned()
    }
}

/// Takes note of when a definition was altered.
pub fn set_altered(model_id: i64) -> Result<(), Error> {
    let query = "UPDATE customer_ai.model SET altered_at = clock_timestamp() WHERE id = $1";
    sql::run(query, &[model_id.into()])
}

/// Deletes a model with its sources, versions, runs and segments; their relations are not touched.
pub fn delete_model(name: &str) -> Result<(), Error> {
    let query = "DELETE FROM customer_ai.model WHERE name = $1 RETURNING id, owner_oid, place";
    let deleted = sql::written(query, &[name.into()], |row| {
        let place: Option<String> = row.get(3)?;
        let owner = place::noted(row.get(2)?, place.as_deref());
        Ok((not_null(row.get::<i64>(1)?)?, owner))
    })?;
    let Some((id, owner)) = deleted else {
        return Ok(());
    };
    forget_parts(id)?;
    owner.map_or(Ok(()), super::let_go)
}

/// The id of a model whose owner is gone, held against other writers: for superusers alone.
pub fn lock_orphan(name: &str) -> Result<i64, Error> {
    let query = "SELECT id FROM customer_ai.model WHERE name = $1 FOR UPDATE";
    let found = sql::written(query, &[name.into()], |row| not_null(row.get::<i64>(1)?))?;
    found.ok_or_else(|| unknown(name))
}

/// Deletes what belongs to a model: there are no foreign keys that would.
pub(super) fn forget_parts(id: i64) -> Result<(), Error> {
    let queries = [
        "DELETE FROM customer_ai.event_source WHERE model_id = $1",
        "DELETE FROM customer_ai.profile_source WHERE model_id = $1",
        "DELETE FROM customer_ai.event_definition WHERE model_id = $1",
        "DELETE FROM customer_ai.label WHERE model_id = $1",
        "DELETE FROM customer_ai.version WHERE model_id = $1",
        "DELETE FROM customer_ai.run WHERE model_id = $1",
        "DELETE FROM customer_ai.failed_run WHERE model_id = $1",
        "DELETE FROM customer_ai.outcome WHERE model_id = $1",
        "DELETE FROM customer_ai.segment WHERE model_id = $1",
        "DELETE FROM customer_ai.segment_refresh WHERE model_id = $1",
        "DELETE FROM customer_ai.segment_change WHERE model_id = $1",
    ];
    queries
        .iter()
        .try_for_each(|query| sql::run(query, &[id.into()]))
}

/// Whether there is a model of that name, also one of somebody else.
pub fn exists(name: &str) -> Result<bool, Error> {
    let query = "SELECT FROM customer_ai.model WHERE name = $1";
    Ok(sql::row(query, &[name.into()], |_| Ok(()))?.is_some())
}
