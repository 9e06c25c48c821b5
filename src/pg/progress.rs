//! What a backend is doing, for other sessions to see.
//!
//! An extension that is not preloaded has no shared memory of its own, and the slots of pg_stat_progress_* are for
//! PostgreSQL's commands. So numbers are put into the tags of locks that conflict with nothing (AccessShareLock on
//! LOCKTAG_USERLOCK, which no SQL function can take), and the view `progress` reads them in pg_locks. PostgreSQL itself
//! releases them when the transaction ends, however that ends. Five locks for each backend at work and one for each of its
//! parallel workers, a few changes a second.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, PgSqlErrorCode, pg_sys};

use crate::pg::guc;

/// What runs. The view has the same numbers (sql/views.sql).
#[derive(Clone, Copy)]
pub enum Verb {
    Train = 1,
    Score = 2,
    Check = 3,
    Backtest = 4,
    Refresh = 5,
}

/// What of it. The view has the same numbers.
#[derive(Clone, Copy)]
pub enum Phase {
    Reading = 1,
    Features = 2,
    Comparing = 3,
    Fitting = 4,
    Predicting = 5,
    Writing = 6,
    Segments = 7,
}

impl Phase {
    fn words(self) -> &'static str {
        match self {
            Self::Reading => "reading events",
            Self::Features => "making features",
            Self::Comparing => "comparing with the active version",
            Self::Fitting => "fitting",
            Self::Predicting => "predicting",
            Self::Writing => "writing scores",
            Self::Segments => "refreshing segments",
        }
    }
}

/// The kinds of numbers: the fourth field of a tag, beside two of 32 bits. pg_locks shows it as a smallint.
const STEP: u16 = 21_201;
const DONE: u16 = 21_202;
const EXPECTED: u16 = 21_203;
const STARTED: u16 = 21_204;
const PHASE_STARTED: u16 = 21_205;
/// Of a parallel worker: the leader's process, and thousands (of 1,024) of rows read for it. Its own locks, which end with it.
const WORKER: u16 = 21_206;

/// Between two publications of how much is done.
const PAUSE: Duration = Duration::from_millis(200);

struct Run {
    model_id: u32,
    model: String,
    verb: Verb,
    done: u64,
    published: Instant,
    /// The number of each kind that is held now.
    held: Vec<(u16, u64)>,
}

thread_local! {
    static RUN: RefCell<Option<Run>> = const { RefCell::new(None) };
    static WORK: RefCell<Option<Work>> = const { RefCell::new(None) };
}

/// What a parallel worker does for its leader.
struct Work {
    leader: u64,
    done: u64,
    published: Instant,
    held: Option<u64>,
}

/// While it lives others see what the backend does. After an error the end of the transaction ends it.
pub struct Shown(());

/// Begins to show what is done with a model. What an error left of an earlier run is released already.
pub fn begin(model_id: i64, model: &str, verb: Verb) -> Shown {
    let mut run = Run {
        model_id: u32::try_from(model_id).unwrap_or(0),
        model: model.to_owned(),
        verb,
        done: 0,
        published: Instant::now(),
        held: Vec::new(),
    };
    run.publish(STARTED, now());
    RUN.replace(Some(run));
    Shown(())
}

impl Drop for Shown {
    fn drop(&mut self) {
        let run = RUN.take();
        if std::thread::panicking() {
            return;
        }
        for (kind, number) in run.iter().flat_map(|run| &run.held) {
            release(*kind, *number);
        }
    }
}

/// Begins a phase with the number of rows expected of it. Nothing is shown where nothing was begun.
pub fn phase(phase: Phase, expected: Option<u64>) {
    let said = RUN.with_borrow_mut(|run| {
        let run = run.as_mut()?;
        run.done = 0;
        run.published = Instant::now();
        let step = (u64::from(run.model_id) << 32) | ((run.verb as u64) << 8) | phase as u64;
        run.publish(STEP, step);
        run.publish(DONE, 0);
        run.publish(EXPECTED, expected.unwrap_or(0));
        run.publish(PHASE_STARTED, now());
        guc::show_progress().then(|| format!("model \"{}\": {}", run.model, phase.words()))
    });
    if let Some(mut text) = said {
        if let Some(rows) = expected {
            text.push_str(&format!(", about {rows} rows"));
        }
        let code = PgSqlErrorCode::ERRCODE_SUCCESSFUL_COMPLETION;
        ErrorReport::new(code, text, "progress").report(PgLogLevel::INFO);
    }
}

