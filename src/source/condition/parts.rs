//! A condition with aggregates taken apart: what is read of each event, the aggregates over that, and what the condition says
//! of their values. Of those whose aggregates we can compute for many windows in one reading; Postgres computes all others.

use std::ffi::CStr;

use pgrx::pg_sys::{self, Aggref, Oid};
use propensity::event::aggregate::Aggregate;

use super::deparse::{deparse, deparse_above};
use super::{PINNED, analysed};
use crate::error::Error;
use crate::pg::list::pointers;

/// A condition as its parts.
pub struct Parts {
    /// What is read of each event: numbers, then texts. The aggregates know them by their places.
    pub numbers: Vec<Input<Reads>>,
    pub texts: Vec<Input<Oid>>,
    pub aggregates: Vec<(Aggregate, Output)>,
    /// The condition over an item `c` of FROM whose columns are [`column`] of each aggregate, and `cutoff`.
    pub above: String,
    /// Whether that reads the cutoff.
    pub at_cutoff: bool,
    /// Whether what is read of an event reads it, as `c.cutoff`: it is read once for each window then.
    pub within: bool,
}

/// An expression about one event, and how its value is read.
pub struct Input<T> {
    pub sql: String,
    pub reads: T,
}

/// How a value is read as a number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// 1 where it is true, else missing.
    Met,
    Bool,
    Int2,
    Int4,
    Date,
    /// Also the microseconds of an instant.
    Int8,
    /// Of an enum.
    Oid,
    Float4,
    Float8,
    /// With this many digits behind the point, as an integer of the last of them.
    Numeric(u16),
}

/// How the number becomes a value of the aggregate's type again.
pub struct Output {
    type_oid: Oid,
    /// Digits behind the point, of a numeric.
    scale: u16,
}

/// The column with the value of the aggregate at a place.
pub fn column(place: usize) -> String {
    format!("a{place}")
}

impl Output {
    /// The value in SQL, of a float8.
    ///
    /// # Errors
    /// An internal one for a type that no aggregate of ours has.
    pub fn sql(&self, number: &str) -> Result<String, Error> {
        let since = |kind: &str| {
            format!(
                "('2000-01-01 00:00:00+00'::pg_catalog.{kind} + {number} * '1 microsecond'::pg_catalog.interval)"
            )
        };
        Ok(match self.type_oid {
            pg_sys::BOOLOID => format!("({number} <> 0)"),
            pg_sys::INT2OID => format!("{number}::pg_catalog.int2"),
            pg_sys::INT4OID => format!("{number}::pg_catalog.int4"),
            pg_sys::INT8OID => format!("{number}::pg_catalog.int8"),
            pg_sys::FLOAT4OID => format!("{number}::pg_catalog.float4"),
            pg_sys::FLOAT8OID => number.to_owned(),
            pg_sys::DATEOID => {
                format!("('2000-01-01'::pg_catalog.date + {number}::pg_catalog.int4)")
            }
            pg_sys::TIMESTAMPOID => since("timestamp"),
            pg_sys::TIMESTAMPTZOID => since("timestamptz"),
            pg_sys::NUMERICOID => {
                let integer = format!("{number}::pg_catalog.int8::pg_catalog.numeric");
                match usize::from(self.scale) {
                    0 => integer,
                    scale => format!("({integer} * 0.{:0>scale$})", 1),
                }
            }
            _ => return Err(Error::Internal("an aggregate has a type that is not ours")),
        })
    }
}

impl Parts {
    /// Takes a condition apart; none if one of its aggregates is not ours to compute.
    ///
    /// # Errors
    /// Those of [`super::check`].
    pub fn of(label: &'static str, sql: &str, from: &str) -> Result<Option<Self>, Error> {
        // SAFETY: the trees live in the current memory context until the end of the call.
        unsafe {
            let (query, expression) = analysed(label, sql, from, true, PINNED)?;
            let (written, found) = deparse_above(label, query, expression)?;
            let mut parts = Self {
                numbers: Vec::new(),
                texts: Vec::new(),
                aggregates: Vec::new(),
                above: written.sql,
                at_cutoff: written.at_cutoff,
                within: false,
            };
            for aggregate in &found {
                let Some(read) = parts.add(label, query, aggregate)? else {
                    return Ok(None);
                };
                parts.aggregates.push(read);
            }
            Ok(Some(parts))
        }
    }

    /// What an aggregate is, with what it reads; none if it is not ours to compute. Its tree is spoiled.
    unsafe fn add(
        &mut self,
        label: &'static str,
        query: *mut pg_sys::Query,
        found: &Aggref,
    ) -> Result<Option<(Aggregate, Output)>, Error> {
        // SAFETY: nodes are cast by their tags; look-ups by OID.
        unsafe {
            let own = pg_sys::get_func_namespace(found.aggfnoid)
                == Oid::from(pg_sys::PG_CATALOG_NAMESPACE);
            let (Some(read), true) = (read_of(found), own) else {
                return Ok(None);
            };
            let mut output = Output {
                type_oid: found.aggtype,
                scale: 0,
            };
            let write = |node: *mut pg_sys::Node| match node.is_null() {
                true => Ok(None),
                false => deparse(label, query, node).map(Some),
            };
            let argument = pointers::<pg_sys::TargetEntry>(found.args).first();
            let argument = argument.map_or(std::ptr::null_mut(), |entry| (**entry).expr);
            let (filter, argument) = (write(found.aggfilter.cast())?, write(argument.cast())?);
            self.within |= filter.iter().chain(&argument).any(|part| part.at_cutoff);
            // The argument is not looked at where the filter is not met.
            let value = match (filter, argument) {
                (None, None) => return Ok(Some((Aggregate::Events, output))),
                (Some(filter), None) => filter.sql,
                (None, Some(argument)) => format!("({})", argument.sql),
                (Some(filter), Some(argument)) => {
                    format!("CASE WHEN ({}) THEN ({}) END", filter.sql, argument.sql)
                }
            };
            Ok(Some(match read {
                Read::Rows => (Aggregate::Given(self.number(value, Reads::Met)), output),
                Read::Given => {
                    let place = self.number(format!("{value} IS NOT NULL"), Reads::Met);
                    (Aggregate::Given(place), output)
                }
                Read::Text(type_oid) => {
                    self.texts.push(Input {
                        sql: value,
                        reads: type_oid,
                    });
                    (Aggregate::DistinctCodes(self.texts.len() - 1), output)
                }
                Read::Number(reads, aggregate) => {
                    if let Reads::Numeric(scale) = reads {
                        output.scale = scale;
                    }
                    let place = self.number(value, reads);
                    (aggregate(place), output)
                }
            }))
        }
    }

