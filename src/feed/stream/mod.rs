//! The local streaming feeder: reads event sources once and hands out profile by profile.
//!
//! The query's rows are packed and split by profile hash into partitions; each partition is then
//! sorted in memory and walked once per profile, as often as needed, without reading the tables
//! again. Memory is that of a few partitions, which are the smaller the more events are expected.

mod file;
mod history;
mod intake;
mod key;
mod learned;
mod long_keys;
mod opened;
mod parallel;
mod partitions;
mod query;
mod reading;
mod sampling;
mod shared_file;
mod sink;
mod spool;
mod suppose;
mod windows;

use std::rc::Rc;
use std::time::Duration;

use pgrx::datum::TimestampWithTimeZone;
use propensity::event::counts::ReadSummary;
use propensity::event::dictionary::Dictionaries;
use propensity::event::history::{MarkKind, Profile};
use propensity::event::spread::Span;
use propensity::features::schema::{ColumnNames, Schema};
use propensity::time::Micros;
use propensity::walk::sample::Share;
use propensity::walk::{self, Batch, Partition, Partitioner, Visitor, WalkContext};

pub use key::Key;
pub use query::Query;
pub use sampling::sample_end;
pub use spool::Spool;
pub use suppose::Supposed;

use crate::catalog::instant;
use crate::catalog::{Definition, Kept};
use crate::error::{Error, not_null};
use crate::feed::span;
use crate::pg::execute::{Param, execute, execute_kept};
use crate::pg::guc::{self, Feeder};
use crate::pg::memory::{self, poll};
use crate::pg::plan;
use crate::pg::sql;
use crate::pg::thread;
use crate::source::condition::{self, Parts};
use intake::{Intake, Rows};
use opened::Opened;
use parallel::WorkerOutputs;
use partitions::Partitions;
use reading::{Reading, Readings};
use sink::IntakeSink;

/// The buffers of partitions take at most this part of the memory allowed.
const BUFFERS: usize = 16;
/// Two threads hold the records of partitions side by side if their bytes are this part of the memory allowed: events
/// that are sorted and walked take three or four times as much, and more is held besides.
const SIDE_BY_SIDE: usize = 8;

/// Where a condition with aggregates looks at a cutoff: `after < time <= until`.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub at: Micros,
    pub after: Micros,
    pub until: Micros,
}

/// The first instant after one; what is before all others has none.
fn following(at: Micros) -> Micros {
    if at == Micros::MIN {
        at
    } else {
        at.saturating_add(1)
    }
}

/// The events, attributes and marks of all profiles of a model.
pub struct Stream {
    query: Rc<Query>,
    intake: Intake,
    /// What parallel workers have read, if there were any.
    outputs: Option<WorkerOutputs>,
    /// Whether texts of profiles that were dropped late may have taken the places of others in a
    /// dictionary: what is told apart would then depend on the order of the rows.
    order_dependent: bool,
    /// Whether only the most frequent types are told apart, because there are too many.
    types_chosen: bool,
    /// What brought the events.
    feeder: Feeder,
}

impl Stream {
    /// Finds the columns to read; reads no rows yet.
    ///
    /// `schema` is that of a version, whose attributes are read; all usable ones without it.
    pub fn open(definition: &Definition, schema: Option<&Schema>) -> Result<Self, Error> {
        let query = Query::compose(definition, schema.map(|schema| &schema.names))?;
        let mut dictionaries = query.dictionaries();
        if let Some(schema) = schema {
            schema.preload(&mut dictionaries)?;
        }
        let query = Rc::new(query);
        Ok(Self::new(Opened {
            query,
            dictionaries,
        }))
    }

    /// The same for the active version of a model that the session keeps, whose schema this is.
    pub fn open_kept(kept: &Kept, schema: &Schema) -> Result<Self, Error> {
        Ok(Self::new(Opened::of(kept, schema)?))
    }

