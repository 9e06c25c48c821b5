//! Goal history: counts, recency, regularity, previous periods, share of the goal's own events.

use super::feature::{Feature, Unit, days, during, when};
use super::math::{count_until, decays, ratio};
use super::past::{Past, Places, View};
use super::regularity::{Gaps, describe_gaps};
use super::{Group, Row};
use crate::dictionary::Dictionary;
use crate::error::Error;
use crate::history::History;
use crate::schema::{EventType, GoalFacts, Schema, Span};
use crate::time::{DAY, Micros};
use std::ops::Range;

/// The goal's share is taken of so many newest events of its types, and of all.
const SHARES: [u32; 5] = [1, 3, 5, 10, 30];
/// The share of periods with a goal is taken of so many newest periods.
const PERIODS: [usize; 2] = [4, 8];
const YEAR: Micros = 365 * DAY;

#[derive(Debug)]
pub(super) struct GoalHistory {
    window_days: f64,
    window: Micros,
    /// Spans in use with their length, unless every event is a goal event.
    spans: Option<Vec<(Span, Micros)>>,
    /// 0 for the codes of the goal's own types, unless every event of them is a goal event.
    own_types: Option<Places>,
    /// Times of goal events, oldest first.
    times: Vec<Micros>,
    gaps: Gaps,
    /// Decayed counts with half-lives W and 4W.
    decayed: [f64; 2],
    /// Events of the goal's types; how many of them were goal events.
    own: u32,
    own_goals: u32,
    /// Whether each of the newest 32 events of the goal's types was a goal event, newest first.
    own_recent: u32,
}

pub(super) fn describe(schema: &Schema) -> Vec<Feature> {
    let Some(goal) = &schema.goal else {
        return Vec::new();
    };
    let mut list = Vec::new();
    if !goal.every_event {
        list.extend(describe_counts(schema));
    }
    list.extend(describe_periods(schema));
    if !goal.whole_types {
        list.extend(describe_shares(schema));
    }
    list
}

fn describe_counts(schema: &Schema) -> Vec<Feature> {
    let goal = schema.goal_name();
    let count = |span| format!("{goal} count, {}", when(span));
    let recency = format!("Days since last {goal}");
    let spans = schema.spans().into_iter();
    let mut list: Vec<Feature> = spans
        .map(|span| {
            let label = format!("{goal} events {}", during(schema, span));
            Feature::new(
                format!("goal_cnt_{}", span.name()),
                count(span),
                label,
                Unit::Count,
            )
        })
        .collect();
    let label = format!("days since the last {goal} event");
    list.push(Feature::new(
        "goal_rec".into(),
        recency.clone(),
        label,
        Unit::Days,
    ));
    list.extend([Span::One, Span::Fourfold].map(|span| {
        let half_life = days(span.days(schema.window_days));
        let label = format!("{goal} events, halved in weight every {half_life}");
        Feature::new(
            format!("goal_decay_{}", span.name()),
            count(span),
            label,
            Unit::Number,
        )
    }));
    let words = format!("days with a {goal} event");
    list.extend(describe_gaps(
        "goalgap",
        &words,
        &format!("{goal} regularity"),
        &recency,
    ));
    list
}

fn describe_periods(schema: &Schema) -> Vec<Feature> {
    let goal = schema.goal_name();
    let period = days(schema.window_days);
    let feature = |name: String, label: String, unit| {
        Feature::new(name, format!("{goal} in previous periods"), label, unit)
    };
    let mut list = vec![
        feature(
            "goal_y1".into(),
            format!("{goal} in the last {period}"),
            Unit::Flag,
        ),
        feature(
            "goal_y2".into(),
            format!("{goal} in the {period} before the last"),
            Unit::Flag,
        ),
    ];
    list.extend(PERIODS.map(|periods| {
        let label = format!("share of the last {periods} periods of {period} with a {goal} event");
        feature(format!("goal_rate{periods}"), label, Unit::Share)
    }));
    let label = format!("{goal} events in the same {period} a year ago");
    list.push(feature("goal_last_year".into(), label, Unit::Count));
    list
}

fn describe_shares(schema: &Schema) -> Vec<Feature> {
    let goal = schema.goal_name();
    let feature = |of: String, words: String| {
        let label = format!("share of {goal} events among {words} of its type");
        let factor = format!("{goal} share of events");
        Feature::new(format!("goal_share_{of}"), factor, label, Unit::Share)
    };
    let newest = SHARES.map(|events| match events {
        1 => feature("1".into(), "the last event".into()),
        _ => feature(events.to_string(), format!("the last {events} events")),
    });
    let all = feature("all".into(), "all events".into());
    newest.into_iter().chain([all]).collect()
}

impl GoalHistory {
    /// None if the goal is a condition with aggregates.
    pub(super) fn new(schema: &Schema, kinds: &Dictionary) -> Option<Self> {
        let goal = schema.goal.as_ref()?;
        let spans = || {
            schema
                .spans()
                .into_iter()
                .map(|span| (span, schema.micros(span)))
                .collect()
        };
        Some(Self {
            window_days: schema.window_days,
            window: schema.micros(Span::One),
            spans: (!goal.every_event).then(spans),
            own_types: (!goal.whole_types).then(|| own_types(goal, kinds)),
            times: Vec::new(),
            gaps: Gaps::default(),
            decayed: [0.0; 2],
            own: 0,
            own_goals: 0,
            own_recent: 0,
        })
    }

