//! Small profiles, worked out by hand.

use crate::world::*;
use propensity::features::Unit;
use propensity::features::schema::{GoalKind, Schema, TextColumn};
use propensity::time::{DAY, Micros};

#[test]
fn counts_take_ages_below_the_window_and_days_by_their_first_event() {
    let events = [70.0, 71.0, 92.5, 92.75, 99.0, 100.0, 100.25].map(|day| event(day, "view"));
    // W = 30: ages 30, 29, 7.5, 7.25, 1, 0; the last event is after the cutoff.
    let found = features_at(&schema(30.0, buys), &events, 100.0);
    assert_values(
        &found,
        &[
            ("cnt_any_W/4", 3.0),
            ("cnt_any_W", 5.0),
            ("cnt_any_all", 6.0),
            ("days_W/4", 2.0), // the day of 92.5 began outside
            ("days_all", 5.0),
            ("rec_any", 0.0),
            ("ten_first", 30.0),
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
            ("decay_days_W", 0.125 + 0.25 + 0.5),
            ("decay_view_W", 1.125),
            ("decay_buy_W", 0.0),
        ],
    );
}

#[test]
fn each_type_has_counts_and_recency() {
    let events = [
        (10.0, "buy"),
        (95.0, "click"),
        (96.0, "click"),
        (97.0, "view"),
    ]
    .map(|(day, kind)| event(day, kind));
    let schema = schema(30.0, buys);
    let found = features_at(&schema, &events, 100.0);
    assert_values(
        &found,
        &[
            ("cnt_click_W/4", 2.0),
            ("cnt_buy_W", 0.0),
            ("cnt_buy_4W", 1.0),
            ("cnt_buy_all", 1.0),
            ("rec_buy", 90.0),
            ("rec_click", 4.0),
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
            ("goal_cnt_W/4", 0.0),
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
fn a_date_after_the_cutoff_is_not_known_at_it() {
    // Days from the event: the dates are the days 15, 50 and 37.
    let events = [paid(10.0, 5.0), paid(20.0, 30.0), paid(40.0, -3.0)];
    let mut schema = schema(30.0, buys);
    schema.names.times = vec![true];
    let names: Vec<String> = schema.features().into_iter().map(|f| f.name).collect();
    let cutoffs = [14.0, 45.0, 49.99, 50.0, 45.0].map(|day: f64| (day * DAY as f64) as Micros);
    let values = |schema: &Schema, name: &str| {
        let at = names.iter().position(|known| known == name).unwrap();
        let rows = pack(&events).rows(schema, &cutoffs);
        rows[&1].iter().map(|row| row[at]).collect::<Vec<f64>>()
    };
    assert_eq!(
        values(&schema, "sum_buy.amount_all"),
        [0.0, 2.0, 2.0, 32.0, 2.0]
    );
    assert_eq!(
        values(&schema, "sum_buy.amount_4W"),
        [0.0, 2.0, 2.0, 32.0, 2.0]
    );
    assert_eq!(
        values(&schema, "mean10_buy.amount")[1..],
        [1.0, 1.0, 32.0 / 3.0, 1.0]
    );
    assert_eq!(
        values(&schema, "max_buy.amount")[1..],
        [5.0, 5.0, 30.0, 5.0]
    );
    assert!(values(&schema, "last_buy.amount")[0].is_nan());
    schema.names.known_ahead = vec!["amount".to_owned()];
    assert_eq!(
        values(&schema, "sum_buy.amount_all"),
        [5.0, 32.0, 32.0, 32.0, 32.0]
    );
    // What is no date is known with its event.
    schema.names.times = vec![false];
    schema.names.known_ahead.clear();
    assert_eq!(values(&schema, "max_buy.amount")[0], 5.0);
}

#[test]
fn a_date_of_a_profile_is_known_once_it_has_come() {
    let mut packed = pack(&[event(1.0, "view")]);
    let key = 1_u64.to_le_bytes();
    LAYOUT.push_attributes(&mut packed.bytes, &key, Micros::MIN, &[60.0, 50.0], &[0]);
    let mut schema = packed.learn(30.0, 60 * DAY, GoalKind::Events);
    let names: Vec<String> = schema.features().into_iter().map(|f| f.name).collect();
    let at = |name: &str| names.iter().position(|known| known == name).unwrap();
    let cutoffs = [49 * DAY, 50 * DAY - 1, 50 * DAY, 51 * DAY];
    let ages = |schema: &Schema| -> Vec<f64> {
        let rows = packed.rows(schema, &cutoffs);
        rows[&1].iter().map(|row| row[at("ten_profile")]).collect()
    };
    let found = ages(&schema);
    assert!(found[0].is_nan() && found[1].is_nan());
    assert_eq!(found[2..], [0.0, 1.0]);
    // A number is not a date.
    assert_eq!(
        packed.rows(&schema, &cutoffs)[&1][0][at("profile.age")],
        60.0
    );
    schema.names.known_ahead = vec!["joined".to_owned()];
    assert_eq!(ages(&schema)[0], -1.0);
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
    let mut schema = schema(10.0, buys);
    let found = features_at(&schema, &events, 100.0);
    assert_values(
        &found,
        &[("cnt_channel=web_all", 2.0), ("cnt_channel=shop_all", 0.0)],
    );
    assert!(!found.keys().any(|name| name.starts_with("nuniq_")));
    schema.text = vec![TextColumn::Identifier];
    let found = features_at(&schema, &events, 100.0);
    assert_values(
        &found,
        &[("nuniq_channel_W", 2.0), ("nuniq_channel_all", 2.0)],
    );
    assert_eq!(found.keys().filter(|n| n.contains("channel")).count(), 2);
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
            ("decay_any_W", 0.0),
            ("goal_rec", f64::NAN),
            ("goal_y1", f64::NAN),
            ("cnt_channel=web_all", 0.0),
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
    assert_eq!(sum.factor, "Total amount of events in the last 7 days");
    assert_eq!(sum.label, "total amount of events in the last 7 days");
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
