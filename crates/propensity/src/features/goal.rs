//! Goal history: counts, recency, regularity, previous periods, share of the goal's own events.

use super::feature::{Feature, Unit};
use super::math::{count_until, ratio};
use super::past::View;
use super::places::Places;
use super::quantum::Quantum;
use super::regularity::{Gaps, describe_gaps};
use super::words;
use super::{Group, Row};
use crate::error::Error;
use crate::event::dictionary::Dictionary;
use crate::event::history::{Flags, History};
use crate::features::schema::{EventType, GoalFacts, Schema, Span};
use crate::time::{DAY, Micros};

/// The goal's share is taken of this many newest events of its types, and of all.
const SHARES: [u32; 5] = [1, 3, 5, 10, 30];
/// The share of periods with a goal is taken of this many newest periods.
const PERIODS: [usize; 2] = [4, 8];
const YEAR: Micros = 365 * DAY;

#[derive(Debug)]
pub(super) struct GoalHistory {
    window_days: f64,
    window: Micros,
    /// The finite spans in use, shortest first, unless every event is a goal event.
    spans: Option<Vec<Span>>,
    /// 0 for the codes of the goal's own types, unless every event of them is a goal event.
    own_types: Option<Places>,
    /// Goal events, all time.
    goals: u32,
    newest: Option<Micros>,
    gaps: Gaps,
    decayed: f64,
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
    let (event, events) = (format!("{goal} event"), format!("{goal} events"));
    let count = |span| words::over(schema, &events, span);
    let recency = words::since_last(&event);
    let spans = schema.spans().into_iter();
    let mut list: Vec<Feature> = spans
        .map(|span| {
            let name = format!("goal_cnt_{}", span.name());
            let label = format!("{events} {}", words::during(schema, span));
            Feature::new(name, count(span), label, Unit::Count)
        })
        .collect();
    list.push(Feature::new(
        "goal_rec".into(),
        recency.clone(),
        words::days_since_last(&event),
        Unit::Days,
    ));
    list.push(Feature::new(
        "goal_decay_W".into(),
        count(Span::One),
        words::weighted(&events),
        Unit::Number,
    ));
    let factors = [words::between(&events), recency];
    let factors = [factors[0].as_str(), &factors[1]];
    list.extend(describe_gaps(
        "goalgap",
        words::gaps(&event, &events),
        factors,
    ));
    list
}

fn describe_periods(schema: &Schema) -> Vec<Feature> {
    let periods = words::Periods {
        goal: schema.goal_name(),
        window_days: schema.window_days,
    };
    let feature =
        |name: String, label: String, unit| Feature::new(name, periods.factor(), label, unit);
    let mut list = vec![
        feature("goal_y1".into(), periods.last(), Unit::Flag),
        feature("goal_y2".into(), periods.before_last(), Unit::Flag),
    ];
    list.extend(PERIODS.map(|number| {
        feature(
            format!("goal_rate{number}"),
            periods.share(number),
            Unit::Share,
        )
    }));
    list.push(feature(
        "goal_last_year".into(),
        periods.a_year_ago(),
        Unit::Count,
    ));
    list
}

fn describe_shares(schema: &Schema) -> Vec<Feature> {
    let goal = schema.goal_name();
    let feature = |of: &str, label: String, unit| {
        Feature::new(
            format!("goal_share_{of}"),
            words::goal_share(goal),
            label,
            unit,
        )
    };
    let newest = SHARES.map(|events| match events {
        1 => feature("1", words::last_was_goal(goal), Unit::Flag),
        _ => feature(
            &events.to_string(),
            words::share_of_goals(goal, Some(events)),
            Unit::Share,
        ),
    });
    let all = feature("all", words::share_of_goals(goal, None), Unit::Share);
    newest.into_iter().chain([all]).collect()
}

impl GoalHistory {
    /// None if the goal is a condition with aggregates.
    pub(super) fn new(schema: &Schema, kinds: &Dictionary) -> Option<Self> {
        let goal = schema.goal.as_ref()?;
        Some(Self {
            window_days: schema.window_days,
            window: schema.micros(Span::One),
            spans: (!goal.every_event).then(|| schema.spans.clone()),
            own_types: (!goal.whole_types).then(|| own_types(goal, kinds)),
            goals: 0,
            newest: None,
            gaps: Gaps::default(),
            decayed: 0.0,
            own: 0,
            own_goals: 0,
            own_recent: 0,
        })
    }

    fn add_goal(&mut self, time: Micros, date: i64, weight: f64) {
        self.decayed += weight;
        self.gaps.add(date);
        self.goals += 1;
        self.newest = Some(time);
    }

