//! How long the phases of a run took, for the run's record.

use std::time::{Duration, Instant};

use serde_json::{Map, Value};

/// Seconds by phase.
pub struct Laps {
    since: Instant,
    seconds: Map<String, Value>,
}

impl Laps {
    /// Starts the first phase.
    pub fn start() -> Self {
        Self {
            since: Instant::now(),
            seconds: Map::new(),
        }
    }

    /// Ends a phase and starts the next.
    pub fn end(&mut self, phase: &str) {
        let spent = self.since.elapsed();
        self.put(phase, spent);
        self.since = Instant::now();
    }

    /// Ends two phases that took turns, of which the second took so long in all.
    pub fn end_two(&mut self, first: &str, second: &str, spent: Duration) {
        self.since += spent;
        self.end(first);
        self.put(second, spent);
    }

    fn put(&mut self, phase: &str, spent: Duration) {
        let milliseconds = spent.as_millis() as f64;
        let seconds = (milliseconds / 1000.0).into();
        self.seconds.insert(phase.to_owned(), seconds);
    }

    /// An object of seconds by phase.
    pub fn json(&self) -> Value {
        Value::Object(self.seconds.clone())
    }
}
