//! Numeric attributes of event types: sums, means, newest values, maximum, spread.
//!
//! Sums over windows are direct sums, oldest value first, not differences of running sums: one
//! huge value must not spoil the windows that it is not in.
//!
//! An instant after the cutoff is not known at it, unless the schema says so: a pair that has one after its own event
//! is summed up anew at every cutoff, because what is not known at one may be at the next.

use super::feature::{Feature, Unit};
use super::math::{finite, ratio};
use super::past::View;
use super::quantum::Quantum;
use super::words;
use super::{Group, Row};
use crate::error::Error;
use crate::event::history::History;
use crate::features::schema::{Pair, Schema, Span};

const SUMS: [Span; 2] = [Span::One, Span::Fourfold];
const MEANS: [Span; 1] = [Span::Fourfold];
/// Newest values that are kept.
const NEWEST: usize = 10;
/// Values that say it all about all time, but for the total.
const SUMMARY: usize = 6;

#[derive(Debug)]
pub(super) struct Numeric {
    /// The finite spans of sums, shortest first.
    sums: Vec<Span>,
    /// The finite spans of means, as positions in `sums`.
    means: Vec<usize>,
    /// Per type of the schema: the positions of its pairs, with their attributes. Events without a
    /// place in the schema have none.
    by_type: Vec<Vec<(usize, usize)>>,
    pairs: Vec<State>,
    /// Per pair: whether its values are instants that are known only once they have come.
    dated: Vec<bool>,
    /// Per pair: whether the profile has such an instant after its event; then `pairs` has all of them, known or not.
    late: Vec<bool>,
    /// Per finite span of sums and pair.
    cells: Vec<Vec<Cell>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    total: f64,
    count: f64,
}

/// Values of a pair. Without any, all but `all` is of another profile.
#[derive(Clone, Copy, Debug)]
struct State {
    all: Cell,
    /// Mean and sum of squared distances from it, by Welford's recurrence.
    mean: f64,
    squares: f64,
    greatest: f64,
    /// The newest values; the next goes to position `next`.
    newest: [f64; NEWEST],
    next: usize,
}

const NOTHING: State = State {
    all: Cell {
        total: 0.0,
        count: 0.0,
    },
    mean: 0.0,
    squares: 0.0,
    greatest: f64::NEG_INFINITY,
    newest: [0.0; NEWEST],
    next: 0,
};

pub(super) fn describe(schema: &Schema) -> Vec<Feature> {
    schema
        .pairs
        .iter()
        .flat_map(|pair| describe_pair(schema, pair))
        .collect()
}

fn describe_pair(schema: &Schema, pair: &Pair) -> Vec<Feature> {
    let attribute = &schema.names.numbers[pair.attribute];
    let kind = &schema.types[pair.kind];
    let is_time = schema.names.times.get(pair.attribute) == Some(&true);
    let unit = if is_time { Unit::Days } else { Unit::Amount };
    let name = if schema.untyped() {
        attribute.clone()
    } else {
        format!("{}.{attribute}", kind.name())
    };
    let amount = words::Amount::new(schema, pair);
    let feature = |stem: String, factor, label| {
        let feature = Feature::new(stem, factor, label, unit).of_attribute(attribute);
        feature.in_measure(schema.names.measure(pair.attribute))
    };
    let mut list = Vec::new();
    list.extend(schema.choose(&SUMS).into_iter().map(|span| {
        let label = amount.total(&words::during(schema, span));
        let stem = format!("sum_{name}_{}", span.name());
        feature(stem, amount.total_over(schema, span), label)
    }));
    let level = |stem: String, label: String| feature(stem, amount.usual(), label);
    list.extend(schema.choose(&MEANS).into_iter().map(|span| {
        let label = amount.average(&words::during(schema, span));
        level(format!("mean_{name}_{}", span.name()), label)
    }));
    list.push(level(format!("last_{name}"), amount.last()));
    list.push(level(format!("mean3_{name}"), amount.average_of_last(3)));
    list.push(level(format!("mean10_{name}"), amount.average_of_last(10)));
    list.push(level(format!("max_{name}"), amount.highest()));
    list.push(level(format!("std_{name}"), amount.spread()));
    list
}

impl Numeric {
    pub(super) fn new(schema: &Schema) -> Self {
        let finite = |wanted: &[Span]| {
            let mut spans = schema.choose(wanted);
            spans.pop();
            spans
        };
        let sums = finite(&SUMS);
        let place = |span| sums.iter().position(|&sum| sum == span);
        let mut by_type = vec![Vec::new(); schema.types.len() + 1];
        for (index, pair) in schema.pairs.iter().enumerate() {
            by_type[pair.kind].push((index, pair.attribute));
        }
        Self {
            means: finite(&MEANS).into_iter().filter_map(place).collect(),
            by_type,
            pairs: vec![NOTHING; schema.pairs.len()],
            dated: {
                let dated = schema.names.dated();
                let pairs = schema.pairs.iter();
                pairs
                    .map(|pair| dated.get(pair.attribute) == Some(&true))
                    .collect()
            },
            late: vec![false; schema.pairs.len()],
            cells: vec![vec![Cell::default(); schema.pairs.len()]; sums.len()],
            sums,
        }
    }

