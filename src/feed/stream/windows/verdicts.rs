//! What a condition is for profiles in windows: the aggregates are computed here, and Postgres is asked once about each of
//! their values.

use std::collections::HashMap;
use std::ops::Range;

use pgrx::datum::DatumWithOid;
use propensity::error::OutOfMemory;
use propensity::event::history::{History, Mark, MarkKind, Profile};

use crate::catalog::instant;
use crate::error::{Error, not_null};
use crate::feed::stream::Window;
use crate::feed::stream::intake::Intake;
use crate::pg::memory::poll;
use crate::pg::sql;
use crate::source::condition::{Parts, column};

/// Values of the aggregates that Postgres is asked about at once, answers that wait for them, and the bytes of the keys of
/// those: a key that an index takes compressed can be long.
const QUESTIONS: usize = 16_384;
const WAITING: usize = 65_536;
const KEYS: usize = 4 << 20;
/// Events of one profile that take a while.
const MANY: usize = 1 << 15;
/// Values whose answers are remembered.
const REMEMBERED: usize = 131_072;

/// Computes the aggregates of profile after profile, and finds out of their values what the condition is.
pub struct Verdicts<'a> {
    parts: &'a Parts,
    windows: &'a [Window],
    /// The query that is asked: `$1` the cutoffs, then the values of each aggregate.
    sql: String,
    /// By the bits of the values, and the window if the condition looks at the cutoff: the place of the answer.
    known: HashMap<Box<[u64]>, usize>,
    answers: Vec<bool>,
    /// What Postgres is to be asked: the window, and the values.
    questions: Vec<(usize, Box<[u64]>)>,
    waiting: Vec<Waiting>,
    /// Their keys, one after the other.
    keys: Vec<u8>,
    values: Vec<u64>,
    scratch: Vec<u64>,
    /// Whether every value was computed as it is.
    pub exact: bool,
}

/// A profile in a window, whose answer is at a place.
struct Waiting {
    key_end: usize,
    window: usize,
    answer: usize,
}

impl<'a> Verdicts<'a> {
    pub fn new(parts: &'a Parts, unless: bool, windows: &'a [Window]) -> Result<Self, Error> {
        let mut columns = Vec::new();
        let mut arrays = vec!["pg_catalog.unnest($1::pg_catalog.timestamptz[])".to_owned()];
        for (place, (_, output)) in parts.aggregates.iter().enumerate() {
            let name = column(place);
            columns.push(format!("{} AS {name}", output.sql(&format!("u.{name}"))?));
            arrays.push(format!(
                "pg_catalog.unnest(${}::pg_catalog.float8[])",
                place + 2
            ));
        }
        let names = (0..columns.len()).map(column);
        let names: Vec<String> = names.collect();
        let list = |items: &[String]| items.iter().map(|item| format!(", {item}")).collect();
        let (columns, names): (String, String) = (list(&columns), list(&names));
        let not = if unless { "NOT " } else { "" };
        Ok(Self {
            sql: format!(
                "SELECT ({above}\n) IS {not}TRUE FROM (SELECT u.place, u.cutoff{columns} \
                 FROM ROWS FROM ({arrays}) WITH ORDINALITY u (cutoff{names}, place)) c ORDER BY c.place",
                above = parts.above,
                arrays = arrays.join(", "),
            ),
            parts,
            windows,
            known: HashMap::new(),
            answers: Vec::new(),
            questions: Vec::new(),
            waiting: Vec::new(),
            keys: Vec::new(),
            values: Vec::new(),
            scratch: Vec::new(),
            exact: true,
        })
    }

    /// Computes the aggregates in the windows that hold events of the profile.
    pub fn add(
        &mut self,
        profile: &Profile,
        intake: &mut Intake,
        kind: MarkKind,
    ) -> Result<(), Error> {
        let times = profile.history.times;
        let (mut begin, mut end) = (0, 0);
        for (number, window) in self.windows.iter().enumerate() {
            let until = |from: usize, at: i64| {
                let rest = times.get(from..).unwrap_or_default();
                from + rest.iter().take_while(|&&time| time <= at).count()
            };
            begin = until(begin, window.after);
            end = until(end.max(begin), window.until);
            if begin < end {
                let answer = self.ask(&profile.history, begin..end, number)?;
                let reserved = self.keys.try_reserve(profile.key.len());
                reserved.map_err(OutOfMemory::from)?;
                self.keys.extend_from_slice(profile.key);
                self.waiting.push(Waiting {
                    key_end: self.keys.len(),
                    window: number,
                    answer,
                });
            }
        }
        let full = self.questions.len() >= QUESTIONS
            || self.waiting.len() >= WAITING
            || self.keys.len() >= KEYS;
        if full {
            self.answer(intake, kind)?;
        }
        Ok(())
    }

    /// Where the answer about these events will be.
    fn ask(
        &mut self,
        history: &History,
        events: Range<usize>,
        window: usize,
    ) -> Result<usize, Error> {
        self.values.clear();
        for (aggregate, _) in &self.parts.aggregates {
            let value = aggregate.over(history, events.clone(), &mut self.scratch)?;
            if events.len() > MANY {
                poll();
            }
            self.exact &= !value.is_infinite();
            self.values.push(value.to_bits());
        }
        if self.parts.at_cutoff {
            self.values.push(window as u64);
        }
        if let Some(&known) = self.known.get(self.values.as_slice()) {
            return Ok(known);
        }
        let place = self.known.len();
        self.known.insert(self.values.as_slice().into(), place);
        self.questions.push((window, self.values.as_slice().into()));
        Ok(place)
    }

    /// Has Postgres answer what is asked, and marks the profiles that wait for it.
    pub fn answer(&mut self, intake: &mut Intake, kind: MarkKind) -> Result<(), Error> {
        if self.exact && !self.questions.is_empty() {
            let cutoffs = self.questions.iter().filter_map(|(window, _)| {
                let window = self.windows.get(*window)?;
                Some(instant::from_micros(window.at))
            });
            let mut arguments: Vec<DatumWithOid> =
                vec![cutoffs.collect::<Result<Vec<_>, _>>()?.into()];
            for place in 0..self.parts.aggregates.len() {
                let values = self.questions.iter().map(|(_, values)| {
                    let value = values.get(place).copied().map(f64::from_bits);
                    value.filter(|value| !value.is_nan())
                });
                arguments.push(values.collect::<Vec<Option<f64>>>().into());
            }
            let answers =
                sql::rows_once(&self.sql, &arguments, |row| not_null(row.get::<bool>(1)?))?;
            self.answers.extend(answers);
        }
        self.questions.clear();
        let mut key_begin = 0;
        for waiting in self.waiting.drain(..) {
            let key = self.keys.get(key_begin..waiting.key_end);
            key_begin = waiting.key_end;
            let marked = self.answers.get(waiting.answer).copied().unwrap_or(false);
            if let (true, Some(key), Some(window)) = (marked, key, self.windows.get(waiting.window))
            {
                let cutoff = window.at;
                intake.add_mark(key, Mark { cutoff, kind });
            }
        }
        self.keys.clear();
        if self.known.len() > REMEMBERED {
            self.known.clear();
            self.answers.clear();
        }
        poll();
        Ok(())
    }
}
