//! Composes the SELECTs whose aggregates are pushed down: nothing is cast or converted in them, because postgres_fdw
//! ships hardly any cast, and no text is a constant, because it does not ship a collation that no column has.

use pgrx::pg_sys;

use crate::catalog::{Condition, Definition, EventSource};
use crate::error::Error;
use crate::feed::stream::{self, Key};
use crate::pg::datum::BytesKind;
use crate::pg::relation::{self, Category, literal, quote};
use crate::pg::sql;
use crate::source::condition::{self, Value};
use crate::source::{self, Events, Names};

/// The queries of a model.
pub struct Query {
    pub key: Key,
    pub sources: Vec<Source>,
    time_zone: String,
    /// The conditions about single events.
    goal: Option<String>,
    eligible: Option<String>,
    excluded: Option<String>,
    /// Numbers, then texts.
    attributes: Vec<String>,
    /// How many of them are numbers.
    numbers: usize,
}

/// An event source.
pub struct Source {
    /// How its profiles are read.
    pub key: BytesKind,
    profile_type: pg_sys::Oid,
    /// The profile's name in the stream.
    profile: String,
    /// An item of FROM, called `e`, with the columns of all sources.
    from: String,
    time: String,
    kind: String,
}

/// There must be one argument in the place of attributes if there are none.
const NO_ATTRIBUTE: &str = "NULL::pg_catalog.bool";

impl Query {
    /// The queries that read what the queries of rows read; none if equal profiles of the sources differ in their bytes.
    pub fn compose(definition: &Definition, query: &stream::Query) -> Result<Option<Self>, Error> {
        let opened = query.sources();
        let sources = opened.iter().map(|events| Source::of(events, opened));
        let sources: Vec<Source> = sources.collect::<Result<_, _>>()?;
        let alike = |source: &Source| {
            let same_type = source.profile_type == sources[0].profile_type;
            same_type || source.key.is_integer() && sources[0].key.is_integer()
        };
        if !sources.iter().all(alike) {
            return Ok(None);
        }
        let from = source::seen_sql(opened);
        let attributes = query.raw_attributes().map(|sql| shippable(sql, &from));
        let attributes = attributes.collect::<Result<_, _>>()?;
        Ok(Some(Self {
            sources,
            time_zone: definition.time_zone.clone(),
            goal: per_event(Some(&definition.goal)),
            eligible: per_event(definition.eligible.as_ref()),
            excluded: per_event(definition.exclude.as_ref()),
            attributes,
            numbers: query.names.numbers.len(),
            key: query.key.clone(),
        }))
    }

    /// What is read of an event. Who is asked about by a model is eligible without a condition.
    fn event(&self, source: &Source, eligible_unless_told: &str) -> String {
        self.columns(
            source,
            [
                self.goal.as_deref().unwrap_or("false"),
                self.eligible.as_deref().unwrap_or(eligible_unless_told),
                self.excluded.as_deref().unwrap_or("false"),
            ],
        )
    }

    fn columns(&self, source: &Source, conditions: [&str; 3]) -> String {
        let mut arguments = vec![source.time.as_str(), &source.kind];
        arguments.extend(conditions);
        if self.attributes.is_empty() {
            arguments.push(NO_ATTRIBUTE);
        }
        arguments.extend(self.attributes.iter().map(String::as_str));
        arguments.join(", ")
    }

    /// The features of every profile: `$1` the document, `$2` the cutoff, `$3` where the eligible window begins. Of a
    /// model with one source, as all questions about answers of a model.
    pub fn features(&self) -> String {
        let source = &self.sources[0];
        source.grouped(&format!(
            "customer_ai_internal.event_features($1, $2, $3, {}, {})",
            self.options(None),
            self.event(source, "true")
        ))
    }

    /// The same of scores, with the number of factors to return.
    pub fn scores(&self, factors: usize) -> String {
        let source = &self.sources[0];
        source.grouped(&format!(
            "customer_ai_internal.event_scores($1, $2, $3, {}, {})",
            self.options(Some(factors)),
            self.event(source, "true")
        ))
    }

    /// When the events of every profile are that are not later than `$1`.
    pub fn times(&self) -> String {
        let source = &self.sources[0];
        let nothing_else = jsonb(&serde_json::json!({
            "timezone": self.time_zone,
            "numbers": 0,
            "texts": 0,
        }));
        source.grouped(&format!(
            "customer_ai_internal.event_counts($1, {nothing_else}, {}, {}, false, false, false, {NO_ATTRIBUTE})",
            source.time, source.kind
        ))
    }

    /// The events of every profile up to `$1`; with `sampled`, of those whose place is up to `$2`. Of no profile their
    /// number, in the last column.
    pub fn histories(&self, source: &Source, sampled: bool) -> String {
        let profile = &source.profile;
        let filter = if sampled {
            format!(" WHERE customer_ai_internal.sample_place(e.{profile}) <= $2")
        } else {
            String::new()
        };
        format!(
            "SELECT e.{profile}, customer_ai_internal.event_history($1, {}, {}) FILTER (WHERE e.{profile} IS NOT NULL), \
             pg_catalog.count(*) FROM {}{filter} GROUP BY e.{profile}",
            self.reading(),
            self.event(source, "false"),
            source.from
        )
    }

