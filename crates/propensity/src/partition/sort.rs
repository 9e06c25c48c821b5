//! Sorts the events of one profile.

use super::{Event, QUANTUM};
use crate::error::Error;
use std::cmp::Ordering;

/// So many events are sorted within a millisecond.
const FEW: usize = 1 << 12;
/// Fewer are sorted by comparing them in less time than it takes to count them.
const COUNTED: usize = 13;

/// Sorts profile by profile, in memory that it keeps.
///
/// Times lie more or less evenly in their span: of short cells of it most have one event at most,
/// so that counting the events of each cell sorts nearly all, and only those that share one are
/// compared.
#[derive(Debug, Default)]
pub(super) struct Sorter {
    /// Per cell: how many events it has; then where the next of them goes, at last where they end.
    ends: Vec<u32>,
    unsorted: Vec<Event>,
}

impl Sorter {
    /// Brings events into their total order, unless they are in it: by time, then by `tied`.
    pub(super) fn sort(
        &mut self,
        events: &mut [Event],
        tied: impl Fn(Event, Event) -> Ordering,
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        let order = |a: &Event, b: &Event| a.time.cmp(&b.time).then_with(|| tied(*a, *b));
        if events.is_sorted_by(|a, b| a.time < b.time) {
            return Ok(());
        }
        if (COUNTED..=FEW).contains(&events.len()) {
            return self.sort_by_counting(events, order);
        }
        let mut compared = 0;
        let mut compare = |a: &Event, b: &Event| {
            compared += 1;
            if compared % QUANTUM == 0 {
                poll();
            }
            order(a, b)
        };
        // Many are often in order, but for ties.
        if events.len() < COUNTED || !events.is_sorted_by(|a, b| compare(a, b).is_le()) {
            events.sort_unstable_by(compare);
        }
        Ok(())
    }

    fn sort_by_counting(
        &mut self,
        events: &mut [Event],
        order: impl Fn(&Event, &Event) -> Ordering,
    ) -> Result<(), Error> {
        let (mut least, mut most) = (i64::MAX, i64::MIN);
        for event in &*events {
            (least, most) = (least.min(event.time), most.max(event.time));
        }
        // One to four cells for each event.
        let span = most.abs_diff(least);
        let width = u64::BITS - span.leading_zeros();
        let shift = width.saturating_sub(events.len().ilog2() + 2);
        let cell = |event: &Event| (event.time.abs_diff(least) >> shift) as usize;
        let cells = (span >> shift) as usize + 1;
        self.ends.clear();
        self.ends.try_reserve(cells)?;
        self.ends.resize(cells, 0);
        for event in &*events {
            self.ends[cell(event)] += 1;
        }
        let mut total = 0;
        for end in &mut self.ends {
            total += std::mem::replace(end, total);
        }
        self.unsorted.clear();
        self.unsorted.try_reserve(events.len())?;
        self.unsorted.extend_from_slice(events);
        for event in &self.unsorted {
            let end = &mut self.ends[cell(event)];
            events[*end as usize] = *event;
            *end += 1;
        }
        let mut start = 0;
        for &end in &self.ends {
            if end > start + 1 {
                let shared = &mut events[start as usize..end as usize];
                shared.sort_unstable_by(&order);
            }
            start = end;
        }
        Ok(())
    }
}
