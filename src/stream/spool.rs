//! Bytes that are appended now and read back later: in memory while few, in a temporary file when
//! many.
//!
//! The files are PostgreSQL's BufFiles: they count against `temp_file_limit` and are gone after an
//! error or a cancel.

use pgrx::pg_sys;

use super::parallel::SharedFile;

use crate::error::Error;
use crate::memory::poll;

/// Bytes kept in memory before they go to the file.
const BUFFER: usize = 16 * 1024;
/// Bytes read between two polls.
const CHUNK: usize = 1 << 20;

/// An append-only run of bytes.
pub struct Spool {
    buffer: Vec<u8>,
    file: *mut pg_sys::BufFile,
    filed: usize,
    /// The file that another process is to read, if it is for one.
    shared: Option<SharedFile>,
}

impl Spool {
    pub fn new() -> Self {
        Self {
            buffer: Vec::new(),
            file: std::ptr::null_mut(),
            filed: 0,
            shared: None,
        }
    }

    /// Bytes for another process.
    pub fn shared(file: SharedFile) -> Self {
        let mut spool = Self::new();
        spool.shared = Some(file);
        spool
    }

    /// Writes all bytes to the file, if there are any.
    pub fn export(&mut self) {
        if !self.buffer.is_empty() {
            self.flush();
        }
        if !self.file.is_null() {
            SharedFile::export(self.file);
        }
    }

    /// Leaves a file that was exported to another process; returns how many bytes there are.
    pub fn hand_over(&mut self) -> usize {
        if !self.file.is_null() {
            // SAFETY: the file is ours and open.
            unsafe { pg_sys::BufFileClose(self.file) };
            self.file = std::ptr::null_mut();
        }
        self.filed
    }

    /// Where to append; call [`Spool::settle`] after each record.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Appends many bytes.
    pub fn append(&mut self, bytes: &[u8]) {
        for bytes in bytes.chunks(BUFFER) {
            self.buffer.extend_from_slice(bytes);
            self.settle();
        }
    }

    /// Moves the buffered bytes to the file once they are many.
    pub fn settle(&mut self) {
        if self.buffer.len() >= BUFFER {
            self.flush();
        }
    }

    /// Number of bytes held.
    pub fn len(&self) -> usize {
        self.filed + self.buffer.len()
    }

    fn flush(&mut self) {
        // SAFETY: the file is ours and open; errors unwind as PostgreSQL errors. The BufFile lives
        // in the transaction's context: the current one may be the executor's per-query context,
        // whose end would free the file under us.
        unsafe {
            if self.file.is_null() {
                let context = pg_sys::MemoryContextSwitchTo(pg_sys::CurTransactionContext);
                let owner = pg_sys::CurrentResourceOwner;
                pg_sys::CurrentResourceOwner = pg_sys::CurTransactionResourceOwner;
                self.file = match &self.shared {
                    Some(shared) => shared.create(),
                    None => pg_sys::BufFileCreateTemp(false),
                };
                pg_sys::CurrentResourceOwner = owner;
                pg_sys::MemoryContextSwitchTo(context);
            }
            pg_sys::BufFileWrite(
                self.file,
                self.buffer.as_mut_ptr().cast(),
                self.buffer.len(),
            );
        }
        self.filed += self.buffer.len();
        self.buffer.clear();
    }

    /// Reads everything back onto the end of `bytes`, oldest first. Can be repeated.
    pub fn read(&mut self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        bytes
            .try_reserve_exact(self.len())
            .map_err(propensity::Error::from)?;
        if !self.file.is_null() {
            self.rewind();
            read_file(self.file, self.filed, bytes)?;
            self.seek_end();
        }
        bytes.extend_from_slice(&self.buffer);
        Ok(())
    }

    /// Starts reading from the beginning, in order, with [`Spool::fill`]; nothing may be appended
    /// after this.
    pub fn rewind(&mut self) {
        // SAFETY: the file is ours and open.
        let failed = unsafe { pg_sys::BufFileSeek(self.file, 0, 0, 0) };
        debug_assert_eq!(failed, 0, "the beginning of a file can always be sought");
    }

    /// Moves all bytes to the file, for reading in order.
    pub fn finish(&mut self) {
        if !self.buffer.is_empty() || self.file.is_null() {
            self.flush();
        }
        self.rewind();
    }

    /// Reads exactly as many bytes as `bytes` holds.
    pub fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        // SAFETY: the file is ours, and open once there are bytes in it.
        unsafe { fill(self.file, bytes.as_mut_ptr(), bytes.len()) }
    }

    fn seek_end(&mut self) {
        // SAFETY: as above. Seeking by blocks from the start allows more than 2 GB.
        unsafe {
            let block = pg_sys::BLCKSZ as usize;
            pg_sys::BufFileSeekBlock(self.file, (self.filed / block) as _);
            let mut rest = [0; pg_sys::BLCKSZ as usize];
            pg_sys::BufFileRead(self.file, rest.as_mut_ptr().cast(), self.filed % block);
        }
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        // While unwinding from an error the resource owner closes the file; a call here could
        // raise a second error, which aborts the backend. A file for another process is closed when
        // it is handed over: what collects for others may be dropped late in an error.
        if self.shared.is_none() && !self.file.is_null() && !std::thread::panicking() {
            // SAFETY: the file is ours and open.
            unsafe { pg_sys::BufFileClose(self.file) };
        }
    }
}

/// Reads so many bytes of an open file onto the end of `bytes`.
pub fn read_file(
    file: *mut pg_sys::BufFile,
    length: usize,
    bytes: &mut Vec<u8>,
) -> Result<(), Error> {
    bytes.try_reserve(length).map_err(propensity::Error::from)?;
    let mut rest = length;
    while rest > 0 {
        let wanted = CHUNK.min(rest);
        let room = &mut bytes.spare_capacity_mut()[..wanted];
        // SAFETY: so many bytes have room behind the length, and are bytes once they were read.
        unsafe {
            fill(file, room.as_mut_ptr().cast(), wanted)?;
            bytes.set_len(bytes.len() + wanted);
        }
        rest -= wanted;
        poll();
    }
    Ok(())
}

/// Reads just so many bytes.
///
/// # Safety
/// The file is open, and there is room for so many bytes.
unsafe fn fill(file: *mut pg_sys::BufFile, room: *mut u8, length: usize) -> Result<(), Error> {
    // SAFETY: by contract.
    let read = unsafe { pg_sys::BufFileRead(file, room.cast(), length) };
    if read == length {
        Ok(())
    } else {
        Err(propensity::Error::BadRecord.into())
    }
}