    fn write_counts(&self, spans: &[Span], view: &View, row: &mut Row) {
        if self.goals == 0 {
            let cells = row.take(spans.len() + 3);
            if row.changed {
                cells.fill(0.0);
                cells[spans.len() + 1] = f64::NAN;
            }
            return self.gaps.write(f64::NAN, row);
        }
        let flags = view.profile.history.flags;
        let (mut count, mut end) = (0, view.events);
        for &span in spans {
            // The next span begins where this one does.
            let start = view.start(span);
            count += count_goals(&flags[start..end]);
            end = start;
            row.put([count as f64]);
        }
        let recency = view.age(self.newest);
        row.put([self.goals.into(), recency, view.scale.apply(self.decayed)]);
        self.gaps.write(recency, row);
    }

    /// Periods of length W counted back from the cutoff; period i holds i W <= a < (i + 1) W.
    fn write_periods(&self, view: &View, row: &mut Row) {
        let tenure = view.tenure();
        let observed = (tenure / self.window_days).floor(); // NaN without events
        let hits = self.hits(view);
        let hit = |period: usize| {
            if observed > period as f64 {
                f64::from(u8::from(hits[period]))
            } else {
                f64::NAN
            }
        };
        let rate = |most: usize| {
            // A cast makes NaN zero.
            let periods = (observed as usize).min(most);
            let hits = hits[..periods].iter().filter(|&&hit| hit).count();
            ratio(hits as f64, periods as f64)
        };
        let last_year = if tenure >= 365.0 {
            self.a_year_ago(view)
        } else {
            f64::NAN
        };
        row.put([
            hit(0),
            hit(1),
            rate(PERIODS[0]),
            rate(PERIODS[1]),
            last_year,
        ]);
    }

    /// Whether there was a goal event in each of the newest periods.
    fn hits(&self, view: &View) -> [bool; PERIODS[1]] {
        let mut hits = [false; PERIODS[1]];
        if self.goals == 0 {
            return hits;
        }
        let (times, flags) = (view.times(), view.profile.history.flags);
        let mut end = times.len();
        while let Some(event) = flags[..end].iter().rposition(|flags| flags.goal()) {
            let age = view.cutoff.saturating_sub(times[event]);
            let period = age / self.window.max(1);
            let Some(hit) = hits.get_mut(period as usize) else {
                break;
            };
            *hit = true;
            let length = self.window.saturating_mul(period + 1);
            end = count_until(&times[..event], view.cutoff.saturating_sub(length));
        }
        hits
    }

    /// Goal events with 365 d - W < a <= 365 d.
    fn a_year_ago(&self, view: &View) -> f64 {
        if self.goals == 0 {
            return 0.0;
        }
        let times = view.times();
        let from = view.cutoff.saturating_sub(YEAR);
        let until = from.saturating_add(self.window);
        let start = times.partition_point(|&time| time < from);
        let end = start + times[start..].partition_point(|&time| time < until);
        count_goals(&view.profile.history.flags[start..end]) as f64
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

fn count_goals(flags: &[Flags]) -> usize {
    flags.iter().filter(|flags| flags.goal()).count()
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
        self.goals = 0;
        self.newest = None;
        self.gaps = Gaps::default();
        self.decayed = 0.0;
        (self.own, self.own_goals, self.own_recent) = (0, 0, 0);
    }

    fn extend(&mut self, history: &History, new: &Quantum) -> Result<(), Error> {
        if let Some(scale) = &new.scale {
            self.decayed = scale.apply(self.decayed);
        }
        let flags = &history.flags[new.events.clone()];
        let times = &history.times[new.events.clone()];
        for (event, _) in flags.iter().enumerate().filter(|(_, flags)| flags.goal()) {
            self.add_goal(times[event], new.dates[event], new.weights[event]);
        }
        if let Some(types) = &self.own_types {
            let kinds = history.kinds[new.events.clone()].iter();
            let own = |&(&kind, _): &(&u32, &Flags)| types.of(kind) == 0;
            for (_, flags) in kinds.zip(flags).filter(own) {
                let goal = flags.goal();
                self.own += 1;
                self.own_goals += u32::from(goal);
                self.own_recent = self.own_recent << 1 | u32::from(goal);
            }
        }
        Ok(())
    }

    fn write(&mut self, view: &View, row: &mut Row) -> Result<(), Error> {
        if let Some(spans) = &self.spans {
            self.write_counts(spans, view, row);
        }
        self.write_periods(view, row);
        if self.own_types.is_some() {
            self.write_shares(row);
        }
        Ok(())
    }
}