    fn new(opened: Opened) -> Self {
        let query = opened.query;
        Self {
            intake: Intake::new(query.layout(), query.key.kind, opened.dictionaries),
            query,
            outputs: None,
            order_dependent: false,
            types_chosen: false,
            feeder: Feeder::Local,
        }
    }

    /// The same queries with nothing read, of a stream that was opened without a schema.
    pub fn restarted(self) -> Self {
        let query = self.query;
        let dictionaries = query.dictionaries();
        Self::new(Opened {
            query,
            dictionaries,
        })
    }

    /// Its queries.
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// The key of the profiles.
    pub fn key(&self) -> &Key {
        &self.query.key
    }

    /// Names of the attributes read.
    pub fn names(&self) -> ColumnNames {
        self.query.names.clone()
    }

    /// What was read, and what was left out.
    pub fn summary(&self) -> &ReadSummary {
        &self.intake.summary
    }

    /// When the events are, without those that lie apart.
    pub fn span(&self, definition: &Definition) -> Result<Span, Error> {
        span::of(definition, &self.summary().spread)
    }

    /// How many parts the profiles were split into.
    pub fn partitions(&self) -> usize {
        self.intake.partitions.partitioner().partitions()
    }

    /// How many processes have read the events.
    pub fn processes(&self) -> usize {
        self.outputs.as_ref().map_or(1, WorkerOutputs::processes)
    }

    /// What parallel workers have spent of the processor.
    pub fn workers_cpu(&self) -> Duration {
        self.outputs
            .as_ref()
            .map_or(Duration::ZERO, WorkerOutputs::workers_cpu)
    }

    /// Codes of types and categories.
    pub fn dictionaries(&self) -> &Dictionaries {
        &self.intake.dictionaries
    }

    /// Reads all events up to `until`, of one profile if it is given (as text).
    pub fn read_events(&mut self, until: Micros, profile: Option<&str>) -> Result<(), Error> {
        let (sql, rows) = self.query.events(until, profile.is_some());
        if profile.is_none() {
            let bytes = plan::expected_rows(&sql)? * self.intake.layout.unpacked() as f64;
            // Their buffers are to take a small part of the memory.
            let most = guc::max_memory() / BUFFERS / partitions::SMALL_BUFFER;
            self.intake.partitions = Partitions::new(Partitioner::of(bytes as u64, most));
            if self.read_in_parallel(until)? {
                return Ok(());
            }
        }
        let params = self.query.profile_param(profile);
        if profile.is_some() {
            return self.read_profile(&sql, &params, rows).map(drop);
        }
        self.read(&sql, &params, rows).map(drop)
    }

    /// Events that are supposed after an instant, as JSON says.
    pub fn suppose(&self, text: &str, as_of: Micros) -> Result<Supposed, Error> {
        self.query.suppose(text, as_of)
    }

    /// Reads the events of a profile up to the instant, and those that are supposed after it.
    pub fn read_supposed(&mut self, supposed: &Supposed, profile: &str) -> Result<(), Error> {
        let (sql, params, rows) = self.query.supposed_events(supposed, profile)?;
        self.read(&sql, &params, rows).map(drop)
    }

    /// Whether there are more event types than a dictionary holds: which of them are told apart
    /// would then depend on the order of the rows.
    pub fn has_too_many_types(&self) -> bool {
        self.intake.dictionaries.kinds.overflowed() && !self.types_chosen
    }

    /// Whether only the most frequent event types are told apart.
    pub fn types_chosen(&self) -> bool {
        self.types_chosen
    }

    /// Tells only the most frequent event types up to `until` apart; reads no events yet.
    pub fn choose_types(&mut self, until: Micros) -> Result<(), Error> {
        let (sql, params) = self.query.types(until);
        self.read(&sql, &params, Rows::Types)?;
        self.intake.dictionaries.kinds.close();
        self.types_chosen = true;
        Ok(())
    }

