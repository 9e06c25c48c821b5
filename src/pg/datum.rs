//! Datums to numbers and bytes, without copies and without function calls where possible.

use pgrx::pg_sys::{self, Datum};
use pgrx::{PgTupleDesc, varlena};
use propensity::error::OutOfMemory;
use propensity::event::dictionary::Dictionary;
use propensity::time::{DAY, Micros};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Days from 1970-01-01 to PostgreSQL's epoch.
const EPOCH_DAYS: f64 = 10_957.0;
/// Longest text taken whole, in bytes; of a longer one the beginning and the length stand for it.
pub const LONG: usize = 8 * 1024;
const PREFIX: usize = 256;

/// How a numeric attribute is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NumberKind {
    Bool,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Numeric,
    /// Days since 1970.
    Date,
    /// Days since 1970, with fraction; with or without time zone.
    Timestamp,
}

impl NumberKind {
    /// The kind of a (base) type, or none if it is not read as a number.
    pub fn of(type_oid: pg_sys::Oid) -> Option<Self> {
        Some(match type_oid {
            pg_sys::BOOLOID => Self::Bool,
            pg_sys::INT2OID => Self::Int2,
            pg_sys::INT4OID => Self::Int4,
            pg_sys::INT8OID => Self::Int8,
            pg_sys::FLOAT4OID => Self::Float4,
            pg_sys::FLOAT8OID => Self::Float8,
            pg_sys::NUMERICOID => Self::Numeric,
            pg_sys::DATEOID => Self::Date,
            pg_sys::TIMESTAMPOID | pg_sys::TIMESTAMPTZOID => Self::Timestamp,
            _ => return None,
        })
    }

    /// Whether the value is an instant.
    pub fn is_time(self) -> bool {
        matches!(self, Self::Date | Self::Timestamp)
    }

    /// The value; NaN or infinite where the datum is.
    ///
    /// # Safety
    ///
    /// The datum is of this kind and not NULL.
    #[inline]
    pub unsafe fn read(self, datum: Datum) -> f64 {
        match self {
            Self::Bool => f64::from(u8::from(datum.value() & 0xff != 0)),
            Self::Int2 => f64::from(datum.value() as i16),
            Self::Int4 => f64::from(datum.value() as i32),
            Self::Int8 => datum.value() as i64 as f64,
            Self::Float4 => f64::from(f32::from_bits(datum.value() as u32)),
            Self::Float8 => f64::from_bits(datum.value() as u64),
            // SAFETY: by contract.
            Self::Numeric => unsafe { numeric(datum) },
            Self::Date => match datum.value() as i32 {
                i32::MIN => f64::NEG_INFINITY,
                i32::MAX => f64::INFINITY,
                days => f64::from(days) + EPOCH_DAYS,
            },
            Self::Timestamp => match datum.value() as i64 {
                i64::MIN => f64::NEG_INFINITY,
                i64::MAX => f64::INFINITY,
                micros => micros as f64 / DAY as f64 + EPOCH_DAYS,
            },
        }
    }
}

/// How a text attribute or a key is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BytesKind {
    Int2,
    Int4,
    Int8,
    Uuid,
    /// text, varchar, bpchar, bytea, numeric: the bytes of the value.
    Varlena,
}

impl BytesKind {
    /// The kind of a (base) type, or none if it is not read as bytes.
    pub fn of(type_oid: pg_sys::Oid) -> Option<Self> {
        Some(match type_oid {
            pg_sys::INT2OID => Self::Int2,
            pg_sys::INT4OID => Self::Int4,
            pg_sys::INT8OID => Self::Int8,
            pg_sys::UUIDOID => Self::Uuid,
            pg_sys::TEXTOID
            | pg_sys::VARCHAROID
            | pg_sys::BPCHAROID
            | pg_sys::BYTEAOID
            | pg_sys::NUMERICOID => Self::Varlena,
            _ => return None,
        })
    }

