//! Sorts the events of one profile.

use super::QUANTUM;
use crate::error::Error;
use crate::time::Micros;
use std::cmp::Ordering;

/// So many events are sorted within a millisecond.
const FEW: usize = 1 << 12;
/// Fewer are sorted by comparing them in less time than it takes to count them.
const COUNTED: usize = 13;
/// Events of a cell, on average, where there are more than a few.
const CELL: usize = 1 << 9;

/// An event: when it was, and its place in the columns.
#[derive(Clone, Copy, Debug)]
struct Event {
    time: Micros,
    place: u32,
}

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
    events: Vec<Event>,
}

/// Cuts a span of time into cells.
#[derive(Clone, Copy)]
struct Cells {
    least: Micros,
    shift: u32,
    count: usize,
}

impl Cells {
    /// About `count` cells, up to four times as many.
    fn new(times: impl Iterator<Item = Micros>, count: usize) -> Self {
        let (mut least, mut most) = (Micros::MAX, Micros::MIN);
        for time in times {
            (least, most) = (least.min(time), most.max(time));
        }
        let span = most.abs_diff(least);
        let width = u64::BITS - span.leading_zeros();
        let shift = width.saturating_sub(count.ilog2() + 2);
        let count = (span >> shift) as usize + 1;
        Self {
            least,
            shift,
            count,
        }
    }

    #[inline]
    fn of(&self, time: Micros) -> usize {
        (time.abs_diff(self.least) >> self.shift) as usize
    }
}

impl Sorter {
    /// Brings the places of events into the total order of the events: by time, then by `tied`.
    pub(super) fn sort(
        &mut self,
        places: &mut [u32],
        times: &[Micros],
        tied: &impl Fn(u32, u32) -> Ordering,
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        match places.len() {
            0 | 1 => Ok(()),
            2..=FEW => self.sort_few(places, times, tied),
            _ => self.sort_many(places, times, tied, poll),
        }
    }

    fn sort_few(
        &mut self,
        places: &mut [u32],
        times: &[Micros],
        tied: &impl Fn(u32, u32) -> Ordering,
    ) -> Result<(), Error> {
        let event = |&place: &u32| Event {
            time: times[place as usize],
            place,
        };
        self.events.clear();
        self.events.try_reserve(places.len())?;
        self.events.extend(places.iter().map(event));
        if self.events.is_sorted_by(|a, b| a.time < b.time) {
            return Ok(());
        }
        let order = |a: &Event, b: &Event| {
            let by_time = a.time.cmp(&b.time);
            by_time.then_with(|| tied(a.place, b.place))
        };
        if places.len() < COUNTED {
            self.events.sort_unstable_by(order);
        } else {
            self.sort_by_counting(order)?;
        }
        for (place, event) in places.iter_mut().zip(&self.events) {
            *place = event.place;
        }
        Ok(())
    }

    fn sort_by_counting(
        &mut self,
        order: impl Fn(&Event, &Event) -> Ordering,
    ) -> Result<(), Error> {
        let Self {
            ends,
            unsorted,
            events,
        } = self;
        let cells = Cells::new(events.iter().map(|event| event.time), events.len());
        count(ends, cells, events.iter().map(|event| event.time))?;
        unsorted.clear();
        unsorted.try_reserve(events.len())?;
        unsorted.extend_from_slice(events);
        for event in &*unsorted {
            let end = &mut ends[cells.of(event.time)];
            events[*end as usize] = *event;
            *end += 1;
        }
        let mut start = 0;
        for &end in &*ends {
            if end > start + 1 {
                events[start as usize..end as usize].sort_unstable_by(&order);
            }
            start = end;
        }
        Ok(())
    }

    /// Those of one profile can be most of the memory there is: only places are copied.
    fn sort_many(
        &mut self,
        places: &mut [u32],
        times: &[Micros],
        tied: &impl Fn(u32, u32) -> Ordering,
        poll: &mut dyn FnMut(),
    ) -> Result<(), Error> {
        let time = |place: u32| times[place as usize];
        let mut compared = 0;
        let mut compare = |a: u32, b: u32, poll: &mut dyn FnMut()| {
            compared += 1;
            if compared % QUANTUM == 0 {
                poll();
            }
            time(a).cmp(&time(b)).then_with(|| tied(a, b))
        };
        // Many are often in order, but for ties.
        if places.is_sorted_by(|&a, &b| compare(a, b, poll).is_le()) {
            return Ok(());
        }
        let mut ends = Vec::new();
        let cells = Cells::new(places.iter().map(|&place| time(place)), places.len() / CELL);
        poll();
        count(&mut ends, cells, places.iter().map(|&place| time(place)))?;
        poll();
        distribute(places, &mut ends, |place| cells.of(time(place)), poll)?;
        let mut start = 0;
        for &end in &ends {
            let cell = &mut places[start as usize..end as usize];
            if cell.len() <= FEW {
                self.sort_few(cell, times, tied)?;
                poll();
            } else {
                cell.sort_unstable_by(|&a, &b| compare(a, b, poll));
            }
            start = end;
        }
        Ok(())
    }
}

/// Counts the events of each cell, and says where the first of them goes.
fn count(
    ends: &mut Vec<u32>,
    cells: Cells,
    times: impl Iterator<Item = Micros>,
) -> Result<(), Error> {
    ends.clear();
    ends.try_reserve(cells.count)?;
    ends.resize(cells.count, 0);
    for time in times {
        ends[cells.of(time)] += 1;
    }
    let mut total = 0;
    for end in ends {
        total += std::mem::replace(end, total);
    }
    Ok(())
}

/// Brings places to their cells: each to where the next of its cell goes.
fn distribute(
    places: &mut [u32],
    ends: &mut [u32],
    cell: impl Fn(u32) -> usize,
    poll: &mut dyn FnMut(),
) -> Result<(), Error> {
    let mut unsorted = Vec::new();
    unsorted.try_reserve_exact(places.len())?;
    unsorted.extend_from_slice(places);
    for some in unsorted.chunks(QUANTUM) {
        for &place in some {
            let end = &mut ends[cell(place)];
            places[*end as usize] = place;
            *end += 1;
        }
        poll();
    }
    Ok(())
}
