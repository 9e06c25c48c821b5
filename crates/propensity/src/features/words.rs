//! Every text about features, in English: another language is another file like this one. What a value says is in
//! `model::phrase`.
//!
//! A label goes on after a number ("4 purchase events in the last 30 days") or before a colon and a value. Windows are in
//! days, and the name of a factor says which.

use crate::features::schema::{EventType, GoalFacts, Pair, Schema, Span};

/// "30 days", "7.5 days", "1 day": tenths below ten days.
pub(super) fn days(days: f64) -> String {
    let tenths = if days < 10.0 { 10.0 } else { 1.0 };
    let rounded = (days * tenths).round() / tenths;
    format!("{rounded} {}", if rounded == 1.0 { "day" } else { "days" })
}

/// "in the last 30 days" or "ever".
pub(super) fn during(schema: &Schema, span: Span) -> String {
    match span {
        Span::All => "ever".to_owned(),
        _ => format!("in the last {}", days(span.days(schema.window_days))),
    }
}

/// A factor of windows up to the outcome window, or of longer ones: "Activity in the last 30 days".
pub(super) fn over(schema: &Schema, what: &str, span: Span) -> String {
    let window = days(schema.window_days);
    if span <= Span::One {
        format!("{what} in the last {window}")
    } else {
        format!("{what} over more than {window}")
    }
}

pub(super) const ACTIVITY: &str = "Activity";
pub(super) const EVENTS: &str = "events";
pub(super) const ACTIVE_DAYS: &str = "active days";
pub(super) const SINCE_LAST_EVENT: &str = "Days since the last event";
pub(super) const SINCE_FIRST_EVENT: &str = "Days since the first event";
pub(super) const BETWEEN_ACTIVE_DAYS: &str = "Days between active days";

/// "purchase": the goal has one name, also where it is an event type.
fn name<'a>(schema: &'a Schema, kind: &'a EventType) -> Option<&'a str> {
    match (&schema.goal, kind) {
        (
            Some(GoalFacts {
                types,
                whole_types: true,
                ..
            }),
            _,
        ) if types.as_slice() == [kind.clone()] => Some(schema.goal_name()),
        (_, EventType::Named(name)) => Some(name),
        _ => None,
    }
}

/// "purchase events".
pub(super) fn events_of(schema: &Schema, kind: &EventType) -> String {
    match (name(schema, kind), kind) {
        (Some(name), _) => format!("{name} events"),
        (None, EventType::Missing) => "events without a type".to_owned(),
        (None, _) => "events of other types".to_owned(),
    }
}

/// "purchase event", as in "days since the last purchase event".
pub(super) fn event_of(schema: &Schema, kind: &EventType) -> String {
    match (name(schema, kind), kind) {
        (Some(name), _) => format!("{name} event"),
        (None, EventType::Missing) => "event without a type".to_owned(),
        (None, _) => "event of another type".to_owned(),
    }
}

/// "Days since the last purchase event", a factor.
pub(super) fn since_last(event: &str) -> String {
    format!("Days since the last {event}")
}

/// The same as a label.
pub(super) fn days_since_last(event: &str) -> String {
    format!("days since the last {event}")
}

/// "Days between purchase events", a factor.
pub(super) fn between(events: &str) -> String {
    format!("Days between {events}")
}

/// A sum in which what is newer weighs more.
pub(super) fn weighted(events: &str) -> String {
    format!("{events}, newer ones weighing more")
}

/// Labels of gaps between events: usual, spread, last, mean of three, overdue, relative spread.
pub(super) fn gaps(event: &str, events: &str) -> [String; 6] {
    [
        format!("typical time between {events}"),
        format!("how much the time between {events} varies"),
        format!("time between the last two {events}"),
        format!("average time between the last four {events}"),
        format!("time since the last {event}, compared with the typical time between {events}"),
        format!("how much the time between {events} varies, compared with the usual"),
    ]
}

/// Whether the goal was reached in the last window, in the one before, in a number of them, a year ago.
pub(super) struct Periods<'a> {
    pub goal: &'a str,
    pub window_days: f64,
}

