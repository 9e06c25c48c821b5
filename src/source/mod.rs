//! Relations of users: their columns, conditions over them, what is told of them before a run.

pub mod compared;
pub mod condition;
pub mod examples;
pub mod goal;
pub mod relation;
pub mod updates;
