//! One visitor or two, and records that come in parts.

use super::*;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

/// One visitor, and two.
fn workers<W>(mut visitor: impl FnMut() -> W) -> [(W, Option<W>); 2] {
    [(visitor(), None), (visitor(), Some(visitor()))]
}

fn at_once(morsels: Vec<Batch>) -> Vec<Vec<Batch>> {
    morsels.into_iter().map(|batch| vec![batch]).collect()
}

#[test]
fn workers_make_of_each_stretch_in_order_what_one_walk_sees() {
    let dictionaries = Dictionaries::new(1, 0);
    for workers in workers(Witness::default) {
        let (morsels, whole) = eight_stretches();
        let made = share(workers, at_once(morsels), &dictionaries).unwrap();
        assert_eq!(made.len(), 8);
        let seen = walk(&mut Partition::default(), &whole, &dictionaries);
        assert_eq!(made.concat(), seen);
    }
}

#[test]
fn a_profile_that_is_not_wanted_changes_nothing_for_the_others() {
    let dictionaries = Dictionaries::new(1, 0);
    let key_of = |line: &String| line.split_once(':').unwrap().0.to_owned();
    let seen_by = |only_even| {
        let visitor = Witness {
            only_even,
            ..Witness::default()
        };
        let (morsels, _) = eight_stretches();
        let made = share((visitor, None), at_once(morsels), &dictionaries);
        made.unwrap().concat()
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
    for workers in workers(Witness::default) {
        let (morsels, whole) = eight_stretches();
        let cut = |(number, batch): (usize, Batch)| {
            let records: Vec<&[u8]> = LAYOUT
                .records(&batch.bytes)
                .map(|record| record.unwrap().bytes())
                .collect();
            let parts = records.chunks(10 + 40 * number).map(|records| {
                let mut batch = Batch::default();
                batch.bytes = records.concat();
                batch
            });
            parts.collect::<Vec<Batch>>()
        };
        let morsels: Vec<Vec<Batch>> = morsels.into_iter().enumerate().map(cut).collect();
        assert!(morsels[0].len() > 10);
        let made = share(workers, morsels, &dictionaries).unwrap();
        let seen = walk(&mut Partition::default(), &whole, &dictionaries);
        assert_eq!(made.concat(), seen);
    }
}

#[test]
fn the_error_is_that_of_the_first_stretch_that_has_one() {
    let dictionaries = Dictionaries::new(1, 0);
    let (_, whole) = eight_stretches();
    let seen = walk(&mut Partition::default(), &whole, &dictionaries);
    let key = |line: &String| line.split_once(':').unwrap().0.to_owned().leak();
    // The last profile of a morsel fails, and the first of the next.
    let keys: Vec<&str> = seen.iter().map(|line| &*key(line)).collect();
    for pair in keys.windows(2) {
        if stretch_of(pair[0]) == stretch_of(pair[1]) {
            continue;
        }
        let fail_at = vec![(pair[0], Error::NoRows), (pair[1], Error::BadRecord)];
        for workers in workers(|| Witness {
            fail_at: fail_at.clone(),
            ..Witness::default()
        }) {
            let (morsels, _) = eight_stretches();
            let failed = share(workers, at_once(morsels), &dictionaries);
            assert_eq!(failed, Err(Error::NoRows));
        }
    }
}

#[test]
fn errors_of_reading_and_taking_end_the_walk() {
    let dictionaries = Dictionaries::new(1, 0);
    let context = context(&dictionaries);
    for morsel in 1..=8 {
        for (workers, reading) in [(true, true), (true, false), (false, true), (false, false)] {
            let second = workers.then(Witness::default);
            let (morsels, _) = eight_stretches();
            let mut morsels = Parts::new(at_once(morsels));
            morsels.unreadable = reading.then_some(morsel);
            let mut taken = 0;
            let mut take = |_| {
                taken += 1;
                match taken == morsel && !reading {
                    true => Err(Error::NoRows),
                    false => Ok(()),
                }
            };
            let workers = (Witness::default(), second);
            let failed = walk_parallel(workers, &context, &mut morsels, &mut take, &mut || ());
            let expected = if reading {
                Error::NotANumber
            } else {
                Error::NoRows
            };
            assert_eq!(failed, Err(expected));
            assert_eq!(taken, if reading { morsel - 1 } else { morsel });
        }
    }
}

#[test]
fn an_error_of_an_earlier_stretch_comes_before_one_of_reading() {
    let dictionaries = Dictionaries::new(1, 0);
    let (_, whole) = eight_stretches();
    let seen = walk(&mut Partition::default(), &whole, &dictionaries);
    let key = seen[0].split_once(':').unwrap().0.to_owned().leak();
    for workers in workers(|| Witness {
        fail_at: vec![(&*key, Error::NoRows)],
        ..Witness::default()
    }) {
        let (morsels, _) = eight_stretches();
        let mut morsels = Parts::new(at_once(morsels));
        morsels.unreadable = Some(2);
        let failed = share_by(&context(&dictionaries), workers, morsels);
        assert_eq!(failed, Err(Error::NoRows));
    }
}

/// Notes how many workers are at work at once.
struct Busy<'a> {
    now: &'a AtomicUsize,
    most: &'a AtomicUsize,
    began: bool,
}

impl Visitor for Busy<'_> {
    type Output = ();

    fn visit(&mut self, _: &Profile, _: &mut dyn FnMut()) -> Result<(), Error> {
        if !self.began {
            self.began = true;
            self.most
                .fetch_max(1 + self.now.fetch_add(1, Relaxed), Relaxed);
        }
        std::thread::yield_now();
        Ok(())
    }

    fn finish(&mut self, _: &mut dyn FnMut()) -> Result<(), Error> {
        self.began = false;
        self.now.fetch_sub(1, Relaxed);
        Ok(())
    }
}

#[test]
fn stretches_that_do_not_fit_beside_each_other_are_walked_one_after_the_other() {
    let dictionaries = Dictionaries::new(1, 0);
    let most_at_once = |room, scarce| {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let busy = || Busy {
            now: &now,
            most: &most,
            began: false,
        };
        let context = WalkContext {
            room,
            is_scarce: &|| scarce,
            ..context(&dictionaries)
        };
        let (morsels, _) = eight_stretches();
        let morsels = Parts::new(at_once(morsels));
        let made = share_by(&context, (busy(), Some(busy())), morsels);
        assert_eq!(made.unwrap().len(), 8);
        most.into_inner()
    };
    assert_eq!(most_at_once(0, false), 1);
    assert_eq!(most_at_once(usize::MAX, true), 1);
    let beside = (0..100).any(|_| most_at_once(usize::MAX, false) == 2);
    assert!(beside, "else there is no second thread");
}
