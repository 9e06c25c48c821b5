//! Events of made-up profiles, packed, walked, and their features.

use propensity::event::dictionary::{Dictionaries, Dictionary};
use propensity::event::history::{Flags, Profile};
use propensity::event::record::{KeyWidth, Layout};
use propensity::features::Features;
use propensity::features::schema::{ColumnNames, GoalKind, Learner, Schema};
use propensity::time::{DAY, Micros};
use propensity::walk::Partition;
use std::collections::BTreeMap;

/// An event of profile `key`, with an amount (NaN = missing) and a channel ("" = missing).
#[derive(Clone, Debug)]
pub struct Event {
    pub key: u64,
    pub time: Micros,
    pub kind: &'static str,
    pub goal: bool,
    pub amount: f64,
    pub channel: &'static str,
}

pub fn event(day: f64, kind: &'static str) -> Event {
    Event {
        key: 1,
        time: (day * DAY as f64) as Micros,
        kind,
        goal: kind == "buy",
        amount: f64::NAN,
        channel: "",
    }
}

pub fn paid(day: f64, amount: f64) -> Event {
    Event {
        amount,
        ..event(day, "buy")
    }
}

pub const LAYOUT: Layout = Layout {
    key: KeyWidth::Fixed(8),
    numbers: 1,
    codes: 1,
    profile_numbers: 2,
    profile_codes: 1,
};

/// Events in packed form, and what their codes mean.
pub struct Packed {
    pub bytes: Vec<u8>,
    pub dictionaries: Dictionaries,
}

pub fn pack(events: &[Event]) -> Packed {
    let mut packed = Packed {
        bytes: Vec::new(),
        dictionaries: Dictionaries::new(1, 1),
    };
    let code = |dictionary: &mut Dictionary, text: &str| match text {
        "" => 0,
        _ => dictionary.intern(text.as_bytes()).unwrap(),
    };
    for event in events {
        let kind = code(&mut packed.dictionaries.kinds, event.kind);
        let channel = code(&mut packed.dictionaries.events[0], event.channel);
        let flags = Flags::new(event.goal, false, false);
        let key = event.key.to_le_bytes();
        LAYOUT.push_event(
            &mut packed.bytes,
            &key,
            event.time,
            kind,
            flags,
            &[event.amount],
            &[channel],
        );
    }
    packed
}

impl Packed {
    pub fn walk(&self, visit: &mut dyn FnMut(&Profile)) {
        let mut visit = |profile: &Profile| {
            visit(profile);
            Ok(())
        };
        Partition::default()
            .walk(
                &LAYOUT,
                &self.bytes,
                &self.dictionaries,
                &mut visit,
                &mut || (),
            )
            .unwrap();
    }

    pub fn learn(&self, window: f64, until: Micros, goal: GoalKind) -> Schema {
        let names = ColumnNames {
            numbers: vec!["amount".into()],
            times: vec![false],
            codes: vec!["channel".into()],
            profile_numbers: vec!["age".into(), "joined".into()],
            profile_times: vec![false, true],
            profile_codes: vec!["country".into()],
            known_ahead: Vec::new(),
            types: Vec::new(),
        };
        let mut learner = Learner::new(names, window, until, goal);
        self.walk(&mut |profile| learner.add(profile, &mut || ()).unwrap());
        learner.finish(&self.dictionaries).unwrap()
    }

    /// Rows at the cutoffs in the order given, by profile.
    pub fn rows(&self, schema: &Schema, cutoffs: &[Micros]) -> BTreeMap<u64, Vec<Vec<f64>>> {
        let mut features = Features::new(schema, &self.dictionaries);
        let mut found = BTreeMap::new();
        self.walk(&mut |profile| {
            features.start();
            let mut row = |&cutoff: &Micros| {
                let mut row = vec![0.0; features.len()];
                features.row(profile, cutoff, &mut row, &mut || ()).unwrap();
                row
            };
            let rows: Vec<Vec<f64>> = cutoffs.iter().map(&mut row).collect();
            found.insert(u64::from_le_bytes(profile.key.try_into().unwrap()), rows);
        });
        found
    }
}

/// A schema with all windows, the types buy, click and view, and pairs and categories to spare:
/// learned from other profiles, so that those under test can be small.
pub fn schema(window: f64, goal: impl Fn(&Event) -> bool) -> Schema {
    let mut events = Vec::new();
    for number in 0..60_u64 {
        let day = number as f64 * 7.3 + 0.4;
        let kind = ["buy", "click", "view"][number as usize % 3];
        let mut made = Event {
            key: 100 + number % 5,
            amount: number as f64,
            channel: ["shop", "web"][number as usize % 2],
            ..event(day, kind)
        };
        made.goal = goal(&made);
        events.push(made);
    }
    pack(&events).learn(window, 600 * DAY, GoalKind::Events)
}

pub fn buys(event: &Event) -> bool {
    event.kind == "buy"
}

/// The features of profile 1 at a cutoff (days), by name.
pub fn features_at(schema: &Schema, events: &[Event], cutoff: f64) -> BTreeMap<String, f64> {
    let rows = pack(events).rows(schema, &[(cutoff * DAY as f64) as Micros]);
    let names = schema.features().into_iter().map(|feature| feature.name);
    names.zip(rows[&1][0].iter().copied()).collect()
}

/// Checks named values exactly (to rounding in the last places).
pub fn assert_values(found: &BTreeMap<String, f64>, expected: &[(&str, f64)]) {
    for &(name, value) in expected {
        let here = found
            .get(name)
            .unwrap_or_else(|| panic!("no feature {name}"));
        let same = (here.is_nan() && value.is_nan()) || (here - value).abs() <= 1e-12 * value.abs();
        assert!(same, "{name} = {here}, not {value}");
    }
}