impl Periods<'_> {
    fn window(&self) -> String {
        days(self.window_days)
    }

    pub fn factor(&self) -> String {
        format!("{} in earlier periods of {}", self.goal, self.window())
    }

    pub fn last(&self) -> String {
        format!("{} in the last {}", self.goal, self.window())
    }

    pub fn before_last(&self) -> String {
        let window = self.window();
        format!("{} in the {window} before the last {window}", self.goal)
    }

    pub fn share(&self, periods: usize) -> String {
        format!(
            "share of the last {periods} periods of {} with a {} event",
            self.window(),
            self.goal
        )
    }

    pub fn a_year_ago(&self) -> String {
        format!(
            "{} events in the same {} a year ago",
            self.goal,
            self.window()
        )
    }
}

/// How many events of the goal's types reach the goal: the factor.
pub(super) fn goal_share(goal: &str) -> String {
    format!("{goal} share of events")
}

/// Whether the last one did.
pub(super) fn last_was_goal(goal: &str) -> String {
    format!("the last event of its type was a {goal} event")
}

/// Which share of the last few did, or of all.
pub(super) fn share_of_goals(goal: &str, of: Option<u32>) -> String {
    match of {
        Some(events) => {
            format!("share of {goal} events among the last {events} events of their type")
        }
        None => format!("share of {goal} events among all events of their type"),
    }
}

/// A number of events of a type.
pub(super) struct Amount {
    /// "amount", "days from event to end_date".
    what: String,
    /// "purchase events".
    events: String,
}

impl Amount {
    pub fn new(schema: &Schema, pair: &Pair) -> Self {
        let attribute = &schema.names.numbers[pair.attribute];
        let is_time = schema.names.times.get(pair.attribute) == Some(&true);
        let what = if is_time {
            format!("days from event to {attribute}")
        } else {
            attribute.clone()
        };
        let events = if schema.untyped() {
            EVENTS.to_owned()
        } else {
            events_of(schema, &schema.types[pair.kind])
        };
        Self { what, events }
    }

    fn all(&self) -> String {
        let Self { what, events } = self;
        format!("{what} of {events}")
    }

    /// A factor: "Total amount of purchase events in the last 30 days".
    pub fn total_over(&self, schema: &Schema, span: Span) -> String {
        over(schema, &format!("Total {}", self.all()), span)
    }

    pub fn total(&self, during: &str) -> String {
        format!("total {} {during}", self.all())
    }

    /// A factor: "Usual amount of purchase events".
    pub fn usual(&self) -> String {
        format!("Usual {}", self.all())
    }

    pub fn average(&self, during: &str) -> String {
        format!("average {} {during}", self.all())
    }

    pub fn last(&self) -> String {
        format!("last {}", self.all())
    }

    pub fn average_of_last(&self, number: usize) -> String {
        format!("average {} of the last {number} {}", self.what, self.events)
    }

    pub fn highest(&self) -> String {
        format!("highest {}", self.all())
    }

    pub fn spread(&self) -> String {
        format!("how much {} varies", self.all())
    }
}

/// "Different shop", a factor.
pub(super) fn variety(name: &str) -> String {
    format!("Number of different values of {name}")
}

pub(super) fn different(name: &str, during: &str) -> String {
    format!("different values of {name} {during}")
}

/// "country: France", a factor of events.
pub(super) fn category(name: &str, value: &str) -> String {
    format!("{name} = {value}")
}

pub(super) fn events_with(name: &str, value: &str, during: &str) -> String {
    format!("events with {name} = {value} {during}")
}

/// "Days since signup", a factor, and its label.
pub(super) fn since(name: &str) -> [String; 2] {
    [format!("Days since {name}"), format!("days since {name}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_read_well() {
        let found = [1.0, 7.5, 7.609, 30.4369, 365.0].map(days);
        assert_eq!(
            found,
            ["1 day", "7.5 days", "7.6 days", "30 days", "365 days"]
        );
    }

    #[test]
    fn periods_say_which() {
        let periods = Periods {
            goal: "purchase",
            window_days: 30.0,
        };
        assert_eq!(periods.last(), "purchase in the last 30 days");
        assert_eq!(
            periods.before_last(),
            "purchase in the 30 days before the last 30 days"
        );
        assert_eq!(
            periods.share(6),
            "share of the last 6 periods of 30 days with a purchase event"
        );
    }
}
