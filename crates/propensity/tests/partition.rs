//! Walking a partition: whose records, in which order, and what is refused.
#![expect(clippy::unwrap_used, reason = "helpers of tests, which may panic")]

use propensity::Error;
use propensity::compact::{Compact, Events};
use propensity::dictionary::Dictionaries;
use propensity::hash::profile_hash;
use propensity::history::{Mark, MarkKind, Profile};
use propensity::partition::{self, Lane, Partition, Worker, partition_of};
use propensity::record::{EventFlags, KeyWidth, Layout};
use propensity::time::Micros;

const LAYOUT: Layout = Layout {
    key: KeyWidth::Variable,
    numbers: 1,
    codes: 1,
    profile_numbers: 1,
    profile_codes: 0,
};

/// All that a profile shows, as text.
fn describe(profile: &Profile) -> String {
    let history = &profile.history;
    let key = String::from_utf8_lossy(profile.key);
    let attributes = profile.attributes;
    let events = (
        &history.times,
        &history.kinds,
        &history.goals,
        &history.numbers[0],
        &history.codes[0],
    );
    format!("{key}: {events:?} {attributes:?} {:?}", profile.marks)
}

fn walk(partition: &mut Partition, bytes: &[u8], dictionaries: &Dictionaries) -> Vec<String> {
    let mut seen = Vec::new();
    let mut visit = |profile: &Profile| {
        assert_eq!(profile.hash, profile_hash(profile.key));
        seen.push(describe(profile));
        Ok(())
    };
    partition
        .walk(&LAYOUT, bytes, dictionaries, &mut visit, &mut || ())
        .unwrap();
    seen
}

fn event(out: &mut Vec<u8>, key: &str, time: Micros, kind: u32, goal: bool, number: f64) {
    let flags = EventFlags {
        goal,
        ..EventFlags::default()
    };
    LAYOUT.push_event(out, key.as_bytes(), time, kind, flags, &[number], &[kind]);
}

#[test]
fn profiles_come_by_hash_with_their_own_records() {
    let keys: Vec<String> = (0..5000)
        .map(|number| format!("profile {number}"))
        .collect();
    let mut bytes = Vec::new();
    for time in [3, 1, 2] {
        for key in &keys {
            event(&mut bytes, key, time, 0, false, key.len() as f64);
        }
    }
    let mut by_hash: Vec<&String> = keys.iter().collect();
    by_hash.sort_by_key(|key| profile_hash(key.as_bytes()));
    let mut partition = Partition::default();
    let seen = walk(&mut partition, &bytes, &Dictionaries::new(1, 0));
    assert_eq!(seen.len(), keys.len());
    for (seen, key) in seen.iter().zip(by_hash) {
        assert!(seen.starts_with(&format!("{key}: ([1, 2, 3], ")), "{seen}");
    }
    assert_eq!(
        walk(&mut partition, &bytes, &Dictionaries::new(1, 0)),
        seen,
        "again"
    );
}

#[test]
fn partitions_by_the_top_bits_are_walked_in_the_order_of_one() {
    let mut whole = Vec::new();
    let mut parts = vec![Vec::new(); 8];
    for number in 0..2000_i64 {
        let key = format!("{}", number % 300);
        let part = profile_hash(key.as_bytes()) >> 61;
        event(
            &mut whole,
            &key,
            number * 7 % 50,
            0,
            number % 3 == 0,
            number as f64,
        );
        event(
            &mut parts[part as usize],
            &key,
            number * 7 % 50,
            0,
            number % 3 == 0,
            number as f64,
        );
    }
    let mut partition = Partition::default();
    let dictionaries = Dictionaries::new(1, 0);
    let together: Vec<String> = parts
        .iter()
        .flat_map(|bytes| walk(&mut partition, bytes, &dictionaries))
        .collect();
    assert_eq!(together, walk(&mut partition, &whole, &dictionaries));
}

/// Notes what it sees; asked to, fails at a profile.
#[derive(Default)]
struct Witness {
    seen: Vec<String>,
    fail_at: Option<&'static str>,
    /// Whether profiles with an odd hash are left out.
    only_even: bool,
    finished: usize,
}

impl Worker for Witness {
    fn wants(&self, hash: u64) -> bool {
        !self.only_even || hash.is_multiple_of(2)
    }

