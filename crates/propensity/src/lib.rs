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

pub mod answer;
pub mod baseline;
pub mod binning;
pub mod boosting;
pub mod cutoff;
pub mod dataset;
pub mod dictionary;
pub mod encoder;
pub mod error;
pub mod factor;
pub mod features;
pub mod fit;
pub mod format;
pub mod hash;
pub mod history;
pub mod logistic;
pub mod metrics;
pub mod model;
pub mod naming;
pub mod parallel;
pub mod partition;
pub mod percentile;
pub mod phrase;
pub mod population;
pub mod portable;
pub mod recode;
pub mod record;
pub mod rng;
pub mod sample;
pub mod schema;
pub mod score;
pub mod shapley;
pub mod split;
pub mod spread;
pub mod suppose;
pub mod time;
pub mod tree;

pub use error::Error;
