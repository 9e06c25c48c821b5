//! The only module with SQL for our own tables. A role finds the models whose owner it is or is a member of, and no
//! others.

mod alter;
pub mod args;
mod condition;
pub mod context;
pub mod differing;
pub mod held;
mod history;
pub mod instant;
pub mod judged;
mod kept;
mod labels;
pub mod memory;
mod model;
mod moving;
pub mod news;
pub mod notice;
pub mod owner;
mod owners;
pub mod place;
mod places;
mod segments;
mod source;
mod sql;
pub mod turn;
pub mod version;
mod versions;

pub use alter::{Described, copy, described, rename, set_enabled, set_scores, update_model};
pub use condition::Condition;
pub use history::{
    Active, NewRun, NewVersion, Run, Stamp, active, altered_since, document, document_of,
    events_behind, has_any_run, has_scored_before, insert_run, insert_version, last_score_run,
    left_out, predicts_other, recorded, superseded_runs,
};
pub use kept::Kept;
pub use labels::{EVENT, Label, given_labels, labels_of, set_label_of};
pub use model::{
    Definition, Kind, NewModel, delete_model, exists, insert_model, load, lock, lock_orphan,
    lock_turn, mine, scores_in, set_altered,
};
pub use moving::{
    MovedVersion, delete_first_events, insert_moved, moved_version, set_source_label,
};
pub use owners::{give, let_go, note};
pub use places::{remember, scores_owner};
pub use segments::{
    Limit, NewSegment, Segment, delete_segment, find_segment, hold_segment, insert_segment,
    known_segment, lock_segment, segments_of, set_refreshed, update_segment,
};
pub use source::{
    EventDefinition, EventSource, ProfileSource, delete_event_definition, delete_events,
    delete_profiles, insert_event_definition, insert_events, insert_profiles, update_events,
};
pub use turn::Turn;
pub use versions::{
    Version, delete_old_versions, delete_version, scored_with, set_active, set_former, set_label,
    versions_of,
};

use pgrx::pg_sys;

use crate::error::{Error, not_null};

/// Refuses with 25006 what cannot be written in a read-only transaction or on a standby, before anything is read.
pub fn refuse_read_only(command: &'static std::ffi::CStr) {
    // SAFETY: both take a constant string and raise an error or return.
    unsafe {
        pg_sys::PreventCommandIfReadOnly(command.as_ptr());
        pg_sys::PreventCommandDuringRecovery(command.as_ptr());
    }
}

/// A report as JSON. NaN cannot occur: measures that are not defined are left out.
pub fn json(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|_| Error::Internal("a report cannot be written as JSON"))
}
