//! The states of an aggregate: one log of the rows of all groups in a memory context, in the order of their arrival.
//!
//! Groups come in any order. If each kept its rows by itself, nearly every row would wait for the memory of its group,
//! which is far from the processor. A log is only appended to; all that PostgreSQL keeps of a group is its number and
//! the place of its log among those of the backend. When the first group is asked for, all rows are grouped, group by
//! group: that takes less, because then the memory of rows to come can be fetched ahead.
//!
//! ```text
//! row   group:u32  length:u16  bytes
//! ```

use std::cell::RefCell;
use std::ptr::{copy_nonoverlapping, null_mut};
use std::slice;

use pgrx::pg_sys::{self, Datum, MemoryContext, MemoryContextCallback, NullableDatum};

use super::call_state::CallState;
use super::grouping::{GroupedRows, HEAD, Rows};
use crate::error::Error;

/// Bytes of rows that are written together.
const BUFFER: usize = 1 << 12;
/// Bytes of the first piece of memory, and of the largest.
const SMALLEST: usize = 1 << 13;
const LARGEST: usize = 1 << 18;
/// Most bytes of a row.
const LONGEST: usize = u16::MAX as usize;

thread_local! {
    /// The logs of this backend by their places, NULL where there is none any more.
    static LOGS: RefCell<Vec<*mut RowLog>> = const { RefCell::new(Vec::new()) };
}

/// The states of a call in one memory context.
pub struct RowLog {
    place: usize,
    shared: *mut CallState,
    /// NULL while there are no states.
    context: MemoryContext,
    groups: usize,
    /// Memory of the context with all rows but the newest, which are in `buffer`.
    pieces: Vec<Piece>,
    buffer: Vec<u8>,
    grouped: GroupedRows,
}

/// Rows in memory of the context.
struct Piece {
    start: *mut u8,
    length: usize,
    size: usize,
}

impl RowLog {
    /// A log of a call state, which outlives it.
    pub fn new(shared: *mut CallState) -> Box<Self> {
        let mut log = Box::new(Self {
            place: 0,
            shared,
            context: null_mut(),
            groups: 0,
            pieces: Vec::new(),
            buffer: Vec::with_capacity(2 * BUFFER),
            grouped: GroupedRows::default(),
        });
        log.place = LOGS.with_borrow_mut(|logs| {
            let free = logs.iter().position(|log| log.is_null());
            let place = free.unwrap_or(logs.len());
            if free.is_none() {
                logs.push(null_mut());
            }
            logs[place] = &raw mut *log;
            place
        });
        log
    }

    /// Whether this is the log of a memory context; of NULL, whether it is free.
    #[inline]
    pub fn is_of(&self, context: MemoryContext) -> bool {
        self.context == context
    }

    /// Begins with the groups of a memory context, until that is reset.
    ///
    /// # Safety
    /// The log stays where it is, and outlives the context.
    pub unsafe fn open(&mut self, context: MemoryContext) {
        // SAFETY: the callback is in the memory whose end it announces.
        unsafe {
            let callback = pg_sys::MemoryContextAlloc(context, size_of::<MemoryContextCallback>());
            let callback: *mut MemoryContextCallback = callback.cast();
            callback.write(MemoryContextCallback {
                func: Some(close),
                arg: (&raw mut *self).cast(),
                next: null_mut(),
            });
            pg_sys::MemoryContextRegisterResetCallback(context, callback);
        }
        self.context = context;
    }

    /// The call whose states these are.
    pub fn shared(&self) -> *mut CallState {
        self.shared
    }

    /// The number of the group that a state is; of a new one if it is NULL.
    ///
    /// # Errors
    /// 0A000 for a state of another log.
    #[inline]
    pub fn group(&mut self, state: &NullableDatum) -> Result<usize, Box<Error>> {
        if state.isnull {
            return self.add_group();
        }
        let (place, group) = split(state.value);
        if place == self.place && group < self.groups {
            Ok(group)
        } else {
            Err(Error::DirectCall.into())
        }
    }

    /// The number of a new group.
    pub fn add_group(&mut self) -> Result<usize, Box<Error>> {
        let group = self.groups;
        if u32::try_from(group).is_err() || u32::try_from(self.place).is_err() {
            return Err(propensity::Error::OutOfMemory.into());
        }
        self.groups += 1;
        Ok(group)
    }

    /// A group as PostgreSQL keeps it.
    #[inline]
    pub fn state(&self, group: usize) -> Datum {
        Datum::from(((self.place as u64) << 32 | group as u64) as i64)
    }

