//! Learners and what they need: encoded rows, bins, trees, the logistic regression, baselines and metrics.

pub mod binning;
pub mod boosting;
pub mod dataset;
pub mod encoder;
pub mod logistic;
pub mod metrics;
pub mod tree;
