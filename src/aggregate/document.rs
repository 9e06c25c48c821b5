//! The type `model_document`: a stored version as a value, which postgres_fdw and parallel plans carry to where the
//! events are.
//!
//! A backend remembers the documents that came in. The node that finishes a parallel aggregate never sees the
//! aggregate's arguments; states name their document by its hash, and it is found here.

use std::cell::RefCell;
use std::ffi::CStr;

use pgrx::pg_sys::{self, Datum, FunctionCallInfo, Oid, Pg_finfo_record};
use pgrx::{pg_guard, varlena};
use propensity::error::OutOfMemory;
use propensity::hash::document_hash;
use propensity::model::Model;

use super::call::{V1, argument, is_null, values};
use crate::error::Error;
use crate::pg::sql;

/// Documents remembered per backend.
const KEPT: usize = 8;

thread_local! {
    static KNOWN: RefCell<Vec<(u128, Vec<u8>)>> = const { RefCell::new(Vec::new()) };
}

/// Remembers a document, which is valid, and returns its hash.
pub fn remember(document: &[u8]) -> Result<u128, Error> {
    let hash = document_hash(document);
    KNOWN.with_borrow_mut(|known| {
        match known.iter().position(|(other, _)| *other == hash) {
            Some(place) => known[..=place].rotate_right(1),
            None => known.insert(0, (hash, copy(document)?)),
        }
        known.truncate(KEPT);
        Ok(hash)
    })
}

fn copy(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len())
        .map_err(OutOfMemory::from)?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}

/// The model of a document that came in before.
///
/// # Errors
/// 55000 when it did not, or too long ago.
pub fn recall(hash: u128) -> Result<Model, Error> {
    KNOWN.with_borrow(|known| {
        let found = known.iter().find(|(other, _)| *other == hash);
        let (_, document) = found.ok_or(Error::UnknownDocument)?;
        Ok(Model::decode(document)?)
    })
}

/// A document of ours, which is valid, as a value in the current memory context.
pub fn document(bytes: &[u8]) -> Result<Datum, Error> {
    remember(bytes)?;
    Ok(bytes_datum(bytes))
}

/// The type of documents.
pub fn document_type() -> Oid {
    sql::own_type(c"model_document")
}

/// Bytes as a varlena in the current memory context.
pub fn bytes_datum(bytes: &[u8]) -> Datum {
    Datum::from(varlena::rust_byte_slice_to_bytea(bytes).into_pg())
}

/// Calls `use_bytes` with the bytes of a varlena.
///
/// # Safety
/// The datum is a varlena that is not NULL.
pub unsafe fn with_bytes<R>(datum: Datum, use_bytes: impl FnOnce(&[u8]) -> R) -> R {
    // SAFETY: by contract; the copy, if one is made, lives in the current memory context.
    unsafe {
        let plain = pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr());
        use_bytes(varlena::varlena_to_byte_slice(plain))
    }
}

/// Checks a document wholly and remembers it.
fn accept(bytes: &[u8]) -> Result<Datum, Error> {
    Model::decode(bytes)?;
    document(bytes)
}

/// The bytes of hexadecimal digits, two each.
///
/// # Errors
/// 22P02 for anything else.
pub fn from_hexadecimal(text: impl AsRef<[u8]>) -> Result<Vec<u8>, Error> {
    let digit = |byte: u8| char::from(byte).to_digit(16).ok_or(Error::DocumentText);
    let (pairs, []) = text.as_ref().as_chunks::<2>() else {
        return Err(Error::DocumentText);
    };
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(pairs.len())
        .map_err(OutOfMemory::from)?;
    for &[high, low] in pairs {
        bytes.push((digit(high)? << 4 | digit(low)?) as u8);
    }
    Ok(bytes)
}

/// Writes two digits for each byte.
fn to_hexadecimal(bytes: &[u8], digits: &mut [u8]) {
    let digit = |half: u8| b"0123456789abcdef"[usize::from(half)];
    for (pair, byte) in digits.as_chunks_mut().0.iter_mut().zip(bytes) {
        *pair = [digit(byte >> 4), digit(byte & 15)];
    }
}

#[unsafe(no_mangle)]
extern "C-unwind" fn pg_finfo_model_document_in() -> *const Pg_finfo_record {
    &raw const V1
}

/// Reads hexadecimal digits.
#[pg_guard]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn model_document_in(call: FunctionCallInfo) -> Datum {
    // SAFETY: declared strict, with a C string as its argument.
    let text = unsafe { CStr::from_ptr(argument(call, 0).cast_mut_ptr()) };
    let document = from_hexadecimal(text.to_bytes());
    let accepted = document.and_then(|document| accept(&document));
    accepted.unwrap_or_else(|error| error.throw())
}

#[unsafe(no_mangle)]
extern "C-unwind" fn pg_finfo_model_document_out() -> *const Pg_finfo_record {
    &raw const V1
}

/// Writes hexadecimal digits.
#[pg_guard]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn model_document_out(call: FunctionCallInfo) -> Datum {
    // SAFETY: declared strict, with a document as its argument; the text has room for two digits a byte and a NUL, and all
    // of it is written.
    unsafe {
        with_bytes(argument(call, 0), |bytes| {
            let count = 2 * bytes.len();
            let text = pg_sys::palloc_extended(count + 1, pg_sys::MCXT_ALLOC_HUGE as i32);
            text.cast::<u8>().write_bytes(0, count + 1);
            to_hexadecimal(bytes, std::slice::from_raw_parts_mut(text.cast(), count));
            Datum::from(text)
        })
    }
}

#[unsafe(no_mangle)]
extern "C-unwind" fn pg_finfo_model_document_recv() -> *const Pg_finfo_record {
    &raw const V1
}

/// Reads the bytes of a message.
#[pg_guard]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn model_document_recv(call: FunctionCallInfo) -> Datum {
    // SAFETY: PostgreSQL calls it with the message, a type and a modifier, outside of any expression; who could put it
    // into an expression or an aggregate would give it something else of type internal, alone.
    let accepted = unsafe {
        let is_input = (*call).context.is_null() && (*(*call).flinfo).fn_expr.is_null();
        if !is_input || values(call).len() != 3 || is_null(call, 0) {
            Error::DirectCall.throw();
        }
        let message = &mut *argument(call, 0).cast_mut_ptr::<pg_sys::StringInfoData>();
        let count = message.len - message.cursor;
        let bytes = pg_sys::pq_getmsgbytes(message, count);
        accept(std::slice::from_raw_parts(
            bytes.cast(),
            count.unsigned_abs() as usize,
        ))
    };
    accepted.unwrap_or_else(|error| error.throw())
}

#[unsafe(no_mangle)]
extern "C-unwind" fn pg_finfo_model_document_send() -> *const Pg_finfo_record {
    &raw const V1
}

/// The bytes as they are.
#[pg_guard]
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn model_document_send(call: FunctionCallInfo) -> Datum {
    // SAFETY: declared strict, with a document as its argument.
    unsafe { with_bytes(argument(call, 0), bytes_datum) }
}
