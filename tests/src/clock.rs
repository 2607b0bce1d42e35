//! The one clock of the tests, used only to bound waits and to name throughput.

use std::time::{Duration, Instant};

/// A moment until which something may take.
#[derive(Clone, Copy, Debug)]
pub struct Limit(Instant);

impl Limit {
    /// Returns the moment `from_now` ahead.
    pub fn after(from_now: Duration) -> Self {
        Self(now() + from_now)
    }

    /// Returns what is left, zero if the moment has passed.
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(now())
    }

    /// Returns whether the moment has passed.
    pub fn passed(self) -> bool {
        self.left().is_zero()
    }
}

/// Asks `holds` every few milliseconds until it returns true, and returns whether it did so before `limit`.
pub fn within(limit: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let end = Limit::after(limit);
    loop {
        if holds() {
            return true;
        }
        if end.passed() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5).min(end.left()));
    }
}

/// Runs `work` and returns its result with the time it took.
pub(crate) fn timed<R>(work: impl FnOnce() -> R) -> (R, Duration) {
    let start = now();
    let result = work();
    (result, now() - start)
}

#[expect(clippy::disallowed_methods, reason = "the one place where the tests read a clock")]
fn now() -> Instant {
    Instant::now()
}