    /// The error of a stream that read no events.
    pub fn no_events(&self, definition: &Definition) -> Error {
        let ReadSummary {
            counts,
            newest_future,
            ..
        } = self.summary();
        let newest = Some(*newest_future).filter(|&newest| newest > Micros::MIN);
        span::no_events(definition, counts, newest)
    }

    /// Reads the profile attributes, if the model has any, and returns how many rows of them.
    pub fn read_attributes(&mut self, profile: Option<&str>) -> Result<u64, Error> {
        let Some((sql, rows)) = self.query.attributes(profile.is_some()) else {
            return Ok(0);
        };
        let params = self.query.profile_param(profile);
        let Some(found) = self.query.ambiguous().cloned() else {
            return match profile {
                Some(_) => self.read_profile(&sql, &params, rows),
                None => self.read(&sql, &params, rows),
            };
        };
        let twice = |profile: String| Error::DuplicateProfiles {
            relation: found.relation.clone(),
            column: found.column.clone(),
            profile,
        };
        if let Some(profile) = profile {
            return match self.read_profile(&sql, &params, rows)? {
                read @ 0..=1 => Ok(read),
                _ => Err(twice(profile.to_owned())),
            };
        }
        let first = sql::rows_once(&found.sql, &[], |row| Ok(row.get::<String>(1)?))?;
        match first.into_iter().next().flatten() {
            Some(profile) => Err(twice(profile)),
            None => self.read(&sql, &params, rows),
        }
    }

    /// Reads marks: a query whose rows are profile, cutoff and, with `outcome`, a boolean.
    pub fn read_marks(
        &mut self,
        sql: &str,
        params: &[Param],
        kind: MarkKind,
        outcome: bool,
    ) -> Result<u64, Error> {
        self.read(sql, params, Rows::Marks { kind, outcome })
    }

    /// What a condition with aggregates is over no events, at each cutoff.
    pub fn over_nothing(&self, condition: &str, cutoffs: &[Micros]) -> Result<Vec<bool>, Error> {
        let instants = cutoffs
            .iter()
            .map(|&at| instant::from_micros(at))
            .collect::<Result<Vec<_>, _>>()?;
        let query = condition::over_nothing(condition, &self.query.from);
        sql::rows_once(&query, &[instants.into()], |row| {
            not_null(row.get::<bool>(1)?)
        })
    }

    /// Whether a condition with aggregates holds for one profile, given as text, in a window.
    pub fn holds(&self, condition: &str, profile: &str, window: Window) -> Result<bool, Error> {
        let query = self.query.aggregate_of_profile(condition);
        let instant = |at: Micros| match at {
            Micros::MIN => Ok(TimestampWithTimeZone::negative_infinity()),
            at => instant::from_micros(at),
        };
        let arguments = [
            profile.into(),
            instant(window.at)?.into(),
            instant(window.after)?.into(),
            instant(window.until)?.into(),
        ];
        let rows = sql::rows_kept(&query, &arguments, |row| not_null(row.get::<bool>(1)?))?;
        not_null(rows.into_iter().next())
    }

    /// Marks the profiles that are kept for which a condition with aggregates is not `unless` in these windows, whose
    /// beginnings and ends go up.
    pub fn read_aggregate(
        &mut self,
        condition: &str,
        unless: bool,
        windows: &[Window],
        kind: MarkKind,
    ) -> Result<(), Error> {
        let ends = |end: fn(&Window) -> Micros| {
            let ends: Vec<Micros> = windows.iter().map(end).collect();
            instant::array(&ends)
        };
        let mut params = vec![
            ends(|window| window.at),
            ends(|window| following(window.after)),
            ends(|window| following(window.until)),
        ];
        let sampled = self.share() != Share::ALL;
        if sampled {
            params.push(sample_end(self.share()));
        }
        let parts = Parts::of("condition", condition, &self.query.from)?;
        if let Some(parts) = parts
            && self.mark_by_parts(&parts, unless, windows, kind, (&params, sampled))?
        {
            return Ok(());
        }
        let sql = self.query.aggregate(condition, unless, sampled);
        self.read_marks(&sql, &params, kind, false).map(drop)
    }

