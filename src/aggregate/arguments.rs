//! The arguments of a call: how each is read, and whether they are what the model was trained on.
//!
//! Columns come as they are, because postgres_fdw ships hardly any cast: what the stream's queries cast is
//! converted here, to the same values.

use pgrx::pg_sys::{self, Datum, FmgrInfo, FunctionCallInfo, NullableDatum, Oid};
use pgrx::{FromDatum, IntoDatum};
use propensity::time::Micros;

use super::call::type_of;
use crate::error::Error;
use crate::pg::datum::{BytesKind, Number, NumberKind};
use crate::pg::relation::type_name;
use crate::pg::sqltype::JsonbText;
use crate::pg::timestamp;
use crate::row::{ATTRIBUTES, Attributes, EventColumns, LocalTime, RawText, RawTime, TIME, TYPE};

/// Where the arguments of `event_features` and `event_scores` stand, the state being the first; those of an event
/// follow.
pub const MODEL: usize = 1;
pub const AS_OF: usize = 2;
pub const ELIGIBLE_AFTER: usize = 3;
pub const OPTIONS: usize = 4;
pub const EVENT: usize = 5;

/// How the columns of an event are read.
pub type Arguments = EventColumns<RawTime, RawText>;

/// Looks at the types of a call's arguments, of which those from `event` on are of an event, and its attributes
/// are to be numbers and texts of these names. What is made lives in the memory of the call's expression.
///
/// # Errors
/// 42804 and 22023 when they do not fit.
///
/// # Safety
/// A call of a transition function.
pub unsafe fn columns(
    call: FunctionCallInfo,
    event: usize,
    (number_names, code_names): (&[String], &[String]),
    zone: &str,
) -> Result<Arguments, Error> {
    // SAFETY: `flinfo` is that of the call, which has an argument at each of these places.
    unsafe {
        let attributes = event + ATTRIBUTES;
        let count = usize::try_from((*call).nargs).unwrap_or(0);
        let found = count.saturating_sub(attributes);
        let required = number_names.len() + code_names.len();
        // PostgreSQL wants at least one argument there: without attributes one is passed over.
        if found != required.max(1) {
            return Err(Error::AttributeCount {
                found,
                names: number_names.iter().chain(code_names).cloned().collect(),
            });
        }
        let type_of = |place: usize| type_of(call, place);
        let numbers = number_names.iter().zip(attributes..);
        let codes = attributes + number_names.len()..attributes + required;
        Ok(EventColumns {
            time: time(call, event + TIME, zone)?,
            kind: kind(call, type_of(event + TYPE)),
            attributes: Attributes {
                numbers: numbers
                    .map(|(name, place)| number(name, type_of(place)))
                    .collect::<Result<_, _>>()?,
                texts: codes.map(|place| attribute(call, type_of(place))).collect(),
            },
        })
    }
}

fn number(name: &str, type_oid: Oid) -> Result<Number, Error> {
    let kind = NumberKind::of(type_oid).ok_or_else(|| Error::ArgumentType {
        argument: name.to_owned(),
        found: type_name(type_oid),
        required: "a number, boolean, date or timestamp",
    })?;
    Ok(Number {
        kind,
        since_event: kind.is_time(),
    })
}

/// A function by OID, ready to be called as long as the call's expression lives.
unsafe fn function(call: FunctionCallInfo, oid: Oid) -> FmgrInfo {
    let mut function = FmgrInfo::default();
    // SAFETY: fills the record.
    unsafe { pg_sys::fmgr_info_cxt(oid, &raw mut function, (*(*call).flinfo).fn_mcxt) };
    function
}

/// How the argument at `place` is read as a time.
///
/// # Safety
/// As for [`columns`].
unsafe fn time(call: FunctionCallInfo, place: usize, zone: &str) -> Result<RawTime, Error> {
    // SAFETY: by contract; the OIDs are those of PostgreSQL's functions.
    unsafe {
        let type_oid = type_of(call, place);
        let is_date = match type_oid {
            pg_sys::TIMESTAMPTZOID => return Ok(RawTime::Instant),
            pg_sys::TIMESTAMPOID => false,
            pg_sys::DATEOID => true,
            _ => {
                return Err(Error::ArgumentType {
                    argument: "time".to_owned(),
                    found: type_name(type_oid),
                    required: "timestamptz, timestamp or date",
                });
            }
        };
        let outer = pg_sys::MemoryContextSwitchTo((*(*call).flinfo).fn_mcxt);
        let zone = zone.into_datum().unwrap_or(Datum::null());
        pg_sys::MemoryContextSwitchTo(outer);
        let midnight = is_date.then(|| function(call, pg_sys::F_TIMESTAMP_DATE.into()));
        Ok(RawTime::Local(LocalTime {
            midnight,
            timezone: function(call, pg_sys::F_TIMEZONE_TEXT_TIMESTAMP.into()),
            zone,
        }))
    }
}

/// Of the event's type: the same text as after a cast to text.
unsafe fn kind(call: FunctionCallInfo, type_oid: Oid) -> RawText {
    match type_oid {
        pg_sys::BOOLOID => RawText::Bool,
        // SAFETY: by contract.
        pg_sys::UUIDOID | pg_sys::NUMERICOID => unsafe { output(call, type_oid) },
        // SAFETY: by contract.
        _ => unsafe { attribute(call, type_oid) },
    }
}

unsafe fn attribute(call: FunctionCallInfo, type_oid: Oid) -> RawText {
    match BytesKind::of(type_oid) {
        _ if type_oid == pg_sys::BPCHAROID => RawText::Padded,
        _ if type_oid == pg_sys::BOOLOID => RawText::Bool,
        // The bytes of a numeric are no text.
        Some(kind) if type_oid != pg_sys::NUMERICOID => RawText::Bytes(kind),
        // SAFETY: by contract.
        _ => unsafe { output(call, type_oid) },
    }
}

unsafe fn output(call: FunctionCallInfo, type_oid: Oid) -> RawText {
    let (mut output, mut is_varlena) = (pg_sys::InvalidOid, false);
    // SAFETY: a look-up in the catalog, which raises an error for a type without an output function.
    unsafe {
        pg_sys::getTypeOutputInfo(type_oid, &mut output, &mut is_varlena);
        RawText::Output(function(call, output))
    }
}

/// An argument that is an instant.
///
/// # Errors
/// 22023 for an infinite one.
#[inline]
pub fn instant(argument: &'static str, value: NullableDatum) -> Result<Option<Micros>, Box<Error>> {
    if value.isnull {
        return Ok(None);
    }
    match timestamp::finite(value.value.value() as i64) {
        None => Err(Box::new(Error::Instant {
            argument,
            found: "an infinite instant".to_owned(),
            required: "finite",
        })),
        finite => Ok(finite),
    }
}

/// The text of a jsonb argument.
///
/// # Safety
/// The value is a jsonb.
pub unsafe fn json_text(value: NullableDatum) -> String {
    // SAFETY: by contract.
    let text = unsafe { JsonbText::from_datum(value.value, value.isnull) };
    text.map_or_else(|| "{}".to_owned(), |text| text.0)
}
