//! What the aggregates of a condition read of each event, taken from the executor into partitions.

use pgrx::pg_sys::{self, Datum, TupleDesc};
use propensity::event::aggregate::EXACT;
use propensity::event::dictionary::Dictionaries;
use propensity::event::history::Flags;
use propensity::event::record::Layout;
use propensity::hash::profile_hash;
use propensity::walk::Partitioner;

use crate::error::Error;
use crate::feed::stream::BUFFERS;
use crate::feed::stream::intake::Intake;
use crate::feed::stream::partitions::{self, Partitions};
use crate::pg::datum::{BytesKind, NumberKind};
use crate::pg::execute::Sink;
use crate::pg::guc;
use crate::pg::memory::RowPoll;
use crate::pg::timestamp;
use crate::row::is_true;
use crate::source::condition::{Input, Parts, Reads};

/// Takes what is read of the events into partitions.
pub struct Inputs<'a> {
    parts: &'a Parts,
    key: BytesKind,
    pub layout: Layout,
    pub partitions: Partitions,
    pub dictionaries: Dictionaries,
    /// Whether every number, and every text that is not one too many, was held as it is.
    exact: bool,
    received: RowPoll,
}

impl<'a> Inputs<'a> {
    /// Nothing yet; of as many events as the intake has kept, each `times` times.
    pub fn new(parts: &'a Parts, intake: &Intake, times: usize) -> Self {
        let layout = Layout {
            key: intake.layout.key,
            numbers: parts.numbers.len(),
            codes: parts.texts.len(),
            profile_numbers: 0,
            profile_codes: 0,
        };
        let most = guc::max_memory() / BUFFERS / partitions::SMALL_BUFFER;
        let bytes = intake.summary.kept * (layout.unpacked() * times) as u64;
        Self {
            parts,
            key: intake.key,
            layout,
            partitions: Partitions::new(Partitioner::of(bytes, most)),
            dictionaries: Dictionaries::new(parts.texts.len(), 0),
            exact: true,
            received: RowPoll::default(),
        }
    }

    /// Whether every value was held as it is.
    pub fn are_exact(&self) -> bool {
        let full = self
            .dictionaries
            .events
            .iter()
            .any(|texts| texts.overflowed());
        self.exact && !full
    }
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
