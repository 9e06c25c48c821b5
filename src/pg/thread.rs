//! Beginning a thread in a backend.

/// Calls `start`, which begins a thread, with all signals blocked: the thread inherits that, so that
/// PostgreSQL's signal handlers run on the main thread only.
pub fn begin(start: &mut dyn FnMut()) {
    // SAFETY: the sets are initialised before they are used; the mask is put back as it was.
    unsafe {
        let mut all = std::mem::zeroed();
        let mut before = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
        start();
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut());
    }
}