    /// Checks that the first of these columns is of this kind: the bytes of another one would be an address or a number.
    ///
    /// # Safety
    ///
    /// The descriptor is valid.
    pub unsafe fn check_first(self, columns: pg_sys::TupleDesc) -> Result<(), Error> {
        // SAFETY: copies the descriptor, and looks up a type by OID.
        let found = unsafe {
            let columns = PgTupleDesc::from_pg_copy(columns);
            columns
                .get(0)
                .map(|column| pg_sys::getBaseType(column.atttypid))
        };
        match found.and_then(Self::of) {
            Some(kind) if kind == self => Ok(()),
            _ => Err(Error::Internal("a query returned profiles of another type")),
        }
    }

    /// Whether all integers of the same value have the same bytes as it.
    pub fn is_integer(self) -> bool {
        matches!(self, Self::Int2 | Self::Int4 | Self::Int8)
    }

    /// Calls `use_bytes` with the bytes of the value: integers as 8 little-endian bytes.
    ///
    /// # Safety
    ///
    /// The datum is of this kind and not NULL.
    #[inline]
    pub unsafe fn read<R>(self, datum: Datum, use_bytes: impl FnOnce(&[u8]) -> R) -> R {
        let integer = match self {
            Self::Int2 => i64::from(datum.value() as i16),
            Self::Int4 => i64::from(datum.value() as i32),
            Self::Int8 => datum.value() as i64,
            Self::Uuid => {
                // SAFETY: a uuid datum points to its 16 bytes.
                return use_bytes(unsafe {
                    std::slice::from_raw_parts(datum.cast_mut_ptr::<u8>(), 16)
                });
            }
            // SAFETY: by contract.
            Self::Varlena => return unsafe { with_varlena(datum, use_bytes) },
        };
        use_bytes(&integer.to_le_bytes())
    }
}

impl BytesKind {
    /// Whether the value is a text so long that its beginning and its length stand for it.
    ///
    /// # Safety
    ///
    /// As for [`BytesKind::read`].
    #[inline]
    pub unsafe fn is_long(self, datum: Datum) -> bool {
        if self != Self::Varlena {
            return false;
        }
        // SAFETY: a varlena, of which at most the head is read.
        unsafe {
            match plain(datum) {
                Some(bytes) => bytes.len() + pg_sys::VARHDRSZ > LONG,
                None => pg_sys::toast_raw_datum_size(datum) > LONG,
            }
        }
    }

    /// Calls `use_text` with the value as text: integers in decimal, uuids as PostgreSQL does, and what
    /// stands for a long text.
    ///
    /// # Safety
    ///
    /// As for [`BytesKind::read`].
    pub unsafe fn read_text<R>(self, datum: Datum, use_text: impl FnOnce(&[u8]) -> R) -> R {
        // SAFETY: by contract.
        unsafe { self.read_counted(datum, &mut 0, use_text) }
    }

    /// The code of the value as text; adds one to `long` if it is a long one.
    ///
    /// # Safety
    ///
    /// As for [`BytesKind::read`].
    #[inline]
    pub unsafe fn code(
        self,
        datum: Datum,
        dictionary: &mut Dictionary,
        long: &mut u64,
    ) -> Result<u32, OutOfMemory> {
        // SAFETY: by contract.
        unsafe {
            // Nearly all texts are short and not new: nothing else is to be in the way of these.
            if self == Self::Varlena
                && let Some(code) = plain(datum).and_then(|text| dictionary.recall(text))
            {
                return Ok(code);
            }
            self.unusual_code(datum, dictionary, long)
        }
    }

    #[cold]
    unsafe fn unusual_code(
        self,
        datum: Datum,
        dictionary: &mut Dictionary,
        long: &mut u64,
    ) -> Result<u32, OutOfMemory> {
        // SAFETY: by contract.
        unsafe { self.read_counted(datum, long, |text| dictionary.intern(text)) }
    }

