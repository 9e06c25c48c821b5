//! What users call, a file or a folder each.

pub mod backtest;
pub mod check;
pub mod define;
pub mod describe;
pub mod features;
pub mod forget;
pub mod judge;
pub mod model_sql;
pub mod notice;
pub mod picture;
pub mod predict;
pub mod schedule;
pub mod score;
pub mod segment;
pub mod train;
pub mod versions;
