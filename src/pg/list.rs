//! Lists of PostgreSQL.

use pgrx::pg_sys;

/// The pointers of a list.
///
/// # Safety
/// The list is NULL, or a list of pointers to `T` that lives at least as long as the result is used.
pub unsafe fn pointers<'a, T>(list: *mut pg_sys::List) -> &'a [*mut T] {
    // SAFETY: a cell of a list of pointers is a pointer.
    unsafe {
        match list.as_ref() {
            Some(list) => std::slice::from_raw_parts(
                list.elements.cast(),
                list.length.unsigned_abs() as usize,
            ),
            None => &[],
        }
    }
}
