//! What this session keeps of the models that it answers about live, so that an answer asks for nothing but the events.
//!
//! It is looked at under the snapshot of every answer whether all rows of the catalogue about the model are the versions
//! that were read, and whether anything it stands on was told to have changed: relations, columns, types, roles, schemas.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use pgrx::pg_sys::Oid;
use propensity::cutoff::Cutoff;
use propensity::features::Labels;
use propensity::time::Micros;

use super::{
    Active, Definition, Run, active, altered_since, events_behind, instant, labels_of,
    last_score_run, place,
};
use crate::error::Error;
use crate::pg::changes;
use crate::pg::relation::{self, Held};
use crate::pg::role::current;
use crate::pg::seen::{RowVersion, Search, as_query, has_written};

/// Models kept per session.
const MOST: usize = 8;

thread_local! {
    static KEPT: RefCell<Vec<Rc<Kept>>> = const { RefCell::new(Vec::new()) };
    static LAST: Cell<u64> = const { Cell::new(0) };
}

/// A model with what live answers need of it.
pub struct Kept {
    pub definition: Definition,
    pub active: Option<Active>,
    /// The parts of the definition that the active version was not trained on.
    pub altered: Vec<String>,
    /// The newest scoring run.
    pub scored: Option<Run>,
    /// What columns, event types and values are called. A COMMENT that is altered later is not seen before the model is
    /// read again.
    pub labels: Labels,
    /// From when to when events lie behind the others.
    pub behind: Option<(Micros, Micros)>,
    /// Tells it from all others that this session has had.
    pub number: u64,
    /// The instant that was asked about last, with its windows: mostly that of the newest scores.
    windows: Cell<Option<Cutoff>>,
    valid: Option<Valid>,
}

/// What must be so for it to be used again.
struct Valid {
    caller: Oid,
    changes: u64,
    rows: Vec<RowVersion>,
    sources: Vec<Oid>,
}

/// What is kept of a model.
pub enum Found {
    Valid(Rc<Kept>),
    /// Nothing that can be used.
    Nothing,
    /// Nothing, and somebody who held a source had to be waited for.
    Waited,
}

/// What there was before the definition of a model was read.
pub struct Begun {
    changes: u64,
    followed: u64,
}

impl Begun {
    pub fn now() -> Self {
        Self {
            changes: changes::count(),
            followed: place::followed(),
        }
    }
}

/// Finds what is kept of a model that the caller may run, and locks its sources.
pub fn find(name: &str) -> Found {
    let caller = current();
    let kept = KEPT.with_borrow(|all| {
        let is_it = |kept: &&Rc<Kept>| {
            let valid = kept.valid.as_ref();
            kept.definition.name == name && valid.is_some_and(|valid| valid.caller == caller)
        };
        all.iter().find(is_it).cloned()
    });
    let Some(kept) = kept else {
        return Found::Nothing;
    };
    let Some(valid) = &kept.valid else {
        return Found::Nothing;
    };
    let held = hold(&kept.definition);
    if held.iter().any(|held| held.waited) {
        return Found::Waited;
    }
    let same = held
        .iter()
        .map(|held| held.oid)
        .eq(valid.sources.iter().copied().map(Some))
        && changes::count() == valid.changes
        && as_query(|| rows(&kept)).is_some_and(|rows| rows == valid.rows);
    if same {
        return Found::Valid(kept);
    }
    KEPT.with_borrow_mut(|all| all.retain(|other| other.number != kept.number));
    Found::Nothing
}

/// Reads what live answers need of a model, whose sources are locked, and keeps it. A definition that was followed to
/// where its relations are now is read again each time: somebody may take their old names.
pub fn keep(definition: &Definition, begun: &Begun) -> Result<Rc<Kept>, Error> {
    let active = active(definition.id)?;
    let altered = match &active {
        Some(active) => altered_since(definition.id, active.stamp)?,
        None => Vec::new(),
    };
    let mut kept = Kept {
        altered,
        active,
        scored: last_score_run(definition.id)?,
        behind: events_behind(definition.id)?,
        labels: labels_of(definition)?,
        number: LAST.replace(LAST.get() + 1),
        windows: Cell::new(None),
        valid: None,
        definition: definition.clone(),
    };
    let sources = hold(definition).into_iter().map(|held| held.oid);
    let sources: Option<Vec<Oid>> = sources.collect();
    // A transaction that has written reads each time under another snapshot.
    let passing = place::followed() != begun.followed || has_written();
    if let (Some(sources), Some(rows), false) = (sources, rows(&kept), passing) {
        let tables = rows.iter().map(|row| row.table);
        changes::watch(&sources.iter().copied().chain(tables).collect::<Vec<_>>());
        kept.valid = Some(Valid {
            caller: current(),
            changes: begun.changes,
            rows,
            sources,
        });
    }
    let kept = Rc::new(kept);
    if kept.valid.is_some() {
        KEPT.with_borrow_mut(|all| {
            all.truncate(MOST - 1);
            all.insert(0, kept.clone());
        });
    }
    Ok(kept)
}

impl Kept {
    /// An instant with the windows of the model around it.
    pub fn windows(&self, at: Micros) -> Result<Cutoff, Error> {
        if let Some(known) = self.windows.get().filter(|known| known.at == at) {
            return Ok(known);
        }
        let found = instant::windows(&self.definition, &[at])?.pop();
        self.windows.set(found);
        found.ok_or(Error::Internal("an instant has no windows"))
    }
}

/// Locks the sources of a model.
fn hold(definition: &Definition) -> Vec<Held> {
    let events = definition.events.iter();
    let events = events.map(|source| relation::hold(&source.schema, &source.relation));
    let profiles = definition.profiles.iter();
    let profiles = profiles.map(|source| relation::hold(&source.schema, &source.relation));
    events.chain(profiles).collect()
}

/// The rows of the catalogue that it was read from, as the active snapshot sees them. None without a version, or if they
/// cannot be found so.
fn rows(kept: &Kept) -> Option<Vec<RowVersion>> {
    let model = [(c"model_id", kept.definition.id)];
    let search = |table, index, columns| Search {
        table,
        index,
        columns,
        last: false,
    };
    let mut found = Vec::new();
    let own = [(c"id", kept.definition.id)];
    search(c"model", c"model_pkey", &own).versions(&mut found)?;
    search(
        c"event_source",
        c"event_source_model_id_position_key",
        &model,
    )
    .versions(&mut found)?;
    search(
        c"profile_source",
        c"profile_source_model_id_position_key",
        &model,
    )
    .versions(&mut found)?;
    search(
        c"event_definition",
        c"event_definition_model_id_name_key",
        &model,
    )
    .versions(&mut found)?;
    search(c"label", c"label_model_id_column_name_value_key", &model).versions(&mut found)?;
    let version = [(c"id", kept.active.as_ref()?.stamp.id)];
    search(c"version", c"version_pkey", &version).versions(&mut found)?;
    if let Some(scored) = &kept.scored {
        let run = [(c"id", scored.id)];
        search(c"run", c"run_pkey", &run).versions(&mut found)?;
    }
    let newest = Search {
        table: c"run",
        index: c"run_model_id_idx",
        columns: &model,
        last: true,
    };
    newest.versions(&mut found)?;
    Some(found)
}
