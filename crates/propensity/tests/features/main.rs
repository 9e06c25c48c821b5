//! Features of small profiles worked out by hand, and what must hold for any profile.
#![expect(clippy::unwrap_used, reason = "helpers of tests, which may panic")]

mod by_hand;
mod properties;
mod world;