    /// Sums over the finite spans.
    fn look_back(&mut self, view: &View) {
        let numbers = view.profile.history.numbers;
        for (cells, &span) in self.cells.iter_mut().zip(&self.sums) {
            cells.fill(Cell::default());
            let start = view.start(span);
            for (event, kind) in (start..).zip(view.kinds(start..view.events)) {
                for &(pair, attribute) in &self.by_type[usize::from(kind)] {
                    let value = numbers[attribute][event];
                    if !value.is_nan() && (!self.late[pair] || view.knows(event, value)) {
                        cells[pair].add(value);
                    }
                }
            }
        }
    }
}

impl Numeric {
    /// What is known at the cutoff of the pairs that have instants after their events.
    fn known(&self, view: &View) -> Vec<(usize, State)> {
        let mut known: Vec<(usize, State)> = (0..self.pairs.len())
            .filter(|&pair| self.late[pair])
            .map(|pair| (pair, NOTHING))
            .collect();
        if known.is_empty() {
            return known;
        }
        let numbers = view.profile.history.numbers;
        for (event, kind) in view.kinds(0..view.events).enumerate() {
            for &(pair, attribute) in &self.by_type[usize::from(kind)] {
                let value = numbers[attribute][event];
                if !self.late[pair] || value.is_nan() || !view.knows(event, value) {
                    continue;
                }
                if let Some((_, state)) = known.iter_mut().find(|(late, _)| *late == pair) {
                    state.add(value);
                }
            }
        }
        known
    }
}

impl Cell {
    #[inline]
    fn add(&mut self, value: f64) {
        self.total += value;
        self.count += 1.0;
    }

    fn mean(&self) -> f64 {
        finite(ratio(self.total, self.count))
    }
}

impl State {
    #[inline]
    fn add(&mut self, value: f64) {
        if self.all.count == 0.0 {
            *self = NOTHING;
        }
        self.all.add(value);
        let step = value - self.mean;
        self.mean += step / self.all.count;
        self.squares += step * (value - self.mean);
        self.greatest = self.greatest.max(value);
        self.newest[self.next] = value;
        self.next = if self.next + 1 == NEWEST {
            0
        } else {
            self.next + 1
        };
    }

    /// Mean, newest value, means of the newest 3 and 10, greatest, population std (>= 2 values).
    fn summary(&self) -> [f64; SUMMARY] {
        let count = self.all.count;
        if count == 0.0 {
            return [f64::NAN; SUMMARY];
        }
        let back = |steps: usize| match self.next.checked_sub(steps) {
            Some(place) => self.newest[place],
            None => self.newest[self.next + NEWEST - steps],
        };
        // Where there are fewer, the rest are zeros.
        let three = back(3) + back(2) + back(1);
        let all: f64 = self.newest.iter().sum();
        let variance = if count >= 2.0 {
            self.squares / count
        } else {
            f64::NAN
        };
        [
            self.all.mean(),
            back(1),
            finite(three / count.min(3.0)),
            finite(all / count.min(NEWEST as f64)),
            self.greatest,
            finite(variance.sqrt()),
        ]
    }
}

impl Group for Numeric {
    fn clear(&mut self) {
        for pair in &mut self.pairs {
            pair.all = Cell::default();
        }
        self.late.fill(false);
    }

    fn extend(&mut self, history: &History, new: &Quantum) -> Result<(), Error> {
        if self.pairs.is_empty() {
            return Ok(());
        }
        for (event, &kind) in new.events.clone().zip(&new.kinds) {
            for &(pair, attribute) in &self.by_type[usize::from(kind)] {
                let value = history.numbers[attribute][event];
                if !value.is_nan() {
                    self.pairs[pair].add(value);
                    self.late[pair] |= self.dated[pair] && value > 0.0;
                }
            }
        }
        Ok(())
    }

    fn write(&mut self, view: &View, row: &mut Row) -> Result<(), Error> {
        if self.pairs.is_empty() {
            return Ok(());
        }
        self.look_back(view);
        let known = self.known(view);
        for (pair, state) in self.pairs.iter().enumerate() {
            for cells in &self.cells {
                row.put([finite(cells[pair].total)]);
            }
            if let Some((_, state)) = known.iter().find(|(late, _)| *late == pair) {
                row.put([finite(state.all.total)]);
                for &place in &self.means {
                    row.put([self.cells[place][pair].mean()]);
                }
                row.put(state.summary());
                continue;
            }
            row.hold(|| [finite(state.all.total)]);
            for &place in &self.means {
                row.put([self.cells[place][pair].mean()]);
            }
            row.hold(|| state.summary());
        }
        Ok(())
    }
}
