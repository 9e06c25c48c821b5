//! Two independent pieces of work on two threads, or one after the other: with the same result.

use std::panic::resume_unwind;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::thread::{Builder, Thread, current, park_timeout, scope};
use std::time::Duration;

/// How long the calling thread waits at most for the other before it polls again.
const WAIT: Duration = Duration::from_millis(2);

/// Calls its argument, which begins a thread, with what a thread inherits set as it must be.
///
/// In a database server a second thread must never run a signal handler: there, this blocks all
/// signals around the call.
pub type Begin = fn(&mut dyn FnMut());

/// Tells the other thread to stop when the calling thread leaves, by whatever way.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// Tells the calling thread that the other is done, by whatever way.
struct Done<'a>(&'a AtomicBool, Thread);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Release);
        self.1.unpark();
    }
}

/// Does both; with `begin`, the first on a thread of its own. Only the calling thread calls `poll`,
/// and it may unwind out of it: the other thread then stops at its next poll, and is waited for.
pub fn both<A: Send, B>(
    begin: Option<Begin>,
    first: impl FnOnce(&mut dyn FnMut()) -> A + Send,
    second: impl FnOnce(&mut dyn FnMut()) -> B,
    poll: &mut dyn FnMut(),
) -> (A, B) {
    let Some(begin) = begin else {
        let done = first(poll);
        return (done, second(poll));
    };
    let (stopped, finished) = (AtomicBool::new(false), AtomicBool::new(false));
    // Taken by the thread, if one can be had; else done here.
    let first = Mutex::new(Some(first));
    let take = || first.lock().ok().and_then(|mut first| first.take());
    scope(|scope| {
        let _stop = Stop(&stopped);
        let mut thread = None;
        begin(&mut || {
            let done = Done(&finished, current());
            let run = || {
                let _done = done;
                take().map(|first| run_until(first, &stopped))
            };
            thread = Builder::new().spawn_scoped(scope, run).ok();
        });
        let other = second(poll);
        let done = match thread {
            None => None,
            Some(thread) => {
                while !finished.load(Acquire) {
                    poll();
                    park_timeout(WAIT);
                }
                thread.join().unwrap_or_else(|panic| resume_unwind(panic))
            }
        };
        match done.or_else(|| take().map(|first| first(poll))) {
            Some(done) => (done, other),
            None => unreachable!("work is taken once, by the thread or here"),
        }
    })
}

/// Runs until done, or unwinds at the first poll after `stopped` is set.
fn run_until<A>(work: impl FnOnce(&mut dyn FnMut()) -> A, stopped: &AtomicBool) -> A {
    work(&mut || {
        if stopped.load(Relaxed) {
            // Unwinds without a message: nobody is to hear of it.
            resume_unwind(Box::new("stopped"));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    fn begin(start: &mut dyn FnMut()) {
        start();
    }

    fn sum(poll: &mut dyn FnMut()) -> u64 {
        (0..100_u64).inspect(|_| poll()).sum()
    }

    #[test]
    fn one_thread_or_two_give_the_same() {
        for begin in [None, Some(begin as Begin)] {
            let done = both(begin, sum, |poll| sum(poll) + 1, &mut || ());
            assert_eq!(done, (4950, 4951));
        }
    }

    #[test]
    fn unwinding_out_of_poll_stops_the_other_thread() {
        let endless = |poll: &mut dyn FnMut()| -> u64 {
            loop {
                poll();
            }
        };
        let mut polls = 0;
        let mut poll = || {
            polls += 1;
            assert!(polls < 5, "cancelled");
        };
        let result = catch_unwind(AssertUnwindSafe(|| {
            both(Some(begin as Begin), endless, |_| 0, &mut poll)
        }));
        assert!(result.is_err());
    }
}
