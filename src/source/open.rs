//! The sources of a model with their relations open, and the columns that they have.

use super::{profile_column, time_column};
use crate::catalog::args::Options;
use crate::catalog::{Definition, EventDefinition, EventSource, ProfileSource};
use crate::error::Error;
use crate::pg::relation::{Column, Relation};

/// An event source with its relation open.
#[derive(Clone, Debug)]
pub struct Events {
    pub source: EventSource,
    pub relation: Relation,
    /// The columns that the reader may read.
    pub columns: Vec<Column>,
    /// Those of the model.
    pub(super) definitions: Vec<EventDefinition>,
    pub(super) zone: String,
}

/// A profile source with its relation open.
#[derive(Clone, Debug)]
pub struct Profiles {
    pub source: ProfileSource,
    pub relation: Relation,
}

impl Profiles {
    /// The columns that may be attributes: an identifier of the profile's row tells nothing.
    pub fn attributes(&self) -> impl Iterator<Item = &Column> {
        self.columns().filter(|column| !column.is_row_key)
    }

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
        let mut events = open_source(source.clone(), relation, &definition.time_zone)?;
        events.definitions.clone_from(&definition.event_definitions);
        Ok(events)
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
    let readable = |column: &&Column| column.readable;
    let columns = relation.columns.iter().filter(readable).cloned().collect();
    Ok(Events {
        source,
        relation,
        columns,
        definitions: Vec::new(),
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

/// The columns of events that may be attributes of them, of every name the first: those that have no other purpose in
/// any source, and that the options want.
pub fn attribute_columns<'a>(sources: &'a [Events], options: &Options) -> Vec<&'a Column> {
    let has_purpose = |name: &str| {
        sources.iter().any(|events| {
            let source = &events.source;
            source.profile_column == name
                || source.time_column == name
                || source.type_column.as_deref() == Some(name)
        })
    };
    let wanted = |column: &&Column| {
        !has_purpose(&column.name)
            && !options.ignore.contains(&column.name)
            && options
                .columns
                .as_ref()
                .is_none_or(|columns| columns.contains(&column.name))
    };
    event_columns(sources).into_iter().filter(wanted).collect()
}

/// Columns of the stream: of every name the first.
pub fn event_columns(sources: &[Events]) -> Vec<&Column> {
    let mut columns: Vec<&Column> = Vec::new();
    for column in sources.iter().flat_map(|events| &events.columns) {
        if !columns.iter().any(|known| known.name == column.name) {
            columns.push(column);
        }
    }
    columns
}
