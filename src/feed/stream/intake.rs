//! What one process takes in: rows of the stream's queries become records in partitions.
//!
//! Advice: the columns that are read here must be those that `query.rs` selects, in that order.

use pgrx::pg_sys::Datum;
use propensity::error::OutOfMemory;
use propensity::event::counts::ReadSummary;
use propensity::event::dictionary::Dictionaries;
use propensity::event::history::{Mark, MarkKind};
use propensity::event::record::Layout;
use propensity::hash::profile_hash;
use propensity::time::Micros;
use propensity::walk::Partitioner;
use propensity::walk::sample::{Sampler, Share};

use super::long_keys;
use super::partitions::Partitions;
use crate::pg::datum::{BytesKind, Number};
use crate::row::{Attributes, EventColumns, Instant, Row, TimeColumn, is_true};

/// How the events of a query of ours are read, which has cast them.
pub type Columns = EventColumns<Instant, BytesKind>;

/// The columns of a query of ours, whose time is a timestamptz and whose type is a text.
pub fn columns(numbers: Vec<Number>, texts: Vec<BytesKind>) -> Columns {
    EventColumns {
        time: Instant,
        kind: BytesKind::Varlena,
        attributes: Attributes { numbers, texts },
    }
}

/// What the rows are, and how their columns are read. The first column of the query is the profile key, the others
/// follow.
pub enum Rows {
    /// Columns as [`crate::row`] says.
    Events {
        columns: Columns,
        /// Later events are left out and counted: they would be from the future.
        until: Micros,
    },
    /// No other columns, and no key: the first column is a text that is to be known before others.
    Types,
    /// cutoff, and for examples optionally the outcome
    Marks { kind: MarkKind, outcome: bool },
    /// valid_from or NULL, numbers.., texts..
    Attributes(Attributes<BytesKind>),
}

impl Rows {
    /// Whether the first column is the profile key.
    pub fn has_key(&self) -> bool {
        !matches!(self, Self::Types)
    }
}

/// Records, and what there is to say about the rows that they were made of.
pub struct Intake {
    pub layout: Layout,
    /// How the profile key is read.
    pub key: BytesKind,
    pub dictionaries: Dictionaries,
    pub partitions: Partitions,
    pub summary: ReadSummary,
    /// Decides, from the events, whose rows are kept; nobody's rows are dropped without it.
    pub sampler: Option<Sampler>,
}

impl Intake {
    /// Nothing yet.
    pub fn new(layout: Layout, key: BytesKind, dictionaries: Dictionaries) -> Self {
        Self {
            layout,
            key,
            dictionaries,
            partitions: Partitions::new(Partitioner::default()),
            summary: ReadSummary::default(),
            sampler: None,
        }
    }

    /// Takes one row: its first column, and the others.
    pub fn take(
        &mut self,
        rows: &mut Rows,
        first: Option<Datum>,
        row: impl Row,
    ) -> Result<(), OutOfMemory> {
        let Some(key) = first else {
            self.summary.counts.null_profile += 1;
            return Ok(());
        };
        match rows {
            Rows::Events { columns, until } => self.event(key, row, columns, *until),
            Rows::Types => self.event_type(key),
            Rows::Marks { kind, outcome } => self.mark(key, row, *kind, *outcome),
            Rows::Attributes(attributes) => self.attributes(key, row, attributes),
        }
    }

    fn event(
        &mut self,
        key: Datum,
        row: impl Row,
        columns: &mut Columns,
        until: Micros,
    ) -> Result<(), OutOfMemory> {
        // SAFETY: how columns are read was taken from their types.
        let time = unsafe { columns.time(row) };
        let Some(time) = self.summary.admit(time, until)? else {
            return Ok(());
        };
        // Rows that are dropped count in what is true of all, but nothing else is done with them.
        if let Some(sampler) = &mut self.sampler {
            // SAFETY: the kind was taken from the type of the key column, which is not NULL.
            let hash = unsafe { self.key.read(key, profile_hash) };
            if !sampler.add(hash)? {
                // SAFETY: as above.
                unsafe { columns.count(row, &mut self.summary.counts) };
                return Ok(());
            }
        }
        self.summary.kept += 1;
        let (dictionaries, counts) = (&mut self.dictionaries, &mut self.summary.counts);
        with_partition(self.key, key, &mut self.partitions, |out, key| {
            let record = (&self.layout, key);
            // SAFETY: as above.
            unsafe { columns.push(row, time, record, dictionaries, counts, out) }
        })
    }

