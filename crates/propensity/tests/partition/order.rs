//! The order of events, whatever order their records came in.

use super::*;

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
    let keyless = &Layout {
        key: KeyWidth::Fixed(0),
        ..LAYOUT
    };
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
        let flags = Flags::new(goal, false, false);
        keyless.push_event(&mut bytes, b"", time, kind, flags, &[number], &[kind]);
    }
    let mut partition = Partition::default();
    let walked = walk(&mut partition, &records, &dictionaries);
    for _ in 0..2 {
        let mut visits = 0;
        let mut visit = |profile: &Profile, counts: ReadCounts| {
            assert_eq!(walked, [describe(profile)]);
            assert_eq!(counts.events, 6);
            visits += 1;
            Ok(())
        };
        partition
            .single(keyless, &bytes, &dictionaries, &mut visit, &mut || ())
            .unwrap();
        assert_eq!(visits, 1);
    }
    let cut = &bytes[..bytes.len() - 1];
    let nothing = &mut |_: &Profile, _| Ok(());
    let cut = partition.single(keyless, cut, &dictionaries, nothing, &mut || ());
    assert_eq!(cut, Err(Error::BadRecord));
    // What was left over is not seen by the next.
    assert_eq!(walk(&mut partition, &records, &dictionaries), walked);
}

/// Sixty thousand events are walked at once: the same profiles in the same order with the same events as
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
    let mine = keys.filter(|key| {
        partitions.contains(&Partitioner::default().partition(profile_hash(key.as_bytes())))
    });
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
