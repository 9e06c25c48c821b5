//! Walking a partition: whose records, in which order, and what is refused.
#![expect(clippy::unwrap_used, reason = "helpers of tests, which may panic")]

mod codes;
mod lanes;
mod order;
mod profiles;
mod refusals;

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

/// Dictionaries that met these texts, as types and as values, in this order.
fn met(texts: &[&str]) -> Dictionaries {
    let mut dictionaries = Dictionaries::new(1, 0);
    for text in texts {
        dictionaries.kinds.intern(text.as_bytes()).unwrap();
        dictionaries.events[0].intern(text.as_bytes()).unwrap();
    }
    dictionaries
}
