//! Features against the reference implementation of docs/method.md (an oracle in Python).
//!
//! `fixtures/reference.py` made the files; it says what is in them. Two small tasks are kept here. Where the reference
//! is, `tools/test reference` writes files of thousands of rows of all data sets, and runs the ignored test.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which may panic")]

use propensity::Error;
use propensity::event::dictionary::Dictionaries;
use propensity::event::history::Flags;
use propensity::event::record::{KeyWidth, Layout};
use propensity::features::Features;
use propensity::features::schema::{ColumnNames, GoalKind, Learner, Schema, TextColumn};
use propensity::hash::profile_hash;
use propensity::time::Micros;
use propensity::walk::Partition;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

struct Table {
    names: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn parse(text: &str) -> Self {
        let mut lines = text
            .lines()
            .map(|line| line.split('\t').map(str::to_owned).collect());
        let names = lines.next().unwrap();
        Self {
            names,
            rows: lines.collect(),
        }
    }

    /// Columns of a kind: (position, name without the prefix).
    fn columns(&self, prefixes: &[&str]) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for (at, name) in self.names.iter().enumerate() {
            let stem = prefixes.iter().find_map(|prefix| name.strip_prefix(prefix));
            found.extend(stem.map(|stem| (at, stem.to_owned())));
        }
        found
    }
}

struct Task {
    layout: Layout,
    dictionaries: Dictionaries,
    bytes: Vec<u8>,
    schema: Schema,
    /// Those with an event or an attribute.
    profiles: BTreeSet<i64>,
}

fn number(text: &str) -> f64 {
    if text.is_empty() {
        f64::NAN
    } else {
        text.parse().unwrap()
    }
}

fn intern(dictionary: &mut propensity::event::dictionary::Dictionary, text: &str) -> u32 {
    if text.is_empty() {
        0
    } else {
        dictionary.intern(text.as_bytes()).unwrap()
    }
}

fn names(columns: &[(usize, String)]) -> Vec<String> {
    columns.iter().map(|(_, name)| name.clone()).collect()
}

fn load(folder: &Path, task: &str) -> Task {
    let read = |kind: &str| std::fs::read_to_string(folder.join(format!("{task}.{kind}.tsv")));
    let text = read("events").unwrap();
    let (head, text) = text.split_once('\n').unwrap();
    let (window, until) = head.split_once('\t').unwrap();
    let events = Table::parse(text);
    let profiles = read("profiles").map_or(Table::parse("profile"), |text| Table::parse(&text));
    let (numbers, codes) = (events.columns(&["n:"]), events.columns(&["c:", "i:"]));
    let own_numbers = profiles.columns(&["t:", "n:"]);
    let own_codes = profiles.columns(&["c:"]);
    let layout = Layout {
        key: KeyWidth::Fixed(8),
        numbers: numbers.len(),
        codes: codes.len(),
        profile_numbers: own_numbers.len(),
        profile_codes: own_codes.len(),
    };
    let mut dictionaries = Dictionaries::new(codes.len(), own_codes.len());
    let mut bytes = Vec::new();
    let key = |row: &[String]| row[0].parse::<i64>().unwrap().to_le_bytes();
    for row in &profiles.rows {
        let values: Vec<f64> = own_numbers
            .iter()
            .map(|(at, _)| number(&row[*at]))
            .collect();
        let texts = own_codes.iter().zip(&mut dictionaries.profiles);
        let texts: Vec<u32> = texts.map(|((at, _), d)| intern(d, &row[*at])).collect();
        layout.push_attributes(&mut bytes, &key(row), Micros::MIN, &values, &texts);
    }
    // Newest rows first: the order of rows must not matter.
    for row in events.rows.iter().rev() {
        let values: Vec<f64> = numbers.iter().map(|(at, _)| number(&row[*at])).collect();
        let texts = codes.iter().zip(&mut dictionaries.events);
        let texts: Vec<u32> = texts.map(|((at, _), d)| intern(d, &row[*at])).collect();
        let flags = Flags::new(row[3] == "1", false, false);
        let kind = intern(&mut dictionaries.kinds, &row[2]);
        let time = row[1].parse().unwrap();
        layout.push_event(&mut bytes, &key(row), time, kind, flags, &values, &texts);
    }
    let columns = ColumnNames {
        numbers: names(&numbers),
        times: Vec::new(),
        codes: names(&codes),
        profile_times: profiles
            .columns(&["t:", "n:"])
            .iter()
            .map(|(at, _)| profiles.names[*at].starts_with("t:"))
            .collect(),
        profile_numbers: names(&own_numbers),
        profile_codes: names(&own_codes),
        known_ahead: Vec::new(),
        types: Vec::new(),
    };
    let until = until.parse().unwrap();
    let mut learner = Learner::new(columns, window.parse().unwrap(), until, GoalKind::Events);
    Partition::default()
        .walk(
            &layout,
            &bytes,
            &dictionaries,
            &mut |p| learner.add(p, &mut || ()),
            &mut || (),
        )
        .unwrap();
    let rows = events.rows.iter().chain(&profiles.rows);
    let mut schema = learner.finish(&dictionaries).unwrap();
    // The reference is told what identifies; a learner that sees few rows may take it for a category.
    for (column, (at, _)) in schema.text.iter_mut().zip(&codes) {
        if events.names[*at].starts_with("i:") {
            *column = TextColumn::Identifier;
        }
    }
    Task {
        profiles: rows.map(|row| row[0].parse().unwrap()).collect(),
        schema,
        layout,
        dictionaries,
        bytes,
    }
}

