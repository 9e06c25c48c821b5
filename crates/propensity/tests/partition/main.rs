//! Walking a partition: whose records, in which order, and what is refused.
#![expect(clippy::unwrap_used, reason = "helpers of tests, which may panic")]

mod codes;
mod order;
mod profiles;
mod refusals;
mod share;

use propensity::Error;
use propensity::answer::Counts;
use propensity::compact::{Compact, Events};
use propensity::dictionary::{Dictionaries, Dictionary};
use propensity::hash::profile_hash;
use propensity::history::{Flags, Mark, MarkKind, Profile};
use propensity::partition::{Batch, Part, Partition, Sharing, Split, Worker, share_out};
use propensity::recode::Recode;
use propensity::record::{KeyWidth, Layout};
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
    let flags = Flags::new(goal, false, false);
    LAYOUT.push_event(out, key.as_bytes(), time, kind, flags, &[number], &[kind]);
}

/// Notes what it sees; asked to, fails at a profile.
#[derive(Default)]
struct Witness {
    seen: Vec<String>,
    fail_at: Vec<(&'static str, Error)>,
    /// Whether profiles with an odd hash are left out.
    only_even: bool,
}

impl Worker for Witness {
    type Made = Vec<String>;

    fn wants(&self, hash: u64) -> bool {
        !self.only_even || hash.is_multiple_of(2)
    }

    fn visit(&mut self, profile: &Profile, poll: &mut dyn FnMut()) -> Result<(), Error> {
        poll();
        let fails = |(key, _): &&(&str, Error)| key.as_bytes() == profile.key;
        if let Some((_, error)) = self.fail_at.iter().find(fails) {
            return Err(error.clone());
        }
        self.seen.push(describe(profile));
        Ok(())
    }

    fn finish(&mut self, _poll: &mut dyn FnMut()) -> Result<Vec<String>, Error> {
        Ok(std::mem::take(&mut self.seen))
    }
}

/// What the workers make of stretches, each of which comes in pieces.
fn share<W>(
    workers: (W, Option<W>),
    stretches: Vec<Vec<Batch>>,
    dictionaries: &Dictionaries,
) -> Result<Vec<W::Made>, Error>
where
    W: Worker<Made: Send> + Send,
{
    let sharing = Sharing {
        layout: &LAYOUT,
        dictionaries,
        begin: |start| start(),
        room: usize::MAX,
    };
    share_by(&sharing, workers, stretches)
}

fn share_by<W>(
    sharing: &Sharing,
    workers: (W, Option<W>),
    stretches: Vec<Vec<Batch>>,
) -> Result<Vec<W::Made>, Error>
where
    W: Worker<Made: Send> + Send,
{
    let parts = |pieces: Vec<Batch>| {
        let (count, bytes) = (
            pieces.len(),
            pieces.iter().map(|piece| piece.bytes.len()).sum(),
        );
        pieces.into_iter().enumerate().map(move |(number, piece)| {
            let begins = (number == 0).then_some(bytes);
            let more = number + 1 < count;
            (piece, Part { begins, more })
        })
    };
    let mut pieces = stretches.into_iter().flat_map(parts);
    let mut made = Vec::new();
    share_out(
        workers,
        sharing,
        &mut |batch: &mut Batch| {
            assert!(batch.bytes.is_empty());
            Ok::<_, Error>(pieces.next().map(|(piece, part)| {
                *batch = piece;
                part
            }))
        },
        &mut |more| {
            made.push(more);
            Ok(())
        },
        &mut || (),
    )?;
    Ok(made)
}

/// Records of 300 profiles: by the first bits of their hashes in eight stretches, and all.
fn eight_stretches() -> (Vec<Batch>, Vec<u8>) {
    let mut stretches: Vec<Batch> = (0..8).map(|_| Batch::default()).collect();
    let mut whole = Vec::new();
    for number in 0..2000_i64 {
        let key = format!("{}", number % 300);
        for out in [&mut stretches[stretch_of(&key)].bytes, &mut whole] {
            event(out, &key, number * 7 % 50, 0, false, number as f64);
        }
    }
    (stretches, whole)
}

fn stretch_of(key: &str) -> usize {
    (profile_hash(key.as_bytes()) >> 61) as usize
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
