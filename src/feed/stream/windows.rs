//! Conditions with aggregates in many windows by one reading: what their aggregates read of each event comes once, as records
//! of its profile; the aggregates are computed here, and Postgres says once of each of their values what the condition is.

use std::collections::HashMap;
use std::ops::Range;

use pgrx::datum::DatumWithOid;
use pgrx::pg_sys::{self, Datum, TupleDesc};
use propensity::event::aggregate::EXACT;
use propensity::event::dictionary::Dictionaries;
use propensity::event::history::{Flags, History, Mark, MarkKind, Profile};
use propensity::event::record::Layout;
use propensity::hash::profile_hash;
use propensity::walk::{Batch, Partition, Partitioner};

use super::intake::Intake;
use super::partitions::{self, Partitions};
use super::reading::Reading;
use super::{BUFFERS, Stream, Window};
use crate::catalog::instant;
use crate::error::{Error, not_null};
use crate::pg::datum::{BytesKind, NumberKind};
use crate::pg::execute::{Param, Sink, execute};
use crate::pg::guc;
use crate::pg::memory::{RowPoll, poll};
use crate::pg::sql;
use crate::pg::timestamp;
use crate::row::is_true;
use crate::source::condition::{Input, Parts, Reads, column};

/// Values of the aggregates that Postgres is asked about at once, and answers that wait for them.
const QUESTIONS: usize = 16_384;
const WAITING: usize = 65_536;
/// Events of one profile that take a while.
const MANY: usize = 1 << 15;
/// Values whose answers are remembered.
const REMEMBERED: usize = 131_072;

impl Stream {
    /// Marks the profiles that are kept for which the condition is not `unless` in these windows, whose beginnings and ends
    /// go up. Returns false, and marks nobody wrongly, if there are values that these means do not hold exactly.
    pub(super) fn mark_by_parts(
        &mut self,
        parts: &Parts,
        unless: bool,
        windows: &[Window],
        kind: MarkKind,
        (params, sampled): (&[Param], bool),
    ) -> Result<bool, Error> {
        let sql = self.query.inputs(parts, sampled);
        let layout = Layout {
            key: self.intake.layout.key,
            numbers: parts.numbers.len(),
            codes: parts.texts.len(),
            profile_numbers: 0,
            profile_codes: 0,
        };
        let most = guc::max_memory() / BUFFERS / partitions::SMALL_BUFFER;
        let times = if parts.within { windows.len() } else { 1 };
        let bytes = self.intake.summary.kept * (layout.unpacked() * times) as u64;
        let mut inputs = Inputs {
            parts,
            layout,
            key: self.intake.key,
            partitions: Partitions::new(Partitioner::of(bytes, most)),
            dictionaries: Dictionaries::new(parts.texts.len(), 0),
            exact: true,
            received: RowPoll::default(),
        };
        execute(&sql, params, &mut inputs)?;
        let Inputs {
            mut partitions,
            dictionaries,
            exact,
            ..
        } = inputs;
        if !exact || dictionaries.events.iter().any(|texts| texts.overflowed()) {
            return Ok(false);
        }
        // What was read for a window has its cutoff for a time.
        let at_cutoffs = windows.iter().map(|&Window { at, .. }| Window {
            at,
            after: at.saturating_sub(1),
            until: at,
        });
        let at_cutoffs: Vec<Window> = at_cutoffs.collect();
        let windows = if parts.within { &at_cutoffs } else { windows };
        let mut verdicts = Verdicts::new(parts, unless, windows)?;
        let (mut partition, mut batch) = (Partition::default(), Batch::default());
        partitions.spill();
        let intake = &mut self.intake;
        for number in 0..partitions.partitioner().partitions() {
            let length = partitions.len(number);
            if length == 0 {
                continue;
            }
            partition.begin(length);
            let mut reading = Reading::new(number..number + 1);
            let mut more = true;
            while more {
                batch.clear();
                more = reading.read(&mut partitions, None, &mut batch)?;
                partition.add(&layout, &batch, &|_| true, &mut poll)?;
            }
            partition.visit(
                &layout,
                &dictionaries,
                &mut |profile, _| verdicts.add(profile, intake, kind),
                &mut poll,
            )?;
        }
        verdicts.answer(intake, kind)?;
        Ok(verdicts.exact)
    }
}

/// Takes what is read of the events into partitions.
struct Inputs<'a> {
    parts: &'a Parts,
    layout: Layout,
    key: BytesKind,
    partitions: Partitions,
    dictionaries: Dictionaries,
    /// Whether every value was held as it is.
    exact: bool,
    received: RowPoll,
}

