//! add_events and add_profiles: what else is known about the profiles.

use std::ffi::CStr;

use pgrx::pg_sys;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, PgSqlErrorCode};

use super::{columns, notice_guessed};
use crate::catalog::owner::as_owner;
use crate::catalog::{self, Definition, EventSource, ProfileSource};
use crate::error::Error;
use crate::pg::relation::{self, Column, Relation};
use crate::source::condition::{self, CutoffName, Scope};
use crate::source::{self, Events, Profiles};
use crate::store::scores::names;

/// The arguments of add_events.
pub struct GivenEvents<'a> {
    pub events: pg_sys::Oid,
    pub profile_column: Option<String>,
    pub time_column: Option<String>,
    pub type_column: Option<String>,
    pub event_type: Option<&'a str>,
    pub where_clause: Option<&'a str>,
    pub if_not_exists: bool,
}

/// The arguments of add_profiles.
pub struct GivenProfiles {
    pub profiles: pg_sys::Oid,
    pub profile_column: Option<String>,
    pub columns: Option<Vec<Option<String>>>,
    pub valid_from_column: Option<String>,
    pub if_not_exists: bool,
}

/// Says which columns of an event source were guessed: those that were not given.
pub fn notice_guessed_of(
    relation: &Relation,
    source: &EventSource,
    profile_column: Option<&str>,
    time_column: Option<&str>,
) {
    let guessed = [
        (
            profile_column.is_none(),
            "profile_column",
            source.profile_column.as_str(),
        ),
        (
            time_column.is_none(),
            "time_column",
            source.time_column.as_str(),
        ),
    ];
    notice_guessed(&relation.display(), &guessed);
}

/// An event source of the columns given, all different, the time guessed when it is left out.
pub fn event_source(
    relation: &Relation,
    profile: &Column,
    time: Option<&str>,
    kind: Option<&str>,
) -> Result<EventSource, Error> {
    if time == Some(profile.name.as_str()) {
        return Err(same(&profile.name, "profile_column", "time_column"));
    }
    let time = source::time_column(relation, "time_column", time)?;
    let kind = kind.map(|name| relation.column(name)).transpose()?;
    if let Some(kind) = kind {
        if kind.name == profile.name {
            return Err(same(&kind.name, "profile_column", "type_column"));
        }
        if kind.name == time.name {
            return Err(same(&kind.name, "time_column", "type_column"));
        }
    }
    Ok(EventSource {
        schema: relation.schema.clone(),
        relation: relation.name.clone(),
        label: relation.name.clone(),
        profile_column: profile.name.clone(),
        time_column: time.name.clone(),
        type_column: kind.map(|column| column.name.clone()),
        event_type: None,
        where_clause: None,
        where_sql: None,
    })
}

pub fn same(column: &str, first: &'static str, second: &'static str) -> Error {
    Error::SameColumn {
        column: column.to_owned(),
        first,
        second,
    }
}

