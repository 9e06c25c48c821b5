//! The cutoffs that are trained at.

use std::collections::BTreeSet;

use pgrx::pg_sys::Oid;
use propensity::cutoff::Cutoff;
use propensity::event::history::MarkKind;
use propensity::fit::hold_out;
use propensity::time::{self, Length, Micros};

use crate::catalog::{Definition, instant};
use crate::error::Error;
use crate::feed::span;
use crate::feed::stream::Stream;
use crate::source::examples;

/// The cutoffs of docs/method.md 1: back from the newest complete one.
pub fn policy_cutoffs(
    definition: &Definition,
    stream: &Stream,
    as_of: Micros,
) -> Result<Vec<Cutoff>, Error> {
    let newest = instant::newest_complete(definition, as_of)?;
    let window = definition.outcome_window.in_days();
    let span = stream.span(definition)?;
    let age = time::days_between(span.first, newest);
    let required = definition
        .eligible_window
        .unwrap_or_default()
        .in_days()
        .max(30.0);
    if age < required {
        return Err(Error::TooLittleHistory {
            model: definition.name.clone(),
            found: time::days_between(span.first, as_of),
            required: required + window,
            eligible: definition
                .eligible_window
                .map_or_else(|| "any length".to_owned(), Length::words),
            outcome: definition.outcome_window.words(),
            apart: span::apart(&span),
        });
    }
    let stride = hold_out::stride(0.0, age, window);
    let step = (stride.days * time::DAY as f64) as Micros;
    let instants: Vec<Micros> = (0..stride.cutoffs as Micros)
        .rev()
        .map(|back| newest - back * step)
        .collect();
    instant::windows(definition, &instants)
}

/// The distinct cutoffs of an `examples` relation, whose rows become marks.
pub fn example_cutoffs(
    definition: &Definition,
    stream: &mut Stream,
    examples: Oid,
    as_of: Micros,
) -> Result<Vec<Cutoff>, Error> {
    let examples = examples::open(definition, examples, &stream.key().cast)?;
    let read = stream.read_marks(&examples.sql, &[], MarkKind::Example, examples.labelled)?;
    if read == 0 {
        return Err(Error::NoExamples {
            relation: examples.name,
            found: "0 rows".to_owned(),
        });
    }
    let mut instants = BTreeSet::new();
    let (mut total, mut strangers, mut late) = (0_u64, 0_u64, 0_u64);
    stream.walk(&mut |profile| {
        let cutoffs: BTreeSet<Micros> = profile.marks.iter().map(|mark| mark.cutoff).collect();
        for &cutoff in &cutoffs {
            total += 1;
            strangers += u64::from(profile.history.until(cutoff) == 0);
            late += u64::from(cutoff > as_of);
        }
        instants.extend(cutoffs);
        Ok(())
    })?;
    if strangers == total {
        return Err(Error::NoExamples {
            relation: examples.name,
            found: format!("{total} examples, none of a profile with events up to its cutoff"),
        });
    }
    let mut remarks = examples.remarks;
    if strangers > 0 {
        remarks.push(format!(
            "{strangers} of {total} examples are of profiles without events up to their cutoff"
        ));
    }
    if late > 0 && examples.labelled {
        remarks.push(format!(
            "{late} of {total} examples have a cutoff after {}, up to which events are known",
            instant::text(as_of)
        ));
    }
    examples::notice(&examples.name, &remarks);
    let cutoffs = instant::windows(definition, &instants.into_iter().collect::<Vec<_>>())?;
    if !examples.labelled {
        cutoffs
            .iter()
            .try_for_each(|cutoff| check_complete(definition, cutoff, as_of))?;
    }
    Ok(cutoffs)
}

/// An outcome is known once its window is over: by the instant that somebody asked for, else by the newest event.
pub fn check_complete(
    definition: &Definition,
    window: &Cutoff,
    known_until: Micros,
) -> Result<(), Error> {
    if window.outcome_until <= known_until {
        return Ok(());
    }
    Err(Error::WindowOpen {
        model: definition.name.clone(),
        cutoff: instant::text(window.at),
        found: instant::text(known_until),
        required: instant::text(window.outcome_until),
    })
}
