//! Address space kept for the moment when the system gives no more: much of Rust's library takes memory in ways that cannot
//! fail, and ends the process, with it every session of the server, where there is none.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering::Relaxed};

use libc::c_void;

/// More than is taken between two checks. Nothing is written there, so it takes no memory until it is given up.
const SIZE: usize = 16 << 20;
/// The stack, too, takes address space when it grows, and the process ends where there is none: so much of it grows at once,
/// while there is surely twice as much.
const STACK: usize = 512 << 10;

static RESERVE: AtomicPtr<c_void> = AtomicPtr::new(null_mut());
static GIVEN_UP: AtomicBool = AtomicBool::new(false);

/// Makes sure of the reserve, whatever became of it before. False if it cannot be had.
pub fn begin() -> bool {
    GIVEN_UP.store(false, Relaxed);
    hold()
}

/// Makes sure of the reserve. False if it was given up since the last call, or cannot be had.
#[inline]
pub fn hold() -> bool {
    !RESERVE.load(Relaxed).is_null() || take()
}

/// The next call after it was given up takes none yet: it is there for what handles the error.
#[cold]
fn take() -> bool {
    if GIVEN_UP.swap(false, Relaxed) {
        return false;
    }
    // SAFETY: a new mapping of its own, whose end, more than the stack needs, is unmapped again.
    unsafe {
        let block = libc::mmap(
            null_mut(),
            SIZE + 2 * STACK,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANON,
            -1,
            0,
        );
        if block == libc::MAP_FAILED {
            return false;
        }
        libc::munmap(block.byte_add(SIZE), 2 * STACK);
        RESERVE.store(block, Relaxed);
    }
    grow_stack();
    true
}

#[inline(never)]
fn grow_stack() {
    let pages = [0_u8; STACK];
    std::hint::black_box(&pages);
}

/// Gives the reserve back to the system, on any thread. False if there is none; true also if another thread has just done it.
#[cold]
pub fn give_up() -> bool {
    let block = RESERVE.swap(null_mut(), Relaxed);
    if block.is_null() {
        return GIVEN_UP.load(Relaxed);
    }
    GIVEN_UP.store(true, Relaxed);
    // SAFETY: a mapping made above, that whoever swaps it out first unmaps, and nobody uses.
    unsafe { libc::munmap(block, SIZE) };
    true
}
