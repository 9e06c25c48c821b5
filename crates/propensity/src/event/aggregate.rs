//! Aggregates over some events of one profile, as PostgreSQL defines them, for values that an f64 holds exactly.

use std::ops::Range;

use crate::error::OutOfMemory;
use crate::event::history::History;

/// The largest integer up to which an f64 holds every integer.
pub const EXACT: f64 = 9_007_199_254_740_992.0;

/// An aggregate over what was read of each event; the places are those of a [`History`]. Truth is 1 and 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// How many events there are.
    Events,
    /// How many of them have the number.
    Given(usize),
    /// How many numbers there are that differ.
    DistinctNumbers(usize),
    /// How many texts there are that differ.
    DistinctCodes(usize),
    /// Whether one is true.
    Any(usize),
    /// Whether none is false.
    All(usize),
    /// The least number.
    Least(usize),
    /// The greatest number.
    Greatest(usize),
    /// The sum of integers, infinite where an f64 does not hold it.
    Total(usize),
    /// The sum of other numbers, oldest first.
    Sum(usize),
}

impl Aggregate {
    /// The value over these events; NaN for what is NULL, as all but counts are over nothing. `scratch` is any memory.
    ///
    /// # Errors
    ///
    /// [`OutOfMemory`] if there is none to tell values apart.
    pub fn over(
        self,
        history: &History,
        events: Range<usize>,
        scratch: &mut Vec<u64>,
    ) -> Result<f64, OutOfMemory> {
        let number = |place: usize| {
            let numbers = history.numbers.get(place);
            numbers
                .and_then(|numbers| numbers.get(events.clone()))
                .unwrap_or_default()
        };
        let given = |place: usize| {
            let numbers = number(place).iter().copied();
            numbers.filter(|number| !number.is_nan())
        };
        let or_null = |value: Option<f64>| value.unwrap_or(f64::NAN);
        Ok(match self {
            Self::Events => events.len() as f64,
            Self::Given(place) => given(place).count() as f64,
            Self::DistinctNumbers(place) => distinct(given(place).map(f64::to_bits), scratch)?,
            Self::DistinctCodes(place) => {
                let codes = history.codes.get(place);
                let codes = codes
                    .and_then(|codes| codes.get(events))
                    .unwrap_or_default();
                let given = codes.iter().filter(|&&code| code != 0);
                distinct(given.map(|&code| u64::from(code)), scratch)?
            }
            Self::Any(place) | Self::Greatest(place) => or_null(given(place).reduce(f64::max)),
            Self::All(place) | Self::Least(place) => or_null(given(place).reduce(f64::min)),
            Self::Total(place) => {
                let sum = given(place).map(|number| number as i128);
                let sum = sum.reduce(|sum, number| sum + number);
                let exact = |sum: i128| sum.unsigned_abs() <= EXACT as u128;
                or_null(sum.map(|sum| {
                    if exact(sum) {
                        sum as f64
                    } else {
                        f64::INFINITY
                    }
                }))
            }
            Self::Sum(place) => or_null(given(place).reduce(|sum, number| sum + number)),
        })
    }
}

/// How many of the values differ.
fn distinct(values: impl Iterator<Item = u64>, scratch: &mut Vec<u64>) -> Result<f64, OutOfMemory> {
    scratch.clear();
    for value in values {
        // Most have few values.
        if scratch.last() != Some(&value) {
            scratch.try_reserve(1)?;
            scratch.push(value);
        }
    }
    scratch.sort_unstable();
    scratch.dedup();
    Ok(scratch.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(aggregate: Aggregate, numbers: &[f64], codes: &[u32], events: Range<usize>) -> f64 {
        let history = History {
            times: &[],
            kinds: &[],
            flags: &[],
            numbers: &[numbers],
            codes: &[codes],
        };
        aggregate.over(&history, events, &mut vec![7; 3]).unwrap()
    }

    #[test]
    fn every_aggregate_over_events_and_over_none() {
        const NULL: f64 = f64::NAN;
        let numbers = [4.0, NULL, -2.0, 4.0, 1.0];
        let codes = [3, 3, 0, 1, 3];
        for (aggregate, middle, nothing) in [
            (Aggregate::Events, 4.0, 0.0),
            (Aggregate::Given(0), 3.0, 0.0),
            (Aggregate::DistinctNumbers(0), 2.0, 0.0),
            (Aggregate::DistinctCodes(0), 2.0, 0.0),
            (Aggregate::Least(0), -2.0, NULL),
            (Aggregate::Greatest(0), 4.0, NULL),
            (Aggregate::Total(0), 6.0, NULL),
            (Aggregate::Sum(0), 6.0, NULL),
        ] {
            assert_eq!(over(aggregate, &numbers, &codes, 0..4), middle);
            let over_none = over(aggregate, &numbers, &codes, 2..2);
            assert_eq!(over_none.to_bits(), nothing.to_bits(), "{aggregate:?}");
        }
        let truths = [1.0, NULL, 0.0, 0.0];
        let truth = |aggregate, events| over(aggregate, &truths, &[], events);
        assert_eq!(truth(Aggregate::Any(0), 0..4), 1.0);
        assert_eq!(truth(Aggregate::Any(0), 2..4), 0.0);
        assert_eq!(truth(Aggregate::All(0), 0..2), 1.0);
        assert_eq!(truth(Aggregate::All(0), 0..4), 0.0);
        assert!(truth(Aggregate::All(0), 1..2).is_nan());
    }

    #[test]
    fn a_total_is_exact_or_infinite() {
        let numbers = [EXACT, 1.0, -1.0];
        assert_eq!(over(Aggregate::Total(0), &numbers, &[], 0..3), EXACT);
        assert!(over(Aggregate::Total(0), &numbers, &[], 0..2).is_infinite());
        assert!(over(Aggregate::Total(1), &numbers, &[], 0..2).is_nan());
    }
}