    fn visit(&mut self, profile: &Profile, poll: &mut dyn FnMut()) -> Result<(), Error> {
        poll();
        if self.fail_at.map(str::as_bytes) == Some(profile.key) {
            return Err(Error::NoRows);
        }
        self.seen.push(describe(profile));
        Ok(())
    }

    fn finish(&mut self, _poll: &mut dyn FnMut()) -> Result<(), Error> {
        self.finished = self.seen.len();
        Ok(())
    }
}

/// Two lanes with 150 profiles each, those of the lower hashes in the first, and all records.
fn two_lanes() -> ([Lane<Witness>; 2], Vec<u8>) {
    let mut lanes = [0, 1].map(|_| Lane::new(Witness::default()));
    let mut whole = Vec::new();
    for number in 0..2000_i64 {
        let key = format!("{}", number % 300);
        let lane = profile_hash(key.as_bytes()) >> 63;
        for out in [&mut lanes[lane as usize].bytes, &mut whole] {
            event(out, &key, number * 7 % 50, 0, false, number as f64);
        }
    }
    (lanes, whole)
}

fn begin(start: &mut dyn FnMut()) {
    start();
}

#[test]
fn two_lanes_side_by_side_see_what_one_walk_sees() {
    let dictionaries = Dictionaries::new(1, 0);
    for begin in [None, Some(begin as propensity::parallel::Begin)] {
        let (mut lanes, whole) = two_lanes();
        let mut polls = 0;
        let mut poll = || polls += 1;
        partition::walk(&mut lanes, &LAYOUT, &dictionaries, begin, &mut poll).unwrap();
        assert!(polls > 0, "the calling thread polls");
        let workers = lanes.map(|lane| lane.worker);
        let finished: usize = workers.iter().map(|worker| worker.finished).sum();
        assert_eq!(finished, 300);
        let seen: Vec<String> = workers.into_iter().flat_map(|worker| worker.seen).collect();
        assert_eq!(seen, walk(&mut Partition::default(), &whole, &dictionaries));
    }
}

#[test]
fn a_profile_that_is_not_wanted_changes_nothing_for_the_others() {
    let dictionaries = Dictionaries::new(1, 0);
    let key_of = |line: &String| line.split_once(':').unwrap().0.to_owned();
    let seen_by = |only_even| {
        let ([mut lane, _], _) = two_lanes();
        lane.worker.only_even = only_even;
        let lanes = std::slice::from_mut(&mut lane);
        partition::walk(lanes, &LAYOUT, &dictionaries, None, &mut || ()).unwrap();
        lane.worker.seen
    };
    let mut all = seen_by(false);
    let some = seen_by(true);
    assert!(!some.is_empty() && some.len() < all.len());
    all.retain(|line| profile_hash(key_of(line).as_bytes()).is_multiple_of(2));
    assert_eq!(some, all);
}

#[test]
fn an_error_in_either_lane_is_the_error_of_the_walk() {
    let dictionaries = Dictionaries::new(1, 0);
    let fail = ["0", "1", "2", "3", "4", "5"];
    let lane_of = |key: &str| (profile_hash(key.as_bytes()) >> 63) as usize;
    let lanes_tried: Vec<usize> = fail.iter().map(|key| lane_of(key)).collect();
    assert!(lanes_tried.contains(&0) && lanes_tried.contains(&1));
    for key in fail {
        let (mut lanes, _) = two_lanes();
        lanes[lane_of(key)].worker.fail_at = Some(key);
        let walked = partition::walk(&mut lanes, &LAYOUT, &dictionaries, Some(begin), &mut || ());
        assert_eq!(walked, Err(Error::NoRows));
    }
}

#[test]
fn ties_have_one_order_whatever_order_records_and_texts_came_in() {
    let kinds = ["buy", "view", "click", "open"];
    let told = |order: &[usize]| {
        let mut dictionaries = Dictionaries::new(1, 0);
        let mut bytes = Vec::new();
        for &index in order {
            let code = dictionaries
                .kinds
                .intern(kinds[index % 4].as_bytes())
                .unwrap();
            dictionaries.events[0]
                .intern(kinds[index % 4].as_bytes())
                .unwrap();
            let number = [f64::NAN, -1.0, 0.0, 2.0][index / 4 % 4];
            event(&mut bytes, "k", 5, code, index / 16 == 1, number);
        }
        let mut told = Vec::new();
        let mut visit = |profile: &Profile| {
            let history = &profile.history;
            for event in 0..history.times.len() {
                let kind = dictionaries
                    .kinds
                    .text(history.kinds[event])
                    .unwrap()
                    .to_owned();
                told.push((
                    kind,
                    history.numbers[0][event].to_bits(),
                    history.goals[event],
                ));
            }
            Ok(())
        };
        Partition::default()
            .walk(&LAYOUT, &bytes, &dictionaries, &mut visit, &mut || ())
            .unwrap();
        told
    };
    let forwards: Vec<usize> = (0..32).collect();
    let backwards: Vec<usize> = (0..32).rev().collect();
    let mixed: Vec<usize> = (0..32).map(|index| index * 13 % 32).collect();
    let order = told(&forwards);
    assert_eq!(order.len(), 32);
    assert_eq!(told(&backwards), order);
    assert_eq!(told(&mixed), order);
}

