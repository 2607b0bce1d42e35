//! The kernel's clock, as a program reads it.

use frame::Instant;

/// Returns the time since the system was started, in microseconds.
pub fn monotonic() -> Instant {
    // SAFETY: the call takes nothing and only returns a number.
    let micros = unsafe { libc::system_time() };
    Instant::from_micros(micros.cast_unsigned())
}
