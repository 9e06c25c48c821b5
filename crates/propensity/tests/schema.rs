//! What a schema is made of, from small worlds where it is plain to see.
#![expect(clippy::unwrap_used, reason = "helpers of tests, which may panic")]

use propensity::Error;
use propensity::event::dictionary::{Dictionaries, Dictionary};
use propensity::event::history::{Flags, History, Profile};
use propensity::features::schema::{
    ColumnNames, EventType, GoalKind, Learner, OTHER, Schema, Span, TextColumn,
};
use propensity::hash::profile_hash;
use propensity::time::{DAY, Micros};

/// Events of one profile: time, type, goal, number, text.
type Row<'a> = (Micros, &'a str, bool, f64, &'a str);

/// Every world is learned at once, and in two parts that are merged.
struct World {
    learner: Learner,
    parts: [Learner; 2],
    dictionaries: Dictionaries,
    profiles: u64,
}

impl World {
    fn new(window: f64, until: Micros) -> Self {
        let names = ColumnNames {
            numbers: vec!["amount".into()],
            codes: vec!["text".into()],
            ..ColumnNames::default()
        };
        let learner = Learner::new(names, window, until, GoalKind::Events);
        Self {
            parts: [learner.clone(), learner.clone()],
            learner,
            dictionaries: Dictionaries::new(1, 0),
            profiles: 0,
        }
    }

    fn add(&mut self, rows: &[Row]) {
        let code = |dictionary: &mut Dictionary, text: &str| match text {
            "" => 0,
            _ => dictionary.intern(text.as_bytes()).unwrap(),
        };
        let kinds: Vec<u32> = rows
            .iter()
            .map(|row| code(&mut self.dictionaries.kinds, row.1))
            .collect();
        let texts: Vec<u32> = rows
            .iter()
            .map(|row| code(&mut self.dictionaries.events[0], row.4))
            .collect();
        let times: Vec<Micros> = rows.iter().map(|row| row.0).collect();
        let flags = rows.iter().map(|row| Flags::new(row.2, row.2, row.2));
        let flags: Vec<Flags> = flags.collect();
        let numbers: Vec<f64> = rows.iter().map(|row| row.3).collect();
        self.profiles += 1;
        let key = self.profiles.to_le_bytes();
        let profile = Profile {
            key: &key,
            hash: profile_hash(&key),
            history: History {
                times: &times,
                kinds: &kinds,
                flags: &flags,
                numbers: &[&numbers],
                codes: &[&texts],
            },
            attributes: &[],
            marks: &[],
        };
        let part = &mut self.parts[(profile.hash % 2) as usize];
        for learner in [&mut self.learner, part] {
            learner.add(&profile, &mut || ()).unwrap();
        }
    }

    fn finish(self) -> Schema {
        let schema = self.learner.finish(&self.dictionaries).unwrap();
        let [mut merged, part] = self.parts;
        merged.merge(part).unwrap();
        assert_eq!(merged.finish(&self.dictionaries).unwrap(), schema);
        schema
    }
}

fn names(schema: &Schema) -> Vec<&str> {
    schema.types.iter().map(EventType::name).collect()
}

#[test]
fn windows_end_at_a_quantile_of_the_age_of_events() {
    // 2000 ages at random; the expected quantile by sorting.
    for window in [2.0, 30.0, 100.0, 333.0] {
        let mut world = World::new(window, 1000 * DAY);
        let mut ages = Vec::new();
        for number in 0..400_u64 {
            let mut times: Vec<Micros> = (0..5)
                .map(|event| (profile_hash(&[number as u8, event, 7]) % 700) as Micros * DAY + DAY)
                .collect();
            times.sort_unstable();
            let rows: Vec<Row> = times
                .iter()
                .map(|&time| (time, "a", false, 0.0, ""))
                .collect();
            ages.extend(
                times
                    .iter()
                    .map(|time| (1000 * DAY - time) as f64 / DAY as f64),
            );
            world.add(&rows);
        }
        ages.sort_by(f64::total_cmp);
        let position = 0.999 * (ages.len() - 1) as f64;
        let (low, high) = (ages[position as usize], ages[position as usize + 1]);
        let quantile = low + (high - low) * position.fract();
        let lengths = Span::FINITE.map(|span| (span, span.days(window)));
        let expected: Vec<Span> = lengths
            .into_iter()
            .filter(|&(_, days)| days >= 1.0 && days <= quantile)
            .map(|(span, _)| span)
            .collect();
        assert_eq!(world.finish().spans, expected, "window {window}");
    }
}

