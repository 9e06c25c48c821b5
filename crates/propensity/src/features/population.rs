//! Who is trained on and scored at a cutoff, and with what outcome.

use crate::cutoff::Cutoff;
use crate::event::history::{Flags, History, MarkKind, Profile};
use crate::time::Micros;

/// Where a condition is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// There is no such condition.
    None,
    /// Each event says whether it meets it.
    Events,
    /// A condition with aggregates: the cutoff says whether it holds over no events, and a mark that it is the other way
    /// round for the profile. So every profile has a value, also one without an event in the window.
    Marks,
}

/// The conditions of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Who is eligible; [`Source::None`] = with any event in the eligible window.
    pub eligible: Source,
    /// Who is excluded; [`Source::None`] = nobody.
    pub excluded: Source,
    /// What is predicted.
    pub goal: Source,
    /// Whether it is predicted that the goal occurs, or that it does not.
    pub occurs: bool,
}

impl Rules {
    /// Whether the profile belongs to the eligible population at the cutoff: never before its first event.
    pub fn eligible(&self, profile: &Profile, cutoff: &Cutoff) -> bool {
        let history = &profile.history;
        let eligible = match self.eligible {
            Source::None => !within(history, cutoff.eligible_from, cutoff.at).is_empty(),
            Source::Events => any(history, Flags::eligible, cutoff.eligible_from, cutoff.at),
            Source::Marks => {
                let holds = cutoff.over_nothing.eligible();
                history.until(cutoff.at) > 0
                    && holds != profile.has_mark(cutoff.at, MarkKind::Eligible)
            }
        };
        eligible && !self.excluded(profile, cutoff)
    }

    fn excluded(&self, profile: &Profile, cutoff: &Cutoff) -> bool {
        match self.excluded {
            Source::None => false,
            Source::Events => {
                let history = &profile.history;
                any(history, Flags::excluded, cutoff.excluded_from, cutoff.at)
            }
            Source::Marks => {
                cutoff.over_nothing.excluded() != profile.has_mark(cutoff.at, MarkKind::Excluded)
            }
        }
    }

    /// Whether what is predicted comes true in the outcome window of the cutoff.
    pub fn outcome(&self, profile: &Profile, cutoff: &Cutoff) -> bool {
        let history = &profile.history;
        let goal = match self.goal {
            Source::None => false,
            Source::Events => any(history, Flags::goal, cutoff.at, cutoff.outcome_until),
            Source::Marks => {
                cutoff.over_nothing.goal() != profile.has_mark(cutoff.at, MarkKind::Goal)
            }
        };
        goal == self.occurs
    }

    /// Whether the profile is given as an example at the cutoff, and with what outcome, if one is
    /// given: it stands as it is, whatever `occurs` says. Positive wins over negative.
    pub fn example(&self, profile: &Profile, cutoff: Micros) -> Option<Option<bool>> {
        let given = [
            (MarkKind::PositiveExample, Some(true)),
            (MarkKind::NegativeExample, Some(false)),
            (MarkKind::Example, None),
        ];
        let mut found = given
            .into_iter()
            .filter(|&(kind, _)| profile.has_mark(cutoff, kind));
        found.next().map(|(_, outcome)| outcome)
    }
}

/// Positions of the events with `after < time <= until`.
fn within(history: &History, after: Micros, until: Micros) -> std::ops::Range<usize> {
    history.until(after)..history.until(until)
}

