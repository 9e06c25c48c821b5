//! Queries of ours are not compiled.
//!
//! What they compute for a row is little, and their time is that of reading and of what we do with it. Compiling them takes
//! a tenth of a second and 20 MB of memory, more than all records that wait in memory.

use super::setting::with_setting;

/// Does something, in which no query is compiled.
pub fn without<T>(work: impl FnOnce() -> T) -> T {
    with_setting(c"jit", c"off", work)
}
