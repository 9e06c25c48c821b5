//! Events: one profile's history, its texts in dictionaries, its records as bytes, and what travels between processes.

pub mod aggregate;
pub mod answer;
pub mod code_map;
pub mod count_state;
pub mod counts;
pub mod dictionary;
pub mod history;
pub mod portable;
pub mod record;
pub mod spread;
