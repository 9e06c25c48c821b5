//! PostgreSQL, without a word of models.

pub mod attempt;
pub mod guc;
pub mod jit;
pub mod laps;
pub mod memory;
pub mod plan;
pub mod rows;
pub mod sql;
pub mod sqltype;
pub mod thread;
