//! The total order of events, so that the order of rows in a table means nothing.

use super::Event;
use crate::dictionary::{Dictionaries, Dictionary};
use crate::record::{EventBody, Layout, Values};
use std::cmp::Ordering;

/// Where records are, and what their codes mean.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub layout: &'a Layout,
    pub bytes: &'a [u8],
    pub dictionaries: &'a Dictionaries,
}

impl<'a> View<'a> {
    #[inline]
    pub(super) fn event(&self, event: Event, head: usize) -> Option<EventBody<'a>> {
        self.layout
            .event_body(self.bytes.get(event.offset + head..)?)
    }

    /// The total order of events of the same time: type, numbers, codes, flags, in this order. Codes
    /// are compared by what the dictionaries say of them, because their own order is that of appearance.
    #[cold]
    pub(super) fn compare_tied(&self, a: Event, b: Event) -> Ordering {
        let body = |event: Event| {
            let key = self.layout.record(self.bytes, event.offset).ok()?.key;
            self.event(event, self.layout.head(key))
        };
        let (Some(left), Some(right)) = (body(a), body(b)) else {
            return Ordering::Equal;
        };
        let kinds = &self.dictionaries.kinds;
        let texts = &self.dictionaries.events;
        (kinds.order(left.kind).cmp(&kinds.order(right.kind)))
            .then_with(|| compare_values(left.values, right.values, texts))
            .then_with(|| self.bytes[a.offset].cmp(&self.bytes[b.offset]))
    }
}

fn compare_values(a: Values, b: Values, dictionaries: &[Dictionary]) -> Ordering {
    let numbers = a.numbers().zip(b.numbers());
    let codes = a.codes().zip(b.codes()).zip(dictionaries);
    let by_number = numbers
        .map(|(a, b)| a.total_cmp(&b))
        .find(|order| order.is_ne());
    by_number.unwrap_or_else(|| {
        let mut orders = codes.map(|((a, b), texts)| texts.order(a).cmp(&texts.order(b)));
        orders
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    })
}
