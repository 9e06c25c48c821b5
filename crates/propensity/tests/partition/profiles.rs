//! Whose records are whose: keys, partitions, attributes and marks.

use super::*;

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
