//! What passed a device, and what did not.

use crate::sync::{Apart, AtomicU64, Ordering};
use alloc::boxed::Box;
use frame::{DropCounts, DropReason};

/// What a device has carried, and what waits in it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    /// What the system sent to the application.
    pub to_application: Passed,
    /// What the application sent to the system.
    pub from_application: Passed,
}

/// Packets in one direction.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Passed {
    /// Packets that were queued since the device was made.
    pub packets: u64,
    /// Packets that wait to be taken.
    pub queued: usize,
    /// Packets that were not queued, or dropped from the queue.
    pub drops: DropCounts,
}

/// The counters of one direction, which one side writes.
#[derive(Default)]
pub(crate) struct Tally {
    packets: Apart<AtomicU64>,
    drops: Drops,
}

struct Drops(Box<[AtomicU64]>);

impl Default for Drops {
    fn default() -> Self {
        Self(DropReason::ALL.iter().map(|_| AtomicU64::new(0)).collect())
    }
}

impl Tally {
    #[inline]
    pub(crate) fn pass(&self) {
        self.packets.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn lose(&self, why: DropReason, packets: u64) {
        if let Some(count) = self.drops.0.get(why as usize) {
            count.fetch_add(packets, Ordering::Relaxed);
        }
    }

    pub(crate) fn read(&self, queued: usize) -> Passed {
        let mut drops = DropCounts::ZERO;
        for (&why, count) in DropReason::ALL.iter().zip(self.drops.0.iter()) {
            drops.add(why, count.load(Ordering::Relaxed));
        }
        Passed { packets: self.packets.0.load(Ordering::Relaxed), queued, drops }
    }
}