impl GivenEvents<'_> {
    /// Checks the source beside those the model has, then writes it, and returns the model's name. Names in its
    /// condition are looked up in the search_path given.
    pub fn add(self, model: &str, path: &CStr) -> Result<String, Error> {
        let definition = super::lock(model)?;
        let relation = Relation::open(self.events, definition.owner_oid)?;
        relation.refuse_temporary()?;
        refuse_scores(&definition, &relation)?;
        let sources = if definition.events.is_empty() {
            Vec::new()
        } else {
            source::open_events(&definition)?
        };
        let mut source = match self.source(&definition, &sources, &relation) {
            Err(Error::SourceTwice { .. }) if self.if_not_exists => {
                notice_there(&definition.name, &relation.display());
                return Ok(definition.name);
            }
            source => source?,
        };
        as_owner(&definition, || {
            columns::check_asked(&relation.columns, &definition.options)?;
            if let Some(text) = &source.where_clause {
                let scope = Scope {
                    from: &relation.readable_sql(),
                    cutoff: CutoffName::None,
                    path,
                };
                source.where_sql = Some(condition::define_row("where_clause", text, &scope)?.sql);
            }
            let mut sources = sources;
            sources.push(source::open_source(
                source.clone(),
                relation,
                &definition.time_zone,
            )?);
            check_conditions(&definition, &sources)?;
            if let Some(added) = sources.last() {
                columns::notice_events(added, &definition.options);
            }
            Ok(())
        })?;
        catalog::insert_events(definition.id, &source)?;
        catalog::remember(definition.id, definition.owner_oid)?;
        catalog::set_altered(definition.id)?;
        Ok(definition.name)
    }

    pub fn source(
        &self,
        definition: &Definition,
        known: &[Events],
        relation: &Relation,
    ) -> Result<EventSource, Error> {
        if let (Some(_), Some(_)) = (&self.type_column, self.event_type) {
            return Err(Error::Argument {
                argument: "event_type",
                found: "a type_column as well".to_owned(),
                required: "given instead of type_column".to_owned(),
                hint: "Leave out either event_type or type_column.".to_owned(),
            });
        }
        let profile = model_profile(definition, relation, self.profile_column.as_deref())?;
        let mut source = event_source(
            relation,
            profile,
            self.time_column.as_deref(),
            self.type_column.as_deref(),
        )?;
        notice_guessed_of(
            relation,
            &source,
            self.profile_column.as_deref(),
            self.time_column.as_deref(),
        );
        source.event_type = self.event_type.map(str::to_owned);
        source.where_clause = self.where_clause.map(str::to_owned);
        refuse_twice(definition, &source)?;
        same_types(known, &source, relation)?;
        Ok(source)
    }
}

impl GivenProfiles {
    /// Checks the source, then writes it, and returns the model's name.
    pub fn add(self, model: &str) -> Result<String, Error> {
        let definition = super::lock(model)?;
        let relation = Relation::open(self.profiles, definition.owner_oid)?;
        relation.refuse_temporary()?;
        refuse_scores(&definition, &relation)?;
        let profile = model_profile(&definition, &relation, self.profile_column.as_deref())?;
        let columns = self
            .columns
            .as_ref()
            .map(|names| columns(&relation, profile, names))
            .transpose()?;
        let valid_from = self.valid_from_column.as_deref();
        if valid_from == Some(profile.name.as_str()) {
            return Err(same(&profile.name, "profile_column", "valid_from_column"));
        }
        if let Some(name) = valid_from {
            source::time_column(&relation, "valid_from_column", Some(name))?;
        }
        if let Some(first) = definition.profiles.first() {
            let given = (&relation.schema, &relation.name, &profile.name, &columns);
            let known = (
                &first.schema,
                &first.relation,
                &first.profile_column,
                &first.columns,
            );
            let is_same = given == known && first.valid_from_column == self.valid_from_column;
            if self.if_not_exists && is_same {
                notice_there(&definition.name, &relation.display());
                return Ok(definition.name);
            }
            return Err(Error::SecondProfiles {
                model: definition.name,
                relation: format!("{}.{}", first.schema, first.relation),
            });
        }
        let guessed = (
            self.profile_column.is_none(),
            "profile_column",
            profile.name.as_str(),
        );
        notice_guessed(&relation.display(), &[guessed]);
        if valid_from.is_none() {
            notice_current(&relation.display());
        }
        let source = ProfileSource {
            schema: relation.schema.clone(),
            relation: relation.name.clone(),
            profile_column: profile.name.clone(),
            columns,
            valid_from_column: self.valid_from_column,
        };
        columns::check_asked(&relation.columns, &definition.options)?;
        let profiles = Profiles {
            source: source.clone(),
            relation,
        };
        columns::notice_profiles(&profiles, &definition.options);
        catalog::insert_profiles(definition.id, &source)?;
        catalog::remember(definition.id, definition.owner_oid)?;
        catalog::set_altered(definition.id)?;
        Ok(definition.name)
    }
}

