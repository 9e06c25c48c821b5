//! CPU seconds of what training and scoring do with events once they are read: sorting, walking,
//! counting rows, learning a schema, computing features.
//!
//! ```text
//! cargo run --release -p propensity --example walk [EVENTS [TOGETHER]]
//! ```
//!
//! The events are those of `bench/sql`, about 20 per profile, in random order: once without
//! types and attributes (64 features), once with 13 types, an amount, a channel and a device (304).
//! So many partitions are walked TOGETHER as if they were one, which shows what many more events cost.
//! `bits` is a hash of all features of some rows: the same for builds that compute the same.
#![expect(clippy::unwrap_used, reason = "a benchmark, which may panic")]

use propensity::cutoff::Cutoff;
use propensity::error::Error;
use propensity::event::dictionary::Dictionaries;
use propensity::event::history::{Flags, Profile};
use propensity::event::record::{KeyWidth, Layout};
use propensity::features::Features;
use propensity::features::population::{Rules, Source};
use propensity::features::schema::{ColumnNames, GoalKind, Learner, Schema};
use propensity::fit::Sample;
use propensity::hash::profile_hash;
use propensity::rng::Rng;
use propensity::time::{DAY, Micros};
use propensity::walk::{Batch, Morsels, Partitioner, Visitor, WalkContext, walk_parallel};
use std::hint::black_box;

const SPAN: Micros = 730 * DAY;
/// Rows that are trained on.
const WANTED: u64 = 120_000;
const CUTOFFS: Micros = 24;
const RULES: Rules = Rules {
    eligible: Source::None,
    excluded: Source::None,
    goal: Source::Events,
    occurs: true,
};

/// CPU time of this process so far, in seconds (Linux).
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap();
    let nanoseconds: f64 = text.split(' ').next().unwrap().parse().unwrap();
    nanoseconds / 1e9
}

struct Event {
    profile: u64,
    time: Micros,
    kind: usize,
    amount: f64,
    channel: usize,
    device: usize,
}

/// Some profiles come often, some rarely, each stays for a while, and some buy more than others.
fn generate(profiles: u64) -> Vec<Event> {
    let mut rng = Rng::new(1);
    let mut events = Vec::new();
    for profile in 0..profiles {
        let [joined, stay, activity, liking] = [(); 4].map(|()| rng.unit());
        let device = rng.below(5) as usize;
        for _ in 0..1 + (76.0 * activity.powi(3)) as usize {
            let at = joined + (1.0 - joined) * stay * rng.unit();
            let draw = rng.unit();
            let kind = match draw {
                _ if draw < 0.2 * liking * liking => 0,
                _ if draw < 0.3 => 1,
                _ => 2 + rng.below(11) as usize,
            };
            events.push(Event {
                profile,
                time: (at * SPAN as f64) as Micros,
                kind,
                amount: (500.0 + 9500.0 * rng.unit()).round() / 100.0,
                channel: rng.below(7) as usize,
                device,
            });
        }
    }
    for last in (1..events.len()).rev() {
        events.swap(last, rng.below(last as u32 + 1) as usize);
    }
    events
}

struct Data {
    layout: Layout,
    dictionaries: Dictionaries,
    partitions: Vec<Vec<u8>>,
}

impl Data {
    fn pack(events: &[Event], attributes: bool, together: usize) -> Self {
        let count = usize::from(attributes);
        let layout = Layout {
            key: KeyWidth::Fixed(8),
            numbers: count,
            codes: 2 * count,
            profile_numbers: 0,
            profile_codes: 0,
        };
        let mut dictionaries = Dictionaries::new(2 * count, 0);
        let split = Partitioner::default();
        let mut partitions = vec![Vec::new(); split.partitions()];
        for event in events {
            let key = event.profile.to_le_bytes();
            let flags = Flags::new(event.kind == 0, false, false);
            let out = &mut partitions[split.partition(profile_hash(&key))];
            if attributes {
                let kind = format!("type {}", event.kind);
                let kind = dictionaries.kinds.intern(kind.as_bytes()).unwrap();
                let text = [event.channel, event.device].map(|value| format!("value {value}"));
                let code =
                    |column: usize| dictionaries.events[column].intern(text[column].as_bytes());
                let codes = [0, 1].map(code).map(Result::unwrap);
                layout.push_event(out, &key, event.time, kind, flags, &[event.amount], &codes);
            } else {
                layout.push_event(out, &key, event.time, 0, flags, &[], &[]);
            }
        }
        let partitions = partitions.chunks(together).map(<[Vec<u8>]>::concat);
        Self {
            layout,
            dictionaries,
            partitions: partitions.collect(),
        }
    }