#[test]
fn a_span_as_long_as_the_quantile_is_kept() {
    for (oldest, kept) in [(40, true), (39, false)] {
        let mut world = World::new(10.0, 100 * DAY);
        world.add(&[((100 - oldest) * DAY, "a", false, 0.0, "")]);
        assert_eq!(world.finish().spans.contains(&Span::Fourfold), kept);
    }
}

#[test]
fn types_are_ranked_by_profiles_then_name_and_the_rest_share_a_place() {
    let kinds: Vec<String> = (0..30).map(|number| format!("type {number:02}")).collect();
    let mut world = World::new(10.0, 100 * DAY);
    for profile in 0..30 {
        let mut rows: Vec<Row> = Vec::new();
        for kind in &kinds[..=profile] {
            // More events of a type do not matter, profiles do.
            rows.extend(vec![
                (
                    profile as Micros,
                    kind.as_str(),
                    false,
                    profile as f64,
                    ""
                );
                1 + kind.len() % 3
            ]);
        }
        world.add(&rows);
    }
    world.add(&[(1, "type 29", false, 0.0, "")]);
    let schema = world.finish();
    let mut expected: Vec<&str> = kinds[..24].iter().map(String::as_str).collect();
    expected.push(OTHER);
    assert_eq!(names(&schema), expected);
    // Profiles with numbers: 30 of type 00, 29 of type 01, ...; 7 of the others together.
    let pairs: Vec<usize> = schema.pairs.iter().map(|pair| pair.kind).collect();
    assert_eq!(pairs, (0..14).collect::<Vec<_>>());
}

#[test]
fn the_profiles_of_the_types_that_share_a_place_are_counted_once() {
    let kinds: Vec<String> = (0..40).map(|number| format!("type {number:02}")).collect();
    let mut world = World::new(10.0, 100 * DAY);
    // 24 types for everybody, without numbers but two; 16 rare ones with numbers.
    for profile in 0..100_usize {
        let mut rows: Vec<Row> = kinds[..24]
            .iter()
            .map(|kind| (1, kind.as_str(), false, f64::NAN, ""))
            .collect();
        if profile < 60 {
            rows[0].3 = profile as f64;
        }
        if profile < 40 {
            rows[1].3 = profile as f64;
        }
        if profile < 50 {
            // Two other types each: 100 (profile, type) pairs, but 50 profiles.
            rows.push((1, &kinds[24 + profile % 16], false, 1.0, ""));
            rows.push((1, &kinds[24 + (profile + 1) % 16], false, 2.0, ""));
        }
        world.add(&rows);
    }
    let schema = world.finish();
    let ranked: Vec<&str> = schema
        .pairs
        .iter()
        .map(|pair| schema.types[pair.kind].name())
        .collect();
    assert_eq!(ranked, ["type 00", OTHER, "type 01"]);
}

#[test]
fn numbers_need_twenty_values_that_differ() {
    let mut world = World::new(10.0, 100 * DAY);
    for number in 0..19 {
        world.add(&[
            (1, "few", false, number as f64, ""),
            (2, "same", false, 5.0, ""),
        ]);
    }
    world.add(&[(2, "same", false, 5.0, ""), (3, "few", false, f64::NAN, "")]);
    assert!(world.finish().pairs.is_empty());
}

