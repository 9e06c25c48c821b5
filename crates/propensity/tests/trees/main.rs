//! Forests: against LightGBM and scikit-learn, and what must always hold.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod bins;
mod growth;
mod oracle;
mod refusals;
mod rows;
mod stored;
