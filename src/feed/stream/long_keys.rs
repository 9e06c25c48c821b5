//! Keys that no index takes. The scores have one on the profile, so such a key is refused while it is read, not after
//! all the work.

use std::cell::RefCell;
use std::ffi::c_char;

use pgrx::pg_sys::{self, Datum};
use propensity::hash::profile_hash;

use crate::error::Error;

unsafe extern "C-unwind" {
    /// Compresses a value as an index does, or returns 0 when that makes it no smaller.
    fn toast_compress_datum(value: Datum, method: c_char) -> Datum;
}

/// Bytes that an index takes: a third of a page, less what is stored beside them.
const LIMIT: usize = 2600;
/// pglz, the default of indexes.
const PGLZ: c_char = b'p' as c_char;
/// Keys whose check is remembered.
const KEPT: usize = 256;

thread_local! {
    /// Hashes of long keys that were found to fit, by their last digits: the events of a profile have the same key.
    static FIT: RefCell<[u64; KEPT]> = const { RefCell::new([0; KEPT]) };
}

/// Refuses a key that does not fit into an index, also not compressed.
#[inline]
pub fn check(key: &[u8]) {
    if key.len() > LIMIT {
        check_long(key);
    }
}

#[cold]
fn check_long(key: &[u8]) {
    let hash = profile_hash(key);
    let known = FIT.with_borrow_mut(|fit| {
        let place = &mut fit[hash as usize % KEPT];
        std::mem::replace(place, hash) == hash
    });
    if known || compressed(key) <= LIMIT {
        return;
    }
    FIT.with_borrow_mut(|fit| fit[hash as usize % KEPT] = 0);
    Error::KeyTooLong {
        beginning: String::from_utf8_lossy(key.get(..100).unwrap_or(key)).into_owned(),
        bytes: key.len(),
        limit: LIMIT,
    }
    .throw()
}

/// How long the key is in an index.
fn compressed(key: &[u8]) -> usize {
    // SAFETY: the value is a varlena of the current memory context, as is what is made of it; both are freed.
    unsafe {
        let value = pg_sys::cstring_to_text_with_len(key.as_ptr().cast(), key.len() as i32);
        let made = toast_compress_datum(Datum::from(value), PGLZ);
        let length = if made.is_null() {
            key.len()
        } else {
            let length = pgrx::varlena::varsize_any(made.cast_mut_ptr());
            pg_sys::pfree(made.cast_mut_ptr());
            length
        };
        pg_sys::pfree(value.cast());
        length
    }
}
