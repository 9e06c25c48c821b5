//! Composes the SELECTs whose aggregates are pushed down: nothing is cast or converted in them, because postgres_fdw
//! ships hardly any cast, and no text is a constant, because it does not ship a collation that no column has.

use pgrx::pg_sys;
use propensity::schema::ColumnNames;

use crate::catalog::{Definition, EventSource};
use crate::condition::Condition;
use crate::error::Error;
use crate::relation::{self, literal, quote};
use crate::sql;
use crate::stream::{self, Key};

/// The queries of a model.
pub struct Query {
    pub key: Key,
    relation: pg_sys::Oid,
    profile_column: String,
    from: String,
    time_zone: String,
    time: String,
    /// time, type, goal, eligible, excluded, attributes..
    arguments: String,
}

impl Query {
    /// The queries for a version that was trained on these attributes; or else why they cannot be.
    pub fn compose(
        definition: &Definition,
        names: &ColumnNames,
    ) -> Result<Result<Self, &'static str>, Error> {
        if let Some(reason) = obstacle(definition) {
            return Ok(Err(reason));
        }
        let source = &definition.events[0];
        let query = stream::Query::compose(definition, Some(names))?;
        let time = format!("e.{}", quote(&source.time_column));
        let goal = Some(&definition.goal).filter(|goal| !goal.aggregate);
        let mut arguments = vec![
            time.clone(),
            kind(source),
            condition(goal, "NULL::pg_catalog.bool"),
            // Without a condition every event makes eligible, and none excludes.
            condition(definition.eligible.as_ref(), "true"),
            condition(definition.exclude.as_ref(), "false"),
        ];
        arguments.extend(query.raw_attributes().map(str::to_owned));
        if names.numbers.is_empty() && names.codes.is_empty() {
            // There must be one argument in the place of the attributes.
            arguments.push("NULL::pg_catalog.bool".to_owned());
        }
        let unknown = || Error::UnknownRelation {
            relation: format!("{}.{}", source.schema, source.relation),
        };
        Ok(Ok(Self {
            relation: relation::find(&source.schema, &source.relation).ok_or_else(unknown)?,
            profile_column: source.profile_column.clone(),
            from: query.from,
            key: query.key,
            time_zone: definition.time_zone.clone(),
            time,
            arguments: arguments.join(", "),
        }))
    }

    /// The features of every profile: `$1` the document, `$2` the cutoff, `$3` where the eligible window begins.
    pub fn features(&self) -> String {
        self.grouped(&format!(
            "customer_ai.event_features($1, $2, $3, {}, {})",
            self.options(None),
            self.arguments
        ))
    }

    /// The same of scores, with so many factors.
    pub fn scores(&self, factors: usize) -> String {
        self.grouped(&format!(
            "customer_ai.event_scores($1, $2, $3, {}, {})",
            self.options(Some(factors)),
            self.arguments
        ))
    }

    /// The time of every profile's newest event that is not later than `$1`.
    pub fn newest(&self) -> String {
        self.grouped(&format!(
            "customer_ai.newest_event($1, {}, {})",
            self.options(None),
            self.time
        ))
    }

    fn grouped(&self, aggregate: &str) -> String {
        format!(
            "SELECT e._profile, {aggregate} FROM {} GROUP BY e._profile",
            self.from
        )
    }

    fn options(&self, factors: Option<usize>) -> String {
        let mut options = serde_json::json!({ "timezone": self.time_zone });
        if let Some(factors) = factors {
            options["factors"] = factors.into();
        }
        format!("{}::pg_catalog.jsonb", literal(&options.to_string()))
    }

    /// Whether Citus keeps the relation on its nodes by hash of the profile.
    pub fn is_distributed(&self) -> Result<bool, Error> {
        if relation::find("pg_catalog", "pg_dist_partition").is_none() {
            return Ok(false);
        }
        let query = "SELECT pg_catalog.column_to_column_name(logicalrelid, partkey) = $2
            FROM pg_catalog.pg_dist_partition WHERE logicalrelid = $1 AND partmethod = 'h'";
        let arguments = [self.relation.into(), self.profile_column.as_str().into()];
        let by_profile = sql::row(query, &arguments, |row| Ok(row.get::<bool>(1)?))?;
        Ok(by_profile.flatten().unwrap_or(false))
    }
}

/// Why the events of a model cannot be asked where they are.
fn obstacle(definition: &Definition) -> Option<&'static str> {
    let aggregates = |condition: Option<&Condition>| condition.is_some_and(|found| found.aggregate);
    if definition.events.len() != 1 {
        Some("It has more than one event source.")
    } else if !definition.profiles.is_empty() {
        Some("It has profile attributes.")
    } else if aggregates(definition.eligible.as_ref()) || aggregates(definition.exclude.as_ref()) {
        Some("Its eligible or exclude condition contains an aggregate.")
    } else {
        None
    }
}

/// What kind of event a row is: the column as it is, or the one kind as bytes.
fn kind(source: &EventSource) -> String {
    if let Some(column) = &source.type_column {
        return format!("e.{}", quote(column));
    }
    let kind = source.event_type.as_ref().unwrap_or(&source.relation);
    let digits: String = kind.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("'\\x{digits}'::pg_catalog.bytea")
}

/// A condition about one event, NULL counting as false; `otherwise` if there is none.
fn condition(condition: Option<&Condition>, otherwise: &str) -> String {
    condition.map_or_else(
        || otherwise.to_owned(),
        |found| format!("({}\n)", found.text),
    )
}
