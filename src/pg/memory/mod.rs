//! The memory budget, and the one `poll` that enforces it together with interrupts.
//!
//! Rust allocates outside PostgreSQL's memory contexts, so nothing of the server's sees or bounds
//! it, and a failed allocation restarts the whole cluster. A counting allocator and a check at a
//! fixed quantum of work bound it instead. Where the system itself gives no more, a reserve lasts to the next check.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::c_void;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::Relaxed};

use pgrx::{PgSqlErrorCode, pg_sys};

use crate::error::Error;
use crate::pg::guc;
use crate::pg::progress;

mod reserve;

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

/// Asks again with the reserve given up, if the system gives nothing: what cannot fail must not until the next [`poll`].
#[inline]
fn with_reserve(ask: impl Fn() -> *mut u8) -> *mut u8 {
    let block = ask();
    if block.is_null() && reserve::give_up() {
        return ask();
    }
    block
}

// SAFETY: every call is handed on to the system allocator unchanged, once more where it gave nothing; only sizes are counted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(
            // SAFETY: by the caller's contract.
            with_reserve(|| unsafe { System.alloc(layout) }),
            layout.size(),
        )
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(
            // SAFETY: by the caller's contract.
            with_reserve(|| unsafe { System.alloc_zeroed(layout) }),
            layout.size(),
        )
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let moved = count(
            // SAFETY: by the caller's contract.
            with_reserve(|| unsafe { System.realloc(block, layout, size) }),
            size,
        );
        if !moved.is_null() {
            USED.fetch_sub(layout.size(), Relaxed);
        }
        moved
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        USED.fetch_sub(layout.size(), Relaxed);
        // SAFETY: by the caller's contract.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Rows between two polls.
const QUANTUM: u64 = 4096;

/// Counts rows, and calls [`poll`] once in many.
#[derive(Default)]
pub struct RowPoll(u64);

impl RowPoll {
    /// Counts a row.
    #[inline]
    pub fn row(&mut self) {
        self.0 += 1;
        if self.0.is_multiple_of(QUANTUM) {
            progress::add(QUANTUM);
            poll();
        }
    }

    /// The number of rows counted.
    pub fn rows(&self) -> u64 {
        self.0
    }
}

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
    if !reserve::hold() {
        out_of_memory();
    }
    let (used, limit) = (used(), guc::max_memory());
    if used > limit {
        Error::MemoryLimit { used, limit }.throw();
    }
}

#[cold]
fn out_of_memory() -> ! {
    Error::from(propensity::Error::OutOfMemory).throw()
}

/// Gives memory back to the system at the end of what it is made in, by whatever way that ends: an error, a cancel. To be
/// made first, so that it goes last.
pub struct GiveBack(*mut pg_sys::ErrorContextCallback);

/// The memory of the subtransaction, and of the transaction, at whose end freed memory is given back already.
static ENDING: [AtomicPtr<pg_sys::MemoryContextData>; 2] =
    [const { AtomicPtr::new(std::ptr::null_mut()) }; 2];

impl GiveBack {
    /// Begins. An error leaves what PostgreSQL holds for us, the state of queries for one, to the end of the subtransaction,
    /// or, where a function of a language caught it, of the transaction, so memory is given back there too. Unwinds with an
    /// error if the system has not even the reserve: before the stack grows.
    pub fn new() -> GiveBack {
        if !reserve::begin() {
            out_of_memory();
        }
        // SAFETY: a function runs in a transaction, whose memory context lives until the transaction's end, as the
        // callbacks made in it must. The context's children are gone when the first is called; the second is
        // on the stack of callbacks until this is dropped, which PostgreSQL resets after an error at the latest.
        unsafe {
            for (context, ending) in [pg_sys::CurTransactionContext, pg_sys::TopTransactionContext]
                .into_iter()
                .zip(&ENDING)
            {
                if ending.swap(context, Relaxed) != context {
                    let size = size_of::<pg_sys::MemoryContextCallback>();
                    let callback = pg_sys::MemoryContextAllocZero(context, size)
                        .cast::<pg_sys::MemoryContextCallback>();
                    (*callback).func = Some(give_back_at_end);
                    (*callback).arg = context.cast();
                    pg_sys::MemoryContextRegisterResetCallback(context, callback);
                }
            }
            let size = size_of::<pg_sys::ErrorContextCallback>();
            let callback = pg_sys::MemoryContextAllocZero(pg_sys::CurTransactionContext, size)
                .cast::<pg_sys::ErrorContextCallback>();
            (*callback).callback = Some(make_room_for_error);
            (*callback).previous = pg_sys::error_context_stack;
            pg_sys::error_context_stack = callback;
            GiveBack(callback)
        }
    }
}

/// Where PostgreSQL itself got no memory, the error is copied before it is thrown on, which takes some: without any, the
/// copying fails in the same way again and again, and ends in a PANIC.
extern "C-unwind" fn make_room_for_error(_: *mut c_void) {
    // SAFETY: called while an error is made.
    if unsafe { pg_sys::geterrcode() } == PgSqlErrorCode::ERRCODE_OUT_OF_MEMORY as i32 {
        reserve::give_up();
    }
}

extern "C-unwind" fn give_back_at_end(context: *mut c_void) {
    // A context made later may lie where this one lay.
    for ending in &ENDING {
        let _ = ending.compare_exchange(context.cast(), std::ptr::null_mut(), Relaxed, Relaxed);
    }
    give_back();
}

impl Drop for GiveBack {
    fn drop(&mut self) {
        // SAFETY: it was put there by `new`; what was put there later is gone, as in PostgreSQL's own functions.
        unsafe {
            pg_sys::error_context_stack = (*self.0).previous;
            pg_sys::pfree(self.0.cast());
        }
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
