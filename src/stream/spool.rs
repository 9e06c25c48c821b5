//! Bytes that are appended now and read back later, in order: in memory while few, in a temporary file when many.

use super::file::TempFile;
use crate::error::Error;

/// Bytes kept in memory before they go to the file.
const BUFFER: usize = 16 * 1024;

/// An append-only run of bytes.
#[derive(Default)]
pub struct Spool {
    buffer: Vec<u8>,
    file: Option<TempFile>,
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
        let file = self.file.get_or_insert_with(TempFile::create);
        file.append(&mut self.buffer);
        self.buffer.clear();
    }

    /// Moves all bytes to the file, and goes to their beginning, for [`Spool::fill`].
    pub fn rewind(&mut self) {
        self.flush();
        if let Some(file) = &mut self.file {
            file.seek(0);
        }
    }

    /// Reads exactly as many bytes as `bytes` holds, after those that were read last.
    pub fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        let file = self.file.as_mut().ok_or(propensity::Error::BadRecord)?;
        file.fill(bytes)
    }
}
