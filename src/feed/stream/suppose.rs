//! Events that are only supposed to happen. They join the profile's own events in the query, as rows of the stream, so
//! that conditions, attributes and features see them as they would if they were in a table.

use pgrx::{IntoDatum, pg_sys};
use propensity::time::{DAY, Micros};
use serde_json::{Map, Value, json};

use crate::catalog::instant;
use crate::error::{Error, nearest};
use crate::pg::execute::Param;
use crate::pg::relation::{Category, Column, literal, quote};
use crate::source::{Events, Names, event_columns, event_value, folded};

/// Events that can be supposed at once.
const MOST: usize = 1000;
/// The furthest that one can be ahead.
const MOST_DAYS: f64 = 36_525.0;

/// Events that are supposed after an instant, checked.
pub struct Supposed {
    /// Objects with the attributes by place, `kind`, `source` and `ahead`, microseconds.
    rows: Value,
    as_of: Micros,
    /// When the last of them is.
    pub until: Micros,
}

fn wrong(found: String, required: &str, hint: String) -> Error {
    Error::Argument {
        argument: "what_if",
        found,
        required: required.to_owned(),
        hint,
    }
}

fn example(sources: &[Events]) -> String {
    let kind = sources
        .iter()
        .find_map(Events::only_kind)
        .unwrap_or("visit");
    format!("Write for example what_if => '[{{\"event\": \"{kind}\", \"in_days\": 2}}]'.")
}

impl Supposed {
    /// Reads events from a JSON array of objects: `event`, `in_days`, `source`, and attributes by the names of columns.
    ///
    /// # Errors
    /// 22023 for whatever is not understood.
    pub fn parse(text: &str, sources: &[Events], as_of: Micros) -> Result<Self, Error> {
        let required = "a JSON array of objects, one for each event";
        let value: Value = serde_json::from_str(text)
            .map_err(|error| wrong(error.to_string(), required, example(sources)))?;
        let Value::Array(events) = value else {
            return Err(wrong(
                "another JSON value".to_owned(),
                required,
                example(sources),
            ));
        };
        if events.is_empty() || events.len() > MOST {
            let found = format!("{} events", events.len());
            return Err(wrong(
                found,
                "an array of 1 to 1,000 events",
                example(sources),
            ));
        }
        let mut rows = Vec::new();
        let mut until = as_of;
        for event in &events {
            let Value::Object(event) = event else {
                return Err(wrong(event.to_string(), required, example(sources)));
            };
            let (row, ahead) = parse_event(event, sources)?;
            until = until.max(as_of.saturating_add(ahead));
            rows.push(row);
        }
        Ok(Self {
            rows: Value::Array(rows),
            as_of,
            until,
        })
    }

    /// The stream of a profile's events up to the instant, which `real` reads, with those that are supposed after it:
    /// `$1` the profile as text, `$2` and `$3` as [`Supposed::params`] has them.
    pub fn stream_sql(&self, sources: &[Events], real: &str, key_cast: &str, zone: &str) -> String {
        let columns = event_columns(sources);
        let names = Names::of(sources);
        let mut items: Vec<String> = Vec::new();
        let mut fields: Vec<String> = Vec::new();
        let at = "($3::pg_catalog.timestamptz + r.ahead * '1 microsecond'::pg_catalog.interval)";
        for (place, column) in columns.iter().enumerate() {
            let name = column.name.as_str();
            let is = |purpose: fn(&Events) -> Option<&str>| {
                sources.iter().any(|events| purpose(events) == Some(name))
            };
            let value = if is(|events| Some(&events.source.time_column)) {
                time_value(column, at, zone)
            } else if is(|events| Some(&events.source.profile_column)) {
                "$1".to_owned()
            } else if is(|events| events.source.type_column.as_deref()) || name == "event" {
                "r.kind".to_owned()
            } else if name == "source" {
                "r.source".to_owned()
            } else {
                fields.push(format!("c{place} {}", column.type_name));
                format!("r.c{place}")
            };
            let type_name = stream_type(column, sources);
            items.push(format!("{value}::{type_name} AS {}", quote(name)));
        }
        let has = |name: &str| columns.iter().any(|column| column.name == name);
        if !has("event") {
            items.push(format!("{} AS event", event_value("r.kind", sources)));
        }
        if !has("source") {
            items.push("r.source AS source".to_owned());
        }
        let kind = if sources.iter().any(Events::folds_kinds) {
            folded("r.kind")
        } else {
            "r.kind".to_owned()
        };
        fields.extend(["kind text", "source text", "ahead int8"].map(str::to_owned));
        items.push(format!("$1{key_cast} AS {}", names.profile));
        items.push(format!("{at} AS {}", names.time));
        items.push(format!("{kind} AS {}", names.kind));
        format!(
            "(SELECT e.* FROM {real} WHERE e.{} <= $3::pg_catalog.timestamptz \
             UNION ALL SELECT {} FROM pg_catalog.jsonb_to_recordset($2::pg_catalog.jsonb) r({})) e",
            names.time,
            items.join(", "),
            fields.join(", ")
        )
    }

