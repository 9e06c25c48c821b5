//! CPU seconds of what training and scoring do with events once they are read: sorting, walking,
//! counting rows, learning a schema, computing features.
//!
//! ```text
//! cargo run --release -p propensity --example walk [EVENTS [TOGETHER]]
//! ```
//!
//! The events are those of `tests/bench_sql`, about 20 per profile, in random order: once without
//! types and attributes (64 features), once with 13 types, an amount, a channel and a device (304).
//! So many partitions are walked TOGETHER as if they were one, which shows what many more events cost.
//! `bits` is a hash of all features of some rows: the same for builds that compute the same.
#![expect(clippy::unwrap_used, reason = "a benchmark, which may panic")]

use propensity::cutoff::Cutoff;
use propensity::dictionary::Dictionaries;
use propensity::error::Error;
use propensity::features::Features;
use propensity::fit::Sample;
use propensity::hash::profile_hash;
use propensity::history::Profile;
use propensity::partition::{Lane, PARTITIONS, Worker, partition_of, walk};
use propensity::population::{Rules, Source};
use propensity::record::{EventFlags, KeyWidth, Layout};
use propensity::rng::Rng;
use propensity::schema::{ColumnNames, GoalKind, Learner, Schema};
use propensity::time::{DAY, Micros};
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
        let mut partitions = vec![Vec::new(); PARTITIONS];
        for event in events {
            let key = event.profile.to_le_bytes();
            let flags = EventFlags {
                goal: event.kind == 0,
                ..EventFlags::default()
            };
            let out = &mut partitions[partition_of(profile_hash(&key))];
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

    /// Walks all partitions: worker, seconds.
    fn walk<W: Worker + Send>(&self, worker: W) -> (W, f64) {
        let mut lanes = [Lane::new(worker)];
        let mut seconds = 0.0;
        for bytes in &self.partitions {
            lanes[0].batch.bytes.clone_from(bytes);
            let begin = cpu_seconds();
            lanes[0].begin(bytes.len());
            walk(
                &mut lanes,
                &self.layout,
                &self.dictionaries,
                None,
                &mut || (),
            )
            .unwrap();
            seconds += cpu_seconds() - begin;
        }
        let [lane] = lanes;
        (lane.worker, seconds)
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

/// Does nothing with so many profiles.
#[derive(Default)]
struct Nothing(usize);

impl Worker for Nothing {
    fn visit(&mut self, profile: &Profile, _: &mut dyn FnMut()) -> Result<(), Error> {
        black_box(profile);
        self.0 += 1;
        Ok(())
    }
}

struct Learn(Learner);

impl Worker for Learn {
    fn visit(&mut self, profile: &Profile, poll: &mut dyn FnMut()) -> Result<(), Error> {
        self.0.add(profile, poll)
    }
}

/// Counts rows, and those of them with the goal.
struct Count<'a> {
    cutoffs: &'a [Cutoff],
    counts: Vec<(u64, u64)>,
}

impl Worker for Count<'_> {
    fn visit(&mut self, profile: &Profile, _: &mut dyn FnMut()) -> Result<(), Error> {
        for (cutoff, (rows, goals)) in self.cutoffs.iter().zip(&mut self.counts) {
            if RULES.eligible(profile, cutoff) {
                *rows += 1;
                *goals += u64::from(RULES.outcome(profile, cutoff));
            }
        }
        Ok(())
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

impl Worker for Rows<'_> {
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
}

fn cutoffs(count: Micros) -> Vec<Cutoff> {
    let cutoff = |number| Cutoff {
        at: SPAN * number / count,
        eligible_from: Micros::MIN,
        outcome_until: SPAN * number / count + 30 * DAY,
    };
    (1..=count).map(cutoff).collect()
}

fn measure(data: &Data) {
    let (profiles, seconds) = data.walk(Nothing::default());
    println!(
        "  {} profiles, sorted and walked {seconds:.2} s",
        profiles.0
    );
    let (newest, all) = (cutoffs(1), cutoffs(CUTOFFS));
    let counts = vec![(0, 0); all.len()];
    let (count, seconds) = data.walk(Count {
        cutoffs: &all,
        counts,
    });
    let rows = count.counts.iter().map(|count| count.0).sum();
    println!("  ... {rows} rows at {CUTOFFS} cutoffs counted {seconds:.2} s");
    let (learn, seconds) = data.walk(Learn(data.learner()));
    println!("  ... schema learned {seconds:.2} s");
    let schema = learn.0.finish(&data.dictionaries).unwrap();
    let width = schema.features().len();
    for (cutoffs, sample) in [
        (&newest, Sample::new(1, 1)),
        (&all, Sample::new(rows, WANTED)),
    ] {
        let (rows, seconds) = data.walk(data.rows(&schema, sample, cutoffs, false));
        let (bits, _) =
            data.walk(data.rows(&schema, Sample::new(rows.count, WANTED), cutoffs, true));
        let (count, times, bits) = (rows.count, cutoffs.len(), bits.bits);
        println!(
            "  ... {width} features of {count} rows at {times} cutoffs {seconds:.2} s, bits {bits:016x}"
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
