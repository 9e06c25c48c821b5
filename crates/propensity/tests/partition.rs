//! Walking a partition: whose records, in which order, and what is refused.
#![expect(clippy::unwrap_used, reason = "helpers of tests, which may panic")]

use propensity::Error;
use propensity::answer::Counts;
use propensity::compact::{Compact, Events};
use propensity::dictionary::{Dictionaries, Dictionary};
use propensity::hash::profile_hash;
use propensity::history::{Mark, MarkKind, Profile};
use propensity::partition::{self, Batch, Lane, Partition, Worker, partition_of};
use propensity::recode::Recode;
use propensity::record::{EventFlags, KeyWidth, Layout};
use propensity::rng::Rng;
use propensity::time::Micros;
use std::sync::Arc;

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
        history
            .flags
            .iter()
            .map(|flags| flags.goal())
            .collect::<Vec<_>>(),
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
        for out in [&mut lanes[lane as usize].batch.bytes, &mut whole] {
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
fn records_that_come_in_pieces_are_walked_as_those_that_come_at_once() {
    let dictionaries = Dictionaries::new(1, 0);
    for begin in [None, Some(begin as propensity::parallel::Begin)] {
        let (mut lanes, whole) = two_lanes();
        // The first lane gets its records bit by bit, and more than it was told; the second is done
        // at once.
        let batch = std::mem::take(&mut lanes[0].batch);
        let records: Vec<&[u8]> = LAYOUT
            .records(&batch.bytes)
            .map(|record| record.unwrap().1)
            .collect();
        lanes[0].begin(batch.bytes.len() / 2);
        let pieces: Vec<Vec<u8>> = records.chunks(97).map(<[&[u8]]>::concat).collect();
        for (number, piece) in pieces.iter().enumerate() {
            lanes[0].batch.bytes.extend_from_slice(piece);
            lanes[0].more = number + 1 < pieces.len();
            let seen = lanes[0].worker.seen.len();
            assert_eq!(seen, 0, "visited before the last piece");
            partition::walk(&mut lanes, &LAYOUT, &dictionaries, begin, &mut || ()).unwrap();
        }
        let seen: Vec<String> = lanes
            .into_iter()
            .flat_map(|lane| lane.worker.seen)
            .collect();
        assert_eq!(seen, walk(&mut Partition::default(), &whole, &dictionaries));
    }
}

#[test]
fn a_lane_can_be_walked_again_with_other_profiles() {
    let dictionaries = Dictionaries::new(1, 0);
    let ([mut lane, mut other], _) = two_lanes();
    let mut expected = walk(&mut Partition::default(), &lane.batch.bytes, &dictionaries);
    expected.extend(walk(
        &mut Partition::default(),
        &other.batch.bytes,
        &dictionaries,
    ));
    let lanes = std::slice::from_mut(&mut lane);
    partition::walk(lanes, &LAYOUT, &dictionaries, None, &mut || ()).unwrap();
    lanes[0].batch = std::mem::take(&mut other.batch);
    partition::walk(lanes, &LAYOUT, &dictionaries, None, &mut || ()).unwrap();
    assert_eq!(lane.worker.seen, expected);
}

/// Dictionaries that met these texts, as types and as values, in this order.
fn met(texts: &[&str]) -> Dictionaries {
    let mut dictionaries = Dictionaries::new(1, 0);
    for text in texts {
        dictionaries.kinds.intern(text.as_bytes()).unwrap();
        dictionaries.events[0].intern(text.as_bytes()).unwrap();
    }
    dictionaries
}

#[test]
fn codes_of_other_processes_are_replaced_while_records_become_columns() {
    let texts = ["buy", "view", "click", "open"];
    let mut here = met(&texts[..2]);
    let there = [
        met(&["open", "view", "buy"]),
        met(&["click", "view"]),
        met(&texts[..2]),
    ];
    let recodes = there
        .each_ref()
        .map(|there| Arc::new(Recode::new(there, &mut here).unwrap()));
    let (mut batch, mut settled) = (Batch::default(), Vec::new());
    for number in 0..4000_usize {
        let key = format!("{}", number % 37);
        let time = (number * 31 % 97) as Micros;
        // Sixteen records of one process, then of the next.
        let process = number / 16 % 4;
        let from = process
            .checked_sub(1)
            .map_or(&here, |process| &there[process]);
        let text = texts[number % 4].as_bytes();
        let Some(code) = from.kinds.code(text) else {
            continue;
        };
        let start = batch.bytes.len();
        event(&mut batch.bytes, &key, time, code, false, number as f64);
        if let Some(process) = process.checked_sub(1) {
            batch.recode(start, &recodes[process]);
        }
        let code = here.kinds.code(text).unwrap();
        event(&mut settled, &key, time, code, false, number as f64);
    }
    let mut lane = Lane::new(Witness::default());
    lane.begin(batch.bytes.len());
    lane.batch = batch;
    let lanes = std::slice::from_mut(&mut lane);
    partition::walk(lanes, &LAYOUT, &here, None, &mut || ()).unwrap();
    assert_eq!(
        lane.worker.seen,
        walk(&mut Partition::default(), &settled, &here)
    );
}

#[test]
fn codes_of_other_processes_can_be_replaced_in_the_records() {
    let mut here = met(&["buy"]);
    let there = met(&["view", "buy"]);
    let recode = Arc::new(Recode::new(&there, &mut here).unwrap());
    let (mut batch, mut expected) = (Batch::default(), Vec::new());
    let code = |dictionaries: &Dictionaries| dictionaries.kinds.code(b"view").unwrap();
    for (start, from) in [
        (false, &here),
        (true, &there),
        (true, &there),
        (false, &here),
    ] {
        let begin = batch.bytes.len();
        event(&mut batch.bytes, "k", 1, code(from), false, 0.0);
        if start {
            batch.recode(begin, &recode);
        }
        event(&mut expected, "k", 1, code(&here), false, 0.0);
    }
    assert_ne!(batch.bytes, expected);
    for _ in 0..2 {
        batch.settle(&LAYOUT, &mut || ()).unwrap();
        assert_eq!(batch.bytes, expected);
    }
}

#[test]
fn whatever_the_bytes_are_they_are_walked_or_refused() {
    let mut rng = Rng::new(7);
    let mut here = met(&["buy", "view"]);
    let recode = Arc::new(Recode::new(&met(&["view", "buy"]), &mut here).unwrap());
    let ([lane, _], _) = two_lanes();
    let whole = &lane.batch.bytes[..5000];
    let end = LAYOUT
        .records(whole)
        .map_while(Result::ok)
        .map(|(_, record)| record.len());
    let whole = &whole[..end.sum()];
    let fixed = Layout {
        key: KeyWidth::Fixed(3),
        ..LAYOUT
    };
    let mut refused = 0;
    for round in 0..3000 {
        let mut batch = Batch::default();
        if round % 2 == 0 {
            batch.bytes.extend_from_slice(whole);
            for _ in 0..1 + rng.below(3) {
                let place = rng.below(whole.len() as u32) as usize;
                batch.bytes[place] = rng.below(256) as u8;
            }
        } else {
            batch
                .bytes
                .extend((0..rng.below(300)).map(|_| rng.below(16) as u8));
        }
        batch.recode(0, &recode);
        let layout = [LAYOUT, fixed][round % 4 / 2];
        let mut partition = Partition::default();
        partition.begin(rng.below(9000) as usize);
        let walked = partition
            .add(&layout, &batch, &|hash| hash.is_multiple_of(2), &mut || ())
            .and_then(|()| partition.visit(&layout, &here, &mut |_, _| Ok(()), &mut || ()));
        assert!(
            matches!(walked, Ok(()) | Err(Error::BadRecord)),
            "{walked:?}"
        );
        refused += usize::from(walked.is_err());
    }
    assert!(refused > 500 && refused < 3000, "{refused} refused");
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
                    history.flags[event].goal(),
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

/// Whatever the times are: even, all the same, in few heaps, with one far from the others.
#[test]
fn many_events_of_one_profile_are_in_one_order_whatever_order_they_came_in() {
    let dictionaries = Dictionaries::new(1, 0);
    let times: [fn(i64) -> Micros; 5] = [
        |number| number * 7919 % 20_011,
        |_| 5,
        |number| number % 3,
        |number| {
            if number == 77 {
                Micros::MIN
            } else {
                number * 13 % 5003
            }
        },
        |number| if number == 9 { Micros::MAX } else { -number },
    ];
    for time in times {
        let events = |numbers: &mut dyn Iterator<Item = i64>| {
            let mut bytes = Vec::new();
            for number in numbers {
                let flag = number % 2 == 0;
                event(&mut bytes, "k", time(number), 0, flag, number as f64);
            }
            walk(&mut Partition::default(), &bytes, &dictionaries)
        };
        let mut sorted: Vec<i64> = (0..20_000).collect();
        sorted.sort_by_key(|&number| (time(number), number));
        let expected = events(&mut sorted.iter().copied());
        assert!(expected == events(&mut (0..20_000)));
        assert!(expected == events(&mut (0..20_000).map(|number| number * 7 % 20_000)));
        let mut seen = Vec::new();
        let mut visit = |profile: &Profile| {
            seen.extend(
                profile.history.numbers[0]
                    .iter()
                    .map(|&number| number as i64),
            );
            Ok(())
        };
        let mut bytes = Vec::new();
        for number in 0..20_000 {
            event(&mut bytes, "k", time(number), 0, false, number as f64);
        }
        Partition::default()
            .walk(&LAYOUT, &bytes, &dictionaries, &mut visit, &mut || ())
            .unwrap();
        assert_eq!(seen, sorted);
    }
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
        let mut visits = 0;
        let mut visit = |profile: &Profile, counts: Counts| {
            assert_eq!(walked, [describe(profile)]);
            assert_eq!(counts.events, 6);
            visits += 1;
            Ok(())
        };
        partition
            .single(&events, &dictionaries, &mut visit, &mut || ())
            .unwrap();
        assert_eq!(visits, 1);
    }
    let bytes = &bytes[..bytes.len() - 1];
    let events = Events { compact, bytes };
    let cut = partition.single(&events, &dictionaries, &mut |_, _| Ok(()), &mut || ());
    assert_eq!(cut, Err(Error::BadRecord));
    // What was left over is not seen by the next.
    assert_eq!(walk(&mut partition, &records, &dictionaries), walked);
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

#[test]
fn a_text_that_one_process_had_no_room_for_is_the_same_text() {
    let texts: Vec<String> = (0..40).map(|number| format!("session {number}")).collect();
    let with_room = |room: usize| {
        let mut dictionaries = Dictionaries::new(1, 0);
        dictionaries.events[0] = Dictionary::new(room);
        dictionaries
    };
    // Processes that meet the texts in opposite orders: each has a code for what the other has hashed.
    let mut here = with_room(30);
    let mut there = with_room(10);
    let mut batch = Batch::default();
    let mut stretch = Vec::new();
    for number in 0..texts.len() {
        let [one, other] = [number, texts.len() - 1 - number].map(|place| texts[place].as_bytes());
        let code = here.events[0].intern(one).unwrap();
        LAYOUT.push_event(
            &mut batch.bytes,
            b"k",
            1,
            0,
            EventFlags::default(),
            &[0.0],
            &[code],
        );
        let code = there.events[0].intern(other).unwrap();
        LAYOUT.push_event(
            &mut stretch,
            b"k",
            2,
            0,
            EventFlags::default(),
            &[0.0],
            &[code],
        );
    }
    let start = batch.bytes.len();
    batch.bytes.extend_from_slice(&stretch);
    batch.recode(start, &Arc::new(Recode::new(&there, &mut here).unwrap()));
    let mut lane = Lane::new(Codes::default());
    lane.begin(batch.bytes.len());
    lane.batch = batch;
    partition::walk(
        std::slice::from_mut(&mut lane),
        &LAYOUT,
        &here,
        None,
        &mut || (),
    )
    .unwrap();
    let codes = &mut lane.worker.0;
    assert_eq!(codes.len(), 2 * texts.len());
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), texts.len(), "each text goes by one code");
}

/// Keeps the codes that it sees.
#[derive(Default)]
struct Codes(Vec<u32>);

impl Worker for Codes {
    fn visit(&mut self, profile: &Profile, _: &mut dyn FnMut()) -> Result<(), Error> {
        self.0.extend_from_slice(profile.history.codes[0]);
        Ok(())
    }
}