/// Adds to what is done of the phase.
pub fn add(rows: u64) {
    RUN.with_borrow_mut(|run| {
        let Some(run) = run.as_mut() else {
            add_for_leader(rows);
            return;
        };
        run.done += rows;
        if run.published.elapsed() >= PAUSE {
            run.published = Instant::now();
            run.publish(DONE, run.done);
        }
    });
}

/// Adds to what a parallel worker has done; other backends that are at no verb show nothing.
fn add_for_leader(rows: u64) {
    WORK.with_borrow_mut(|work| {
        if work.is_none() {
            *work = leader().map(|leader| Work {
                leader,
                done: 0,
                published: Instant::now(),
                held: None,
            });
        }
        let Some(work) = work.as_mut() else {
            return;
        };
        work.done += rows;
        if work.published.elapsed() >= PAUSE || work.held.is_none() {
            work.published = Instant::now();
            let number = (work.leader << 32) | (work.done / 1024);
            let before = work.held.replace(number);
            if before != Some(number) {
                acquire(WORKER, number);
                if let Some(before) = before {
                    release(WORKER, before);
                }
            }
        }
    });
}

/// The process that this one works for, if it is a parallel worker, which does so once.
fn leader() -> Option<u64> {
    // SAFETY: reads variables of the backend; the leader of a lock group outlives what it waits for.
    unsafe {
        if pg_sys::ParallelWorkerNumber < 0 || pg_sys::MyProc.is_null() {
            return None;
        }
        let leader = (*pg_sys::MyProc).lockGroupLeader.as_ref()?;
        u64::try_from(leader.pid).ok()
    }
}

impl Run {
    /// Shows a number in the place of the one of its kind before.
    fn publish(&mut self, kind: u16, number: u64) {
        let known = self.held.iter().position(|(other, _)| *other == kind);
        let before = known.map(|at| self.held.swap_remove(at).1);
        if before != Some(number) {
            acquire(kind, number);
            if let Some(before) = before {
                release(kind, before);
            }
        }
        self.held.push((kind, number));
    }
}

/// Microseconds since 2000, as PostgreSQL counts.
fn now() -> u64 {
    // SAFETY: reads the clock.
    u64::try_from(unsafe { pg_sys::GetCurrentTimestamp() }).unwrap_or(0)
}

const MODE: pg_sys::LOCKMODE = pg_sys::AccessShareLock as pg_sys::LOCKMODE;

fn tag(kind: u16, number: u64) -> pg_sys::LOCKTAG {
    pg_sys::LOCKTAG {
        // SAFETY: reads a variable of the backend.
        locktag_field1: unsafe { pg_sys::MyDatabaseId }.to_u32(),
        locktag_field2: (number >> 32) as u32,
        locktag_field3: number as u32,
        locktag_field4: kind,
        locktag_type: pg_sys::LockTagType::LOCKTAG_USERLOCK as u8,
        locktag_lockmethodid: pg_sys::USER_LOCKMETHOD as u8,
    }
}

fn acquire(kind: u16, number: u64) {
    // SAFETY: a lock that nothing conflicts with, in a transaction; not waited for.
    unsafe { pg_sys::LockAcquire(&tag(kind, number), MODE, false, true) };
}

fn release(kind: u16, number: u64) {
    let tag = tag(kind, number);
    // SAFETY: asked before, because the end of a subtransaction may have released it.
    unsafe {
        if pg_sys::LockHeldByMe(&tag, MODE) {
            pg_sys::LockRelease(&tag, MODE, false);
        }
    }
}
