//! Names of temporary files that one process writes and another reads.

use std::ffi::{CStr, CString};

use pgrx::pg_sys::{self, BufFile, SharedFileSet};

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

    /// Creates the file; it belongs to the current memory context and resource owner.
    pub fn create(&self) -> *mut BufFile {
        // SAFETY: the set of files is mapped.
        unsafe { create(self.files, &self.name()) }
    }

    /// Opens the file to read; it belongs to the current memory context and resource owner.
    pub fn open(&self) -> *mut BufFile {
        // SAFETY: as above.
        unsafe { open(self.files, &self.name()) }
    }

    /// Writes what is still in memory, so that others can read the file.
    ///
    /// # Safety
    /// The file is open.
    pub unsafe fn export(file: *mut BufFile) {
        // SAFETY: by contract.
        unsafe { export(file) };
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
