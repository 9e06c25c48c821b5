//! Values that stand for "unknown" where NULL should: 0, -1, '' or 'N/A'. As a key they make one profile of many people,
//! as an attribute a category or a number of what is missing.

use propensity::event::dictionary::Dictionary;
use propensity::event::history::Profile;

use crate::error::Error;
use crate::feed::gather::TrainingSet;
use crate::feed::stream::Stream;
use crate::pg::relation::{literal, quote};

/// What stands for many is pointed out from this part of the events on: one in this many.
const PART: u64 = 10;
/// With fewer profiles than this, one may well have a tenth of the events.
const PROFILES: u64 = 50;
/// Texts that stand for "unknown", in lower case. Of a number, 0 is a value as any other; of what identifies, it is not.
const WORDS: [&str; 14] = [
    "",
    "0",
    "-1",
    "null",
    "none",
    "nil",
    "n/a",
    "na",
    "nan",
    "unknown",
    "undefined",
    "(not set)",
    "-",
    "?",
];

/// check, required, actual, ok, hint: of check_model.
type Row = (String, String, String, bool, Option<String>);

/// What was counted over all events.
struct Counts {
    events: u64,
    profiles: u64,
    /// Keys with a tenth of the events, and how many they have.
    keys: Vec<(String, u64)>,
    /// Of each number, how often it is -1, and whether it is negative otherwise.
    numbers: Vec<(u64, bool)>,
    /// Of each text, how often it is each of the words that it has.
    codes: Vec<Vec<(u32, u64)>>,
}

/// A row for each column with a placeholder in a tenth of the events.
pub fn rows(gathered: &mut TrainingSet) -> Result<Vec<Row>, Error> {
    let stream = &mut gathered.stream;
    let names = stream.names();
    let counts = count(stream)?;
    let share = |found: u64| 100.0 * found as f64 / counts.events.max(1) as f64;
    let column = |name: &str, shown: &str, found: u64, value: &str| {
        let actual = format!("{shown} in {:.0} % of the events", share(found));
        let hint = format!(
            "If it stands for unknown, use a view with nullif({}, {value}).",
            quote(name)
        );
        let check = format!("placeholders in column \"{name}\"");
        (
            check,
            "NULL where a value is unknown".to_owned(),
            actual,
            false,
            Some(hint),
        )
    };
    let mut rows = Vec::new();
    for (key, found) in &counts.keys {
        let profile = quote(&stream.key().name);
        rows.push((
            "profiles that may stand for many".to_owned(),
            "none with a tenth of the events".to_owned(),
            format!("\"{key}\" with {:.0} % of the events", share(*found)),
            false,
            Some(format!(
                "If it stands for unknown profiles, use a view with WHERE {profile} <> {}.",
                literal(key)
            )),
        ));
    }
    for (name, &(found, otherwise)) in names.numbers.iter().zip(&counts.numbers) {
        if found * PART >= counts.events && !otherwise {
            rows.push(column(name, "-1", found, "-1"));
        }
    }
    let dictionaries = &stream.dictionaries().events;
    for ((name, found), dictionary) in names.codes.iter().zip(&counts.codes).zip(dictionaries) {
        for &(code, found) in found {
            if let Some(text) = dictionary.text(code)
                && found * PART >= counts.events
            {
                let shown = literal(text);
                rows.push(column(name, &shown, found, &shown));
            }
        }
    }
    Ok(rows)
}

fn count(stream: &mut Stream) -> Result<Counts, Error> {
    let kind = stream.key().kind;
    let events = stream.summary().counts.events;
    let dictionaries = &stream.dictionaries().events;
    let words = |dictionary: &Dictionary| {
        let is_word = |code: &u32| {
            let text = dictionary
                .text(*code)
                .map(|text| text.trim().to_lowercase());
            text.is_some_and(|text| WORDS.contains(&text.as_str()))
        };
        let codes = (1..=dictionary.len() as u32).filter(is_word);
        codes.map(|code| (code, 0)).collect()
    };
    let mut counts = Counts {
        events,
        profiles: 0,
        keys: Vec::new(),
        numbers: vec![(0, false); stream.names().numbers.len()],
        codes: dictionaries.iter().map(words).collect(),
    };
    stream.walk(&mut |profile| {
        counts.add(profile, |key| kind.text(key));
        Ok(())
    })?;
    if counts.profiles < PROFILES {
        counts.keys.clear();
    }
    counts
        .keys
        .sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(counts)
}

impl Counts {
    fn add(&mut self, profile: &Profile, text: impl Fn(&[u8]) -> String) {
        let history = &profile.history;
        let events = history.times.len() as u64;
        self.profiles += u64::from(events > 0);
        if events * PART >= self.events && events > 0 {
            self.keys.push((text(profile.key), events));
        }
        for ((found, otherwise), values) in self.numbers.iter_mut().zip(history.numbers) {
            for &value in *values {
                *found += u64::from(value == -1.0);
                *otherwise |= value < 0.0 && value != -1.0;
            }
        }
        for (words, codes) in self.codes.iter_mut().zip(history.codes) {
            for (word, found) in words {
                *found += codes.iter().filter(|&&code| code == *word).count() as u64;
            }
        }
    }
}