    fn read(&mut self, sql: &str, params: &[Param], rows: Rows) -> Result<u64, Error> {
        let mut sink = IntakeSink::new(rows, &mut self.intake);
        execute(sql, params, &mut sink)?;
        Ok(sink.received.rows())
    }

    /// The same of one profile: the plan is kept for the next.
    fn read_profile(&mut self, sql: &str, params: &[Param], rows: Rows) -> Result<u64, Error> {
        let mut sink = IntakeSink::new(rows, &mut self.intake);
        execute_kept(sql, params, &mut sink)?;
        Ok(sink.received.rows())
    }

    /// Bytes of each partition.
    fn lengths(&self) -> Vec<usize> {
        let partitions = &self.intake.partitions;
        let of_outputs = |number| {
            self.outputs
                .as_ref()
                .map_or(0, |outputs| outputs.len(number))
        };
        (0..self.partitions())
            .map(|number| partitions.len(number) + of_outputs(number))
            .collect()
    }

    /// Reads a part of the records, and returns whether there are more.
    fn read_on(&mut self, reading: &mut Reading, batch: &mut Batch) -> Result<bool, Error> {
        reading.read(&mut self.intake.partitions, self.outputs.as_mut(), batch)
    }

    /// Whether [`Stream::walk_parallel`] keeps a second visitor busy.
    pub fn keeps_two_busy(&self) -> bool {
        guc::threads() > 1 && self.lengths().iter().sum::<usize>() > reading::MORSEL
    }

    /// Visits every profile, with one visitor or with two side by side. `take` gets what they make of morsels of
    /// profiles, in the order of the hashes of these.
    pub fn walk_parallel<W>(
        &mut self,
        workers: (W, Option<W>),
        take: &mut dyn FnMut(W::Output) -> Result<(), Error>,
    ) -> Result<(), Error>
    where
        W: Visitor<Output: Send> + Send,
    {
        self.intake.partitions.spill();
        let lengths = self.lengths();
        let Intake {
            layout,
            dictionaries,
            partitions,
            ..
        } = &mut self.intake;
        let (used, most) = (memory::used(), guc::max_memory());
        // What is made may take half of what there is now; the rest is for what becomes of it.
        let scarce = used + most.saturating_sub(used) / 2;
        let context = WalkContext {
            layout,
            dictionaries,
            begin: thread::begin,
            room: most / SIDE_BY_SIDE,
            is_scarce: &|| memory::used() > scarce,
        };
        let mut morsels = Readings::new(lengths, partitions, self.outputs.as_mut());
        walk::walk_parallel(workers, &context, &mut morsels, take, &mut poll)
    }

    /// Visits every profile, in order of the hash of its key. Can be repeated.
    pub fn walk(
        &mut self,
        visit: &mut dyn FnMut(&Profile) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (mut partition, mut batch) = (Partition::default(), Batch::default());
        let layout = self.intake.layout;
        self.intake.partitions.spill();
        let lengths = self.lengths().into_iter().enumerate();
        // Of one profile there is one partition.
        for (number, length) in lengths.filter(|&(_, length)| length > 0) {
            partition.begin(length);
            let mut reading = Reading::new(number..number + 1);
            let mut more = true;
            while more {
                batch.clear();
                more = self.read_on(&mut reading, &mut batch)?;
                partition.add(&layout, &batch, &|_| true, &mut poll)?;
            }
            let dictionaries = &self.intake.dictionaries;
            partition.visit(
                &layout,
                dictionaries,
                &mut |profile, _| visit(profile),
                &mut poll,
            )?;
        }
        Ok(())
    }
}