    /// The log and the number of the group that a state is.
    ///
    /// # Errors
    /// 0A000 if there is no such group: the state is not one of ours.
    pub fn find(state: Datum) -> Result<(*mut Self, usize), Error> {
        let (place, group) = split(state);
        let log = LOGS.with_borrow(|logs| logs.get(place).copied().unwrap_or(null_mut()));
        // SAFETY: those in the list are there.
        match unsafe { log.as_ref() } {
            Some(found) if group < found.groups => Ok((log, group)),
            _ => Err(Error::DirectCall),
        }
    }

    /// Has `write` append the bytes of a row of a group; they must not be many.
    #[inline]
    pub fn append(
        &mut self,
        group: usize,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Box<Error>>,
    ) -> Result<(), Box<Error>> {
        let start = self.buffer.len();
        self.buffer.extend_from_slice(&(group as u32).to_le_bytes());
        self.buffer.extend_from_slice(&[0; 2]);
        write(&mut self.buffer)?;
        let length = self.buffer.len() - start - HEAD;
        debug_assert!(length <= LONGEST);
        let length = (length as u16).to_le_bytes();
        self.buffer[start + HEAD - length.len()..start + HEAD].copy_from_slice(&length);
        if self.buffer.len() >= BUFFER {
            // SAFETY: who appends has opened the log.
            unsafe { self.empty_buffer() };
        }
        Ok(())
    }

    /// Appends bytes of a group, however many.
    pub fn append_all(&mut self, group: usize, bytes: &[u8]) -> Result<(), Box<Error>> {
        for part in bytes.chunks(LONGEST) {
            self.append(group, |out| {
                out.extend_from_slice(part);
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Moves the newest rows into the memory of the context.
    #[cold]
    unsafe fn empty_buffer(&mut self) {
        let length = self.buffer.len();
        let has_room = |piece: &Piece| piece.size - piece.length >= length;
        // SAFETY: the piece has room.
        unsafe {
            if !self.pieces.last().is_some_and(has_room) {
                let twice = self.pieces.last().map_or(SMALLEST, |piece| 2 * piece.size);
                let size = twice.min(LARGEST).max(length);
                let start = pg_sys::MemoryContextAlloc(self.context, size).cast();
                let length = 0;
                self.pieces.push(Piece {
                    start,
                    length,
                    size,
                });
            }
            if let Some(piece) = self.pieces.last_mut() {
                let end = piece.start.add(piece.length);
                copy_nonoverlapping(self.buffer.as_ptr(), end, length);
                piece.length += length;
            }
        }
        self.buffer.clear();
    }

    /// The bytes of a group.
    pub fn bytes(&mut self, group: usize) -> &[u8] {
        // SAFETY: the memory is there as long as the log has groups.
        unsafe {
            if group >= self.grouped.groups() || !self.buffer.is_empty() || !self.pieces.is_empty()
            {
                self.gather();
            }
            self.grouped.of(group)
        }
    }

    /// Brings the rows of each group together. What was grouped before comes first, should rows have followed it.
    #[cold]
    unsafe fn gather(&mut self) {
        // SAFETY: the memory is that of the context, and the rows are of groups that were numbered.
        unsafe {
            let before = &self.grouped;
            let old = (0..before.groups()).map(|group| (group, before.of(group)));
            let pieces = self.pieces.iter();
            let pieces = pieces.map(|piece| slice::from_raw_parts(piece.start, piece.length));
            let new = pieces.chain([&*self.buffer]).flat_map(Rows);
            let grouped = GroupedRows::new(self.context, self.groups, old.chain(new));
            std::mem::replace(&mut self.grouped, grouped).free();
            for piece in self.pieces.drain(..) {
                pg_sys::pfree(piece.start.cast());
            }
            self.buffer.clear();
        }
    }

    fn close(&mut self) {
        self.context = null_mut();
        self.groups = 0;
        self.pieces.clear();
        self.buffer.clear();
        self.grouped = GroupedRows::default();
    }
}

/// The place of a log and the number of a group in a state.
#[inline]
fn split(state: Datum) -> (usize, usize) {
    let state = state.value() as u64;
    ((state >> 32) as usize, state as u32 as usize)
}

/// The memory goes, and the groups with it.
unsafe extern "C-unwind" fn close(log: *mut std::ffi::c_void) {
    // SAFETY: as `open` demands.
    unsafe { (*log.cast::<RowLog>()).close() };
}

impl Drop for RowLog {
    fn drop(&mut self) {
        LOGS.with_borrow_mut(|logs| logs[self.place] = null_mut());
    }
}
