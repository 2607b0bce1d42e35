//! The clock, which starts with the system.

use super::imports::system_time;
use frame::Instant;

/// Reads the clock.
pub(crate) fn now() -> Instant {
    // SAFETY: it has no precondition.
    Instant::from_micros(u64::try_from(unsafe { system_time() }).unwrap_or(0))
}
