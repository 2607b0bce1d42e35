//! The one clock of the Linux platform.

use frame::Instant;
use rustix::time::{ClockId, clock_gettime};

/// Returns the time of `CLOCK_MONOTONIC`.
///
/// Workers ask once a burst, the control side once a wake-up; everything below is told.
#[inline]
pub fn monotonic() -> Instant {
    let time = clock_gettime(ClockId::Monotonic);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanoseconds = u64::try_from(time.tv_nsec).unwrap_or(0);
    Instant::from_micros(seconds.saturating_mul(1_000_000).saturating_add(nanoseconds / 1_000))
}

#[cfg(test)]
mod tests {
    use super::monotonic;

    #[test]
    fn never_runs_backwards() {
        let mut last = monotonic();
        for _ in 0..1_000 {
            let now = monotonic();
            assert!(now >= last, "{now:?} after {last:?}");
            last = now;
        }
    }
}