#[test]
fn attributes_and_marks_go_to_their_profile_in_order() {
    let mut bytes = Vec::new();
    let mark = |cutoff, kind| Mark { cutoff, kind };
    LAYOUT.push_mark(&mut bytes, b"a", mark(9, MarkKind::Goal));
    LAYOUT.push_attributes(&mut bytes, b"b", 20, &[2.0], &[]);
    LAYOUT.push_attributes(&mut bytes, b"b", 10, &[1.0], &[]);
    LAYOUT.push_mark(&mut bytes, b"a", mark(3, MarkKind::Eligible));
    event(&mut bytes, "a", 1, 0, true, 0.5);
    LAYOUT.push_mark(&mut bytes, b"a", mark(9, MarkKind::Eligible));
    let mut found = Vec::new();
    let mut visit = |profile: &Profile| {
        let times: Vec<Micros> = profile
            .attributes
            .iter()
            .map(|row| row.valid_from)
            .collect();
        found.push((
            profile.key.to_vec(),
            profile.history.times.len(),
            profile.marks.to_vec(),
            times,
        ));
        Ok(())
    };
    Partition::default()
        .walk(
            &LAYOUT,
            &bytes,
            &Dictionaries::new(1, 0),
            &mut visit,
            &mut || (),
        )
        .unwrap();
    found.sort();
    let marks = vec![
        mark(3, MarkKind::Eligible),
        mark(9, MarkKind::Eligible),
        mark(9, MarkKind::Goal),
    ];
    assert_eq!(
        found,
        [
            (b"a".to_vec(), 1, marks, vec![]),
            (b"b".to_vec(), 0, vec![], vec![10, 20])
        ]
    );
}

#[test]
fn keys_of_any_length_stay_apart() {
    let keys = [
        "",
        "a",
        "a\0",
        "aaaaaaaa",
        "aaaaaaaab",
        "aaaaaaaac",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ];
    let mut bytes = Vec::new();
    for round in 0..3 {
        for key in keys {
            event(&mut bytes, key, round, 0, false, 0.0);
        }
    }
    let seen = walk(&mut Partition::default(), &bytes, &Dictionaries::new(1, 0));
    assert_eq!(seen.len(), keys.len());
    assert!(
        seen.iter().all(|profile| profile.contains("[0, 1, 2]")),
        "{seen:?}"
    );
}

#[test]
fn nothing_is_visited_in_an_empty_partition_and_a_broken_one_is_refused() {
    let dictionaries = Dictionaries::new(1, 0);
    assert!(walk(&mut Partition::default(), &[], &dictionaries).is_empty());
    let mut bytes = Vec::new();
    event(&mut bytes, "a", 1, 0, false, 0.0);
    bytes.pop();
    let found =
        Partition::default().walk(&LAYOUT, &bytes, &dictionaries, &mut |_| Ok(()), &mut || ());
    assert_eq!(found, Err(Error::BadRecord));
}

#[test]
fn an_error_of_the_visitor_ends_the_walk() {
    let mut bytes = Vec::new();
    event(&mut bytes, "a", 1, 0, false, 0.0);
    event(&mut bytes, "b", 1, 0, false, 0.0);
    let mut visits = 0;
    let mut visit = |_: &Profile| {
        visits += 1;
        Err(Error::NoRows)
    };
    let found = Partition::default().walk(
        &LAYOUT,
        &bytes,
        &Dictionaries::new(1, 0),
        &mut visit,
        &mut || (),
    );
    assert_eq!((found, visits), (Err(Error::NoRows), 1));
}