/// Computes the rows asked for, in the order of (profile, cutoff).
fn compute(task: &Task, wanted: &BTreeSet<(i64, Micros)>) -> BTreeMap<(i64, Micros), Vec<f64>> {
    let mut features = Features::new(&task.schema, &task.dictionaries);
    let mut found = BTreeMap::new();
    let mut visit = |profile: &propensity::event::history::Profile| -> Result<(), Error> {
        assert_eq!(profile.hash, profile_hash(profile.key));
        let id = i64::from_le_bytes(profile.key.try_into().unwrap());
        features.start();
        for &(_, cutoff) in wanted.range((id, Micros::MIN)..=(id, Micros::MAX)) {
            let mut row = vec![0.0; features.len()];
            features.row(profile, cutoff, &mut row, &mut || ())?;
            found.insert((id, cutoff), row);
        }
        Ok(())
    };
    Partition::default()
        .walk(
            &task.layout,
            &task.bytes,
            &task.dictionaries,
            &mut visit,
            &mut || (),
        )
        .unwrap();
    found
}

/// The value as the reference prints it: the text of a category.
fn agrees(
    name: &str,
    values: &Option<Vec<String>>,
    found: f64,
    expected: &str,
    level: f64,
) -> bool {
    if let Some(values) = values {
        let known = values.iter().position(|value| value == expected);
        let place = match expected {
            "" => return found.is_nan(),
            _ => known.unwrap_or(values.len() - 1),
        };
        return found == place as f64;
    }
    let expected = number(expected);
    if found.is_nan() || expected.is_nan() {
        return found.is_nan() && expected.is_nan();
    }
    // The reference takes E[x^2] - E[x]^2, which loses digits where the spread is small.
    let lost = if name.starts_with("std_") {
        let slack = 1e-13 * (level * level + expected * expected);
        (found * found - expected * expected).abs() <= slack
    } else {
        false
    };
    // Its instants are days since 1970 in f64, good to a microsecond: seen in what is minutes long.
    let clock = if name.contains("rec_") || name == "goal_rec" {
        1e-10
    } else {
        0.0
    };
    lost || (found - expected).abs() <= 1e-9 * found.abs().max(expected.abs()) + clock
}