    /// What `$2` and `$3` stand for.
    ///
    /// # Errors
    /// 22023 for an instant that PostgreSQL does not have.
    pub fn params(&self) -> Result<[Param; 2], Error> {
        Ok([
            (pg_sys::TEXTOID, self.rows.to_string().into_datum()),
            (
                pg_sys::TIMESTAMPTZOID,
                instant::from_micros(self.as_of)?.into_datum(),
            ),
        ])
    }
}

/// The row of an event, and how far ahead it is.
fn parse_event(event: &Map<String, Value>, sources: &[Events]) -> Result<(Value, Micros), Error> {
    let (source, kind) = kind_of(event, sources)?;
    let ahead = match event.get("in_days") {
        None => 0.0,
        Some(value) => {
            let days = value
                .as_f64()
                .filter(|days| (0.0..=MOST_DAYS).contains(days));
            days.ok_or_else(|| {
                wrong(
                    format!("\"in_days\": {value}"),
                    "an array of events whose in_days is a number of days ahead, 0 to 36,525",
                    example(sources),
                )
            })?
        }
    };
    let ahead = (ahead * DAY as f64).round() as Micros;
    let mut row = json!({"kind": kind, "source": source.source.label, "ahead": ahead});
    let columns = event_columns(sources);
    for (name, value) in event {
        if ["event", "in_days", "source"].contains(&name.as_str()) {
            continue;
        }
        let place = attribute(name, &columns, sources, source)?;
        check_value(
            name,
            value,
            columns.get(place).map(|column| column.category),
        )?;
        row[format!("c{place}")] = value.clone();
    }
    Ok((row, ahead))
}

/// The place of a column that an event can be given a value of.
fn attribute(
    name: &str,
    columns: &[&Column],
    sources: &[Events],
    source: &Events,
) -> Result<usize, Error> {
    let has_purpose = |name: &str| {
        sources.iter().any(|events| {
            let of = &events.source;
            of.profile_column == name
                || of.time_column == name
                || of.type_column.as_deref() == Some(name)
        })
    };
    let owned = |name: &str| source.columns.iter().any(|column| column.name == name);
    let place = columns.iter().position(|column| column.name == name);
    if let Some(place) = place.filter(|_| owned(name) && !has_purpose(name)) {
        return Ok(place);
    }
    let names = source.columns.iter().map(|column| column.name.as_str());
    let attributes: Vec<&str> = names.filter(|name| !has_purpose(name)).collect();
    let hint = match nearest(name, attributes.iter().copied()) {
        Some(near) => format!("Perhaps you meant \"{near}\"."),
        None if has_purpose(name) => {
            "Profile, time and type are given by the arguments, \"in_days\" and \"event\"."
                .to_owned()
        }
        None => format!(
            "Its events have {}.",
            if attributes.is_empty() {
                "no attributes".to_owned()
            } else {
                attributes.join(", ")
            }
        ),
    };
    let required = "an array of events with \"event\", \"in_days\" and columns of their source";
    let found = format!(
        "\"{name}\" of an event of \"{}\"",
        source.relation.display()
    );
    Err(wrong(found, required, hint))
}

