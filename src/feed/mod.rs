//! How events come in: read here, read by workers, or answered where they live.

pub mod gather;
pub mod pushed;
pub mod span;
pub mod stream;

use propensity::event::counts::ReadCounts;
use propensity::time::Micros;

use crate::catalog::{Definition, instant};
use crate::error::Error;

/// The error when everything was left out; `newest` is the time of the newest event, if that is known.
pub fn no_events(definition: &Definition, counts: &ReadCounts, newest: Option<Micros>) -> Error {
    Error::NoEvents {
        model: definition.name.clone(),
        future: counts.future,
        skipped: counts.null_profile + counts.no_time,
        newest: newest.and_then(|newest| Some(instant::from_micros(newest).ok()?.to_string())),
    }
}
