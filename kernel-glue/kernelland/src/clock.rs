//! The kernel's clocks, in microseconds.

use haiku_abi::bigtime_t;
use rustix::time::{ClockId, clock_gettime};

/// Returns the time since the machine started: never zero, never decreasing.
pub(crate) fn now() -> bigtime_t {
    micros(ClockId::Monotonic).max(1)
}

/// Returns the time since 1970.
pub(crate) fn since_epoch() -> bigtime_t {
    micros(ClockId::Realtime)
}

fn micros(clock: ClockId) -> bigtime_t {
    let time = clock_gettime(clock);
    time.tv_sec.saturating_mul(1_000_000).saturating_add(time.tv_nsec / 1_000)
}