impl Sink for Inputs<'_> {
    fn begin(&mut self, columns: TupleDesc) -> Result<(), Error> {
        // SAFETY: the executor's descriptor of the query's columns.
        unsafe { self.key.check_first(columns) }
    }

    fn take(&mut self, values: &[Datum], nulls: &[bool]) -> Result<(), Error> {
        self.received.row();
        let ([key, time, values @ ..], [false, false, nulls @ ..]) = (values, nulls) else {
            return Ok(());
        };
        let Some(time) = timestamp::finite(time.value() as i64) else {
            return Ok(());
        };
        let Self {
            parts,
            layout,
            key: kind,
            partitions,
            dictionaries,
            exact,
            ..
        } = self;
        let values = values.iter().zip(nulls);
        let given = |(&value, &is_null): (&Datum, &bool)| (!is_null).then_some(value);
        let append = |key: &[u8]| {
            partitions.append(profile_hash(key), |out| {
                let mut fields = layout.begin_event(out, key, time, 0, Flags::NONE);
                let mut values = values.map(given);
                for (input, value) in parts.numbers.iter().zip(&mut values) {
                    // SAFETY: the query has the columns that the parts say.
                    let number = value.and_then(|value| unsafe { number(input.reads, value) });
                    if let Some(number) = number {
                        *exact &= number.is_finite();
                    }
                    fields.number(number.unwrap_or(f64::NAN));
                }
                let texts = parts.texts.iter().zip(&mut dictionaries.events);
                for ((input, texts), value) in texts.zip(values) {
                    let mut long = 0;
                    let code = match value {
                        // SAFETY: as above.
                        Some(value) => unsafe { text(input).code(value, texts, &mut long) }?,
                        None => 0,
                    };
                    *exact &= long == 0;
                    fields.code(code);
                }
                fields.end();
                Ok(())
            })
        };
        // SAFETY: the kind was checked against the query's first column, which is not NULL.
        unsafe { kind.read(*key, append) }
    }
}

/// How a text is read.
fn text(input: &Input<pg_sys::Oid>) -> BytesKind {
    BytesKind::of(input.reads).unwrap_or(BytesKind::Varlena)
}

/// A value as a number: none if it is the same as a missing one, not finite if no number of ours is it exactly.
///
/// # Safety
/// The value is of the type that is read.
unsafe fn number(reads: Reads, value: Datum) -> Option<f64> {
    let integer = |integer: i64| match integer as f64 {
        number if number.abs() <= EXACT => number,
        _ => f64::INFINITY,
    };
    // SAFETY: by contract.
    let float = |kind: NumberKind| match unsafe { kind.read(value) } {
        // Equal to 0, and yet another value.
        number if number.is_finite() && !(number == 0.0 && number.is_sign_negative()) => number,
        _ => f64::INFINITY,
    };
    Some(match reads {
        Reads::Met => return is_true(value).then_some(1.0),
        Reads::Bool => f64::from(u8::from(is_true(value))),
        Reads::Int2 => f64::from(value.value() as i16),
        Reads::Int4 => f64::from(value.value() as i32),
        Reads::Int8 => integer(value.value() as i64),
        Reads::Oid => f64::from(value.value() as u32),
        Reads::Date => match value.value() as i32 {
            i32::MIN | i32::MAX => f64::INFINITY,
            days => f64::from(days),
        },
        Reads::Float4 => float(NumberKind::Float4),
        Reads::Float8 => float(NumberKind::Float8),
        Reads::Numeric(scale) => {
            // The nearest f64 is far nearer to it than to its neighbours of so many digits.
            let scaled = float(NumberKind::Numeric) * 10_f64.powi(i32::from(scale));
            match scaled.round() {
                number if number.abs() <= EXACT / 8.0 => number,
                _ => f64::INFINITY,
            }
        }
    })
}

/// Computes the aggregates of profile after profile, and finds out of their values what the condition is.
struct Verdicts<'a> {
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
    exact: bool,
}

/// A profile in a window, whose answer is at a place.
struct Waiting {
    key_end: usize,
    window: usize,
    answer: usize,
}

impl<'a> Verdicts<'a> {
    fn new(parts: &'a Parts, unless: bool, windows: &'a [Window]) -> Result<Self, Error> {
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
    fn add(&mut self, profile: &Profile, intake: &mut Intake, kind: MarkKind) -> Result<(), Error> {
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
                self.keys.extend_from_slice(profile.key);
                self.waiting.push(Waiting {
                    key_end: self.keys.len(),
                    window: number,
                    answer,
                });
            }
        }
        if self.questions.len() >= QUESTIONS || self.waiting.len() >= WAITING {
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
    fn answer(&mut self, intake: &mut Intake, kind: MarkKind) -> Result<(), Error> {
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
