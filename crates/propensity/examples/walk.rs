//! CPU seconds for sorting and walking synthetic events, with and without features.
//!
//! ```text
//! cargo run --release -p propensity --example walk [EVENTS]
//! ```
//!
//! 20 events per profile on average, some profiles with many more; two years in random order; once
//! without types and attributes (about 60 features), once with 13 types, an amount and a channel.
#![expect(clippy::unwrap_used, reason = "a benchmark, which may panic")]

use propensity::cutoff::Cutoff;
use propensity::dictionary::Dictionaries;
use propensity::error::Error;
use propensity::features::Features;
use propensity::hash::profile_hash;
use propensity::history::Profile;
use propensity::partition::{PARTITIONS, Partition, partition_of};
use propensity::population::{Rules, Source};
use propensity::record::{EventFlags, KeyWidth, Layout};
use propensity::schema::{ColumnNames, GoalKind, Learner, Schema};
use propensity::time::{DAY, Micros};
use std::hint::black_box;

const SPAN: Micros = 730 * DAY;
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

struct Data {
    layout: Layout,
    dictionaries: Dictionaries,
    partitions: Vec<Vec<u8>>,
}

/// SplitMix64.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn generate(events: usize, attributes: bool) -> Data {
    let count = usize::from(attributes);
    let layout = Layout {
        key: KeyWidth::Fixed(8),
        numbers: count,
        codes: count,
        profile_numbers: 0,
        profile_codes: 0,
    };
    let mut dictionaries = Dictionaries::new(count, 0);
    let texts = |words: &str, of: usize| (0..of).map(|i| format!("{words}{i}")).collect::<Vec<_>>();
    let (kinds, channels) = (texts("type", 13), texts("channel", 6));
    let mut partitions = vec![Vec::new(); PARTITIONS];
    let mut state = 1;
    let profiles = events as u64 / 20;
    for _ in 0..events {
        let draw = random(&mut state);
        let uniform = (draw >> 11) as f64 / (1_u64 << 53) as f64;
        let profile = (profiles as f64 * uniform * uniform.sqrt()) as u64;
        let key = profile.to_le_bytes();
        let time = (random(&mut state) % SPAN as u64) as Micros;
        let which = (draw % 26) as usize;
        let kind = (which * which / 52).min(12);
        let flags = EventFlags {
            goal: kind == 2,
            ..EventFlags::default()
        };
        let out = &mut partitions[partition_of(profile_hash(&key))];
        if attributes {
            let kind = dictionaries.kinds.intern(kinds[kind].as_bytes()).unwrap();
            let channel = channels[(draw >> 8) as usize % 6].as_bytes();
            let channel = dictionaries.events[0].intern(channel).unwrap();
            let amount = if kind.is_multiple_of(3) {
                (draw % 9999) as f64 / 100.0
            } else {
                f64::NAN
            };
            layout.push_event(out, &key, time, kind, flags, &[amount], &[channel]);
        } else {
            layout.push_event(out, &key, time, 0, flags, &[], &[]);
        }
    }
    Data {
        layout,
        dictionaries,
        partitions,
    }
}

impl Data {
    /// Walks all partitions, returns seconds.
    fn walk(&self, visit: &mut dyn FnMut(&Profile) -> Result<(), Error>) -> f64 {
        let begin = cpu_seconds();
        let mut partition = Partition::default();
        for bytes in &self.partitions {
            partition
                .walk(&self.layout, bytes, &self.dictionaries, visit, &mut || ())
                .unwrap();
        }
        cpu_seconds() - begin
    }

    fn learn(&self) -> (Schema, f64) {
        let attribute = |name: &str, count| vec![name.to_owned(); count];
        let names = ColumnNames {
            numbers: attribute("amount", self.layout.numbers),
            codes: attribute("channel", self.layout.codes),
            ..ColumnNames::default()
        };
        let mut learner = Learner::new(names, 30.0, SPAN * 9 / 10, GoalKind::Events);
        let seconds = self.walk(&mut |profile| learner.add(profile, &mut || ()));
        (learner.finish(&self.dictionaries).unwrap(), seconds)
    }

    /// Computes the rows of all profiles seen before the cutoffs: rows, seconds.
    fn features(&self, schema: &Schema, cutoffs: usize) -> (usize, f64) {
        let cutoffs: Vec<Cutoff> = (1..=cutoffs as Micros)
            .map(|number| Cutoff {
                at: SPAN * number / cutoffs as Micros,
                eligible_from: Micros::MIN,
                outcome_until: SPAN,
            })
            .collect();
        let mut features = Features::new(schema, &self.dictionaries);
        let mut row = vec![0.0; features.len()];
        let mut rows = 0;
        let seconds = self.walk(&mut |profile| {
            features.start();
            for cutoff in cutoffs
                .iter()
                .filter(|cutoff| RULES.eligible(profile, cutoff))
            {
                features.row(profile, cutoff.at, &mut row, &mut || ())?;
                black_box(&row);
                rows += 1;
            }
            Ok(())
        });
        (rows, seconds)
    }
}

fn main() {
    let events = std::env::args()
        .nth(1)
        .map_or(10_000_000, |count| count.parse().unwrap());
    for attributes in [false, true] {
        let data = generate(events, attributes);
        let bytes: usize = data.partitions.iter().map(Vec::len).sum();
        let mut profiles = 0;
        data.walk(&mut |_| Ok(()));
        let seconds = data.walk(&mut |profile| {
            profiles += 1;
            black_box(profile);
            Ok(())
        });
        println!(
            "{events} events of {profiles} profiles, {} MB",
            bytes / 1_000_000
        );
        println!("  sort and walk          {seconds:.2} s");
        let (schema, seconds) = data.learn();
        println!("  ... and learn          {seconds:.2} s");
        for cutoffs in [1, 24] {
            let (rows, seconds) = data.features(&schema, cutoffs);
            let features = schema.features().len();
            println!("  ... {features} features, {cutoffs:2} cutoffs {seconds:.2} s, {rows} rows");
        }
    }
}
