//! Conditions with aggregates in many windows by one reading: what their aggregates read of each event comes once, as records
//! of its profile; the aggregates are computed here, and Postgres says once of each of their values what the condition is.

mod inputs;
mod verdicts;

use propensity::event::history::MarkKind;
use propensity::walk::{Batch, Partition};

use super::reading::Reading;
use super::{Stream, Window};
use crate::error::Error;
use crate::pg::execute::{Param, execute};
use crate::pg::memory::poll;
use crate::source::condition::Parts;
use inputs::Inputs;
use verdicts::Verdicts;

impl Stream {
    /// Marks the profiles that are kept for which the condition is not `unless` in these windows, whose beginnings and ends
    /// go up. Returns false, and marks nobody wrongly, if there are values that these means do not hold exactly.
    pub(super) fn mark_by_parts(
        &mut self,
        parts: &Parts,
        unless: bool,
        windows: &[Window],
        kind: MarkKind,
        (params, sampled): (&[Param], bool),
    ) -> Result<bool, Error> {
        let sql = self.query.inputs(parts, sampled);
        // What is read for each window comes as often as there are windows.
        let times = if parts.within { windows.len() } else { 1 };
        let mut inputs = Inputs::new(parts, &self.intake, times);
        execute(&sql, params, &mut inputs)?;
        if !inputs.are_exact() {
            return Ok(false);
        }
        let Inputs {
            layout,
            mut partitions,
            dictionaries,
            ..
        } = inputs;
        // What was read for a window has its cutoff for a time.
        let at_cutoffs = windows.iter().map(|&Window { at, .. }| Window {
            at,
            after: at.saturating_sub(1),
            until: at,
        });
        let at_cutoffs: Vec<Window> = at_cutoffs.collect();
        let windows = if parts.within { &at_cutoffs } else { windows };
        let mut verdicts = Verdicts::new(parts, unless, windows)?;
        let (mut partition, mut batch) = (Partition::default(), Batch::default());
        partitions.spill();
        let intake = &mut self.intake;
        for number in 0..partitions.partitioner().partitions() {
            let length = partitions.len(number);
            if length == 0 {
                continue;
            }
            partition.begin(length);
            let mut reading = Reading::new(number..number + 1);
            let mut more = true;
            while more {
                batch.clear();
                more = reading.read(&mut partitions, None, &mut batch)?;
                partition.add(&layout, &batch, &|_| true, &mut poll)?;
            }
            partition.visit(
                &layout,
                &dictionaries,
                &mut |profile, _| verdicts.add(profile, intake, kind),
                &mut poll,
            )?;
        }
        verdicts.answer(intake, kind)?;
        Ok(verdicts.exact)
    }
}
