//! PostgreSQL, without a word of models.

pub mod attempt;
pub mod changes;
pub mod datum;
pub mod execute;
pub mod guc;
pub mod installed;
pub mod jit;
pub mod jsonb;
pub mod list;
pub mod memory;
pub mod plan;
pub mod progress;
pub mod relation;
pub mod role;
pub mod rows;
pub mod seen;
pub mod setting;
pub mod sql;
pub mod sqltype;
pub mod thread;
pub mod timestamp;
pub mod timings;