    fn number(&mut self, sql: String, reads: Reads) -> usize {
        self.numbers.push(Input { sql, reads });
        self.numbers.len() - 1
    }
}

/// What an aggregate reads of each event.
enum Read {
    Rows,
    /// Whether there is a value.
    Given,
    Text(Oid),
    Number(Reads, fn(usize) -> Aggregate),
}

/// What an aggregate of Postgres reads; none if it is not ours to compute.
unsafe fn read_of(found: &Aggref) -> Option<Read> {
    // SAFETY: nodes are cast by their tags; look-ups by OID.
    unsafe {
        let name = pg_sys::get_func_name(found.aggfnoid);
        if name.is_null() || found.agglevelsup > 0 || !found.aggorder.is_null() {
            return None;
        }
        let name = CStr::from_ptr(name).to_bytes();
        if found.aggstar {
            return (name == b"count").then_some(Read::Rows);
        }
        let [argument] = *pointers::<pg_sys::TargetEntry>(found.args) else {
            return None;
        };
        let expression = (*argument).expr.cast::<pg_sys::Node>();
        let type_oid = pg_sys::getBaseType(pg_sys::exprType(expression));
        let number = || ordered(type_oid, pg_sys::exprTypmod(expression));
        Some(match (name, !found.aggdistinct.is_null()) {
            (b"count", false) if !pg_sys::type_is_rowtype(type_oid) => Read::Given,
            (b"count", true) => told_apart(type_oid, found.inputcollid)?,
            (b"bool_or", false) => Read::Number(Reads::Bool, Aggregate::Any),
            (b"bool_and" | b"every", false) => Read::Number(Reads::Bool, Aggregate::All),
            (b"min", false) => Read::Number(number()?, Aggregate::Least),
            (b"max", false) => Read::Number(number()?, Aggregate::Greatest),
            (b"sum", false) => match number()? {
                Reads::Float8 => Read::Number(Reads::Float8, Aggregate::Sum),
                // Postgres adds these in their own precision.
                Reads::Float4 => return None,
                reads => Read::Number(reads, Aggregate::Total),
            },
            _ => return None,
        })
    }
}

/// How values are told apart, if two of the type are equal where their bytes are and nowhere else.
unsafe fn told_apart(type_oid: Oid, collation: Oid) -> Option<Read> {
    // SAFETY: look-ups by OID.
    let (is_enum, by_bytes) = unsafe {
        let by_bytes =
            collation == pg_sys::InvalidOid || pg_sys::get_collation_isdeterministic(collation);
        (pg_sys::type_is_enum(type_oid), by_bytes)
    };
    let reads = match type_oid {
        pg_sys::TEXTOID | pg_sys::VARCHAROID if by_bytes => return Some(Read::Text(type_oid)),
        pg_sys::UUIDOID => return Some(Read::Text(type_oid)),
        pg_sys::BOOLOID => Reads::Bool,
        pg_sys::INT2OID => Reads::Int2,
        pg_sys::INT4OID => Reads::Int4,
        pg_sys::DATEOID => Reads::Date,
        pg_sys::INT8OID | pg_sys::TIMESTAMPOID | pg_sys::TIMESTAMPTZOID => Reads::Int8,
        _ if is_enum => Reads::Oid,
        _ => return None,
    };
    Some(Read::Number(reads, Aggregate::DistinctNumbers))
}

/// How values that have an order are read. Of a numeric, if its type says how many digits are behind the point.
fn ordered(type_oid: Oid, typmod: i32) -> Option<Reads> {
    /// Most such digits: sums of what an f64 holds exactly are still of some use.
    const MOST_DIGITS: i32 = 6;
    Some(match type_oid {
        pg_sys::INT2OID => Reads::Int2,
        pg_sys::INT4OID => Reads::Int4,
        pg_sys::DATEOID => Reads::Date,
        pg_sys::INT8OID | pg_sys::TIMESTAMPOID | pg_sys::TIMESTAMPTZOID => Reads::Int8,
        pg_sys::FLOAT4OID => Reads::Float4,
        pg_sys::FLOAT8OID => Reads::Float8,
        pg_sys::NUMERICOID if typmod >= pg_sys::VARHDRSZ as i32 => {
            // As PostgreSQL packs them: the lowest 11 bits, or 16 up to version 14.
            let digits = (typmod - pg_sys::VARHDRSZ as i32) & 0x7ff;
            (digits <= MOST_DIGITS).then_some(Reads::Numeric(digits as u16))?
        }
        _ => return None,
    })
}
