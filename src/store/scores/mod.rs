//! The scores of a model: a view of the newest run over a history with a partition for each run.

mod comments;
mod migrate;
pub mod names;
mod relation;
pub mod remake;
mod run;
mod shape;
mod table;
mod writer;

pub use comments::comment_columns;
pub use relation::{ScoreRelation, cascade, profile_name};
pub use run::kept_as;
pub use shape::{Fit, profile_of, row};
pub use table::{Table, runs_of};
pub use writer::Writer;
