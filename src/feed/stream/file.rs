//! Temporary files of PostgreSQL, which count against `temp_file_limit` and are gone after an error or a cancel.
//!
//! Few of them, however many partitions there are: file systems take long to create files where many were just deleted.
//! Written and read many bytes at a time, straight from and into our memory: a BufFile would copy them once more, and
//! read whole blocks.

use std::io;

use pgrx::pg_sys::{self, File, PG_WAIT_EXTENSION};

use super::shared_file::SharedFile;
use crate::error::Error;
use crate::pg::memory::poll;

/// Bytes read between two polls.
const CHUNK: usize = 1 << 20;

/// A temporary file that is appended to, and read anywhere.
pub struct TempFile {
    file: File,
    /// Bytes written.
    length: usize,
    /// Whether it is written for another process: it is then closed when it is handed over, or by the end of the
    /// transaction, as what collects for others may be dropped late in an error.
    for_another: bool,
}

/// Does something in the memory of the transaction and with its resources: the current ones may be those of a query that
/// ends before.
pub unsafe fn in_transaction<T>(work: impl FnOnce() -> T) -> T {
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
    fn of(file: File, for_another: bool) -> Self {
        Self {
            file,
            length: 0,
            for_another,
        }
    }

    /// An empty file of this process.
    pub fn create() -> Self {
        // SAFETY: within a transaction.
        let file = unsafe {
            in_transaction(|| {
                pg_sys::PrepareTempTablespaces();
                pg_sys::OpenTemporaryFile(false)
            })
        };
        Self::of(file, false)
    }

    /// An empty file for another process.
    pub fn create_shared(shared: &SharedFile) -> Self {
        // SAFETY: as above.
        let file = unsafe { in_transaction(|| shared.create()) };
        Self::of(file, true)
    }

    /// A file that another process has handed over, to read.
    ///
    /// # Errors
    /// 58030, should it be gone.
    pub fn open_shared(shared: &SharedFile) -> Result<Self, Error> {
        // SAFETY: as above.
        let file = unsafe { in_transaction(|| shared.open()) };
        if file <= 0 {
            return Err(Error::TempFile(io::Error::last_os_error()));
        }
        Ok(Self::of(file, false))
    }

    /// Leaves the file to another process.
    pub fn hand_over(self) {
        // SAFETY: the file is open; it is not used after this, and not closed again.
        unsafe { pg_sys::FileClose(self.file) };
    }

    /// Number of bytes written.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Writes bytes at the end. Unwinds with the error if that fails, as PostgreSQL does where there is more than
    /// `temp_file_limit`: rows come far too often for a result.
    pub fn append(&mut self, bytes: &mut [u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let wanted = CHUNK.min(rest.len());
            // SAFETY: the file is open, and `wanted` is at most what `rest` has.
            let written = unsafe { write(self.file, rest.as_mut_ptr(), wanted, self.length) };
            match usize::try_from(written) {
                Err(_) | Ok(0) => Error::TempFile(io::Error::last_os_error()).throw(),
                Ok(written) => {
                    self.length += written;
                    rest = &mut rest[written..];
                }
            }
        }
    }

    /// Reads `length` bytes from a place onto the end of `bytes`.
    ///
    /// # Errors
    /// 58030, also where the file has fewer.
    pub fn read(&mut self, place: usize, length: usize, bytes: &mut Vec<u8>) -> Result<(), Error> {
        bytes.try_reserve(length).map_err(propensity::Error::from)?;
        let (mut place, end) = (place, place + length);
        while place < end {
            let wanted = CHUNK.min(end - place);
            let room = &mut bytes.spare_capacity_mut()[..wanted];
            // SAFETY: the file is open; there is room for `wanted` bytes behind the length, and `read` of them are initialized.
            unsafe {
                let read = read(self.file, room.as_mut_ptr().cast(), wanted, place);
                match usize::try_from(read) {
                    Err(_) => return Err(Error::TempFile(io::Error::last_os_error())),
                    Ok(0) => return Err(Error::TempFile(io::ErrorKind::UnexpectedEof.into())),
                    Ok(read) => {
                        bytes.set_len(bytes.len() + read);
                        place += read;
                    }
                }
            }
            poll();
        }
        Ok(())
    }
}

/// Writes up to `length` bytes at a place of an open file; returns their number, negative after an error.
#[cfg(not(any(feature = "pg17", feature = "pg18")))]
unsafe fn write(file: File, bytes: *mut u8, length: usize, place: usize) -> isize {
    let place = place as pg_sys::off_t;
    // SAFETY: by contract: the set of files is mapped.
    unsafe { pg_sys::FileWrite(file, bytes.cast(), length as _, place, PG_WAIT_EXTENSION) as isize }
}

/// Reads up to `length` bytes from a place of an open file; returns their number, negative after an error.
#[cfg(not(any(feature = "pg17", feature = "pg18")))]
unsafe fn read(file: File, room: *mut u8, length: usize, place: usize) -> isize {
    let place = place as pg_sys::off_t;
    // SAFETY: by contract: an open file, and room for that many bytes.
    unsafe { pg_sys::FileRead(file, room.cast(), length as _, place, PG_WAIT_EXTENSION) as isize }
}

#[cfg(any(feature = "pg17", feature = "pg18"))]
unsafe fn write(file: File, bytes: *mut u8, length: usize, place: usize) -> isize {
    let place = place as pg_sys::off_t;
    // SAFETY: by contract: an open file, and room for that many bytes.
    unsafe { pg_sys::FileWriteV(file, &piece(bytes, length), 1, place, PG_WAIT_EXTENSION) }
}

#[cfg(any(feature = "pg17", feature = "pg18"))]
unsafe fn read(file: File, room: *mut u8, length: usize, place: usize) -> isize {
    let place = place as pg_sys::off_t;
    // SAFETY: by contract: an open file, and room for that many bytes.
    unsafe { pg_sys::FileReadV(file, &piece(room, length), 1, place, PG_WAIT_EXTENSION) }
}

#[cfg(any(feature = "pg17", feature = "pg18"))]
fn piece(start: *mut u8, length: usize) -> pg_sys::iovec {
    pg_sys::iovec {
        iov_base: start.cast(),
        iov_len: length,
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        // While unwinding from an error the resource owner closes the file; a call here could raise a second error, which
        // aborts the backend.
        if !self.for_another && !std::thread::panicking() {
            // SAFETY: the file is ours and open.
            unsafe { pg_sys::FileClose(self.file) };
        }
    }
}
