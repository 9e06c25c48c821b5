//! The rules of a model's population and outcomes, and the marks of conditions with aggregates: which profiles meet them
//! at which cutoffs.

use propensity::cutoff::Cutoff;
use propensity::event::history::{Flags, MarkKind};
use propensity::features::population::{Rules, Source};
use propensity::time::Micros;

use crate::catalog::{Condition, Definition};
use crate::error::Error;
use crate::feed::stream::{Stream, Window};

/// The rules of a model's population and outcomes.
pub fn rules(definition: &Definition) -> Rules {
    let source = |condition: Option<&Condition>| match condition {
        None => Source::None,
        Some(condition) if condition.aggregate => Source::Marks,
        Some(_) => Source::Events,
    };
    Rules {
        eligible: source(definition.eligible.as_ref()),
        excluded: source(definition.exclude.as_ref()),
        goal: source(Some(&definition.goal)),
        occurs: definition.occurs,
    }
}

/// Evaluates the conditions with aggregates over the windows of all cutoffs, each time over no events first: that is the
/// value of every profile that has none in the window.
pub fn mark(
    stream: &mut Stream,
    definition: &Definition,
    cutoffs: &mut [Cutoff],
    outcomes: bool,
) -> Result<(), Error> {
    let of = |condition: Option<&Condition>| {
        condition
            .filter(|condition| condition.aggregate)
            .map(|condition| condition.sql.clone())
    };
    let goal = Some(&definition.goal).filter(|_| outcomes);
    let (goal, eligible, exclude) = (
        of(goal),
        of(definition.eligible.as_ref()),
        of(definition.exclude.as_ref()),
    );
    let conditions = [
        (MarkKind::Goal, &goal),
        (MarkKind::Eligible, &eligible),
        (MarkKind::Excluded, &exclude),
    ];
    let at: Vec<Micros> = cutoffs.iter().map(|cutoff| cutoff.at).collect();
    let mut holds = Vec::new();
    for (_, condition) in &conditions {
        holds.push(match condition {
            Some(condition) => stream.over_nothing(condition, &at)?,
            None => vec![false; cutoffs.len()],
        });
    }
    let [goal, eligible, excluded] = holds.as_slice() else {
        return Ok(());
    };
    let values = goal.iter().zip(eligible).zip(excluded);
    for (cutoff, ((&goal, &eligible), &excluded)) in cutoffs.iter_mut().zip(values) {
        cutoff.over_nothing = Flags::new(goal, eligible, excluded);
    }
    for (kind, condition) in conditions {
        let Some(condition) = condition else {
            continue;
        };
        for (unless, windows) in ascending(cutoffs, kind) {
            stream.read_aggregate(condition, unless, &windows, kind)?;
        }
    }
    Ok(())
}

/// An instant with its windows, with whether one profile meets the conditions with aggregates there: as if that were what
/// they are over no events, of which no mark says otherwise.
pub fn cutoff_of_profile(
    stream: &Stream,
    definition: &Definition,
    mut cutoff: Cutoff,
    profile: &str,
) -> Result<Cutoff, Error> {
    let holds = |condition: Option<&Condition>, kind| {
        let condition = condition.filter(|condition| condition.aggregate);
        condition.map_or(Ok(false), |condition| {
            stream.holds(&condition.sql, profile, window(&cutoff, kind).1)
        })
    };
    let eligible = holds(definition.eligible.as_ref(), MarkKind::Eligible)?;
    let excluded = holds(definition.exclude.as_ref(), MarkKind::Excluded)?;
    cutoff.over_nothing = Flags::new(false, eligible, excluded);
    Ok(cutoff)
}

/// The window of a condition around a cutoff, and what the condition is over no events.
fn window(cutoff: &Cutoff, kind: MarkKind) -> (bool, Window) {
    let (over_nothing, at) = (cutoff.over_nothing, cutoff.at);
    let (holds, after, until) = match kind {
        MarkKind::Eligible => (over_nothing.eligible(), cutoff.eligible_from, at),
        MarkKind::Excluded => (over_nothing.excluded(), cutoff.excluded_from, at),
        _ => (over_nothing.goal(), at, cutoff.outcome_until),
    };
    (holds, Window { at, after, until })
}

/// Windows in lists whose beginnings and ends both go up, so that those that an event lies in are found by two
/// searches; the conditions of a list are the same over no events. Nearly always there is one list.
fn ascending(cutoffs: &[Cutoff], kind: MarkKind) -> Vec<(bool, Vec<Window>)> {
    let mut windows: Vec<_> = cutoffs.iter().map(|cutoff| window(cutoff, kind)).collect();
    windows.sort_by_key(|(holds, window)| (*holds, window.at));
    let mut lists: Vec<(bool, Vec<Window>)> = Vec::new();
    for (holds, window) in windows {
        let fits = |&&mut (held, ref list): &&mut (bool, Vec<Window>)| {
            let goes_up = |last: &Window| {
                last.at < window.at && last.after <= window.after && last.until <= window.until
            };
            held == holds && list.last().is_some_and(goes_up)
        };
        match lists.iter_mut().find(|list| fits(list)) {
            Some((_, list)) => list.push(window),
            None => lists.push((holds, vec![window])),
        }
    }
    lists
}