    /// Takes an event type that is not NULL into the dictionary.
    fn event_type(&mut self, datum: Datum) -> Result<(), OutOfMemory> {
        let (kinds, counts) = (&mut self.dictionaries.kinds, &mut self.summary.counts);
        // SAFETY: the query casts the type to text.
        unsafe { BytesKind::Varlena.code(datum, kinds, &mut counts.long_text) }.map(drop)
    }

    fn mark(
        &mut self,
        key: Datum,
        row: impl Row,
        kind: MarkKind,
        outcome: bool,
    ) -> Result<(), OutOfMemory> {
        let Some(cutoff) = instant(row) else {
            self.summary.counts.no_time += 1;
            return Ok(());
        };
        if !self.keeps(key) {
            return Ok(());
        }
        let given = if outcome { row.get(1) } else { None };
        let kind = match given.map(is_true) {
            Some(true) => MarkKind::PositiveExample,
            Some(false) => MarkKind::NegativeExample,
            None => kind,
        };
        with_partition(self.key, key, &mut self.partitions, |out, key| {
            self.layout.push_mark(out, key, Mark { cutoff, kind });
        });
        Ok(())
    }

    /// Takes a mark of a profile that is kept.
    pub fn add_mark(&mut self, key: &[u8], mark: Mark) {
        let layout = &self.layout;
        self.partitions
            .append(profile_hash(key), |out| layout.push_mark(out, key, mark));
    }

    fn attributes(
        &mut self,
        key: Datum,
        row: impl Row,
        attributes: &mut Attributes<BytesKind>,
    ) -> Result<(), OutOfMemory> {
        let valid_from = instant(row).unwrap_or(Micros::MIN);
        let keeps = self.keeps(key);
        let (dictionaries, counts) = (&mut self.dictionaries.profiles, &mut self.summary.counts);
        if !keeps {
            // SAFETY: the kinds were taken from the types of the columns.
            unsafe { attributes.count(row, 1, counts) };
            return Ok(());
        }
        with_partition(self.key, key, &mut self.partitions, |out, key| {
            let fields = self.layout.begin_attributes(out, key, valid_from);
            // SAFETY: the kinds were taken from the types of the columns.
            unsafe { attributes.push(row, 1, 0, dictionaries, counts, fields) }
        })
    }

    /// Whether the rows of this profile are kept, once the events have decided.
    fn keeps(&self, key: Datum) -> bool {
        let share = self.sampler.as_ref().map(|sampler| sampler.share());
        // SAFETY: the kind was taken from the type of the key column, which is not NULL.
        let hash = || unsafe { self.key.read(key, profile_hash) };
        share.is_none_or(|share| share == Share::ALL || share.keeps(hash()))
    }
}

/// The instant in the first column behind the key, none if it is NULL or infinite.
fn instant(row: impl Row) -> Option<Micros> {
    // SAFETY: the queries cast it to timestamptz.
    row.get(0).and_then(|value| unsafe { Instant.read(value) })
}

/// Has `write` append a record to the partition of a key that is not NULL; it gets the key's bytes.
#[inline]
fn with_partition<T>(
    kind: BytesKind,
    key: Datum,
    partitions: &mut Partitions,
    write: impl FnOnce(&mut Vec<u8>, &[u8]) -> T,
) -> T {
    let append = |key: &[u8]| {
        long_keys::check(key);
        partitions.append(profile_hash(key), |out| write(out, key))
    };
    // SAFETY: the kind was taken from the type of the key column.
    unsafe { kind.read(key, append) }
}
