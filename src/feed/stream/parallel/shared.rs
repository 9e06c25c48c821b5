//! Memory and temporary files that the processes of one reading share.

use std::sync::atomic::{AtomicU32, Ordering};

use pgrx::pg_sys::{self, Datum};

use crate::feed::stream::shared_file::SharedFile;

/// What the memory of a reading begins with, unlike that of others.
const MAGIC: u64 = u64::from_le_bytes(*b"readings");

/// What the shared memory begins with; the job follows it.
#[repr(C)]
struct Header {
    magic: u64,
    files: pg_sys::SharedFileSet,
    /// Processes that have begun to read.
    processes: AtomicU32,
    /// Bytes of the job.
    length: usize,
}

/// A segment of dynamic shared memory: the job of a reading and its set of temporary files, which
/// are gone once nobody is attached, also after an error.
#[derive(Clone, Copy)]
pub struct Shared {
    segment: *mut pg_sys::dsm_segment,
    /// Whether this process came to a segment of another.
    attached: bool,
}

impl Shared {
    /// A segment for a job; none if the server has no place for one more.
    pub fn create(job: &[u8]) -> Option<Self> {
        // SAFETY: the segment is as large as what is written to it. It belongs to the transaction,
        // whose end, if it comes early, takes it and its files away.
        unsafe {
            let size = size_of::<Header>() + job.len();
            let owner = pg_sys::CurrentResourceOwner;
            pg_sys::CurrentResourceOwner = pg_sys::CurTransactionResourceOwner;
            let flags = pg_sys::DSM_CREATE_NULL_IF_MAXSEGMENTS as i32;
            let segment = pg_sys::dsm_create(size, flags);
            pg_sys::CurrentResourceOwner = owner;
            let header: *mut Header = address(segment)?;
            (&raw mut (*header).magic).write(MAGIC);
            (&raw mut (*header).processes).write(AtomicU32::new(0));
            (&raw mut (*header).length).write(job.len());
            let body = header.add(1).cast::<u8>();
            std::ptr::copy_nonoverlapping(job.as_ptr(), body, job.len());
            pg_sys::SharedFileSetInit(&raw mut (*header).files, segment);
            Some(Self {
                segment,
                attached: false,
            })
        }
    }

    /// The segment that another process created, or this one; none if the handle is none that
    /// [`Shared::handle`] gave.
    pub fn open(handle: Datum) -> Option<Self> {
        // SAFETY: a segment is read only if it is one of a reading.
        unsafe {
            let handle = handle.value() as pg_sys::dsm_handle;
            let mapped = pg_sys::dsm_find_mapping(handle);
            if !mapped.is_null() {
                return is_reading(mapped).then_some(Self {
                    segment: mapped,
                    attached: false,
                });
            }
            let segment = pg_sys::dsm_attach(handle);
            if !is_reading(segment) {
                return None;
            }
            let header: *mut Header = address(segment)?;
            pg_sys::SharedFileSetAttach(&raw mut (*header).files, segment);
            Some(Self {
                segment,
                attached: true,
            })
        }
    }

    /// By what other processes find it.
    pub fn handle(self) -> Datum {
        // SAFETY: the segment is mapped.
        Datum::from(unsafe { pg_sys::dsm_segment_handle(self.segment) })
    }

    /// The job.
    pub fn job(&self) -> &[u8] {
        // SAFETY: `length` bytes follow the header, and nobody changes them.
        unsafe {
            let header = self.header();
            std::slice::from_raw_parts(header.add(1).cast(), (*header).length)
        }
    }

    /// A number for a process that begins to read.
    pub fn next_process(&self) -> u32 {
        // SAFETY: the header was written before anybody else came.
        unsafe { (*self.header()).processes.fetch_add(1, Ordering::Relaxed) }
    }

    /// The file of a process.
    pub fn file(&self, process: u32) -> SharedFile {
        // SAFETY: the header is mapped.
        let files = unsafe { &raw mut (*self.header()).files };
        SharedFile::new(files, process)
    }

    /// Whether another process created the segment.
    pub fn is_of_another(&self) -> bool {
        self.attached
    }

    /// Leaves a segment that another process created.
    pub fn leave(self) {
        if self.attached {
            // SAFETY: attached by `open`; the files stay, as their creator is attached still.
            unsafe { pg_sys::dsm_detach(self.segment) };
        }
    }

    /// Gives the segment back, and deletes its files.
    pub fn delete(self) {
        // SAFETY: created by this process, and mapped.
        unsafe { pg_sys::dsm_detach(self.segment) };
    }

    fn header(&self) -> *mut Header {
        // SAFETY: the segment is mapped.
        unsafe { pg_sys::dsm_segment_address(self.segment).cast() }
    }
}

/// Whether a segment, if there is one, holds a job.
unsafe fn is_reading(segment: *mut pg_sys::dsm_segment) -> bool {
    // SAFETY: a segment that is not NULL is mapped, and as long as it says.
    unsafe {
        let Some(header) = address(segment) else {
            return false;
        };
        let room = pg_sys::dsm_segment_map_length(segment).checked_sub(size_of::<Header>());
        room.is_some_and(|room| (*header).magic == MAGIC && (*header).length <= room)
    }
}

/// Where a segment is, none if there is none.
unsafe fn address(segment: *mut pg_sys::dsm_segment) -> Option<*mut Header> {
    // SAFETY: a segment that is not NULL is mapped.
    (!segment.is_null()).then(|| unsafe { pg_sys::dsm_segment_address(segment).cast() })
}