/// Values that a cast would refuse, by name.
fn check_value(name: &str, value: &Value, category: Option<Category>) -> Result<(), Error> {
    let required = match (category, value) {
        (_, Value::Null) => return Ok(()),
        (Some(Category::Number), value) if !value.is_number() => "a number",
        (Some(Category::Bool), value) if !value.is_boolean() => "true or false",
        (Some(Category::Text | Category::Enum | Category::Uuid), value) if !value.is_string() => {
            "a text"
        }
        _ => return Ok(()),
    };
    let found = format!("\"{name}\": {value}");
    Err(wrong(
        found,
        &format!("an array of events whose \"{name}\" is {required}"),
        "Write values of columns as JSON: numbers and true or false without quotes, texts and dates with.".to_owned(),
    ))
}

/// The source of an event, and of which type it is.
fn kind_of<'a>(
    event: &Map<String, Value>,
    sources: &'a [Events],
) -> Result<(&'a Events, String), Error> {
    let text = |name: &str| match event.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(other) => Err(wrong(
            format!("\"{name}\": {other}"),
            "an array of events whose event and source are texts",
            example(sources),
        )),
    };
    let (kind, of) = (text("event")?, text("source")?);
    let here = |events: &&Events| of.is_none_or(|name| events.source.label == name);
    let candidates: Vec<&Events> = sources.iter().filter(here).collect();
    if candidates.is_empty() {
        let names: Vec<&str> = sources
            .iter()
            .map(|events| events.source.label.as_str())
            .collect();
        return Err(wrong(
            format!("\"source\": \"{}\"", of.unwrap_or_default()),
            "an array of events of the model's sources",
            format!("Its sources are {}.", names.join(", ")),
        ));
    }
    let named = |kind: &str| {
        let only = candidates
            .iter()
            .find(|events| events.only_kind() == Some(kind));
        let open = candidates
            .iter()
            .find(|events| events.only_kind().is_none());
        only.or(open).copied()
    };
    let found = match (kind, candidates.as_slice()) {
        (Some(kind), _) => named(kind).map(|events| (events, kind.to_owned())),
        (None, [only]) => only.only_kind().map(|kind| (*only, kind.to_owned())),
        (None, _) => None,
    };
    found.ok_or_else(|| {
        let kinds: Vec<&str> = candidates
            .iter()
            .filter_map(|events| events.only_kind())
            .collect();
        let found = match kind {
            Some(kind) => format!("\"event\": \"{kind}\""),
            None => "an event without \"event\"".to_owned(),
        };
        let hint = match kind.and_then(|kind| nearest(kind, kinds.iter().copied())) {
            Some(near) => format!("Perhaps you meant \"{near}\"."),
            None if kinds.is_empty() => example(sources),
            None => format!("The types of events are {}.", kinds.join(", ")),
        };
        wrong(
            found,
            "an array of events whose event is a type of the model's events",
            hint,
        )
    })
}

/// The time of an event as the column has it.
fn time_value(column: &Column, at: &str, zone: &str) -> String {
    match column.category {
        Category::Timestamp | Category::Date => {
            format!("pg_catalog.timezone({}, {at})", literal(zone))
        }
        _ => at.to_owned(),
    }
}

/// The type of a column in the stream.
fn stream_type(column: &Column, sources: &[Events]) -> String {
    let ours = column.name == "event" || column.name == "source";
    let same = sources.iter().all(|events| {
        let other = events
            .columns
            .iter()
            .find(|other| other.name == column.name);
        other.map_or(!ours, |other| other.base_oid == column.base_oid)
    });
    let same = same && !(column.name == "event" && column.category == Category::Enum);
    match (same, ours, column.category.is_time()) {
        (false, true, _) => {
            let mut all = sources.iter().flat_map(|events| &events.columns);
            let is_citext =
                |other: &&Column| other.name == column.name && other.category == Category::Citext;
            let citext = all.find(is_citext);
            citext.map_or_else(
                || "pg_catalog.text".to_owned(),
                |column| column.type_name.clone(),
            )
        }
        (false, false, true) => "pg_catalog.timestamptz".to_owned(),
        _ => column.type_name.clone(),
    }
}
