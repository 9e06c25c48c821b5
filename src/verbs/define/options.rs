//! Options of a definition, checked against the events that they are about.

use std::collections::BTreeMap;
use std::ffi::CStr;

use pgrx::pg_sys;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, PgSqlErrorCode};

use super::columns;
use super::sources::same;
use crate::catalog::args::Options;
use crate::error::Error;
use crate::pg::relation::{self, Column};
use crate::source::condition::{self, CutoffName, Scope};
use crate::source::{self, Events};

/// What a model has already when its options are checked; nothing of one that is new.
#[derive(Default)]
pub struct Known {
    /// What runs of attributes, by name and text: it means what it meant when it was defined.
    pub attributes: BTreeMap<(String, String), String>,
    /// The columns of its profile sources.
    pub profile_columns: Vec<Column>,
}

/// Checks what can be wrong in options beside their form: attributes must be expressions of usable types, and a name in
/// `columns` or `ignore` must be that of a column. Returns what runs of the attributes, by name.
pub fn check_options(
    options: &Options,
    sources: &[Events],
    known: &Known,
    path: &CStr,
) -> Result<BTreeMap<String, String>, Error> {
    let from = source::seen_sql(sources);
    let mut attributes = BTreeMap::new();
    for (name, text) in &options.attributes {
        if let Some(sql) = known.attributes.get(&(name.clone(), text.clone())) {
            attributes.insert(name.clone(), sql.clone());
            continue;
        }
        let scope = Scope {
            from: &from,
            cutoff: CutoffName::None,
            path,
        };
        attributes.insert(name.clone(), attribute(name, text, sources, &scope)?);
    }
    for events in sources {
        columns::check_asked(&events.columns, options)?;
    }
    columns::check_asked(&known.profile_columns, options)?;
    let taken: Vec<String> = options.take_as.keys().cloned().collect();
    let named = [
        ("columns", options.columns.as_deref().unwrap_or_default()),
        ("ignore", &options.ignore),
        ("take_as", &taken),
        ("known_ahead", &options.known_ahead),
    ];
    for (option, name) in named
        .iter()
        .flat_map(|(option, names)| names.iter().map(move |name| (option, name)))
    {
        let is_it = |column: &Column| column.name == *name;
        let mut columns = sources.iter().flat_map(|events| &events.columns);
        if !columns.any(is_it)
            && !known.profile_columns.iter().any(is_it)
            && !options.attributes.contains_key(name)
            && let Some(first) = sources.first()
        {
            refuse_unknown(option, name, first)?;
        }
    }
    Ok(attributes)
}

/// What runs of an attribute.
fn attribute(name: &str, text: &str, sources: &[Events], scope: &Scope) -> Result<String, Error> {
    let mut columns = sources.iter().flat_map(|events| &events.columns);
    if columns.any(|column| column.name == name) {
        return Err(same(name, "column", "attribute"));
    }
    let (type_oid, sql) = condition::define_expression("attributes", text, scope)?;
    // SAFETY: a look-up in the catalog by OID.
    let base_oid = unsafe { pg_sys::getBaseType(type_oid) };
    if source::role(base_oid, false, None).is_some() {
        return Ok(sql);
    }
    Err(Error::Option {
        option: "attributes".to_owned(),
        found: format!("\"{name}\" of type {}", relation::type_name(type_oid)),
        required: "of a type of numbers, texts, booleans, instants or an enum".to_owned(),
    })
}

/// A name that no relation has is a mistake. One that another relation has may be of a source that is still to come: it
/// is said.
fn refuse_unknown(option: &'static str, name: &str, events: &Events) -> Result<(), Error> {
    if !relation::any_has(name)? {
        return Err(Error::NoSuchColumn {
            option,
            column: name.to_owned(),
            relation: events.relation.display(),
            columns: events
                .columns
                .iter()
                .map(|column| column.name.clone())
                .collect(),
        });
    }
    ErrorReport::new(
        PgSqlErrorCode::ERRCODE_SUCCESSFUL_COMPLETION,
        format!(
            "column \"{name}\" of option \"{option}\" is not in \"{}\"",
            events.relation.display()
        ),
        "customer_ai",
    )
    .set_detail("The option applies once customer_ai.add_events or customer_ai.add_profiles adds a relation that has it.")
    .report(PgLogLevel::NOTICE);
    Ok(())
}
