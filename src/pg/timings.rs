//! How long the phases of a run took, for the run's record.

use std::ops::{AddAssign, Sub};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Time by the clock, and of the processor in all threads of this backend and its parallel workers.
#[derive(Clone, Copy, Default)]
pub struct Spent {
    clock: Duration,
    cpu: Duration,
}

impl Spent {
    /// What is spent by the clock if this many threads do it side by side.
    pub fn side_by_side(self, threads: usize) -> Self {
        Self {
            clock: self.clock / threads as u32,
            ..self
        }
    }
}

impl AddAssign for Spent {
    fn add_assign(&mut self, more: Self) {
        self.clock += more.clock;
        self.cpu += more.cpu;
    }
}

impl Sub for Spent {
    type Output = Self;

    fn sub(self, less: Self) -> Self {
        Self {
            clock: self.clock.saturating_sub(less.clock),
            cpu: self.cpu.saturating_sub(less.cpu),
        }
    }
}

/// An instant to measure from.
#[derive(Clone, Copy)]
pub struct Watch {
    clock: Instant,
    cpu: Duration,
    of: libc::clockid_t,
}

impl Watch {
    /// Starts to measure what all threads spend.
    pub fn start() -> Self {
        Self::of(libc::CLOCK_PROCESS_CPUTIME_ID)
    }

    /// Starts to measure what this thread spends.
    pub fn thread() -> Self {
        Self::of(libc::CLOCK_THREAD_CPUTIME_ID)
    }

    fn of(of: libc::clockid_t) -> Self {
        let (clock, cpu) = (Instant::now(), cpu(of));
        Self { clock, cpu, of }
    }

    /// What was spent since.
    pub fn spent(&self) -> Spent {
        Spent {
            clock: self.clock.elapsed(),
            cpu: cpu(self.of).saturating_sub(self.cpu),
        }
    }
}

/// CPU time so far, by a clock of Unix.
pub fn cpu(clock: libc::clockid_t) -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the call only writes `time`; a clock that every Unix has.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// What the phases of a run took.
pub struct Timings {
    since: Watch,
    phases: Vec<(&'static str, Spent)>,
}

impl Timings {
    /// Starts the first phase.
    pub fn start() -> Self {
        Self {
            since: Watch::start(),
            phases: Vec::new(),
        }
    }

    /// Ends a phase and starts the next.
    pub fn end(&mut self, phase: &'static str) {
        self.phases.push((phase, self.since.spent()));
        self.since = Watch::start();
    }

    /// Ends a phase that parallel workers had a part in, and starts the next.
    pub fn end_with(&mut self, phase: &'static str, workers: Duration) {
        self.end(phase);
        if let Some((_, spent)) = self.phases.last_mut() {
            spent.cpu += workers;
        }
    }

    /// Ends two phases that took turns, of which the second took so much in all.
    pub fn end_two(&mut self, first: &'static str, second: &'static str, spent: Spent) {
        self.end(first);
        if let Some((_, both)) = self.phases.last_mut() {
            *both = *both - spent;
        }
        self.phases.push((second, spent));
    }

    /// Seconds by phase, by the clock.
    pub fn seconds(&self) -> Value {
        self.by_phase(|spent| spent.clock)
    }

    /// Seconds of the processor by phase.
    pub fn cpu(&self) -> Value {
        self.by_phase(|spent| spent.cpu)
    }

    fn by_phase(&self, of: fn(&Spent) -> Duration) -> Value {
        let seconds = |spent| of(spent).as_millis() as f64 / 1000.0;
        let phases = self.phases.iter();
        Value::Object(
            phases
                .map(|(phase, spent)| ((*phase).to_owned(), seconds(spent).into()))
                .collect(),
        )
    }
}
