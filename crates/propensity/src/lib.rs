//! Propensity models from events: features of one profile's history at a cutoff, learners,
//! calibrated probabilities and exact reasons.
//!
//! The crate knows statistics and nothing of PostgreSQL. Its two primitives are
//!
//! ```text
//! events --(features of one profile's events)--> feature row --(function of a version)--> probability + factors
//! ```
//!
//! Long loops take `poll: &mut dyn FnMut()`, called at a fixed quantum of work; the caller uses it
//! to honour interrupts and memory limits, and may unwind out of it.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod chart;
pub mod cutoff;
pub mod error;
pub mod event;
pub mod features;
pub mod fit;
pub mod hash;
pub mod judge;
pub mod learn;
pub mod model;
pub mod naming;
pub mod page;
pub mod parallel;
pub mod rng;
pub mod time;
pub mod walk;

pub use error::Error;
