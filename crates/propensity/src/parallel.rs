//! Two threads: two independent pieces of work, or one thread that helps the other with pieces of it.

use std::panic::resume_unwind;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
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
            resume_unwind(Box::new(Stopped));
        }
    })
}

/// What a thread that was told to stop unwinds with.
struct Stopped;

/// Another thread, which does what it is given, one piece after the other.
#[derive(Debug)]
pub struct Helper<A, B> {
    given: Sender<A>,
    done: Receiver<B>,
    pending: usize,
}

impl<A, B> Helper<A, B> {
    /// Gives it a piece of work; whether it takes any: it does not after a panic.
    pub fn give(&mut self, work: A) -> bool {
        let takes = self.given.send(work).is_ok();
        self.pending += usize::from(takes);
        takes
    }

    /// How many pieces of work it was given of which nobody has asked what became of them.
    pub fn pending(&self) -> usize {
        self.pending
    }

    /// What became of the next piece of work, if that is done.
    pub fn done(&mut self) -> Option<B> {
        let done = self.done.try_recv().ok()?;
        self.pending -= 1;
        Some(done)
    }

    /// Waits for what becomes of the next piece of work; none if there is no more.
    pub fn wait(&mut self, poll: &mut dyn FnMut()) -> Option<B> {
        while self.pending > 0 {
            match self.done.recv_timeout(WAIT) {
                Ok(done) => {
                    self.pending -= 1;
                    return Some(done);
                }
                Err(RecvTimeoutError::Timeout) => poll(),
                Err(RecvTimeoutError::Disconnected) => self.pending = 0,
            }
        }
        None
    }
}

/// Leads with the help of a thread that does `work`, or without if none can be had. The helper stops at its next poll,
/// and is waited for, when the leader unwinds, or returns although something is pending. It unwinds if the helper does.
pub fn with_help<A: Send, B: Send, T>(
    begin: Begin,
    mut work: impl FnMut(A, &mut dyn FnMut()) -> B + Send,
    lead: impl FnOnce(Option<&mut Helper<A, B>>) -> T,
) -> T {
    let stopped = AtomicBool::new(false);
    let (given, pieces) = channel();
    let (results, done) = channel();
    let stop = &stopped;
    let help = move || {
        while let Ok(piece) = pieces.recv() {
            let result = run_until(|poll| work(piece, poll), stop);
            if results.send(result).is_err() {
                return;
            }
        }
    };
    let mut help = Some(help);
    scope(|scope| {
        let _stop = Stop(stop);
        let mut helper = Helper {
            given,
            done,
            pending: 0,
        };
        let mut thread = None;
        begin(&mut || {
            let help = help.take();
            thread = help.and_then(|help| Builder::new().spawn_scoped(scope, help).ok());
        });
        let Some(thread) = thread else {
            return lead(None);
        };
        let led = lead(Some(&mut helper));
        stop.store(helper.pending() > 0, Relaxed);
        // There is nothing more to do.
        drop(helper);
        match thread.join() {
            Err(panic) if !panic.is::<Stopped>() => resume_unwind(panic),
            _ => led,
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

    fn endless(poll: &mut dyn FnMut()) -> u64 {
        loop {
            poll();
        }
    }

    /// A poll that unwinds after a while, as one does that finds the query cancelled.
    fn cancelled() -> impl FnMut() {
        let mut polls = 0;
        move || {
            polls += 1;
            assert!(polls < 5, "cancelled");
        }
    }

    #[test]
    fn one_thread_or_two_give_the_same() {
        for begin in [None, Some(begin as Begin)] {
            let done = both(begin, sum, |poll| sum(poll) + 1, &mut || ());
            assert_eq!(done, (4950, 4951));
        }
    }

    #[test]
    fn a_helper_does_what_it_is_given_in_order() {
        let square = |number: u64, _: &mut dyn FnMut()| number * number;
        let squares = with_help(begin, square, |helper| {
            let helper = helper?;
            assert!((0..100).all(|number| helper.give(number)));
            assert!((1..=100).contains(&helper.pending()));
            Some(std::iter::from_fn(|| helper.wait(&mut || ())).collect::<Vec<u64>>())
        });
        assert_eq!(
            squares,
            Some((0..100).map(|number| number * number).collect())
        );
    }

    #[test]
    fn without_a_thread_the_leader_is_alone() {
        let never = |(): (), _: &mut dyn FnMut()| ();
        assert!(with_help(|_| (), never, |helper| helper.is_none()));
    }

    #[test]
    fn a_leader_that_unwinds_stops_its_helper() {
        let mut poll = cancelled();
        let led = catch_unwind(AssertUnwindSafe(|| {
            with_help(
                begin,
                |(), poll| endless(poll),
                |helper| {
                    let helper = helper.unwrap();
                    helper.give(());
                    helper.wait(&mut poll)
                },
            )
        }));
        assert!(led.is_err());
    }

    #[test]
    fn a_leader_that_does_not_wait_stops_its_helper() {
        let led = with_help(
            begin,
            |(), poll| endless(poll),
            |helper| helper.is_some_and(|helper| helper.give(())),
        );
        assert!(led);
    }

    #[test]
    fn a_helper_that_panics_takes_its_leader_along() {
        let panics = |(): (), _: &mut dyn FnMut()| resume_unwind(Box::new("broken"));
        let led = catch_unwind(|| {
            with_help(begin, panics, |helper: Option<&mut Helper<(), ()>>| {
                let helper = helper.unwrap();
                helper.give(());
                assert!(helper.wait(&mut || ()).is_none());
            })
        });
        assert_eq!(*led.unwrap_err().downcast::<&str>().unwrap(), "broken");
    }

    #[test]
    fn unwinding_out_of_poll_stops_the_other_thread() {
        let mut poll = cancelled();
        let result = catch_unwind(AssertUnwindSafe(|| {
            both(Some(begin as Begin), endless, |_| 0, &mut poll)
        }));
        assert!(result.is_err());
    }
}