/// Compares all features of a task, returns the number of rows.
fn check(folder: &Path, name: &str) -> usize {
    let task = load(folder, name);
    let text = std::fs::read_to_string(folder.join(format!("{name}.features.tsv"))).unwrap();
    let expected = Table::parse(&text);
    let features = task.schema.features();
    let at: BTreeMap<&str, usize> = features
        .iter()
        .enumerate()
        .map(|(at, feature)| (feature.name.as_str(), at))
        .collect();
    let missing: Vec<&String> = expected.names[2..]
        .iter()
        .filter(|name| !at.contains_key(name.as_str()))
        .collect();
    assert!(missing.is_empty(), "{name}: not there: {missing:?}");
    let known: BTreeSet<&String> = expected.names.iter().collect();
    let extra: Vec<&str> = at
        .keys()
        .copied()
        .filter(|feature| !known.contains(&feature.to_string()))
        .collect();
    assert!(extra.is_empty(), "{name}: not in the reference: {extra:?}");
    let (mut theirs, mut our_names) = (BTreeMap::new(), BTreeMap::new());
    for (feature, factor) in expected.names.iter().zip(&expected.rows[0]).skip(2) {
        // The names are for people here; what is one factor there is one factor here.
        let ours = &features[at[feature.as_str()]].factor;
        // A date of the profile is one factor with the first event there, and one of its own here.
        if feature == "ten_profile" {
            assert!(ours.starts_with("Days since"), "{name}: {ours}");
            continue;
        }
        let same = *theirs.entry(ours).or_insert(factor) == factor
            && *our_names.entry(factor).or_insert(ours) == ours;
        assert!(same, "{name}: factor of {feature}: {ours}, not {factor}");
    }

    let key = |row: &[String]| (row[0].parse().unwrap(), row[1].parse().unwrap());
    let rows = &expected.rows[1..];
    let found = compute(&task, &rows.iter().map(|row| key(row)).collect());
    let mut wrong = BTreeMap::new();
    for row in rows {
        let Some(found) = found.get(&key(row)) else {
            // A profile of a table of examples may have no event at all, and then no visit.
            assert!(!task.profiles.contains(&key(row).0), "{name}: {row:?}");
            continue;
        };
        for (feature, expected) in expected.names.iter().zip(row).skip(2) {
            let at_mean = feature
                .strip_prefix("std_")
                .and_then(|p| at.get(format!("mean_{p}_all").as_str()));
            let level = at_mean.map_or(0.0, |&at| found[at]);
            let here = at[feature.as_str()];
            if !agrees(
                feature,
                &features[here].values,
                found[here],
                expected,
                level,
            ) {
                let entry = wrong.entry(feature.clone()).or_insert((0, String::new()));
                entry.0 += 1;
                entry.1 = format!("{} instead of {expected} at {:?}", found[here], key(row));
            }
        }
    }
    assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    found.len()
}

#[test]
fn cdnow_agrees_with_the_reference() {
    assert!(
        check(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures"),
            "cdnow_90"
        ) >= 100
    );
}

#[test]
fn online_retail_agrees_with_the_reference() {
    assert!(
        check(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures"),
            "retail_30"
        ) >= 100
    );
}

#[test]
#[ignore = "needs the folder that tools/reference writes, named by PROPENSITY_REFERENCE"]
fn every_task_given_agrees_with_the_reference() {
    let folder = std::env::var("PROPENSITY_REFERENCE").unwrap();
    let folder = Path::new(&folder);
    let mut tasks: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|file| {
            Some(
                file.unwrap()
                    .file_name()
                    .to_str()?
                    .strip_suffix(".features.tsv")?
                    .to_owned(),
            )
        })
        .collect();
    tasks.sort();
    let mut rows = 0;
    for task in &tasks {
        let agreeing = check(folder, task);
        println!("{task}: {agreeing} rows agree");
        rows += agreeing;
    }
    assert!(rows >= 5000, "{rows} rows of {tasks:?}");
}
