//! The arguments of a call: how each is read, and whether they are what the model was trained on.
//!
//! Columns come as they are, because postgres_fdw ships hardly any cast: what the stream's queries cast is
//! converted here, to the same values.

use std::ops::RangeInclusive;

use pgrx::pg_sys::{self, Datum, FmgrInfo, FunctionCallInfo, NullableDatum, Oid};
use pgrx::{FromDatum, IntoDatum};
use propensity::error::OutOfMemory;
use propensity::event::answer::Counts;
use propensity::event::dictionary::Dictionary;
use propensity::time::{DAY, Micros};

use crate::error::Error;
use crate::pg::datum::{BytesKind, EPOCH, Number, NumberKind};

use crate::pg::relation::type_name;

/// Where the arguments of `event_features` and `event_scores` stand, the state being the first; those of an event
/// follow.
pub const MODEL: usize = 1;
pub const AS_OF: usize = 2;
pub const ELIGIBLE_AFTER: usize = 3;
pub const OPTIONS: usize = 4;
pub const EVENT: usize = 5;

/// Where they stand among those of an event.
pub const TIME: usize = 0;
pub const TYPE: usize = 1;
pub const GOAL: usize = 2;
pub const ELIGIBLE: usize = 3;
pub const EXCLUDED: usize = 4;
pub const ATTRIBUTES: usize = 5;

/// 4713-01-01 BC and 294276-12-30, as `source::time_sql` has them, in days since 2000-01-01.
const FIRST_DAY: i64 = -2_451_507;
const LAST_DAY: i64 = 106_751_981;

/// How the event's time is read.
pub enum Time {
    Instant,
    /// A timestamp in the time zone given.
    Local(LocalTime),
}

/// Functions of PostgreSQL that read a time without a time zone.
pub struct LocalTime {
    /// `timestamp(date)`, for a date.
    midnight: Option<FmgrInfo>,
    /// `timezone(text, timestamp)`.
    timezone: FmgrInfo,
    /// Name of the zone, a text.
    zone: Datum,
}

/// How a text is read.
pub enum Text {
    Bytes(BytesKind),
    /// `true` or `false`.
    Bool,
    /// char(n): without the blanks at its end.
    Padded,
    /// By the output function of its type: enums, domains over them, names.
    Output(FmgrInfo),
}

/// How the columns of an event are read.
pub struct Arguments {
    pub time: Time,
    pub kind: Text,
    pub numbers: Vec<Number>,
    pub codes: Vec<Text>,
}

impl Arguments {
    /// Looks at the types of a call's arguments, of which those from `event` on are of an event, and its attributes
    /// are to be numbers and texts of these names. What is made lives in the memory of the call's expression.
    ///
    /// # Errors
    /// 42804 and 22023 when they do not fit.
    ///
    /// # Safety
    /// A call of a transition function.
    pub unsafe fn of(
        call: FunctionCallInfo,
        event: usize,
        (number_names, code_names): (&[String], &[String]),
        zone: &str,
    ) -> Result<Self, Error> {
        // SAFETY: `flinfo` is that of the call, which has so many arguments.
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
            Ok(Self {
                time: Time::of(call, event + TIME, zone)?,
                kind: Text::of_kind(call, type_of(event + TYPE)),
                numbers: numbers
                    .map(|(name, place)| number(name, type_of(place)))
                    .collect::<Result<_, _>>()?,
                codes: codes
                    .map(|place| Text::of_attribute(call, type_of(place)))
                    .collect(),
            })
        }
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

/// The type of an argument; of a domain, the type under it. Invalid where the call has no expression that tells.
///
/// # Safety
/// As for [`Arguments::of`].
pub unsafe fn type_of(call: FunctionCallInfo, place: usize) -> Oid {
    // SAFETY: look-ups in the expression and the catalog.
    unsafe {
        let given = pg_sys::get_fn_expr_argtype((*call).flinfo, place as i32);
        if given == Oid::INVALID {
            given
        } else {
            pg_sys::getBaseType(given)
        }
    }
}

/// A function by OID, ready to be called as long as the call's expression lives.
unsafe fn function(call: FunctionCallInfo, oid: Oid) -> FmgrInfo {
    let mut function = FmgrInfo::default();
    // SAFETY: fills the record.
    unsafe { pg_sys::fmgr_info_cxt(oid, &raw mut function, (*(*call).flinfo).fn_mcxt) };
    function
}

impl Time {
    /// How the argument at `place` is read as a time.
    ///
    /// # Safety
    /// As for [`Arguments::of`].
    pub unsafe fn of(call: FunctionCallInfo, place: usize, zone: &str) -> Result<Self, Error> {
        // SAFETY: by contract; the OIDs are those of PostgreSQL's functions.
        unsafe {
            let type_oid = type_of(call, place);
            let is_date = match type_oid {
                pg_sys::TIMESTAMPTZOID => return Ok(Self::Instant),
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
            Ok(Self::Local(LocalTime {
                midnight,
                timezone: function(call, pg_sys::F_TIMEZONE_TEXT_TIMESTAMP.into()),
                zone,
            }))
        }
    }

    /// The instant, or none if it is NULL or infinite.
    ///
    /// # Safety
    /// The value is of the type that this was made for.
    #[inline]
    pub unsafe fn read(&mut self, value: NullableDatum) -> Option<Micros> {
        if value.isnull {
            return None;
        }
        let instant = match self {
            Self::Instant => value.value,
            // SAFETY: the functions take these types.
            Self::Local(local) => unsafe { local.read(value.value) },
        };
        match instant.value() as i64 {
            i64::MIN | i64::MAX => None,
            since_2000 => Some(since_2000.saturating_add(EPOCH)),
        }
    }
}

impl LocalTime {
    unsafe fn read(&mut self, value: Datum) -> Datum {
        // SAFETY: by the types of the functions; none has a collation.
        unsafe {
            let local = match &mut self.midnight {
                Some(midnight) => {
                    let day = within(
                        i64::from(value.value() as i32),
                        1,
                        i64::from(i32::MIN)..=i64::from(i32::MAX),
                    );
                    let day = Datum::from(day as i32);
                    pg_sys::FunctionCall1Coll(midnight, pg_sys::InvalidOid, day)
                }
                None => Datum::from(within(value.value() as i64, DAY, i64::MIN..=i64::MAX)),
            };
            pg_sys::FunctionCall2Coll(&raw mut self.timezone, pg_sys::InvalidOid, self.zone, local)
        }
    }
}

/// A local time between the first and the last day whose midnights are instants in every time zone; what is before
/// or after is taken as these, as the stream does. `day` is the length of a day, the ends of `all` mean infinity.
fn within(value: i64, day: i64, all: RangeInclusive<i64>) -> i64 {
    if [all.start(), all.end()].contains(&&value) {
        value
    } else {
        value.clamp(FIRST_DAY * day, LAST_DAY * day)
    }
}

impl Text {
    /// Of the event's type: the same text as after a cast to text.
    unsafe fn of_kind(call: FunctionCallInfo, type_oid: Oid) -> Self {
        match type_oid {
            pg_sys::BOOLOID => Self::Bool,
            pg_sys::UUIDOID | pg_sys::NUMERICOID => unsafe { Self::output(call, type_oid) },
            _ => unsafe { Self::of_attribute(call, type_oid) },
        }
    }

