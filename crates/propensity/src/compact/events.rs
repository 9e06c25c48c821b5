//! Compact events, one after the other.

use super::{Compact, Head, Reader};
use crate::error::Error;
use crate::portable::{self, Event};

/// Events that are compact.
pub struct Events<'a> {
    /// How they were made.
    pub compact: &'a Compact,
    /// What was made.
    pub bytes: &'a [u8],
}

impl portable::Events for Events<'_> {
    fn each(
        &self,
        numbers: &mut Vec<f64>,
        codes: &mut Vec<u32>,
        poll: &mut dyn FnMut(),
        visit: &mut dyn FnMut(Event) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Self { compact, bytes } = self;
        let visit = |head: &Head, reader: &mut Reader| {
            numbers.clear();
            for _ in 0..compact.numbers {
                numbers.push(reader.number()?);
            }
            codes.clear();
            for _ in 0..compact.codes {
                codes.push(reader.code()?);
            }
            visit(Event {
                time: head.time,
                kind: head.kind,
                flags: head.flags,
                numbers,
                codes,
            })
        };
        compact.scan(bytes, poll, visit).map(drop)
    }
}
