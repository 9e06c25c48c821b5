//! Names of temporary files that one process writes and another reads.

use std::ffi::{CStr, CString};

use pgrx::pg_sys::{self, File, SharedFileSet};

/// The file of one process in a set of files.
#[derive(Clone, Copy)]
pub struct SharedFile {
    files: *mut SharedFileSet,
    process: u32,
}

impl SharedFile {
    /// A file, which may not be there yet, of a set that is mapped for as long as it is used.
    pub fn new(files: *mut SharedFileSet, process: u32) -> Self {
        Self { files, process }
    }

    fn name(&self) -> CString {
        CString::new(self.process.to_string()).unwrap_or_default()
    }

    /// Creates the file; it belongs to the current resource owner.
    pub fn create(&self) -> File {
        // SAFETY: the set of files is mapped.
        unsafe { create(self.files, &self.name()) }
    }

    /// Opens the file to read; it belongs to the current resource owner.
    pub fn open(&self) -> File {
        // SAFETY: as above.
        unsafe { open(self.files, &self.name()) }
    }
}

#[cfg(not(feature = "pg14"))]
unsafe fn create(files: *mut SharedFileSet, name: &CStr) -> File {
    // SAFETY: by contract: the set of files is mapped.
    unsafe { pg_sys::FileSetCreate(&raw mut (*files).fs, name.as_ptr()) }
}

#[cfg(not(feature = "pg14"))]
unsafe fn open(files: *mut SharedFileSet, name: &CStr) -> File {
    // SAFETY: by contract: the set of files is mapped.
    unsafe { pg_sys::FileSetOpen(&raw mut (*files).fs, name.as_ptr(), libc::O_RDONLY) }
}

#[cfg(feature = "pg14")]
unsafe fn create(files: *mut SharedFileSet, name: &CStr) -> File {
    // SAFETY: by contract: the set of files is mapped.
    unsafe { pg_sys::SharedFileSetCreate(files, name.as_ptr()) }
}

#[cfg(feature = "pg14")]
unsafe fn open(files: *mut SharedFileSet, name: &CStr) -> File {
    // SAFETY: by contract: the set of files is mapped.
    unsafe { pg_sys::SharedFileSetOpen(files, name.as_ptr(), libc::O_RDONLY) }
}
