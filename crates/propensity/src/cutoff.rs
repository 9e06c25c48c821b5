//! Cutoffs: the instants that predictions are made at, with the windows around them.

use crate::time::Micros;

/// A cutoff with its windows, which are calendar intervals and therefore computed by the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cutoff {
    /// Features see events with `time <= at`.
    pub at: Micros,
    /// The eligible window is `eligible_from < time <= at`; `Micros::MIN` = ever seen.
    pub eligible_from: Micros,
    /// The goal looks at `at < time <= outcome_until`.
    pub outcome_until: Micros,
}