#[test]
fn one_profile_with_many_unsorted_events_is_sorted_and_polled() {
    let mut bytes = Vec::new();
    for number in 0..300_000_i64 {
        event(&mut bytes, "k", number * 7919 % 300_007, 0, false, 0.0);
    }
    let mut polls = 0;
    let mut sorted = false;
    let mut visit = |profile: &Profile| {
        sorted = profile.history.times.is_sorted();
        Ok(())
    };
    Partition::default()
        .walk(
            &LAYOUT,
            &bytes,
            &Dictionaries::new(1, 0),
            &mut visit,
            &mut || polls += 1,
        )
        .unwrap();
    assert!(sorted);
    assert!(polls > 50, "{polls} polls");
}

#[test]
fn a_profile_by_itself_looks_as_in_a_walk() {
    let mut dictionaries = Dictionaries::new(1, 0);
    for text in ["visit", "buy"] {
        dictionaries.kinds.intern(text.as_bytes()).unwrap();
        dictionaries.events[0].intern(text.as_bytes()).unwrap();
    }
    let newest = 9;
    let compact = &Compact::new(&LAYOUT, newest);
    let (mut records, mut bytes) = (Vec::new(), Vec::new());
    for (time, kind, number) in [
        (7, 2, 1.0),
        (3, 1, 5.0),
        (3, 2, 5.0),
        (3, 1, -5.0),
        (3, 1, 1e9),
        (newest, 0, 0.0),
    ] {
        let goal = kind == 2;
        event(&mut records, "", time, kind, goal, number);
        let flags = EventFlags {
            goal,
            ..EventFlags::default()
        };
        let mut fields = compact.event(&mut bytes, time, kind, flags);
        fields.number(number);
        fields.code(kind);
    }
    let mut partition = Partition::default();
    let walked = walk(&mut partition, &records, &dictionaries);
    for _ in 0..2 {
        let bytes = &bytes;
        let events = Events { compact, bytes };
        let (profile, counts) = partition
            .single(&events, &dictionaries, &mut || ())
            .unwrap();
        assert_eq!(walked, [describe(&profile)]);
        assert_eq!(counts.events, 6);
    }
    let bytes = &bytes[..bytes.len() - 1];
    let cut = partition.single(&Events { compact, bytes }, &dictionaries, &mut || ());
    assert_eq!(cut.err(), Some(Error::BadRecord));
}

/// Two megabytes are walked in parts: the same profiles in the same order with the same events as
/// each walked by itself, be they of one partition, of neighbours or of all.
#[test]
fn many_records_are_walked_as_few() {
    for partitions in [90..=90, 90..=92, 0..=255] {
        large_is_as_small(partitions);
    }
}

fn large_is_as_small(partitions: std::ops::RangeInclusive<usize>) {
    let dictionaries = Dictionaries::new(1, 0);
    let keys = (0..u32::MAX).map(|number| format!("{number:08}"));
    let mine = keys.filter(|key| partitions.contains(&partition_of(profile_hash(key.as_bytes()))));
    let keys: Vec<String> = mine.take(1500).collect();
    let (mut bytes, mut alone) = (Vec::new(), vec![Vec::new(); keys.len()]);
    for number in 0..60_000_usize {
        // 7 and 1,500 have no common divisor: every profile comes 40 times, at mixed times.
        let profile = number * 7 % keys.len();
        let time = (number * 31 % 997) as Micros;
        for out in [&mut bytes, &mut alone[profile]] {
            event(out, &keys[profile], time, 0, number % 3 == 0, number as f64);
        }
    }
    assert!(bytes.len() > 2_000_000);
    let mut partition = Partition::default();
    let found = walk(&mut partition, &bytes, &dictionaries);
    let hashes = keys.iter().map(|key| profile_hash(key.as_bytes()));
    let mut expected: Vec<(u64, &String, Vec<u8>)> = hashes
        .zip(&keys)
        .zip(alone)
        .map(|((hash, key), bytes)| (hash, key, bytes))
        .collect();
    expected.sort_unstable();
    let expected: Vec<String> = expected
        .iter()
        .flat_map(|(_, _, bytes)| walk(&mut partition, bytes, &dictionaries))
        .collect();
    assert_eq!(found, expected);

    let broken = bytes.len() - 1;
    let result = partition.walk(
        &LAYOUT,
        &bytes[..broken],
        &dictionaries,
        &mut |_| Ok(()),
        &mut || (),
    );
    assert_eq!(result, Err(Error::BadRecord));
    assert_eq!(walk(&mut partition, &bytes, &dictionaries), found);
}
