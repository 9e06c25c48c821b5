//! Two threads, and records that come in pieces.

use super::*;

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
