//! Walking a partition: whose records, in which order, and what is refused.
#![expect(clippy::unwrap_used, reason = "helpers of tests, which may panic")]

mod codes;
mod order;
mod profiles;
mod refusals;
mod share;

use propensity::Error;
use propensity::event::code_map::CodeMap;
use propensity::event::counts::ReadCounts;
use propensity::event::dictionary::{Dictionaries, Dictionary};
use propensity::event::history::{Flags, Mark, MarkKind, Profile};
use propensity::event::record::{KeyWidth, Layout};
use propensity::hash::profile_hash;
use propensity::rng::Rng;
use propensity::time::Micros;
use propensity::walk::{
    Batch, Morsels, Partition, Partitioner, Visitor, WalkContext, walk_parallel,
};
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

impl Visitor for Witness {
    type Output = Vec<String>;

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

/// Morsels, each of which comes in parts; asked to, one of them cannot be read.
struct Parts {
    morsels: std::vec::IntoIter<Vec<Batch>>,
    current: std::vec::IntoIter<Batch>,
    begun: usize,
    unreadable: Option<usize>,
}

impl Parts {
    fn new(morsels: Vec<Vec<Batch>>) -> Self {
        Self {
            morsels: morsels.into_iter(),
            current: Vec::new().into_iter(),
            begun: 0,
            unreadable: None,
        }
    }
}

impl Morsels for Parts {
    type Error = Error;

    fn begin(&mut self) -> Option<usize> {
        assert_eq!(self.current.len(), 0, "the morsel before was read");
        self.current = self.morsels.next()?.into_iter();
        self.begun += 1;
        let parts = self.current.as_slice();
        Some(parts.iter().map(|part| part.bytes.len()).sum())
    }

    fn read(&mut self, batch: &mut Batch) -> Result<bool, Error> {
        assert!(batch.bytes.is_empty());
        if self.unreadable == Some(self.begun) {
            return Err(Error::NotANumber);
        }
        *batch = self.current.next().unwrap();
        Ok(self.current.len() > 0)
    }
}

/// How morsels are shared out where nothing is scarce.
fn context(dictionaries: &Dictionaries) -> WalkContext<'_> {
    WalkContext {
        layout: &LAYOUT,
        dictionaries,
        begin: |start| start(),
        room: usize::MAX,
        is_scarce: &|| false,
    }
}

/// What the workers make of morsels.
fn share<W>(
    workers: (W, Option<W>),
    morsels: Vec<Vec<Batch>>,
    dictionaries: &Dictionaries,
) -> Result<Vec<W::Output>, Error>
where
    W: Visitor<Output: Send> + Send,
{
    share_by(&context(dictionaries), workers, Parts::new(morsels))
}

fn share_by<W>(
    context: &WalkContext,
    workers: (W, Option<W>),
    mut morsels: Parts,
) -> Result<Vec<W::Output>, Error>
where
    W: Visitor<Output: Send> + Send,
{
    let mut made = Vec::new();
    let mut take = |more| {
        made.push(more);
        Ok(())
    };
    walk_parallel(workers, context, &mut morsels, &mut take, &mut || ())?;
    Ok(made)
}

/// Records of 300 profiles: by the first bits of their hashes in eight morsels, and all.
fn eight_stretches() -> (Vec<Batch>, Vec<u8>) {
    let mut morsels: Vec<Batch> = (0..8).map(|_| Batch::default()).collect();
    let mut whole = Vec::new();
    for number in 0..2000_i64 {
        let key = format!("{}", number % 300);
        for out in [&mut morsels[stretch_of(&key)].bytes, &mut whole] {
            event(out, &key, number * 7 % 50, 0, false, number as f64);
        }
    }
    (morsels, whole)
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