    /// Walks all partitions: what was made of each, seconds.
    fn walk<W: Visitor<Output: Send> + Send>(&self, visitor: W) -> (Vec<W::Output>, f64) {
        let context = WalkContext {
            layout: &self.layout,
            dictionaries: &self.dictionaries,
            begin: |start| start(),
            room: usize::MAX,
            is_scarce: &|| false,
        };
        let mut partitions = Partitions {
            next: self.partitions.iter(),
            bytes: &[],
            seconds: 0.0,
        };
        let (mut made, begin) = (Vec::new(), cpu_seconds());
        let mut take = |more| {
            made.push(more);
            Ok(())
        };
        walk_parallel(
            (visitor, None),
            &context,
            &mut partitions,
            &mut take,
            &mut || (),
        )
        .unwrap();
        (made, cpu_seconds() - begin - partitions.seconds)
    }

    fn learner(&self) -> Learner {
        let names =
            |names: &[&str], count| names[..count].iter().map(|&name| name.into()).collect();
        let names = ColumnNames {
            numbers: names(&["amount"], self.layout.numbers),
            codes: names(&["channel", "device"], self.layout.codes),
            ..ColumnNames::default()
        };
        Learner::new(names, 30.0, SPAN * 9 / 10, GoalKind::Events)
    }

    fn rows<'a>(
        &self,
        schema: &Schema,
        sample: Sample,
        cutoffs: &'a [Cutoff],
        hashed: bool,
    ) -> Rows<'a> {
        let features = Features::new(schema, &self.dictionaries);
        Rows {
            row: vec![0.0; features.len()],
            features,
            sample,
            cutoffs,
            count: 0,
            hashed,
            bits: 0,
        }
    }
}

/// Partitions as morsels, and what copying them took.
struct Partitions<'a> {
    next: std::slice::Iter<'a, Vec<u8>>,
    bytes: &'a [u8],
    seconds: f64,
}

impl Morsels for Partitions<'_> {
    type Error = Error;

    fn begin(&mut self) -> Option<usize> {
        self.bytes = self.next.next()?;
        Some(self.bytes.len())
    }

    fn read(&mut self, batch: &mut Batch) -> Result<bool, Error> {
        let begin = cpu_seconds();
        batch.bytes.extend_from_slice(self.bytes);
        self.seconds += cpu_seconds() - begin;
        Ok(false)
    }
}

/// Counts profiles and does nothing else.
#[derive(Default)]
struct Nothing(usize);

impl Visitor for Nothing {
    /// How many profiles.
    type Output = usize;

    fn visit(&mut self, profile: &Profile, _: &mut dyn FnMut()) -> Result<(), Error> {
        black_box(profile);
        self.0 += 1;
        Ok(())
    }

    fn finish(&mut self, _: &mut dyn FnMut()) -> Result<usize, Error> {
        Ok(std::mem::take(&mut self.0))
    }
}

struct Learn<'a>(&'a mut Learner);

impl Visitor for Learn<'_> {
    type Output = ();

    fn visit(&mut self, profile: &Profile, poll: &mut dyn FnMut()) -> Result<(), Error> {
        self.0.add(profile, poll)
    }

    fn finish(&mut self, _: &mut dyn FnMut()) -> Result<(), Error> {
        Ok(())
    }
}

/// Counts rows, and those of them with the goal.
struct Count<'a> {
    cutoffs: &'a [Cutoff],
    counts: (u64, u64),
}

impl Visitor for Count<'_> {
    type Output = (u64, u64);

    fn visit(&mut self, profile: &Profile, _: &mut dyn FnMut()) -> Result<(), Error> {
        let (rows, goals) = &mut self.counts;
        for cutoff in self.cutoffs {
            if RULES.eligible(profile, cutoff) {
                *rows += 1;
                *goals += u64::from(RULES.outcome(profile, cutoff));
            }
        }
        Ok(())
    }

    fn finish(&mut self, _: &mut dyn FnMut()) -> Result<(u64, u64), Error> {
        Ok(std::mem::take(&mut self.counts))
    }
}

