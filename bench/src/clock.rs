//! The one clock of the whole-bridge benchmarks, which bounds waits and divides counts.

use std::time::{Duration, Instant};

/// Runs `work` and returns its result with the time it took.
pub(crate) fn timed<R>(work: impl FnOnce() -> R) -> (R, Duration) {
    let start = now();
    let result = work();
    (result, now() - start)
}

/// Asks `holds` every few milliseconds until it returns true, and returns whether it did so before `limit`.
pub(crate) fn within(limit: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let end = now() + limit;
    loop {
        if holds() {
            return true;
        }
        if now() >= end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Returns nanoseconds on a clock that all processes share.
pub(crate) fn nanoseconds() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

#[expect(clippy::disallowed_methods, reason = "the one place where the whole-bridge benchmarks read a clock")]
fn now() -> Instant {
    Instant::now()
}
