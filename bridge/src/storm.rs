//! Storm control: how many frames a port may flood.
//!
//! A token bucket in its virtual-scheduling form (the generic cell rate algorithm, ITU-T I.371 Annex A): one word
//! holds the time at which the next frame would be due if frames came evenly, and one that is due too far ahead is
//! dropped. One word a class can be shared by workers, so the limit holds for the port and not for each of its queues.

use crate::config::Rate;
use crate::sync::{AtomicU64, Ordering};
use frame::Instant;

/// The time between two frames of a rate, in 1/4096 µs. 0 is no limit, `u64::MAX` lets nothing pass.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Interval(u64);

impl Interval {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn of(rate: Option<Rate>) -> Self {
        match rate {
            None => Self::NONE,
            Some(Rate { frames_per_second }) => match u64::from(frames_per_second) {
                0 => Self(u64::MAX),
                rate => Self(UNITS_PER_SECOND.div_ceil(rate)),
            },
        }
    }
}

/// What a port has flooded of one class: when its next frame is due, in 1/4096 µs.
#[derive(Default)]
pub(crate) struct Bucket(AtomicU64);

impl Bucket {
    /// Returns whether a frame passes, and counts it if so.
    ///
    /// What a port saves while it is silent is an eighth of a second's worth, one frame at least.
    #[inline]
    pub(crate) fn admits(&self, interval: Interval, now: Instant) -> bool {
        match interval.0 {
            0 => true,
            u64::MAX => false,
            interval => self.take(interval, now.as_micros().saturating_mul(UNITS_PER_MICRO)),
        }
    }

    fn take(&self, interval: u64, now: u64) -> bool {
        let ahead = BURST.saturating_sub(interval);
        let mut due = self.0.load(Ordering::Relaxed);
        for _ in 0..TRIES {
            if due > now.saturating_add(ahead) {
                return false;
            }
            let next = due.max(now).saturating_add(interval);
            match self.0.compare_exchange_weak(due, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(other) => due = other,
            }
        }
        // Others took the turns between; this one is not worth waiting for.
        false
    }
}

const UNITS_PER_MICRO: u64 = 4096;
const UNITS_PER_SECOND: u64 = 1_000_000 * UNITS_PER_MICRO;
/// A guess: long enough for a batch, short enough that a limit means what it says within a second.
const BURST: u64 = UNITS_PER_SECOND / 8;
const TRIES: usize = 8;

#[cfg(all(test, not(loom)))]
mod tests;
