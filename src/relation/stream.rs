//! The events of all sources as one stream, by column name, and the profile sources.

use super::{Column, Relation, literal, profile_column, quote, time_column};
use crate::catalog::{Definition, EventSource, ProfileSource};
use crate::error::Error;
use crate::instant;

/// Columns that the stream adds to those of the sources; a column of a source with such a name is not seen.
const ADDED: [&str; 4] = ["_profile", "_time", "_event", "_source"];

/// An event source with its relation open.
#[derive(Clone, Debug)]
pub struct Events {
    pub source: EventSource,
    pub relation: Relation,
    /// The columns that the reader may read.
    pub columns: Vec<Column>,
    zone: String,
}

/// A profile source with its relation open.
#[derive(Clone, Debug)]
pub struct Profiles {
    pub source: ProfileSource,
    pub relation: Relation,
}

impl Profiles {
    /// The columns to use: those named, or all that can be read; never the profile and the date.
    pub fn columns(&self) -> impl Iterator<Item = &Column> {
        let source = &self.source;
        self.relation.columns.iter().filter(|column| {
            column.readable
                && column.name != source.profile_column
                && source.valid_from_column.as_ref() != Some(&column.name)
                && source
                    .columns
                    .as_ref()
                    .is_none_or(|names| names.contains(&column.name))
        })
    }
}

/// Opens the event sources of a model, as its owner may read them.
///
/// # Errors
/// Those of [`Relation::named`]; what no longer fits is reported as at the definition. 55000 when there is none, as after a
/// restore that was broken off.
pub fn open_events(definition: &Definition) -> Result<Vec<Events>, Error> {
    if definition.events.is_empty() {
        return Err(Error::NoSources {
            model: definition.name.clone(),
        });
    }
    let open = |source: &EventSource| {
        let relation = Relation::named(&source.schema, &source.relation, definition.owner_oid)?;
        open_source(source.clone(), relation, &definition.time_zone)
    };
    definition.events.iter().map(open).collect()
}

/// Checks that a source fits its relation.
pub fn open_source(source: EventSource, relation: Relation, zone: &str) -> Result<Events, Error> {
    profile_column(&relation, Some(&source.profile_column))?;
    time_column(&relation, "time_column", Some(&source.time_column))?;
    if let Some(name) = &source.type_column {
        relation.column(name)?;
    }
    let seen = |column: &&Column| column.readable && !ADDED.contains(&column.name.as_str());
    let columns = relation.columns.iter().filter(seen).cloned().collect();
    Ok(Events {
        source,
        relation,
        columns,
        zone: zone.to_owned(),
    })
}

/// Opens the profile sources of a model, as its owner may read them.
pub fn open_profiles(definition: &Definition) -> Result<Vec<Profiles>, Error> {
    let open = |source: &ProfileSource| {
        let relation = Relation::named(&source.schema, &source.relation, definition.owner_oid)?;
        profile_column(&relation, Some(&source.profile_column))?;
        Ok(Profiles {
            source: source.clone(),
            relation,
        })
    };
    definition.profiles.iter().map(open).collect()
}

/// The stream as an item of FROM, called `e`. It has every column of every source, NULL where a source lacks it;
/// `event` and `source` as texts, unless a source has columns of that name; and, for us, `_profile`, `_time` (a
/// timestamptz), `_event` and `_source`.
pub fn events_sql(sources: &[Events]) -> String {
    let parts: Vec<String> = sources
        .iter()
        .map(|events| events.select(sources))
        .collect();
    format!("({}) e", parts.join(" UNION ALL "))
}

/// The part of the stream that is of one source, with the same columns.
pub fn source_sql(source: &Events, sources: &[Events]) -> String {
    format!("({}) e", source.select(sources))
}

/// Columns of the stream: of every name the first.
fn union(sources: &[Events]) -> Vec<&Column> {
    let mut columns: Vec<&Column> = Vec::new();
    for column in sources.iter().flat_map(|events| &events.columns) {
        if !columns.iter().any(|known| known.name == column.name) {
            columns.push(column);
        }
    }
    columns
}

impl Events {
    /// Which kind of event a row is, as text, of the row `r`.
    fn kind_sql(&self) -> String {
        match (&self.source.type_column, &self.source.event_type) {
            (Some(column), _) => format!("r.{}::pg_catalog.text", quote(column)),
            (None, Some(kind)) => format!("{}::pg_catalog.text", literal(kind)),
            (None, None) => format!("{}::pg_catalog.text", literal(&self.source.label)),
        }
    }

    /// When the row `r` happened, as an instant.
    fn time_sql(&self) -> String {
        let name = &self.source.time_column;
        match self.columns.iter().find(|column| column.name == *name) {
            Some(column) => instant::sql("r", column, &self.zone),
            None => format!("r.{}", quote(name)),
        }
    }

    fn source_sql(&self) -> String {
        format!("{}::pg_catalog.text", literal(&self.source.label))
    }

    fn select(&self, sources: &[Events]) -> String {
        let columns = union(sources);
        let has = |name: &str| columns.iter().any(|column| column.name == name);
        let mut items: Vec<String> = columns
            .iter()
            .map(|column| self.item(column, sources))
            .collect();
        if !has("event") {
            items.push(format!("{} AS event", self.kind_sql()));
        }
        if !has("source") {
            items.push(format!("{} AS source", self.source_sql()));
        }
        items.push(format!(
            "r.{} AS _profile",
            quote(&self.source.profile_column)
        ));
        items.push(format!("{} AS _time", self.time_sql()));
        items.push(format!("{} AS _event", self.kind_sql()));
        items.push(format!("{} AS _source", self.source_sql()));
        // The line break ends a comment that a condition may end with.
        let filter = self
            .source
            .where_clause
            .as_ref()
            .map(|text| format!(" WHERE ({text}\n)"))
            .unwrap_or_default();
        format!(
            "SELECT {} FROM {} r{filter}",
            items.join(", "),
            self.relation.sql()
        )
    }

    /// A column of the stream from this source.
    fn item(&self, column: &Column, sources: &[Events]) -> String {
        let name = quote(&column.name);
        let value = match self.columns.iter().find(|own| own.name == column.name) {
            Some(own) => self.own_item(own, sources),
            None => self.missing_item(column, sources),
        };
        format!("{value} AS {name}")
    }

    /// A column that this source has. Where types differ, times are all instants, and `event` and `source` all texts.
    fn own_item(&self, own: &Column, sources: &[Events]) -> String {
        let differs =
            |events: &Events| match events.columns.iter().find(|other| other.name == own.name) {
                Some(other) => other.base_oid != own.base_oid,
                None => own.name == "event" || own.name == "source",
            };
        let name = quote(&own.name);
        if !sources.iter().any(differs) {
            format!("r.{name}")
        } else if own.name == self.source.time_column {
            self.time_sql()
        } else if own.name == "event" || own.name == "source" {
            format!("r.{name}::pg_catalog.text")
        } else {
            format!("r.{name}")
        }
    }

    /// A column that only other sources have. Profile and time go by the names of the first source as well.
    fn missing_item(&self, column: &Column, sources: &[Events]) -> String {
        let first = sources.first().map(|events| &events.source);
        match column.name.as_str() {
            "event" => self.kind_sql(),
            "source" => self.source_sql(),
            name if first.is_some_and(|first| first.time_column == name) => {
                format!("r.{}", quote(&self.source.time_column))
            }
            name if first.is_some_and(|first| first.profile_column == name) => {
                format!("r.{}", quote(&self.source.profile_column))
            }
            _ => format!("NULL::{}", column.type_name),
        }
    }
}
