//! The one clock. There is no `now()` here: only glue may read a clock.

use core::time::Duration;

/// Microseconds since an arbitrary epoch, never decreasing.
///
/// The unit is Haiku's `bigtime_t`; Linux divides `CLOCK_MONOTONIC` by 1000.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Instant(u64);

impl Instant {
    /// Wraps a count of microseconds.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Wraps a count of whole seconds, saturating.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// Returns the count of microseconds.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Returns the time from `earlier` to `self`, or zero if it lies ahead.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// Returns the moment `after` from `self`, saturating at the end of time.
    pub const fn plus(self, after: Duration) -> Self {
        let micros = after.as_micros();
        if micros > u64::MAX as u128 {
            return Self(u64::MAX);
        }
        Self(self.0.saturating_add(micros as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates() {
        let (early, late) = (Instant::from_secs(1), Instant::from_secs(3));
        assert_eq!(late.since(early), Duration::from_secs(2));
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(late.plus(Duration::MAX), Instant::from_micros(u64::MAX));
        assert_eq!(Instant::from_secs(u64::MAX), Instant::from_micros(u64::MAX));
    }
}
