//! Relations of users: what their columns are taken for, how several become one stream, conditions over them, and
//! what is told of them before a run.

mod compared;
pub mod condition;
pub mod examples;
pub mod goal;
mod guess;
mod open;
pub mod outcomes;
mod role;
mod rows;
mod sample;
mod time;
mod union;
pub mod unused;
pub mod updates;

pub use guess::{check_profile, profile_column, time_column};
pub use open::{
    Events, Profiles, attribute_columns, event_columns, open_events, open_profiles, open_source,
};
pub use role::{Role, event_role, number, profile_role, role, text};
pub use rows::rows_of;
pub use time::{FIRST_DAY, LAST_DAY, time_sql};
pub use union::{
    Names, event_value, events_sql, folded, is_profile, plain_sql, profile_sql, seen_sql,
    source_sql, stream_sql, with_definitions,
};
