//! Rows of many groups, brought together group by group: a counting sort.

use std::ptr::{copy_nonoverlapping, null_mut};

use pgrx::pg_sys::{self, MemoryContext};

use crate::pg::memory::poll;

/// Bytes before those of a row: its group, and how many bytes follow.
pub const HEAD: usize = 6;
/// Rows by which memory is fetched ahead.
const AHEAD: usize = 16;
/// Rows grouped between two polls: a few milliseconds.
const QUANTUM: usize = 1 << 17;

/// Rows one after the other, each as its group and its bytes.
#[derive(Clone)]
pub struct Rows<'a>(pub &'a [u8]);

impl<'a> Iterator for Rows<'a> {
    type Item = (usize, &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (head, rest) = self.0.split_first_chunk::<HEAD>()?;
        let &[a, b, c, d, low, high] = head;
        let length = usize::from(u16::from_le_bytes([low, high]));
        let (bytes, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((u32::from_le_bytes([a, b, c, d]) as usize, bytes))
    }
}

/// The bytes of groups, in a memory context.
pub struct GroupedRows {
    groups: usize,
    /// Where the bytes of each group begin, and where those of the last end; NULL if there are no groups.
    starts: *mut usize,
    bytes: *mut u8,
}

impl Default for GroupedRows {
    fn default() -> Self {
        Self {
            groups: 0,
            starts: null_mut(),
            bytes: null_mut(),
        }
    }
}

impl GroupedRows {
    /// Number of groups.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// The bytes of a group.
    ///
    /// # Safety
    /// The memory context is as it was, and has that group.
    pub unsafe fn of(&self, group: usize) -> &[u8] {
        // SAFETY: by contract; `starts` ascend.
        unsafe {
            let (start, end) = (*self.starts.add(group), *self.starts.add(group + 1));
            std::slice::from_raw_parts(self.bytes.add(start), end - start)
        }
    }

    /// Gathers the rows of `groups` groups.
    ///
    /// # Safety
    /// There are no other groups in the rows.
    pub unsafe fn new<'a>(
        context: MemoryContext,
        groups: usize,
        rows: impl Iterator<Item = (usize, &'a [u8])> + Clone,
    ) -> Self {
        // SAFETY: memory for as many numbers as are used.
        let (starts, next) = unsafe {
            let size = (groups + 1) * size_of::<usize>();
            let starts: *mut usize = pg_sys::MemoryContextAllocHuge(context, size).cast();
            starts.write_bytes(0, groups + 1);
            // Where the next row of each group goes; at last that is where the next group begins.
            (
                starts,
                std::slice::from_raw_parts_mut(starts.add(1), groups),
            )
        };
        let mut ahead = rows.clone().skip(AHEAD);
        for (count, (group, bytes)) in rows.clone().enumerate() {
            if let Some((group, _)) = ahead.next() {
                prefetch(&raw const next[group]);
            }
            next[group] += bytes.len();
            if count.is_multiple_of(QUANTUM) {
                poll();
            }
        }
        let mut total = 0;
        for place in &mut *next {
            total += std::mem::replace(place, total);
        }
        // SAFETY: `total` is what all rows' bytes take together.
        unsafe {
            let place: *mut u8 = pg_sys::MemoryContextAllocHuge(context, total.max(1)).cast();
            // Where a row goes must be near before it can be told what is to be fetched.
            let mut far_ahead = rows.clone().skip(2 * AHEAD);
            let mut ahead = rows.clone().skip(AHEAD);
            for (count, (group, bytes)) in rows.enumerate() {
                if let Some((group, _)) = far_ahead.next() {
                    prefetch(&raw const next[group]);
                }
                if let Some((group, _)) = ahead.next() {
                    prefetch(place.add(next[group]));
                }
                copy_nonoverlapping(bytes.as_ptr(), place.add(next[group]), bytes.len());
                next[group] += bytes.len();
                if count.is_multiple_of(QUANTUM) {
                    poll();
                }
            }
            Self {
                groups,
                starts,
                bytes: place,
            }
        }
    }

    /// Gives the memory back.
    ///
    /// # Safety
    /// The memory context is as it was.
    pub unsafe fn free(self) {
        if !self.starts.is_null() {
            // SAFETY: by contract.
            unsafe {
                pg_sys::pfree(self.starts.cast());
                pg_sys::pfree(self.bytes.cast());
            }
        }
    }
}

/// Has the processor fetch a line of memory.
#[inline]
fn prefetch<T>(place: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: only a hint, whatever the address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(place.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}
