//! Relations that are written beside those of users: scores and segments; what came true of runs and how profiles moved
//! between them, which is read of them; and jobs of pg_cron.

pub mod jobs;
pub mod migration;
mod notice;
pub mod outcomes;
pub mod scores;
pub mod segments;
