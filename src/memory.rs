//! The memory budget, and the one `poll` that enforces it together with interrupts.
//!
//! Rust allocates outside PostgreSQL's memory contexts, so nothing of the server's sees or bounds
//! it, and a failed allocation restarts the whole cluster. A counting allocator and a check at a
//! fixed quantum of work bound it instead.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::c_void;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::Relaxed};

use pgrx::pg_sys;

use crate::error::Error;
use crate::guc;

struct Counting;

static USED: AtomicUsize = AtomicUsize::new(0);

/// Counts a block that was asked for, if there is one: what failed is not held by anybody.
#[inline]
fn count(block: *mut u8, size: usize) -> *mut u8 {
    if !block.is_null() {
        USED.fetch_add(size, Relaxed);
    }
    block
}

// SAFETY: every call is handed on to the system allocator unchanged; only sizes are counted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let moved = count(unsafe { System.realloc(block, layout, size) }, size);
        if !moved.is_null() {
            USED.fetch_sub(layout.size(), Relaxed);
        }
        moved
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        USED.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that this backend's Rust code holds now.
pub fn used() -> usize {
    USED.load(Relaxed)
}

/// Honours cancels, timeouts and the memory setting; unwinds with PostgreSQL's error if one is due.
///
/// Called every few milliseconds of work in every phase. No lock and no borrow of shared state may
/// be held across it.
pub fn poll() {
    pgrx::check_for_interrupts!();
    let (used, limit) = (used(), guc::max_memory());
    if used > limit {
        Error::MemoryLimit { used, limit }.throw();
    }
}

/// Gives memory back to the system at the end of what it is made in, by whatever way that ends: an error, a cancel. To be
/// made first, so that it goes last.
pub struct GiveBack(());

/// The transaction's memory at whose end freed memory is given back already.
static ENDING: AtomicPtr<pg_sys::MemoryContextData> = AtomicPtr::new(std::ptr::null_mut());

impl GiveBack {
    /// An error leaves what PostgreSQL holds for us, the state of queries for one, to the end of the (sub)transaction, so
    /// memory is given back there too.
    pub fn new() -> GiveBack {
        // SAFETY: a function runs in a transaction, whose memory context lives until the transaction's end, as the
        // callback made in it must. The context's children are gone when it is called.
        unsafe {
            let context = pg_sys::CurTransactionContext;
            if ENDING.swap(context, Relaxed) != context {
                let size = size_of::<pg_sys::MemoryContextCallback>();
                let callback = pg_sys::MemoryContextAllocZero(context, size)
                    .cast::<pg_sys::MemoryContextCallback>();
                (*callback).func = Some(give_back_at_end);
                (*callback).arg = context.cast();
                pg_sys::MemoryContextRegisterResetCallback(context, callback);
            }
        }
        GiveBack(())
    }
}

extern "C-unwind" fn give_back_at_end(context: *mut c_void) {
    // A context made later may lie where this one lay.
    let _ = ENDING.compare_exchange(context.cast(), std::ptr::null_mut(), Relaxed, Relaxed);
    give_back();
}

impl Drop for GiveBack {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives freed memory back to the system, which the C library would keep: what PostgreSQL needs next is not ours to count.
pub fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: no memory in use is touched.
    unsafe {
        libc::malloc_trim(0);
    }
}
