//! Temporary files: PostgreSQL's BufFiles, which count against `temp_file_limit` and are gone after an error or a cancel.
//!
//! Few of them, however many partitions there are: file systems take long to create files where many were just deleted.

use pgrx::pg_sys::{self, BufFile};

use super::parallel::SharedFile;
use crate::error::Error;
use crate::memory::poll;

/// Bytes read between two polls.
const CHUNK: usize = 1 << 20;

/// A temporary file that is appended to, and read anywhere.
pub struct TempFile {
    file: *mut BufFile,
    /// Bytes written.
    length: usize,
    /// Whether the next byte written goes where it should.
    at_end: bool,
    /// Whether it is written for another process: it is then closed when it is handed over, or by the end of the
    /// transaction, as what collects for others may be dropped late in an error.
    for_another: bool,
}

/// Does something in the memory of the transaction and with its resources: the current ones may be those of a query that
/// ends before.
unsafe fn in_transaction<T>(work: impl FnOnce() -> T) -> T {
    // SAFETY: by contract; after an error PostgreSQL resets both.
    unsafe {
        let context = pg_sys::MemoryContextSwitchTo(pg_sys::CurTransactionContext);
        let owner = pg_sys::CurrentResourceOwner;
        pg_sys::CurrentResourceOwner = pg_sys::CurTransactionResourceOwner;
        let done = work();
        pg_sys::CurrentResourceOwner = owner;
        pg_sys::MemoryContextSwitchTo(context);
        done
    }
}

impl TempFile {
    fn of(file: *mut BufFile, for_another: bool) -> Self {
        Self {
            file,
            length: 0,
            at_end: true,
            for_another,
        }
    }

    /// An empty file of this process.
    pub fn create() -> Self {
        // SAFETY: within a transaction.
        let file = unsafe { in_transaction(|| pg_sys::BufFileCreateTemp(false)) };
        Self::of(file, false)
    }

    /// An empty file for another process.
    pub fn create_shared(shared: &SharedFile) -> Self {
        // SAFETY: as above.
        let file = unsafe { in_transaction(|| shared.create()) };
        Self::of(file, true)
    }

    /// A file that another process has handed over, to read.
    pub fn open_shared(shared: &SharedFile) -> Self {
        // SAFETY: as above.
        let file = unsafe { in_transaction(|| shared.open()) };
        Self::of(file, false)
    }

    /// Leaves the file to another process.
    pub fn hand_over(self) {
        // SAFETY: the file is open; it is not used after this, and not closed again.
        unsafe {
            SharedFile::export(self.file);
            pg_sys::BufFileClose(self.file);
        }
    }

    /// Number of bytes written.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Writes bytes at the end.
    pub fn append(&mut self, bytes: &mut [u8]) {
        if !self.at_end {
            self.seek(self.length);
            self.at_end = true;
        }
        // SAFETY: the file is open; errors unwind as PostgreSQL errors.
        unsafe { pg_sys::BufFileWrite(self.file, bytes.as_mut_ptr().cast(), bytes.len()) };
        self.length += bytes.len();
    }

    /// Goes to a place, for [`TempFile::fill`].
    pub fn seek(&mut self, place: usize) {
        self.at_end = false;
        // SAFETY: the file is open.
        let failed = unsafe { pg_sys::BufFileSeek(self.file, 0, place as pg_sys::off_t, 0) };
        debug_assert_eq!(failed, 0, "what was written can be sought");
    }

    /// Reads so many bytes from a place onto the end of `bytes`.
    pub fn read(&mut self, place: usize, length: usize, bytes: &mut Vec<u8>) -> Result<(), Error> {
        self.seek(place);
        bytes.try_reserve(length).map_err(propensity::Error::from)?;
        let mut rest = length;
        while rest > 0 {
            let wanted = CHUNK.min(rest);
            let room = &mut bytes.spare_capacity_mut()[..wanted];
            // SAFETY: so many bytes have room behind the length, and are bytes once they were read.
            unsafe {
                self.fill_raw(room.as_mut_ptr().cast(), wanted)?;
                bytes.set_len(bytes.len() + wanted);
            }
            rest -= wanted;
            poll();
        }
        Ok(())
    }

    /// Reads exactly as many bytes as `bytes` holds, from where the last reading ended.
    pub fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        // SAFETY: the slice is writable for its length.
        unsafe { self.fill_raw(bytes.as_mut_ptr(), bytes.len()) }
    }

    unsafe fn fill_raw(&mut self, room: *mut u8, length: usize) -> Result<(), Error> {
        // SAFETY: the file is open, and there is room for so many bytes.
        let read = unsafe { pg_sys::BufFileRead(self.file, room.cast(), length) };
        if read == length {
            Ok(())
        } else {
            Err(propensity::Error::BadRecord.into())
        }
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        // While unwinding from an error the resource owner closes the file; a call here could raise a second error, which
        // aborts the backend.
        if !self.for_another && !std::thread::panicking() {
            // SAFETY: the file is ours and open.
            unsafe { pg_sys::BufFileClose(self.file) };
        }
    }
}