/// Computes the features of a sample of the rows.
struct Rows<'a> {
    features: Features,
    row: Vec<f64>,
    sample: Sample,
    cutoffs: &'a [Cutoff],
    count: u64,
    hashed: bool,
    bits: u64,
}

impl Visitor for Rows<'_> {
    /// How many rows in all so far, and the hash of their bits.
    type Output = (u64, u64);

    fn wants(&self, hash: u64) -> bool {
        let mut cutoffs = self.cutoffs.iter();
        cutoffs.any(|cutoff| self.sample.keeps(hash, cutoff.at))
    }

    fn visit(&mut self, profile: &Profile, poll: &mut dyn FnMut()) -> Result<(), Error> {
        self.features.start();
        for cutoff in self.cutoffs {
            if !self.sample.keeps(profile.hash, cutoff.at) || !RULES.eligible(profile, cutoff) {
                continue;
            }
            black_box(RULES.outcome(profile, cutoff));
            self.features.row(profile, cutoff.at, &mut self.row, poll)?;
            black_box(&self.row);
            self.count += 1;
            if self.hashed {
                let bits = self
                    .row
                    .iter()
                    .flat_map(|value| value.to_bits().to_le_bytes());
                let bytes: Vec<u8> = self.bits.to_le_bytes().into_iter().chain(bits).collect();
                self.bits = profile_hash(&bytes);
            }
        }
        Ok(())
    }

    fn finish(&mut self, _: &mut dyn FnMut()) -> Result<(u64, u64), Error> {
        Ok((self.count, self.bits))
    }
}

fn cutoffs(count: Micros) -> Vec<Cutoff> {
    let cutoff = |number| Cutoff {
        at: SPAN * number / count,
        eligible_from: Micros::MIN,
        outcome_until: SPAN * number / count + 30 * DAY,
        ..Cutoff::default()
    };
    (1..=count).map(cutoff).collect()
}

fn measure(data: &Data) {
    let (profiles, seconds) = data.walk(Nothing::default());
    println!(
        "  {} profiles, sorted and walked {seconds:.3} s",
        profiles.iter().sum::<usize>()
    );
    let (newest, all) = (cutoffs(1), cutoffs(CUTOFFS));
    let (counts, seconds) = data.walk(Count {
        cutoffs: &all,
        counts: (0, 0),
    });
    let rows = counts.iter().map(|(rows, _)| rows).sum();
    println!("  ... {rows} rows at {CUTOFFS} cutoffs counted {seconds:.3} s");
    let mut learner = data.learner();
    let (_, seconds) = data.walk(Learn(&mut learner));
    println!("  ... schema learned {seconds:.3} s");
    let schema = learner.finish(&data.dictionaries).unwrap();
    let width = schema.features().len();
    for (cutoffs, sample) in [
        (&newest, Sample::new(1, 1)),
        (&all, Sample::new(rows, WANTED)),
    ] {
        let rows = |sample, hashed| {
            let (made, seconds) = data.walk(data.rows(&schema, sample, cutoffs, hashed));
            let (count, bits) = made.last().copied().unwrap_or_default();
            (count, bits, seconds)
        };
        let (count, _, seconds) = rows(sample, false);
        let (_, bits, _) = rows(Sample::new(count, WANTED), true);
        let times = cutoffs.len();
        println!(
            "  ... {width} features of {count} rows at {times} cutoffs {seconds:.3} s, bits {bits:016x}"
        );
    }
}

fn main() {
    let argument = |number, default: u64| {
        let given = std::env::args().nth(number);
        given.map_or(default, |count| count.parse().unwrap())
    };
    let events = generate(argument(1, 10_000_000) / 20);
    let together = argument(2, 1) as usize;
    for attributes in [false, true] {
        let data = Data::pack(&events, attributes, together);
        let bytes: usize = data.partitions.iter().map(Vec::len).sum();
        println!("{} events, {} MB", events.len(), bytes / 1_000_000);
        measure(&data);
    }
}