    /// As [`BytesKind::read_text`]; adds one to `long` if the value is a long text.
    unsafe fn read_counted<R>(
        self,
        datum: Datum,
        long: &mut u64,
        use_text: impl FnOnce(&[u8]) -> R,
    ) -> R {
        let integer = match self {
            Self::Int2 => i64::from(datum.value() as i16),
            Self::Int4 => i64::from(datum.value() as i32),
            Self::Int8 => datum.value() as i64,
            Self::Uuid => {
                // SAFETY: by contract.
                return unsafe { self.read(datum, |bytes| use_text(&uuid(bytes))) };
            }
            Self::Varlena => {
                // SAFETY: by contract.
                return match unsafe { plain(datum) } {
                    Some(bytes) if bytes.len() + pg_sys::VARHDRSZ <= LONG => use_text(bytes),
                    // SAFETY: by contract.
                    _ => unsafe { with_toasted(datum, long, use_text) },
                };
            }
        };
        let mut digits = [0; 20];
        use_text(decimal(integer, &mut digits))
    }
}

/// The content of a varlena that lies where the datum points, as most do; none if it is compressed or kept apart.
#[inline]
unsafe fn plain<'a>(datum: Datum) -> Option<&'a [u8]> {
    // SAFETY: by contract: what the datum points to says how long it is.
    unsafe {
        let value: *const pg_sys::varlena = datum.cast_mut_ptr();
        if varlena::varatt_is_1b_e(value) || varlena::varatt_is_4b_c(value) {
            return None;
        }
        Some(std::slice::from_raw_parts(
            varlena::vardata_any(value).cast(),
            varlena::varsize_any_exhdr(value),
        ))
    }
}

/// Calls `use_text` with a text that is compressed, kept apart or long.
#[cold]
unsafe fn with_toasted<R>(datum: Datum, long: &mut u64, use_text: impl FnOnce(&[u8]) -> R) -> R {
    // SAFETY: by contract.
    unsafe {
        if BytesKind::Varlena.is_long(datum) {
            *long += 1;
            return use_text(&abridged(datum));
        }
        with_varlena(datum, use_text)
    }
}

impl BytesKind {
    /// The key of a profile, as the record carried it, as text.
    pub fn text(self, key: &[u8]) -> String {
        let bytes = match (self, <[u8; 8]>::try_from(key)) {
            (Self::Int2 | Self::Int4 | Self::Int8, Ok(integer)) => {
                return i64::from_le_bytes(integer).to_string();
            }
            (Self::Uuid, _) => uuid(key).to_vec(),
            _ => key.to_vec(),
        };
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// A uuid as PostgreSQL writes it: lowercase hexadecimal digits with dashes between 8, 4, 4, 4 and 12 of them.
fn uuid(bytes: &[u8]) -> [u8; 36] {
    let mut text = [b'-'; 36];
    let places = (0..36).filter(|place| ![8, 13, 18, 23].contains(place));
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    for (place, digit) in places.zip(digits) {
        text[place] = b"0123456789abcdef"[usize::from(digit)];
    }
    text
}

/// The decimal digits of an integer, written to the end of `digits`.
fn decimal(integer: i64, digits: &mut [u8; 20]) -> &[u8] {
    let (mut rest, mut start) = (integer.unsigned_abs(), digits.len());
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if integer < 0 {
        start -= 1;
        digits[start] = b'-';
    }
    &digits[start..]
}

/// Calls `use_bytes` with the content of a varlena, detoasted only when it must be.
unsafe fn with_varlena<R>(datum: Datum, use_bytes: impl FnOnce(&[u8]) -> R) -> R {
    // SAFETY: by contract; a copy, if one is made, is freed after its use.
    unsafe {
        if let Some(bytes) = plain(datum) {
            return use_bytes(bytes);
        }
        let plain = pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr());
        let result = use_bytes(varlena::varlena_to_byte_slice(plain));
        pg_sys::pfree(plain.cast());
        result
    }
}

/// What stands for a long text: its beginning and its length. The rest is not detoasted.
unsafe fn abridged(datum: Datum) -> Vec<u8> {
    // SAFETY: by contract; the copy is freed after its use.
    unsafe {
        let size = pg_sys::toast_raw_datum_size(datum);
        let plain = pg_sys::pg_detoast_datum_slice(datum.cast_mut_ptr(), 0, PREFIX as i32);
        let mut bytes = varlena::varlena_to_byte_slice(plain).to_vec();
        bytes.extend_from_slice(&size.to_le_bytes());
        pg_sys::pfree(plain.cast());
        bytes
    }
}

/// A numeric as the nearest f64, from its base-10,000 digits where that is exact.
unsafe fn numeric(datum: Datum) -> f64 {
    // SAFETY: by contract.
    let exact = unsafe { with_varlena(datum, exact_numeric) };
    exact.unwrap_or_else(|| {
        // SAFETY: the datum is a numeric.
        let float = unsafe {
            pgrx::direct_function_call_as_datum(pg_sys::numeric_float8_no_overflow, &[Some(datum)])
        };
        float.map_or(f64::NAN, |float| f64::from_bits(float.value() as u64))
    })
}

/// Powers of ten that an f64 holds exactly.
const TEN: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The content of a numeric as an f64 if one division or multiplication of exact numbers gives it
/// (correctly rounded); none for many digits and for NaN and infinities.
///
/// Layout: PostgreSQL's src/backend/utils/adt/numeric.c, "struct NumericChoice".
fn exact_numeric(bytes: &[u8]) -> Option<f64> {
    let word = |at: usize| {
        bytes
            .get(at..at + 2)
            .map(|pair| u16::from_ne_bytes([pair[0], pair[1]]))
    };
    let header = word(0)?;
    let (negative, weight, digits) = match header & 0xC000 {
        0xC000 => return None,
        0x8000 => {
            let weight = (header & 0x3F) as i32 - if header & 0x40 == 0 { 0 } else { 64 };
            (header & 0x2000 != 0, weight, 2)
        }
        sign => (sign == 0x4000, i32::from(word(2)? as i16), 4),
    };
    let count = (bytes.len() - digits) / 2;
    if count > 4 {
        return None;
    }
    let mut mantissa = 0_u64;
    for digit in 0..count {
        mantissa = mantissa * 10_000 + u64::from(word(digits + 2 * digit)?);
    }
    if mantissa > 1 << 53 {
        return None;
    }
    let exponent = 4 * (weight - count as i32 + 1);
    let power = *TEN.get(exponent.unsigned_abs() as usize)?;
    let size = if exponent < 0 {
        mantissa as f64 / power
    } else {
        mantissa as f64 * power
    };
    Some(if negative { -size } else { size })
}

/// A numeric attribute of a row.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Number {
    pub kind: NumberKind,
    /// Of an instant: take the days since the event instead of the date itself.
    pub since_event: bool,
}

