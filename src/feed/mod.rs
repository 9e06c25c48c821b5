//! How events come in: read here, read by workers, or answered where they live.

pub mod gather;
pub mod pushed;
pub mod span;
pub mod stream;
