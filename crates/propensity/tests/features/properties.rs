//! What must hold for any profile.

use crate::world::*;
use propensity::features::Features;
use propensity::features::schema::{GoalKind, Schema, TextColumn};
use propensity::hash::profile_hash;
use propensity::time::{DAY, Micros, days_between};
use std::collections::BTreeMap;

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
fn shifting_all_times_by_whole_days_shifts_nothing() {
    let events = crowd();
    let schema = crowd_schema(&events);
    let rows = pack(&events).rows(&schema, &CUTOFFS);
    for days in [-49_000, -20, 1, 14_001] {
        let by = days * DAY;
        let moved: Vec<Event> = events
            .iter()
            .map(|event| Event {
                time: event.time + by,
                ..event.clone()
            })
            .collect();
        let found = pack(&moved).rows(&schema, &CUTOFFS.map(|cutoff| cutoff + by));
        assert_eq!(bits(&found), bits(&rows), "{days} days");
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
    let mut schema = crowd_schema(&events);
    schema.text = vec![TextColumn::Identifier];
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
                let clicks = inside.iter().filter(|event| event.kind == "click").count();
                assert_eq!(row[at(format!("cnt_click_{}", span.name()))], clicks as f64);
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

/// Sum over the events of profile 1 of the weights that halve every `half_life` days.
fn decayed(events: &[Event], cutoff: Micros, half_life: f64) -> f64 {
    let age = |event: &Event| days_between(event.time, cutoff);
    let past = events.iter().filter(|event| event.time <= cutoff);
    past.map(|event| (-age(event) / half_life).exp2()).sum()
}

#[test]
fn decayed_counts_agree_with_their_definition_however_long_the_history() {
    for window in [0.01, 1.0, 30.0, 5000.0] {
        let schema = schema(window, buys);
        let features = schema.features();
        let at = |name: &str| features.iter().position(|feature| feature.name == name);
        // Decades of events, some close to each other, some far apart.
        let times: Vec<Micros> = (0..400_i64)
            .map(|i| i * i / 7 * DAY / 4 + i * i * i % 1000 * DAY / 999)
            .collect();
        let events: Vec<Event> = times
            .iter()
            .enumerate()
            .map(|(i, &time)| Event {
                time,
                ..event(0.0, ["buy", "view", "view"][i % 3])
            })
            .collect();
        let newest = times.iter().max().unwrap();
        let cutoffs = [0, 1, 399 * DAY, 2000 * DAY, *newest, newest + 90 * DAY];
        let rows = pack(&events).rows(&schema, &cutoffs);
        for (row, cutoff) in rows[&1].iter().zip(cutoffs) {
            let of = |kind: &str| -> Vec<Event> {
                events
                    .iter()
                    .filter(|e| kind.is_empty() || e.kind == kind)
                    .cloned()
                    .collect()
            };
            for (name, kind) in [
                ("decay_any_W", ""),
                ("decay_buy_W", "buy"),
                ("decay_view_W", "view"),
                ("goal_decay_W", "buy"),
            ] {
                let Some(place) = at(name) else { continue };
                let exact = decayed(&of(kind), cutoff, window);
                let found = row[place];
                // Numbers below the normal ones have fewer digits.
                let slack = 1e-11 * exact + f64::MIN_POSITIVE;
                assert!(
                    (found - exact).abs() <= slack,
                    "{name}, W = {window}: {found}, {exact}"
                );
            }
        }
    }
}

#[test]
fn the_ends_of_time_are_ordinary_instants() {
    for window in [0.01, 30.0, 1e9] {
        let schema = schema(window, buys);
        let times = [
            Micros::MIN,
            Micros::MIN + 1,
            -1,
            0,
            Micros::MAX - 1,
            Micros::MAX,
        ];
        let events = times.map(|time| Event {
            time,
            ..paid(0.0, 1.0)
        });
        let packed = pack(&events);
        let rows = packed.rows(&schema, &times);
        let all = schema
            .features()
            .iter()
            .position(|f| f.name == "cnt_any_all")
            .unwrap();
        for (read, (row, cutoff)) in (1..).zip(rows[&1].iter().zip(times)) {
            assert_eq!(row[all], f64::from(read));
            assert!(row.iter().all(|value| !value.is_infinite()), "{row:?}");
            let alone = packed.rows(&schema, &[cutoff]);
            assert_eq!(
                bits(&alone)[0].1,
                row.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
            );
        }
    }
}
