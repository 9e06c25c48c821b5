//! Cutoffs: the instants that predictions are made at, with the windows around them.

use crate::event::history::Flags;
use crate::time::Micros;

/// A cutoff with its windows, which are calendar intervals and therefore computed by the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cutoff {
    /// Features see events with `time <= at`.
    pub at: Micros,
    /// The eligible window is `eligible_from < time <= at`; `Micros::MIN` = ever seen.
    pub eligible_from: Micros,
    /// The exclude window is `excluded_from < time <= at`; `Micros::MIN` = ever.
    pub excluded_from: Micros,
    /// The goal looks at `at < time <= outcome_until`.
    pub outcome_until: Micros,
    /// Which of the conditions with aggregates hold over no events at all. A mark says that the profile is an
    /// exception from it.
    pub over_nothing: Flags,
}

/// Windows without an end, and no condition that holds over no events.
impl Default for Cutoff {
    fn default() -> Self {
        Self {
            at: 0,
            eligible_from: Micros::MIN,
            excluded_from: Micros::MIN,
            outcome_until: Micros::MAX,
            over_nothing: Flags::default(),
        }
    }
}
