//! Bytes that are appended now and read back later, in order: in memory while few, in a temporary file when many.

use std::io;

use pgrx::pg_sys::{self, BufFile};

use super::file::in_transaction;
use crate::error::Error;

/// Bytes kept in memory before they go to the file.
const BUFFER: usize = 16 * 1024;

/// An append-only run of bytes.
#[derive(Default)]
pub struct Spool {
    buffer: Vec<u8>,
    file: Option<Buffered>,
}

impl Spool {
    /// Appends many bytes.
    pub fn append(&mut self, bytes: &[u8]) {
        for bytes in bytes.chunks(BUFFER) {
            self.buffer.extend_from_slice(bytes);
            if self.buffer.len() >= BUFFER {
                self.flush();
            }
        }
    }

    fn flush(&mut self) {
        let file = self.file.get_or_insert_with(Buffered::create);
        file.append(&mut self.buffer);
        self.buffer.clear();
    }

    /// Moves all bytes to the file, and goes to their beginning, for [`Spool::fill`].
    pub fn rewind(&mut self) {
        self.flush();
        if let Some(file) = &mut self.file {
            file.rewind();
        }
    }

    /// Reads exactly as many bytes as `bytes` holds, after those that were read last.
    pub fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        let file = self
            .file
            .as_mut()
            .ok_or(Error::Internal("a temporary file is missing"))?;
        file.fill(bytes)
    }
}

/// A temporary file of PostgreSQL with a buffer: it is read a few bytes at a time.
struct Buffered(*mut BufFile);

impl Buffered {
    fn create() -> Self {
        // SAFETY: within a transaction.
        Self(unsafe { in_transaction(|| pg_sys::BufFileCreateTemp(false)) })
    }

    fn append(&mut self, bytes: &mut [u8]) {
        // SAFETY: the file is open; errors unwind as PostgreSQL errors.
        unsafe { pg_sys::BufFileWrite(self.0, bytes.as_mut_ptr().cast(), bytes.len()) };
    }

    fn rewind(&mut self) {
        // SAFETY: the file is open.
        let failed = unsafe { pg_sys::BufFileSeek(self.0, 0, 0, 0) };
        debug_assert_eq!(failed, 0, "what was written can be sought");
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        // SAFETY: the file is open, and there is room for the bytes asked for.
        let read = unsafe { pg_sys::BufFileRead(self.0, bytes.as_mut_ptr().cast(), bytes.len()) };
        if read == bytes.len() {
            Ok(())
        } else {
            Err(Error::TempFile(io::ErrorKind::UnexpectedEof.into()))
        }
    }
}

impl Drop for Buffered {
    fn drop(&mut self) {
        // While unwinding from an error the resource owner closes the file, as it does a `TempFile`.
        if !std::thread::panicking() {
            // SAFETY: the file is ours and open.
            unsafe { pg_sys::BufFileClose(self.0) };
        }
    }
}
