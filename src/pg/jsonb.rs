//! The bytes of jsonb, composed without its text: parsing what we wrote ourselves takes longer than predicting. Pure
//! computing, for any thread.
//!
//! The layout is that of jsonb.h and numeric.c, the same from PostgreSQL 9.4 on; a test compares it with what jsonb_in makes.

use std::ffi::CStr;

use pgrx::pg_sys::{self, Datum};
use propensity::model::decimal::Decimal;

/// What an entry is.
pub enum Kind {
    String,
    Numeric,
    Null,
    Container,
}

const OBJECT: u32 = 0x2000_0000;
const ARRAY: u32 = 0x4000_0000;
/// An entry that has where it ends, not how long it is: one in this many.
const HAS_END: u32 = 0x8000_0000;
const STRIDE: usize = 32;

/// An array or an object that is being composed.
pub struct Container {
    /// Where the entries are.
    entries: usize,
    count: usize,
    /// Bytes behind the entries.
    length: usize,
}

impl Container {
    /// Begins an array of `elements` elements.
    pub fn array(out: &mut Vec<u8>, elements: usize) -> Self {
        Self::begin(out, ARRAY | elements as u32, elements)
    }

    /// Begins an object of these keys, which are in the order of jsonb: by length, then by bytes. Their values follow.
    pub fn object(out: &mut Vec<u8>, keys: &[&str]) -> Self {
        let mut object = Self::begin(out, OBJECT | keys.len() as u32, 2 * keys.len());
        for key in keys {
            object.add(out, |out| {
                out.extend_from_slice(key.as_bytes());
                Kind::String
            });
        }
        object
    }

    fn begin(out: &mut Vec<u8>, head: u32, entries: usize) -> Self {
        align(out);
        out.extend(head.to_ne_bytes());
        let begun = Self {
            entries: out.len(),
            count: 0,
            length: 0,
        };
        out.resize(out.len() + 4 * entries, 0);
        begun
    }

    /// Adds what `write` appends as the next entry, which is of the kind that it returns.
    pub fn add(&mut self, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> Kind) {
        let start = out.len();
        let kind = match write(out) {
            Kind::String => 0,
            Kind::Numeric => 0x1000_0000,
            Kind::Null => 0x4000_0000,
            Kind::Container => 0x5000_0000,
        };
        let length = out.len() - start;
        self.length += length;
        let entry = if self.count.is_multiple_of(STRIDE) {
            kind | self.length as u32 | HAS_END
        } else {
            kind | length as u32
        };
        out[self.entries + 4 * self.count..][..4].copy_from_slice(&entry.to_ne_bytes());
        self.count += 1;
    }

    /// Adds a text.
    pub fn add_text(&mut self, out: &mut Vec<u8>, text: &str) {
        self.add(out, |out| string(out, text));
    }
}

/// Containers and numbers begin at a multiple of 4; the bytes before belong to them.
fn align(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(4), 0);
}

/// Appends a text.
pub fn string(out: &mut Vec<u8>, text: &str) -> Kind {
    if text.contains('\0') {
        // jsonb has no NUL: the replacement character stands for it
        out.extend(text.replace('\0', "\u{fffd}").bytes());
    } else {
        out.extend(text.as_bytes());
    }
    Kind::String
}

/// Appends a numeric datum: digits to the base of 10,000 with the power of the first, and how many decimals to show.
pub fn numeric(out: &mut Vec<u8>, number: Decimal) -> Kind {
    align(out);
    let exponent = -number.decimals;
    let mut rest = u128::from(number.digits) * 10_u128.pow(exponent.rem_euclid(4) as u32);
    // The power of the last digit.
    let mut power = exponent.div_euclid(4);
    let mut digits = [0_i16; 8];
    let mut first = digits.len();
    while rest > 0 {
        let digit = (rest % 10_000) as i16;
        rest /= 10_000;
        if first == digits.len() && digit == 0 {
            power += 1;
            continue;
        }
        first -= 1;
        digits[first] = digit;
    }
    let digits = &digits[first..];
    let power = if digits.is_empty() {
        0
    } else {
        power + digits.len() as i32 - 1
    };
    let decimals = number.decimals.max(0) as u16;
    let start = out.len();
    out.extend([0; 4]);
    if decimals <= 0x3f && (-0x40..0x40).contains(&power) {
        let sign = if number.negative { 0x2000 } else { 0 };
        let below = if power < 0 { 0x40 } else { 0 };
        let head = 0x8000 | sign | decimals << 7 | below | (power as u16 & 0x3f);
        out.extend(head.to_ne_bytes());
    } else {
        let sign = if number.negative { 0x4000 } else { 0 };
        out.extend((sign | decimals).to_ne_bytes());
        out.extend((power as i16).to_ne_bytes());
    }
    out.extend(digits.iter().flat_map(|digit| digit.to_ne_bytes()));
    let length = header(out.len() - start);
    out[start..start + 4].copy_from_slice(&length);
    Kind::Numeric
}

/// The head of a datum of this many bytes, itself included.
fn header(length: usize) -> [u8; 4] {
    let length = length as u32;
    if cfg!(target_endian = "big") {
        length
    } else {
        length << 2
    }
    .to_ne_bytes()
}

/// A datum of the bytes of a container, in the current memory context.
pub fn datum(bytes: &[u8]) -> Datum {
    let length = bytes.len() + pg_sys::VARHDRSZ;
    // SAFETY: all bytes that are allocated are filled.
    unsafe {
        let datum: *mut u8 = pg_sys::palloc(length).cast();
        std::ptr::copy_nonoverlapping(header(length).as_ptr(), datum, pg_sys::VARHDRSZ);
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), datum.add(pg_sys::VARHDRSZ), bytes.len());
        Datum::from(datum)
    }
}

/// The bytes of the container that a text says, which is JSON and was composed by us.
pub fn parsed(json: &CStr) -> Vec<u8> {
    // SAFETY: jsonb_in takes a C string and copies it; what it returns is a datum with a head of four bytes.
    unsafe {
        let text = Datum::from(json.as_ptr());
        let found = pgrx::direct_function_call_as_datum(pg_sys::jsonb_in, &[Some(text)]);
        found.map_or_else(Vec::new, |datum| {
            let datum: *mut pg_sys::varlena = datum.cast_mut_ptr();
            let bytes = pgrx::varlena::varlena_to_byte_slice(datum).to_vec();
            pg_sys::pfree(datum.cast());
            bytes
        })
    }
}
