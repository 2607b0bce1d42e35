//! Counters that any thread adds to, once a burst.

use bridge::PortCounters;
use frame::{DropCounts, DropReason};
use std::sync::atomic::{AtomicU64, Ordering};

/// What passed in one direction.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Passed {
    /// Frames that went on.
    pub frames: u64,
    /// Their bytes, without the header that a program sees before each.
    pub bytes: u64,
    /// Frames that did not.
    pub drops: DropCounts,
}

/// Where one direction is counted.
#[derive(Debug, Default)]
pub(super) struct Meter {
    frames: AtomicU64,
    bytes: AtomicU64,
    drops: [AtomicU64; DropReason::ALL.len()],
}

impl Meter {
    pub(super) fn pass(&self, frames: u64, bytes: u64) {
        if frames > 0 {
            self.frames.fetch_add(frames, Ordering::Relaxed);
            self.bytes.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    pub(super) fn drop(&self, why: DropReason, frames: u64) {
        if let Some(count) = self.drops.get(why as usize).filter(|_| frames > 0) {
            count.fetch_add(frames, Ordering::Relaxed);
        }
    }

    pub(super) fn drop_all(&self, drops: &DropCounts) {
        drops.nonzero().for_each(|(why, frames)| self.drop(why, frames));
    }

    pub(super) fn read(&self) -> Passed {
        let mut drops = DropCounts::ZERO;
        for (&why, count) in DropReason::ALL.iter().zip(&self.drops) {
            drops.add(why, count.load(Ordering::Relaxed));
        }
        let (frames, bytes) = (self.frames.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed));
        Passed { frames, bytes, drops }
    }
}

/// Both directions of a port.
#[derive(Debug, Default)]
pub(super) struct PortMeter {
    pub(super) rx: Meter,
    pub(super) tx: Meter,
}

impl PortMeter {
    pub(super) fn read(&self) -> PortCounters {
        let (rx, tx) = (self.rx.read(), self.tx.read());
        let mut drops = rx.drops;
        tx.drops.nonzero().for_each(|(why, frames)| drops.add(why, frames));
        let (rx_frames, rx_bytes) = (rx.frames + rx.drops.total(), rx.bytes);
        PortCounters { rx_frames, rx_bytes, tx_frames: tx.frames, tx_bytes: tx.bytes, suppressed: 0, drops }
    }
}
