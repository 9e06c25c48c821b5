//! Temporary files that one process writes and another reads.

use std::ffi::{CStr, CString};

use pgrx::pg_sys::{self, BufFile, SharedFileSet};

use crate::error::Error;
use crate::stream::spool::read_file;

/// A partition of what a process has read, in a set of files.
#[derive(Clone, Copy)]
pub struct SharedFile {
    files: *mut SharedFileSet,
    process: u32,
    partition: usize,
}

impl SharedFile {
    /// A file, which may not be there yet, of a set that is mapped for as long as it is used.
    pub fn new(files: *mut SharedFileSet, process: u32, partition: usize) -> Self {
        Self {
            files,
            process,
            partition,
        }
    }

    fn name(&self) -> CString {
        CString::new(format!("{}.{}", self.process, self.partition)).unwrap_or_default()
    }

    /// Creates the file; it belongs to the current memory context and resource owner.
    pub fn create(&self) -> *mut BufFile {
        // SAFETY: the set of files is mapped.
        unsafe { create(self.files, &self.name()) }
    }

    /// Writes what is still in memory, so that others can read the file.
    pub fn export(file: *mut BufFile) {
        // SAFETY: the file is open.
        unsafe { export(file) };
    }

    /// Reads all of the file, so many bytes, onto the end of `bytes`.
    pub fn read(&self, length: usize, bytes: &mut Vec<u8>) -> Result<(), Error> {
        // SAFETY: the set of files is mapped; after an error of PostgreSQL the transaction closes
        // the file.
        unsafe {
            let file = open(self.files, &self.name());
            let read = read_file(file, length, bytes);
            pg_sys::BufFileClose(file);
            read
        }
    }
}

#[cfg(not(feature = "pg14"))]
unsafe fn create(files: *mut SharedFileSet, name: &CStr) -> *mut BufFile {
    // SAFETY: by contract; so in the functions below.
    unsafe { pg_sys::BufFileCreateFileSet(&raw mut (*files).fs, name.as_ptr()) }
}

#[cfg(not(feature = "pg14"))]
unsafe fn export(file: *mut BufFile) {
    unsafe { pg_sys::BufFileExportFileSet(file) }
}

#[cfg(not(feature = "pg14"))]
unsafe fn open(files: *mut SharedFileSet, name: &CStr) -> *mut BufFile {
    unsafe {
        pg_sys::BufFileOpenFileSet(&raw mut (*files).fs, name.as_ptr(), libc::O_RDONLY, false)
    }
}

#[cfg(feature = "pg14")]
unsafe fn create(files: *mut SharedFileSet, name: &CStr) -> *mut BufFile {
    unsafe { pg_sys::BufFileCreateShared(files, name.as_ptr()) }
}

#[cfg(feature = "pg14")]
unsafe fn export(file: *mut BufFile) {
    unsafe { pg_sys::BufFileExportShared(file) }
}

#[cfg(feature = "pg14")]
unsafe fn open(files: *mut SharedFileSet, name: &CStr) -> *mut BufFile {
    unsafe { pg_sys::BufFileOpenShared(files, name.as_ptr(), libc::O_RDONLY) }
}