    fn add_goal(&mut self, time: Micros, date: i64) {
        let newest = self.times.last().copied().unwrap_or(time);
        let factors = decays(newest, time, self.window_days);
        self.decayed[0] = self.decayed[0] * factors[Span::One as usize] + 1.0;
        self.decayed[1] = self.decayed[1] * factors[Span::Fourfold as usize] + 1.0;
        self.gaps.add(time, date);
        self.times.push(time);
    }

    fn add_own(&mut self, goal: bool) {
        self.own += 1;
        self.own_goals += u32::from(goal);
        self.own_recent = self.own_recent << 1 | u32::from(goal);
    }

    /// Number of goal events with `time <= until`.
    fn until(&self, until: Micros) -> usize {
        count_until(&self.times, until)
    }

    fn write_counts(&self, spans: &[(Span, Micros)], view: &View, row: &mut Row) {
        let Some(&newest) = self.times.last() else {
            let counts = std::iter::repeat_n(0.0, spans.len());
            row.hold_many(spans.len() + 3, || counts.chain([f64::NAN, 0.0, 0.0]));
            return self.gaps.write(view, row);
        };
        for &(span, length) in spans {
            let before = match span {
                Span::All => 0,
                _ => self.until(view.cutoff.saturating_sub(length)),
            };
            row.put((self.times.len() - before) as f64);
        }
        row.put(view.age(Some(newest)));
        let factors = decays(newest, view.cutoff, self.window_days);
        row.put(self.decayed[0] * factors[Span::One as usize]);
        row.put(self.decayed[1] * factors[Span::Fourfold as usize]);
        self.gaps.write(view, row);
    }

    /// Periods of length W counted back from the cutoff; period i holds i W <= a < (i + 1) W.
    fn write_periods(&self, view: &View, row: &mut Row) {
        let tenure = view.tenure();
        let observed = (tenure / self.window_days).floor(); // NaN without events
        let mut hits = [false; PERIODS[1]];
        let mut after = self.times.len();
        for (period, hit) in hits.iter_mut().enumerate() {
            if after == 0 {
                break;
            }
            let length = self.window.saturating_mul(period as i64 + 1);
            let before = self.until(view.cutoff.saturating_sub(length));
            *hit = before < after;
            after = before;
        }
        for (period, &hit) in hits.iter().enumerate().take(2) {
            let complete = observed > period as f64;
            row.put(if complete {
                f64::from(u8::from(hit))
            } else {
                f64::NAN
            });
        }
        for most in PERIODS {
            // A cast makes NaN zero.
            let periods = (observed as usize).min(most);
            let hits = hits[..periods].iter().filter(|&&hit| hit).count();
            row.put(ratio(hits as f64, periods as f64));
        }
        row.put(if tenure >= 365.0 {
            self.a_year_ago(view.cutoff)
        } else {
            f64::NAN
        });
    }

    /// Goal events with 365 d - W < a <= 365 d.
    fn a_year_ago(&self, cutoff: Micros) -> f64 {
        let from = cutoff.saturating_sub(YEAR);
        let since = self.times.partition_point(|&time| time < from);
        let until = from.saturating_add(self.window);
        let before = self.times.partition_point(|&time| time < until);
        (before - since) as f64
    }

    fn write_shares(&self, row: &mut Row) {
        let share = |most: u32| {
            let events = most.min(self.own);
            let goals = (self.own_recent & ((1 << events) - 1)).count_ones();
            ratio(goals.into(), events.into())
        };
        row.hold(|| SHARES.map(share));
        row.hold(|| [ratio(self.own_goals.into(), self.own.into())]);
    }
}

/// 0 for the codes of the goal's types, 1 for all others.
fn own_types(goal: &GoalFacts, kinds: &Dictionary) -> Places {
    let code = |kind: &EventType| match kind {
        EventType::Named(name) => kinds.code(name.as_bytes()),
        EventType::Missing => Some(0),
        EventType::Other => None,
    };
    Places::flags(goal.types.iter().filter_map(code), kinds.len())
}

impl Group for GoalHistory {
    fn clear(&mut self) {
        self.times.clear();
        self.gaps = Gaps::default();
        self.decayed = [0.0; 2];
        (self.own, self.own_goals, self.own_recent) = (0, 0, 0);
    }

    fn extend(&mut self, history: &History, past: &Past, new: Range<usize>) -> Result<(), Error> {
        self.times.try_reserve(new.len())?;
        for event in new {
            let goal = history.flags[event].goal();
            if goal {
                self.add_goal(history.times[event], past.dates[event]);
            }
            let own = self
                .own_types
                .as_ref()
                .map(|types| types.of(history.kinds[event]));
            if own == Some(0) {
                self.add_own(goal);
            }
        }
        Ok(())
    }

    fn write(&mut self, view: &View, row: &mut Row) {
        if let Some(spans) = &self.spans {
            self.write_counts(spans, view, row);
        }
        self.write_periods(view, row);
        if self.own_types.is_some() {
            self.write_shares(row);
        }
    }
}