    unsafe fn of_attribute(call: FunctionCallInfo, type_oid: Oid) -> Self {
        match BytesKind::of(type_oid) {
            _ if type_oid == pg_sys::BPCHAROID => Self::Padded,
            _ if type_oid == pg_sys::BOOLOID => Self::Bool,
            // The bytes of a numeric are no text.
            Some(kind) if type_oid != pg_sys::NUMERICOID => Self::Bytes(kind),
            _ => unsafe { Self::output(call, type_oid) },
        }
    }

    unsafe fn output(call: FunctionCallInfo, type_oid: Oid) -> Self {
        let (mut output, mut is_varlena) = (pg_sys::InvalidOid, false);
        // SAFETY: a look-up in the catalog, which raises an error for a type without an output function.
        unsafe {
            pg_sys::getTypeOutputInfo(type_oid, &mut output, &mut is_varlena);
            Self::Output(function(call, output))
        }
    }

    /// Whether [`Text::code`] counts the value as a long text.
    ///
    /// # Safety
    /// The value is of the type that this was made for.
    pub unsafe fn is_long(&self, value: NullableDatum) -> bool {
        match self {
            // SAFETY: by contract.
            Self::Bytes(kind) => !value.isnull && unsafe { kind.is_long(value.value) },
            _ => false,
        }
    }

    /// The code of a text; 0 for NULL.
    ///
    /// # Safety
    /// The value is of the type that this was made for.
    #[inline]
    pub unsafe fn code(
        &mut self,
        value: NullableDatum,
        dictionary: &mut Dictionary,
        counts: &mut Counts,
    ) -> Result<u32, OutOfMemory> {
        if value.isnull {
            return Ok(0);
        }
        // SAFETY: by contract. What an output function returns lives in the memory of the row.
        unsafe {
            match self {
                Self::Bytes(kind) => kind.code(value.value, dictionary, &mut counts.long_text),
                Self::Bool if value.value.value() & 0xff != 0 => dictionary.intern(b"true"),
                Self::Bool => dictionary.intern(b"false"),
                Self::Padded => BytesKind::Varlena
                    .read_text(value.value, |text| dictionary.intern(trim_blanks(text))),
                Self::Output(function) => {
                    let text = pg_sys::OutputFunctionCall(function, value.value);
                    dictionary.intern(std::ffi::CStr::from_ptr(text).to_bytes())
                }
            }
        }
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
    match value.value.value() as i64 {
        i64::MIN | i64::MAX => Err(Box::new(Error::Instant {
            argument,
            found: "an infinite instant".to_owned(),
            required: "finite",
        })),
        since_2000 => Ok(Some(since_2000.saturating_add(EPOCH))),
    }
}

/// The text of a jsonb argument.
///
/// # Safety
/// The value is a jsonb.
pub unsafe fn json_text(value: NullableDatum) -> String {
    // SAFETY: by contract.
    let text = unsafe { crate::pg::sqltype::JsonbText::from_datum(value.value, value.isnull) };
    text.map_or_else(|| "{}".to_owned(), |text| text.0)
}

fn trim_blanks(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|&byte| byte != b' ');
    &text[..end.map_or(0, |last| last + 1)]
}