impl Number {
    /// The value of an event at this time; NaN if it is not finite.
    ///
    /// # Safety
    ///
    /// The datum is of the number's kind and not NULL.
    #[inline]
    pub unsafe fn read(self, datum: Datum, time: Micros) -> f64 {
        // SAFETY: by contract.
        let value = unsafe { self.kind.read(datum) };
        match value.is_finite() {
            true if self.since_event => value - time as f64 / DAY as f64,
            true => value,
            false => f64::NAN,
        }
    }
}

/// A key's bytes as a datum of its type again, in the current memory context.
pub fn key_datum(bytes: &[u8], kind: BytesKind) -> Datum {
    let integer = || bytes.try_into().map_or(0, i64::from_le_bytes);
    match kind {
        BytesKind::Int2 => Datum::from(integer() as i16),
        BytesKind::Int4 => Datum::from(integer() as i32),
        BytesKind::Int8 => Datum::from(integer()),
        BytesKind::Uuid => {
            // SAFETY: 16 bytes are copied into 16 allocated bytes.
            unsafe {
                let uuid: *mut u8 = pg_sys::palloc(16).cast();
                std::ptr::copy_nonoverlapping(bytes.as_ptr(), uuid, bytes.len().min(16));
                Datum::from(uuid)
            }
        }
        // text, varchar, bpchar, bytea and numeric are all a length and the bytes.
        BytesKind::Varlena => text_datum(bytes),
    }
}

/// A text datum in the current memory context.
pub fn text_datum(bytes: &[u8]) -> Datum {
    // SAFETY: copies `bytes`.
    unsafe {
        Datum::from(pg_sys::cstring_to_text_with_len(
            bytes.as_ptr().cast(),
            bytes.len() as i32,
        ))
    }
}
