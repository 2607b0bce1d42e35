//! Frames that were lost where the engine does not count.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use frame::DropReason;

/// Counts by reason, of any thread, until the worker books them.
pub(crate) struct Losses {
    any: AtomicBool,
    counts: [AtomicU32; DropReason::ALL.len()],
}

impl Default for Losses {
    fn default() -> Self {
        Self { any: AtomicBool::new(false), counts: core::array::from_fn(|_| AtomicU32::new(0)) }
    }
}

impl Losses {
    /// Counts one.
    pub(crate) fn add(&self, why: DropReason) {
        if let Some(count) = self.counts.get(why as usize) {
            count.fetch_add(1, Ordering::Relaxed);
            self.any.store(true, Ordering::Release);
        }
    }

    /// Hands over what was counted since the last call.
    pub(crate) fn take(&self, mut report: impl FnMut(DropReason, u32)) {
        if !self.any.load(Ordering::Relaxed) {
            return;
        }
        // First, so that what is counted meanwhile is found the next time.
        self.any.swap(false, Ordering::Acquire);
        for (&why, count) in DropReason::ALL.iter().zip(&self.counts) {
            let count = count.swap(0, Ordering::Relaxed);
            if count > 0 {
                report(why, count);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn a_loss_is_told_once() {
        let losses = Losses::default();
        let told = || {
            let mut told = Vec::new();
            losses.take(|why, count| told.push((why, count)));
            told
        };
        assert_eq!(told(), []);
        for why in [DropReason::QueueFull, DropReason::NoBuffer, DropReason::QueueFull] {
            losses.add(why);
        }
        assert_eq!(told(), [(DropReason::QueueFull, 2), (DropReason::NoBuffer, 1)]);
        assert_eq!(told(), []);
    }
}