fn any(history: &History, flag: fn(Flags) -> bool, after: Micros, until: Micros) -> bool {
    let flags = history.flags.get(within(history, after, until));
    flags.is_some_and(|flags| flags.iter().any(|&flags| flag(flags)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::history::Mark;

    const CUTOFF: Cutoff = Cutoff {
        at: 100,
        eligible_from: 50,
        excluded_from: Micros::MIN,
        outcome_until: 130,
        over_nothing: Flags::NONE,
    };
    const RULES: Rules = Rules {
        eligible: Source::None,
        excluded: Source::None,
        goal: Source::Events,
        occurs: true,
    };

    fn with<T>(times: &[Micros], flags: &[bool], marks: &[Mark], f: impl Fn(&Profile) -> T) -> T {
        let flags = flags.iter().map(|&set| Flags::new(set, set, set));
        f(&Profile {
            key: b"k",
            hash: 0,
            history: History {
                times,
                kinds: &vec![0; times.len()],
                flags: &flags.collect::<Vec<_>>(),
                numbers: &[],
                codes: &[],
            },
            attributes: &[],
            marks,
        })
    }

    fn one(time: Micros, rules: Rules) -> (bool, bool) {
        with(&[time], &[true], &[], |profile| {
            (
                rules.eligible(profile, &CUTOFF),
                rules.outcome(profile, &CUTOFF),
            )
        })
    }

    #[test]
    fn windows_are_open_on_the_left_and_closed_on_the_right() {
        let found: Vec<_> = [50, 51, 100, 101, 130, 131]
            .map(|time| one(time, RULES))
            .into();
        let eligible = [false, true, true, false, false, false];
        let outcome = [false, false, false, true, true, false];
        assert_eq!(found, eligible.into_iter().zip(outcome).collect::<Vec<_>>());
    }

    #[test]
    fn ever_seen_has_no_left_end() {
        let ever = Cutoff {
            eligible_from: Micros::MIN,
            ..CUTOFF
        };
        let eligible = |time| with(&[time], &[true], &[], |p| RULES.eligible(p, &ever));
        assert!(eligible(Micros::MIN + 1) && !eligible(101));
    }

    #[test]
    fn flags_decide_when_a_condition_is_about_events() {
        let rules = Rules {
            eligible: Source::Events,
            ..RULES
        };
        let eligible =
            |flags: [bool; 2]| with(&[60, 70], &flags, &[], |p| rules.eligible(p, &CUTOFF));
        assert!(!eligible([false, false]) && eligible([true, false]));
    }

    #[test]
    fn an_excluding_event_counts_from_any_time_before_the_cutoff() {
        let rules = Rules {
            excluded: Source::Events,
            ..RULES
        };
        let eligible = |flags: [bool; 3]| {
            with(&[-9, 60, 101], &flags, &[], |profile| {
                rules.eligible(profile, &CUTOFF)
            })
        };
        assert!(eligible([false, false, true]) && !eligible([true, false, false]));
    }

    #[test]
    fn what_does_not_occur_is_the_opposite() {
        let rules = Rules {
            occurs: false,
            ..RULES
        };
        assert_eq!((one(110, rules).1, one(90, rules).1), (false, true));
    }

    #[test]
    fn marks_speak_of_their_own_cutoff() {
        let rules = Rules {
            eligible: Source::Marks,
            excluded: Source::Marks,
            goal: Source::Marks,
            occurs: true,
        };
        let mark = |cutoff, kind| Mark { cutoff, kind };
        let at = [mark(100, MarkKind::Eligible), mark(100, MarkKind::Goal)];
        let other = [mark(99, MarkKind::Eligible), mark(99, MarkKind::Goal)];
        let excluded = [mark(100, MarkKind::Eligible), mark(100, MarkKind::Excluded)];
        let judge = |marks: &[Mark]| {
            with(&[90], &[false], marks, |p| {
                (rules.eligible(p, &CUTOFF), rules.outcome(p, &CUTOFF))
            })
        };
        assert_eq!(judge(&at), (true, true));
        assert_eq!(judge(&other), (false, false));
        assert_eq!(judge(&excluded), (false, false));
    }

    #[test]
    fn a_condition_with_aggregates_has_a_value_where_its_window_is_empty() {
        let rules = Rules {
            eligible: Source::Marks,
            goal: Source::Marks,
            ..RULES
        };
        let silent = Cutoff {
            over_nothing: Flags::new(true, true, false),
            ..CUTOFF
        };
        let judge = |times: &[Micros], marks: &[MarkKind]| {
            let mark = |&kind| Mark { cutoff: 100, kind };
            let marks: Vec<Mark> = marks.iter().map(mark).collect();
            with(times, &vec![false; times.len()], &marks, |profile| {
                let eligible = rules.eligible(profile, &silent);
                (eligible, rules.outcome(profile, &silent))
            })
        };
        assert_eq!(judge(&[7], &[]), (true, true));
        assert_eq!(judge(&[7], &[MarkKind::Goal]), (true, false));
        assert_eq!(judge(&[60], &[MarkKind::Eligible]), (false, true));
        // Nothing is known at the cutoff of who comes later, or never.
        assert_eq!(judge(&[101], &[]), (false, true));
        assert_eq!(judge(&[], &[]), (false, true));
    }

    #[test]
    fn who_is_excluded_over_no_events_is_let_in_by_a_mark() {
        let rules = Rules {
            excluded: Source::Marks,
            ..RULES
        };
        let silent = Cutoff {
            over_nothing: Flags::new(false, false, true),
            ..CUTOFF
        };
        let mark = Mark {
            cutoff: 100,
            kind: MarkKind::Excluded,
        };
        let eligible =
            |marks: &[Mark]| with(&[60], &[false], marks, |p| rules.eligible(p, &silent));
        assert!(!eligible(&[]) && eligible(&[mark]));
    }

    #[test]
    fn the_exclude_window_is_open_on_the_left() {
        let rules = Rules {
            excluded: Source::Events,
            ..RULES
        };
        let recent = Cutoff {
            excluded_from: 70,
            ..CUTOFF
        };
        let eligible = |time| with(&[time], &[true], &[], |p| rules.eligible(p, &recent));
        assert!(eligible(70) && !eligible(71) && !eligible(100));
    }

    #[test]
    fn examples_carry_their_outcome_or_leave_it_open() {
        let example = |kinds: &[MarkKind]| {
            let marks: Vec<Mark> = kinds.iter().map(|&kind| Mark { cutoff: 7, kind }).collect();
            with(&[], &[], &marks, |profile| RULES.example(profile, 7))
        };
        assert_eq!(example(&[]), None);
        assert_eq!(example(&[MarkKind::Example]), Some(None));
        assert_eq!(example(&[MarkKind::NegativeExample]), Some(Some(false)));
        let both = [MarkKind::PositiveExample, MarkKind::NegativeExample];
        assert_eq!(example(&both), Some(Some(true)));
    }
}
