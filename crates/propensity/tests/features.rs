//! Features of small profiles worked out by hand, and what must hold for any profile.
#![expect(clippy::unwrap_used, reason = "helpers of tests, which may panic")]

use propensity::dictionary::Dictionaries;
use propensity::features::{Features, Unit};
use propensity::hash::profile_hash;
use propensity::partition::Partition;
use propensity::record::{EventFlags, KeyWidth, Layout};
use propensity::schema::{ColumnNames, GoalKind, Learner, Schema};
use propensity::time::{DAY, Micros};
use std::collections::BTreeMap;

/// An event of profile `key`, with an amount (NaN = missing) and a channel ("" = missing).
#[derive(Clone, Debug)]
struct Event {
    key: u64,
    time: Micros,
    kind: &'static str,
    goal: bool,
    amount: f64,
    channel: &'static str,
}

fn event(day: f64, kind: &'static str) -> Event {
    Event {
        key: 1,
        time: (day * DAY as f64) as Micros,
        kind,
        goal: kind == "buy",
        amount: f64::NAN,
        channel: "",
    }
}

fn paid(day: f64, amount: f64) -> Event {
    Event {
        amount,
        ..event(day, "buy")
    }
}

const LAYOUT: Layout = Layout {
    key: KeyWidth::Fixed(8),
    numbers: 1,
    codes: 1,
    profile_numbers: 2,
    profile_codes: 1,
};

/// Events in packed form, and what their codes mean.
struct Packed {
    bytes: Vec<u8>,
    dictionaries: Dictionaries,
}