/// Takes a relation of events out of a model, with all that it is used for, and returns the model's name.
///
/// # Errors
/// 42704 when it is no event source, 55000 when it is the only one, and the error of a condition that needs it.
pub fn remove_events(model: &str, events: pg_sys::Oid) -> Result<String, Error> {
    let definition = super::lock(model)?;
    let relation = Relation::open(events, definition.owner_oid)?;
    let is_it =
        |source: &EventSource| source.schema == relation.schema && source.relation == relation.name;
    let mut rest = definition.clone();
    rest.events.retain(|source| !is_it(source));
    if rest.events.len() == definition.events.len() {
        let sources = definition.events.iter();
        let sources = sources.map(|source| format!("{}.{}", source.schema, source.relation));
        return Err(Error::NotASource {
            model: definition.name,
            relation: relation.display(),
            kind: "event source",
            sources: sources.collect(),
        });
    }
    if rest.events.is_empty() {
        return Err(Error::LastSource {
            model: definition.name,
            relation: relation.display(),
        });
    }
    as_owner(&rest, || {
        check_conditions(&rest, &source::open_events(&rest)?)
    })?;
    // Sources are deleted by the names that they have now.
    catalog::remember(definition.id, definition.owner_oid)?;
    catalog::delete_events(definition.id, &relation.schema, &relation.name)?;
    catalog::set_altered(definition.id)?;
    notice_trained(&definition)?;
    Ok(definition.name)
}

/// Takes the relation of profile attributes out of a model, and returns the model's name.
///
/// # Errors
/// 42704 when it is not there.
pub fn remove_profiles(model: &str, profiles: pg_sys::Oid) -> Result<String, Error> {
    let definition = super::lock(model)?;
    let relation = Relation::open(profiles, definition.owner_oid)?;
    catalog::remember(definition.id, definition.owner_oid)?;
    if !catalog::delete_profiles(definition.id, &relation.schema, &relation.name)? {
        let sources = definition.profiles.iter();
        let sources = sources.map(|source| format!("{}.{}", source.schema, source.relation));
        return Err(Error::NotASource {
            model: definition.name,
            relation: relation.display(),
            kind: "relation of profile attributes",
            sources: sources.collect(),
        });
    }
    catalog::set_altered(definition.id)?;
    notice_trained(&definition)?;
    Ok(definition.name)
}

/// The same events twice would count twice. Other rows of the relation, or the same ones at another time or as another
/// event, are other events.
fn refuse_twice(definition: &Definition, source: &EventSource) -> Result<(), Error> {
    let trimmed = |text: &Option<String>| text.as_deref().map(str::trim).map(str::to_owned);
    let is_the_same = |known: &&EventSource| {
        known.schema == source.schema
            && known.relation == source.relation
            && known.profile_column == source.profile_column
            && known.time_column == source.time_column
            && known.event_type == source.event_type
            && trimmed(&known.where_clause) == trimmed(&source.where_clause)
    };
    if definition.events.iter().any(|known| is_the_same(&known)) {
        return Err(Error::SourceTwice {
            model: definition.name.clone(),
            relation: format!("{}.{}", source.schema, source.relation),
        });
    }
    Ok(())
}

/// Says that the active version knows the source that was removed.
fn notice_trained(definition: &Definition) -> Result<(), Error> {
    let Some(active) = catalog::active(definition.id)? else {
        return Ok(());
    };
    ErrorReport::new(
        PgSqlErrorCode::ERRCODE_SUCCESSFUL_COMPLETION,
        format!(
            "version {} of model \"{}\" was trained with what was removed",
            active.number, definition.name
        ),
        "customer_ai",
    )
    .set_detail("Where it reads its columns it cannot score any more; where it does not, it sees fewer events than it learned from.")
    .set_hint(format!("Run SELECT * FROM customer_ai.train('{}').", definition.name))
    .report(PgLogLevel::NOTICE);
    Ok(())
}