#[test]
fn events_after_the_last_known_instant_teach_nothing() {
    let mut world = World::new(10.0, 100 * DAY);
    world.add(&[
        (100 * DAY, "known", false, 0.0, ""),
        (100 * DAY + 1, "future", true, 0.0, ""),
    ]);
    let schema = world.finish();
    assert_eq!(names(&schema), ["known"]);
    assert!(schema.goal.unwrap().types.is_empty());
    let unknown = World::new(10.0, 0);
    assert_eq!(
        unknown.learner.finish(&unknown.dictionaries),
        Err(Error::NoRows)
    );
}

#[test]
fn categories_keep_the_values_of_most_profiles() {
    let mut world = World::new(10.0, 100 * DAY);
    let values: Vec<String> = (0..12).map(|number| format!("value {number:02}")).collect();
    for profile in 0..12 {
        let rows: Vec<Row> = values[..=profile]
            .iter()
            .map(|v| (1, "a", false, 0.0, v.as_str()))
            .collect();
        world.add(&rows);
    }
    assert_eq!(
        world.finish().text,
        [TextColumn::Category(values[..8].to_vec())]
    );
}

#[test]
fn mostly_distinct_or_too_many_values_are_an_identifier() {
    let column = |distinct: u64, profiles: u64, most: usize| {
        let mut world = World::new(10.0, 100 * DAY);
        world.dictionaries.events[0] = Dictionary::new(most);
        for profile in 0..profiles {
            let value = format!("v{}", profile % distinct);
            world.add(&[(1, "a", false, 0.0, &value)]);
        }
        world.finish().text[0] == TextColumn::Identifier
    };
    assert!(column(60, 100, 1000), "more than half of them distinct");
    assert!(!column(50, 100, 1000), "half of them distinct");
    assert!(column(20, 100, 10), "more than the dictionary holds");
    assert!(
        column(1100, 2199, 5000),
        "over a thousand, fewer than two profiles each"
    );
    assert!(!column(1000, 2199, 5000));
}

#[test]
fn facts_of_the_goal_are_about_its_types() {
    let facts = |rows: &[Row]| {
        let mut world = World::new(10.0, 100 * DAY);
        world.add(rows);
        let schema = world.finish();
        let name = schema.goal_name().to_owned();
        (schema.goal.unwrap(), name)
    };
    let row = |kind, goal| (1, kind, goal, 0.0, "");
    let (all, name) = facts(&[row("buy", true), row("buy", true)]);
    assert!(all.every_event && all.whole_types);
    assert_eq!(name, "buy");
    let (whole, name) = facts(&[row("buy", true), row("view", false)]);
    assert!(!whole.every_event && whole.whole_types);
    assert_eq!(name, "buy");
    let (part, name) = facts(&[row("buy", true), row("buy", false)]);
    assert!(!part.every_event && !part.whole_types);
    assert_eq!(name, "goal");
    let (several, name) = facts(&[row("buy", true), row("", true), row("view", false)]);
    let types = [EventType::Named("buy".into()), EventType::Missing];
    assert_eq!(several.types, types);
    assert_eq!(name, "goal");
}

#[test]
fn a_schema_survives_its_document_and_a_broken_one_is_refused() {
    let mut world = World::new(30.0, 100 * DAY);
    for number in 0..60 {
        world.add(&[(
            number * DAY,
            ["a", "b"][number as usize % 2],
            false,
            number as f64,
            "x",
        )]);
    }
    let schema = world.finish();
    let document = serde_json::to_string(&schema).unwrap();
    let read: Schema = serde_json::from_str(&document).unwrap();
    assert_eq!(read, schema);
    assert_eq!(read.validate(), Ok(()));
    let mut broken = schema.clone();
    broken.pairs[0].kind = 2;
    assert!(matches!(broken.validate(), Err(Error::Corrupted { .. })));
    let mut broken = schema;
    broken.window_days = f64::NAN;
    assert!(matches!(broken.validate(), Err(Error::Corrupted { .. })));
}
