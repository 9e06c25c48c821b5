//! Aggregates over the events of one profile: the same features and predictions as the stream's, made where
//! PostgreSQL, postgres_fdw or Citus run a GROUP BY, so that a row per profile travels instead of its events.
//!
//! ```text
//! collect: events -> RowLog, packed rows in the aggregate's memory, so that work_mem and spilling see them
//! combine, serialize, deserialize: states of parallel workers
//! finish:  rows of a group -> Answer: of a model, by the code that the stream uses; or the records, for the stream to read
//! ```
//!
//! What all groups of a call share (model, dictionaries, scratch) is its [`call_state::CallState`]. Functions are in
//! `functions.rs`, `history.rs`, `counts.rs` and `sample.rs`, on top of `call.rs`; their SQL is in `sql/aggregates.sql`:
//! they must change together.

mod answerer;
mod arguments;
pub mod call;
mod call_state;
mod counts;
mod document;
mod functions;
mod grouping;
mod history;
mod request;
mod row_log;
mod sample;

pub use document::{bytes_datum, document, document_type, from_hexadecimal, with_bytes};