/// The columns of a profile source that were named.
fn columns(
    relation: &Relation,
    profile: &Column,
    names: &[Option<String>],
) -> Result<Vec<String>, Error> {
    if names.is_empty() {
        let required = "at least one column, or NULL for all".to_owned();
        return Err(Error::Argument {
            argument: "columns",
            found: "an empty list".to_owned(),
            required,
            hint: "Leave columns out to take every column that can be used.".to_owned(),
        });
    }
    let mut columns: Vec<String> = Vec::new();
    for name in names {
        let name = &relation
            .column(name.as_deref().ok_or(Error::NullArgument {
                argument: "columns",
            })?)?
            .name;
        if *name == profile.name {
            return Err(same(name, "profile_column", "columns"));
        }
        if columns.contains(name) {
            return Err(same(name, "columns", "columns"));
        }
        columns.push(name.clone());
    }
    Ok(columns)
}

/// The profile column of a further source: the one named, else the one called as in the first source, else guessed.
/// Its type must be that of the first source, or a narrower integer.
fn model_profile<'a>(
    definition: &Definition,
    relation: &'a Relation,
    name: Option<&str>,
) -> Result<&'a Column, Error> {
    let Some(first) = definition.events.first() else {
        return source::profile_column(relation, name);
    };
    let there = relation
        .columns
        .iter()
        .any(|column| column.name == first.profile_column);
    let column = source::profile_column(
        relation,
        name.or(there.then_some(first.profile_column.as_str())),
    )?;
    let origin = Relation::named(&first.schema, &first.relation, definition.owner_oid)?;
    let key = source::profile_column(&origin, Some(&first.profile_column))?;
    source::check_profile(relation, column, key)?;
    Ok(column)
}

/// Columns of one name must be of one type, or they are not one column of the stream: the same one, or numbers of any
/// width, texts of any kind, both the time of their events, or what we read as text.
fn same_types(known: &[Events], source: &EventSource, relation: &Relation) -> Result<(), Error> {
    use relation::Category::{Number, Text};
    for column in relation.columns.iter().filter(|column| column.readable) {
        for events in known {
            let Some(other) = events
                .columns
                .iter()
                .find(|other| other.name == column.name)
            else {
                continue;
            };
            let kindred =
                column.category == other.category && matches!(column.category, Number | Text);
            let times =
                column.name == source.time_column && other.name == events.source.time_column;
            let ours = column.name == "event" || column.name == "source";
            if column.base_oid != other.base_oid && !kindred && !times && !ours {
                return Err(Error::StreamTypes {
                    relation: relation.display(),
                    column: column.name.clone(),
                    found: column.type_name.clone(),
                    required: other.type_name.clone(),
                });
            }
        }
    }
    Ok(())
}

/// A model cannot learn from its own scores.
fn refuse_scores(definition: &Definition, relation: &Relation) -> Result<(), Error> {
    let own = [
        definition.scores_name.clone(),
        names::history(&definition.scores_name),
    ];
    if relation.schema == definition.scores_schema && own.contains(&relation.name) {
        return Err(Error::OwnRelation {
            relation: relation.display(),
        });
    }
    Ok(())
}

/// The model's conditions must mean something over all sources.
pub fn check_conditions(definition: &Definition, sources: &[Events]) -> Result<(), Error> {
    let from = source::seen_sql(sources);
    condition::check("goal", &definition.goal.sql, &from)?;
    for (label, condition) in [
        ("eligible", &definition.eligible),
        ("exclude", &definition.exclude),
    ] {
        if let Some(condition) = condition {
            condition::check(label, &condition.sql, &from)?;
        }
    }
    Ok(())
}

/// Says that there was nothing to add.
fn notice_there(model: &str, relation: &str) {
    ErrorReport::new(
        PgSqlErrorCode::ERRCODE_SUCCESSFUL_COMPLETION,
        format!("model \"{model}\" has \"{relation}\" already, as it is given here"),
        "customer_ai",
    )
    .report(PgLogLevel::NOTICE);
}

fn notice_current(relation: &str) {
    ErrorReport::new(
        PgSqlErrorCode::ERRCODE_SUCCESSFUL_COMPLETION,
        format!("the current row of \"{relation}\" is used at every cutoff"),
        "customer_ai",
    )
    .set_detail("A value that changed after a cutoff would tell the model about the future.")
    .set_hint("If the rows are dated, name the date with valid_from_column.")
    .report(PgLogLevel::NOTICE);
}
