//! The clock of what the program does in its own process.

use std::sync::OnceLock;
use std::time::Instant as StdInstant;

/// Returns the time since the clock was first read.
pub(crate) fn monotonic() -> frame::Instant {
    static START: OnceLock<StdInstant> = OnceLock::new();
    let start = START.get_or_init(StdInstant::now);
    frame::Instant::from_micros(u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX))
}