    /// What the histories of every profile up to `$1` would count.
    pub fn counts(&self, source: &Source) -> String {
        source.grouped(&format!(
            "customer_ai_internal.event_counts($1, {}, {})",
            self.reading(),
            self.columns(source, ["false"; 3])
        ))
    }

    /// How histories are read.
    fn reading(&self) -> String {
        jsonb(&serde_json::json!({
            "timezone": self.time_zone,
            "numbers": self.numbers,
            "texts": self.attributes.len() - self.numbers,
        }))
    }

    fn options(&self, factors: Option<usize>) -> String {
        let mut options = serde_json::json!({ "timezone": self.time_zone });
        if let Some(factors) = factors {
            options["factors"] = factors.into();
        }
        jsonb(&options)
    }
}

impl Source {
    fn of(events: &Events, all: &[Events]) -> Result<Self, Error> {
        let source = &events.source;
        let profile_type = events.relation.column(&source.profile_column)?.base_oid;
        Ok(Self {
            key: BytesKind::of(profile_type).ok_or(Error::Internal(
                "a profile column has a type that was refused",
            ))?,
            profile_type,
            profile: Names::of(all).profile,
            from: source::source_sql(events, all),
            time: format!("e.{}", quote(&source.time_column)),
            kind: kind(events, &Names::of(all)),
        })
    }

    fn grouped(&self, aggregate: &str) -> String {
        let profile = &self.profile;
        format!(
            "SELECT e.{profile}, {aggregate} FROM {} GROUP BY e.{profile}",
            self.from
        )
    }
}

/// Whether Citus keeps the relations of all sources on its nodes by hash of the profile.
pub fn are_distributed(sources: &[Events]) -> Result<bool, Error> {
    if relation::find("pg_catalog", "pg_dist_partition").is_none() {
        return Ok(false);
    }
    for Events { source, .. } in sources {
        if !is_distributed(source)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_distributed(source: &EventSource) -> Result<bool, Error> {
    let relation = relation::find(&source.schema, &source.relation);
    let relation = relation.ok_or_else(|| Error::UnknownRelation {
        relation: format!("{}.{}", source.schema, source.relation),
    })?;
    let query = "SELECT pg_catalog.column_to_column_name(logicalrelid, partkey) = $2
        FROM pg_catalog.pg_dist_partition WHERE logicalrelid = $1 AND partmethod = 'h'";
    let arguments = [relation.into(), source.profile_column.as_str().into()];
    let by_profile = sql::row(query, &arguments, |row| Ok(row.get::<bool>(1)?))?;
    Ok(by_profile.flatten().unwrap_or(false))
}

/// Whether a model can answer where the events are.
pub fn is_answerable(definition: &Definition) -> bool {
    let of_events = |condition: Option<&Condition>| condition.is_none_or(|found| !found.aggregate);
    definition.events.len() == 1
        && definition.profiles.is_empty()
        && of_events(definition.eligible.as_ref())
        && of_events(definition.exclude.as_ref())
        && (definition.exclude.is_none() || definition.exclude_window.is_none())
}

/// What kind of event a row is: the column as it is, or the one kind as bytes.
fn kind(events: &Events, names: &Names) -> String {
    let source = &events.source;
    if let Some(name) = &source.type_column {
        let column = events.columns.iter().find(|column| column.name == *name);
        return match column.map(|column| column.category) {
            Some(Category::Citext) => format!("e.{}", names.kind),
            _ => format!("e.{}", quote(name)),
        };
    }
    let kind = source.event_type.as_ref().unwrap_or(&source.label);
    bytes(kind)
}

/// A text as a literal of its bytes.
fn bytes(text: &str) -> String {
    let digits: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("'\\x{digits}'::pg_catalog.bytea")
}

/// A condition about one event, NULL counting as false; none if there is none.
fn per_event(condition: Option<&Condition>) -> Option<String> {
    let condition = condition.filter(|condition| !condition.aggregate)?;
    Some(format!("({}\n)", condition.sql))
}

/// An attribute of events as it can be shipped: a member of a JSON document by functions that take its keys as bytes.
fn shippable(sql: &str, from: &str) -> Result<String, Error> {
    if sql.starts_with("e.") {
        return Ok(sql.to_owned());
    }
    let Some(member) = condition::member("attributes", sql, from)? else {
        return Ok(sql.to_owned());
    };
    let column = format!("e.{}", quote(&member.column));
    let document = member.keys.iter().fold(column, |document, key| {
        format!(
            "customer_ai_internal.json_member({document}, {})",
            bytes(key)
        )
    });
    Ok(match member.value {
        Value::Text(key) => format!(
            "customer_ai_internal.json_member_text({document}, {})",
            bytes(&key)
        ),
        Value::Cast(to) => format!("({document})::{to}"),
    })
}

/// A JSON value as a literal.
fn jsonb(value: &serde_json::Value) -> String {
    format!("{}::pg_catalog.jsonb", literal(&value.to_string()))
}