fn pack(events: &[Event]) -> Packed {
    let mut packed = Packed {
        bytes: Vec::new(),
        dictionaries: Dictionaries::new(1, 1),
    };
    let code = |dictionary: &mut propensity::dictionary::Dictionary, text: &str| match text {
        "" => 0,
        _ => dictionary.intern(text.as_bytes()).unwrap(),
    };
    for event in events {
        let kind = code(&mut packed.dictionaries.kinds, event.kind);
        let channel = code(&mut packed.dictionaries.events[0], event.channel);
        let flags = EventFlags {
            goal: event.goal,
            ..EventFlags::default()
        };
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
    fn walk(&self, visit: &mut dyn FnMut(&propensity::history::Profile)) {
        let mut visit = |profile: &propensity::history::Profile| {
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

    fn learn(&self, window: f64, until: Micros, goal: GoalKind) -> Schema {
        let names = ColumnNames {
            numbers: vec!["amount".into()],
            codes: vec!["channel".into()],
            profile_numbers: vec!["age".into(), "joined".into()],
            profile_times: vec![false, true],
            profile_codes: vec!["country".into()],
        };
        let mut learner = Learner::new(names, window, until, goal);
        self.walk(&mut |profile| learner.add(profile, &mut || ()).unwrap());
        learner.finish(&self.dictionaries).unwrap()
    }

    /// Rows at the cutoffs in the order given, by profile.
    fn rows(&self, schema: &Schema, cutoffs: &[Micros]) -> BTreeMap<u64, Vec<Vec<f64>>> {
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
fn schema(window: f64, goal: impl Fn(&Event) -> bool) -> Schema {
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

fn buys(event: &Event) -> bool {
    event.kind == "buy"
}

/// The features of profile 1 at a cutoff (days), by name.
fn features_at(schema: &Schema, events: &[Event], cutoff: f64) -> BTreeMap<String, f64> {
    let rows = pack(events).rows(schema, &[(cutoff * DAY as f64) as Micros]);
    let names = schema.features().into_iter().map(|feature| feature.name);
    names.zip(rows[&1][0].iter().copied()).collect()
}

/// Checks named values exactly (to rounding in the last places).
fn assert_values(found: &BTreeMap<String, f64>, expected: &[(&str, f64)]) {
    for &(name, value) in expected {
        let here = found
            .get(name)
            .unwrap_or_else(|| panic!("no feature {name}"));
        let same = (here.is_nan() && value.is_nan()) || (here - value).abs() <= 1e-12 * value.abs();
        assert!(same, "{name} = {here}, not {value}");
    }
}

#[test]
fn counts_take_ages_below_the_window_and_days_by_their_first_event() {
    let events = [70.0, 71.0, 92.5, 92.75, 99.0, 100.0, 100.25].map(|day| event(day, "view"));
    // W = 30: ages 30, 29, 7.5, 7.25, 1, 0; the last event is after the cutoff.
    let found = features_at(&schema(30.0, buys), &events, 100.0);
    assert_values(
        &found,
        &[
            ("cnt_any_W/4", 3.0),
            ("cnt_any_W/2", 4.0),
            ("cnt_any_W", 5.0),
            ("cnt_any_2W", 6.0),
            ("cnt_any_all", 6.0),
            ("days_W/4", 2.0), // the day of 92.5 began outside
            ("days_W/2", 3.0),
            ("days_all", 5.0),
            ("rec_any", 0.0),
            ("ten_first", 30.0),
            ("rate_life", 6.0 / 31.0),
        ],
    );
}

#[test]
fn decayed_counts_halve_with_every_half_life() {
    let events = [40.0, 70.0, 70.0, 100.0].map(|day| event(day, "view"));
    let found = features_at(&schema(30.0, buys), &events, 130.0);
    assert_values(
        &found,
        &[
            ("decay_any_W", 0.125 + 0.25 + 0.25 + 0.5),
            ("decay_any_W/2", 1.0 / 64.0 + 2.0 / 16.0 + 0.25),
            (
                "decay_any_2W",
                (-1.5_f64).exp2() + 2.0 * 0.5 + (-0.5_f64).exp2(),
            ),
            ("decay_days_W", 0.125 + 0.25 + 0.5),
            ("decay_view_W", 1.125),
            ("decay_buy_W", 0.0),
        ],
    );
}

#[test]
fn each_type_has_counts_recency_and_a_share_of_the_mix() {
    let events = [
        (10.0, "buy"),
        (95.0, "click"),
        (96.0, "click"),
        (97.0, "view"),
    ]
    .map(|(day, kind)| event(day, kind));
    let schema = schema(30.0, buys);
    let found = features_at(&schema, &events, 100.0);
    let types: Vec<&str> = schema.types.iter().map(|kind| kind.name()).collect();
    let last = types.iter().position(|&kind| kind == "view").unwrap();
    assert_values(
        &found,
        &[
            ("cnt_click_W/4", 2.0),
            ("cnt_buy_W", 0.0),
            ("cnt_buy_4W", 1.0),
            ("cnt_buy_all", 1.0),
            ("rec_buy", 90.0),
            ("rec_click", 4.0),
            ("type_entropy", 1.5 * 2_f64.ln()),
            ("last_type", last as f64),
            ("nuniq_types_W", 2.0),
            ("nuniq_types_all", 3.0),
        ],
    );
}

#[test]
fn gaps_lie_between_active_days() {
    // Days 10, 12 (twice), 16, 26: gaps 2, 4, 10.
    let events = [10.9, 12.1, 12.8, 16.0, 26.5].map(|day| event(day, "view"));
    let found = features_at(&schema(30.0, buys), &events, 29.5);
    let (mean, std) = (16.0 / 3.0, (40.0 - 256.0 / 9.0_f64).sqrt());
    assert_values(
        &found,
        &[
            ("gap_mean", mean),
            ("gap_std", std),
            ("gap_last", 10.0),
            ("gap_mean3", mean),
            ("gap_rec_over_mean", 3.0 / mean),
            ("gap_cv", std / mean),
        ],
    );
}

#[test]
fn one_event_has_no_gaps_and_no_spread() {
    let found = features_at(&schema(30.0, buys), &[paid(50.0, 7.0)], 60.0);
    for name in [
        "gap_mean",
        "gap_std",
        "gap_last",
        "gap_mean3",
        "gap_rec_over_mean",
        "gap_cv",
    ] {
        assert!(found[name].is_nan(), "{name}");
    }
    assert_values(
        &found,
        &[("std_buy.amount", f64::NAN), ("last_buy.amount", 7.0)],
    );
}

#[test]
fn trends_compare_rates() {
    let events = [20.0, 50.0, 95.0, 95.5, 99.0].map(|day| event(day, "view"));
    // W = 30: 3 in W/4, 3 in W, 4 in 2W, 5 in 4W.
    let found = features_at(&schema(30.0, buys), &events, 100.0);
    assert_values(
        &found,
        &[
            ("trend_cnt_W/4_W", 3.5 / 0.5 * 3.0),
            ("trend_cnt_W_2W", 3.5 / 1.5),
            ("trend_cnt_W_4W", 3.5 / 2.5 * 3.0),
            ("trend_days_W_4W", 2.5 / 2.5 * 3.0),
        ],
    );
}

#[test]
fn goal_history_counts_goal_events_and_previous_periods() {
    let days = [
        (0.0, "view"),
        (35.0, "buy"),
        (100.0, "buy"),
        (101.0, "view"),
        (380.0, "buy"),
    ];
    let events = days.map(|(day, kind)| event(day, kind));
    // W = 30, cutoff 400: goal ages 365, 300, 20; 13 whole periods of tenure.
    let found = features_at(&schema(30.0, buys), &events, 400.0);
    assert_values(
        &found,
        &[
            ("goal_cnt_W/2", 0.0),
            ("goal_cnt_W", 1.0),
            ("goal_cnt_all", 3.0),
            ("goal_rec", 20.0),
            (
                "goal_decay_W",
                (-365.0 / 30.0_f64).exp2() + (-10_f64).exp2() + (-2.0 / 3.0_f64).exp2(),
            ),
            ("goalgap_mean", 172.5),
            ("goal_y1", 1.0),
            ("goal_y2", 0.0),
            ("goal_rate4", 0.25),
            ("goal_rate8", 0.125),
            ("goal_last_year", 1.0),
        ],
    );
    assert!(
        !found.contains_key("goal_share_1"),
        "every event of the goal's type is a goal event"
    );
}

#[test]
fn periods_before_the_first_event_are_unknown() {
    let events = [event(370.0, "view"), event(371.0, "buy")];
    let found = features_at(&schema(30.0, buys), &events, 400.0);
    assert_values(
        &found,
        &[
            ("goal_y1", 1.0),
            ("goal_y2", f64::NAN),
            ("goal_rate4", 1.0),
            ("goal_last_year", f64::NAN),
        ],
    );
    let young = features_at(&schema(30.0, buys), &events, 380.0);
    assert_values(&young, &[("goal_y1", f64::NAN), ("goal_rate8", f64::NAN)]);
}

#[test]
fn shares_of_a_goal_are_taken_among_its_own_types() {
    let large = |event: &Event| event.kind == "buy" && event.amount > 20.0;
    let events: Vec<Event> = [(1.0, 50.0), (2.0, 1.0), (3.0, 60.0), (4.0, 70.0)]
        .map(|(day, amount)| Event {
            goal: amount > 20.0,
            ..paid(day, amount)
        })
        .into_iter()
        .chain([event(5.0, "view")])
        .collect();
    let found = features_at(&schema(30.0, large), &events, 9.0);
    assert_values(
        &found,
        &[
            ("goal_share_1", 1.0),
            ("goal_share_3", 2.0 / 3.0),
            ("goal_share_5", 0.75),
            ("goal_share_all", 0.75),
        ],
    );
}

#[test]
fn numbers_have_totals_levels_and_spread() {
    let mut events = vec![
        paid(10.0, 5.0),
        paid(80.0, -2.0),
        paid(90.0, 8.0),
        paid(95.0, 1.0),
    ];
    events.push(paid(97.0, f64::NAN));
    let found = features_at(&schema(10.0, buys), &events, 100.0);
    let std = ((25.0 + 4.0 + 64.0 + 1.0) / 4.0 - 9.0_f64).sqrt();
    assert_values(
        &found,
        &[
            ("sum_buy.amount_W", 1.0),
            ("sum_buy.amount_4W", 7.0),
            ("sum_buy.amount_all", 12.0),
            ("mean_buy.amount_4W", 7.0 / 3.0),
            ("mean_buy.amount_all", 3.0),
            ("last_buy.amount", 1.0),
            ("mean3_buy.amount", 7.0 / 3.0),
            ("mean10_buy.amount", 3.0),
            ("max_buy.amount", 8.0),
            ("std_buy.amount", std),
            ("sum_view.amount_all", 0.0),
            ("max_view.amount", f64::NAN),
        ],
    );
}

#[test]
fn only_the_newest_ten_values_count_as_newest() {
    let events: Vec<Event> = (1..=23)
        .map(|day| paid(f64::from(day), f64::from(day)))
        .collect();
    let found = features_at(&schema(30.0, buys), &events, 40.0);
    assert_values(
        &found,
        &[("mean10_buy.amount", 18.5), ("mean3_buy.amount", 22.0)],
    );
}

#[test]
fn a_huge_amount_spoils_only_the_windows_it_is_in() {
    let events = [
        paid(1.0, 1e300),
        paid(2.0, -1e300),
        paid(95.0, 3.0),
        paid(96.0, 4.5),
    ];
    let found = features_at(&schema(10.0, buys), &events, 100.0);
    assert_values(
        &found,
        &[
            ("sum_buy.amount_W", 7.5),
            ("mean_buy.amount_4W", 3.75),
            ("std_buy.amount", f64::NAN), // its square is too large
            ("max_buy.amount", 1e300),
        ],
    );
    let overflow = [paid(1.0, f64::MAX), paid(2.0, f64::MAX)];
    let found = features_at(&schema(10.0, buys), &overflow, 100.0);
    assert_values(&found, &[("sum_buy.amount_all", f64::NAN)]);
}

#[test]
fn categories_count_their_values_and_identifiers_are_only_distinct() {
    let with = |day, channel| Event {
        channel,
        ..event(day, "view")
    };
    let events = [
        with(10.0, "web"),
        with(95.0, "web"),
        with(96.0, "new"),
        with(97.0, ""),
    ];
    let schema = schema(10.0, buys);
    let found = features_at(&schema, &events, 100.0);
    let share: f64 = 2.0 / 3.0;
    assert_values(
        &found,
        &[
            ("cnt_channel=web_4W", 1.0),
            ("cnt_channel=web_all", 2.0),
            ("cnt_channel=shop_all", 0.0),
            (
                "ent_channel",
                -share * share.ln() - (1.0 - share) * (1.0 - share).ln(),
            ),
            ("modeshare_channel", share),
            ("last_channel", 2.0), // ~other
            ("nuniq_channel_W", 2.0),
            ("nuniq_channel_all", 2.0),
        ],
    );
    let features = schema.features();
    let last = features
        .iter()
        .find(|feature| feature.name == "last_channel")
        .unwrap();
    assert_eq!(last.values.as_deref().unwrap().last().unwrap(), "~other");
}

#[test]
fn the_clock_is_utc_and_weeks_begin_on_monday() {
    // Day 2 was Saturday, 1970-01-03; day 4 Monday.
    let events = [2.0, 2.5, 4.3, 4.8].map(|day| event(day, "view"));
    let found = features_at(&schema(30.0, buys), &events, 9.0);
    assert_values(
        &found,
        &[
            ("weekend_share", 0.5),
            ("h0_6", 0.25),
            ("h6_12", 0.25),
            ("h12_18", 0.25),
            ("h18_24", 0.25),
            ("last_hour", 0.8 * 24.0),
            ("dow_entropy", 2_f64.ln()),
        ],
    );
}

#[test]
fn the_attribute_row_in_force_is_used_and_instants_become_ages() {
    let mut packed = pack(&[event(1.0, "view")]);
    let country = packed.dictionaries.profiles[0].intern(b"NZ").unwrap();
    let key = 1_u64.to_le_bytes();
    LAYOUT.push_attributes(&mut packed.bytes, &key, 50 * DAY, &[41.0, 0.5], &[0]);
    LAYOUT.push_attributes(
        &mut packed.bytes,
        &key,
        Micros::MIN,
        &[40.0, f64::NAN],
        &[country],
    );
    let schema = packed.learn(30.0, 60 * DAY, GoalKind::Events);
    let names: Vec<String> = schema
        .features()
        .into_iter()
        .map(|feature| feature.name)
        .collect();
    let at = |name: &str| names.iter().position(|known| known == name).unwrap();
    let rows = packed.rows(&schema, &[49 * DAY, 50 * DAY]);
    let value = |row: usize, name: &str| rows[&1][row][at(name)];
    assert_eq!(
        (value(0, "profile.age"), value(1, "profile.age")),
        (40.0, 41.0)
    );
    assert!(value(0, "ten_profile").is_nan());
    assert_eq!(value(1, "ten_profile"), 49.5);
    assert!(value(1, "profile.country").is_nan());
}

#[test]
fn a_profile_without_events_yet_has_zeros_and_gaps() {
    let found = features_at(&schema(30.0, buys), &[event(50.0, "buy")], 49.0);
    assert_values(
        &found,
        &[
            ("cnt_any_all", 0.0),
            ("days_W", 0.0),
            ("rec_any", f64::NAN),
            ("ten_first", f64::NAN),
            ("rate_life", f64::NAN),
            ("decay_any_W", 0.0),
            ("type_entropy", 0.0),
            ("last_type", f64::NAN),
            ("goal_rec", f64::NAN),
            ("goal_y1", f64::NAN),
            ("modeshare_channel", 0.0),
            ("weekend_share", 0.0),
            ("last_hour", f64::NAN),
        ],
    );
}

#[test]
fn names_read_well_without_types() {
    let events: Vec<Event> = (0..40)
        .map(|day| Event {
            kind: "",
            key: day,
            ..paid(day as f64, day as f64)
        })
        .collect();
    let schema = pack(&events).learn(7.0, 100 * DAY, GoalKind::Aggregate);
    let features = schema.features();
    let sum = features
        .iter()
        .find(|feature| feature.name == "sum_amount_W")
        .unwrap();
    assert_eq!(sum.factor, "amount total, recent");
    assert_eq!(sum.label, "total amount in the last 7 days");
    assert_eq!(sum.unit, Unit::Amount);
    assert!(!features.iter().any(|feature| feature.name.contains("goal")));
    assert!(
        !features
            .iter()
            .any(|feature| feature.name.contains("missing"))
    );
}

#[test]
fn names_and_labels_are_unique_even_for_awkward_types() {
    let events: Vec<Event> = (0..90)
        .map(|day| Event {
            key: day % 9,
            ..event(day as f64, ["any", "buy", ""][day as usize % 3])
        })
        .collect();
    let schema = pack(&events).learn(7.0, 100 * DAY, GoalKind::Events);
    let mut names: Vec<String> = schema.features().into_iter().map(|f| f.name).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(names.contains(&"cnt_~missing_W".to_owned()));
}

// What must hold for any profile.

/// Profiles of many kinds: ties, bursts, long pauses, missing values.
fn crowd() -> Vec<Event> {
    let mut state = 7_u64;
    let mut draw = |below: u64| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) % below
    };
    let mut events = Vec::new();
    for key in 0..80 {
        let mut time = draw(200) as i64 * DAY / 2;
        for _ in 0..draw(60) {
            // Every third event is at the same instant as the one before.
            time += draw(3).min(1) as i64 * draw(20) as i64 * DAY / 4;
            let kind = ["buy", "click", "view", "", "gone"][draw(5) as usize];
            events.push(Event {
                key,
                time,
                kind,
                goal: kind == "buy" && draw(3) > 0,
                amount: [f64::NAN, 1.0, 2.5, -3.0, 1e9][draw(5) as usize],
                channel: ["", "web", "shop", "mail"][draw(4) as usize],
            });
        }
    }
    events
}

const CUTOFFS: [Micros; 5] = [90 * DAY, 120 * DAY, 121 * DAY, 200 * DAY, 400 * DAY];

fn bits(rows: &BTreeMap<u64, Vec<Vec<f64>>>) -> Vec<(u64, Vec<u64>)> {
    let cells = |rows: &[Vec<f64>]| rows.iter().flatten().map(|value| value.to_bits()).collect();
    rows.iter().map(|(key, rows)| (*key, cells(rows))).collect()
}

fn crowd_schema(events: &[Event]) -> Schema {
    pack(events).learn(20.0, 300 * DAY, GoalKind::Events)
}

#[test]
fn deleting_the_future_changes_no_bit() {
    let events = crowd();
    let schema = crowd_schema(&events);
    for cutoff in CUTOFFS {
        let past: Vec<Event> = events
            .iter()
            .filter(|event| event.time <= cutoff)
            .cloned()
            .collect();
        let whole = pack(&events).rows(&schema, &[cutoff]);
        let cut = pack(&past).rows(&schema, &[cutoff]);
        let seen: BTreeMap<_, _> = whole
            .into_iter()
            .filter(|(key, _)| cut.contains_key(key))
            .collect();
        assert!(seen.len() > 20);
        assert_eq!(bits(&seen), bits(&cut), "at {cutoff}");
    }
}

#[test]
fn other_cutoffs_and_their_order_change_no_bit() {
    let events = crowd();
    let schema = crowd_schema(&events);
    let packed = pack(&events);
    let all = packed.rows(&schema, &CUTOFFS);
    let mut backwards = CUTOFFS;
    backwards.reverse();
    let mut reversed = packed.rows(&schema, &backwards);
    reversed.values_mut().for_each(|rows| rows.reverse());
    assert_eq!(bits(&all), bits(&reversed));
    for (index, cutoff) in CUTOFFS.into_iter().enumerate() {
        let alone = packed.rows(&schema, &[cutoff]);
        let mut same = all.clone();
        same.values_mut()
            .for_each(|rows| *rows = vec![rows[index].clone()]);
        assert_eq!(bits(&same), bits(&alone));
    }
}

#[test]
fn the_order_of_rows_changes_nothing_even_among_ties() {
    let events = crowd();
    let schema = crowd_schema(&events);
    let rows = pack(&events).rows(&schema, &CUTOFFS);
    for seed in [1, 2, 3] {
        let mut order: Vec<u64> = (0..events.len() as u64).collect();
        order.sort_by_key(|index| profile_hash(&(index * 31 + seed).to_le_bytes()));
        let shuffled: Vec<Event> = order.iter().map(|&i| events[i as usize].clone()).collect();
        let packed = pack(&shuffled);
        assert_eq!(packed.learn(20.0, 300 * DAY, GoalKind::Events), schema);
        assert_eq!(
            bits(&packed.rows(&schema, &CUTOFFS)),
            bits(&rows),
            "seed {seed}"
        );
    }
}

#[test]
fn shifting_all_times_by_whole_weeks_shifts_nothing() {
    let events = crowd();
    let schema = crowd_schema(&events);
    let rows = pack(&events).rows(&schema, &CUTOFFS);
    for weeks in [-7000, -3, 1, 2000] {
        let by = weeks * 7 * DAY;
        let moved: Vec<Event> = events
            .iter()
            .map(|event| Event {
                time: event.time + by,
                ..event.clone()
            })
            .collect();
        let found = pack(&moved).rows(&schema, &CUTOFFS.map(|cutoff| cutoff + by));
        assert_eq!(bits(&found), bits(&rows), "{weeks} weeks");
    }
}

#[test]
fn doubling_every_event_doubles_counts_and_totals() {
    let events = crowd();
    let schema = crowd_schema(&events);
    let single = pack(&events).rows(&schema, &CUTOFFS);
    let twice: Vec<Event> = events
        .iter()
        .flat_map(|event| [event.clone(), event.clone()])
        .collect();
    let double = pack(&twice).rows(&schema, &CUTOFFS);
    let features = schema.features();
    let mut compared = 0;
    for (key, rows) in &single {
        for (row, found) in rows
            .iter()
            .flatten()
            .zip(double[key].iter().flatten())
            .enumerate()
        {
            let name = &features[row % features.len()].name;
            let factor = if ["cnt_", "goal_cnt", "decay_any", "sum_"]
                .iter()
                .any(|p| name.starts_with(p))
            {
                2.0
            } else if ["days_", "rec_", "gap", "nuniq", "max_", "ten_"]
                .iter()
                .any(|p| name.starts_with(p))
            {
                1.0
            } else {
                continue;
            };
            let (before, after) = found;
            let same = before.is_nan() && after.is_nan();
            assert!(
                same || (after - factor * before).abs() <= 1e-9 * before.abs(),
                "{name}: {before}, {after}"
            );
            compared += 1;
        }
    }
    assert!(compared > 10_000);
}

/// Counts, totals and distinct values straight from their definitions.
#[test]
fn windows_agree_with_their_definitions() {
    let events = crowd();
    let schema = crowd_schema(&events);
    let features = schema.features();
    let at = |name: String| {
        features
            .iter()
            .position(|feature| feature.name == name)
            .unwrap()
    };
    let rows = pack(&events).rows(&schema, &CUTOFFS);
    for (key, rows) in &rows {
        for (row, cutoff) in rows.iter().zip(CUTOFFS) {
            for span in schema.spans() {
                let length = span.days(20.0);
                let age = |event: &&Event| (cutoff - event.time) as f64 / DAY as f64;
                let inside: Vec<&Event> = events
                    .iter()
                    .filter(|event| {
                        event.key == *key && event.time <= cutoff && age(event) < length
                    })
                    .collect();
                let goals = inside.iter().filter(|event| event.goal).count();
                assert_eq!(
                    row[at(format!("cnt_any_{}", span.name()))],
                    inside.len() as f64
                );
                assert_eq!(row[at(format!("goal_cnt_{}", span.name()))], goals as f64);
                if ["W/4", "W", "4W", "all"].contains(&span.name()) {
                    let clicks = inside.iter().filter(|event| event.kind == "click").count();
                    assert_eq!(row[at(format!("cnt_click_{}", span.name()))], clicks as f64);
                }
                if ["W", "4W", "all"].contains(&span.name()) {
                    let amounts = inside
                        .iter()
                        .filter(|e| e.kind == "view" && !e.amount.is_nan());
                    let total: f64 = amounts.map(|event| event.amount).sum();
                    let found = row[at(format!("sum_view.amount_{}", span.name()))];
                    assert!((found - total).abs() <= 1e-9 * total.abs());
                }
                if ["W", "all"].contains(&span.name()) {
                    let mut channels: Vec<&str> =
                        inside.iter().map(|event| event.channel).collect();
                    channels.sort_unstable();
                    channels.dedup();
                    channels.retain(|channel| !channel.is_empty());
                    let found = row[at(format!("nuniq_channel_{}", span.name()))];
                    assert_eq!(found, channels.len() as f64);
                }
            }
        }
    }
}

#[test]
fn a_long_history_is_read_and_poll_is_called() {
    let events: Vec<Event> = (0..200_000)
        .map(|i| Event {
            time: i * DAY / 500,
            ..paid(0.0, i as f64)
        })
        .collect();
    let packed = pack(&events);
    let schema = schema(30.0, buys);
    let mut features = Features::new(&schema, &packed.dictionaries);
    let mut row = vec![0.0; features.len()];
    let mut polls = 0;
    packed.walk(&mut |profile| {
        features.start();
        features
            .row(profile, 400 * DAY, &mut row, &mut || polls += 1)
            .unwrap();
    });
    let count = schema
        .features()
        .iter()
        .position(|f| f.name == "cnt_any_all")
        .unwrap();
    assert_eq!(row[count], 200_000.0);
    assert!(polls >= 40, "{polls} polls");
}

#[test]
fn a_row_of_the_wrong_length_is_refused() {
    let packed = pack(&[event(1.0, "buy")]);
    let schema = schema(30.0, buys);
    let mut features = Features::new(&schema, &packed.dictionaries);
    packed.walk(&mut |profile| {
        features.start();
        let found = features.row(profile, 0, &mut [0.0; 3], &mut || ());
        assert!(matches!(
            found,
            Err(propensity::Error::LengthMismatch { found: 3, .. })
        ));
    });
}
