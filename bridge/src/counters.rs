//! Counters: each worker writes its own, anyone adds them up.
//!
//! One owner means that an increment is a plain load and store; the atomics only make reading defined. A reader sees
//! each counter at some recent value, not all of them at the same moment.

use crate::sync::{AtomicU64, Ordering};
use alloc::boxed::Box;
use frame::{DropCounts, DropReason, MAX_PORTS, PortId};

/// What passed a port.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct PortCounters {
    /// Frames received, dropped ones included.
    pub rx_frames: u64,
    /// Their bytes, with the Ethernet header, without stripped tag and checksum sequence.
    pub rx_bytes: u64,
    /// Frames handed to the system for transmission.
    pub tx_frames: u64,
    /// Their bytes, likewise.
    pub tx_bytes: u64,
    /// Frames received that were answered instead of flooded.
    pub suppressed: u64,
    /// Frames dropped: by the port they came in on if the engine decided so, else by the port they were to leave.
    pub drops: DropCounts,
}

/// What happened on a bridge.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct BridgeCounters {
    /// All ports together.
    pub ports: PortCounters,
    /// Addresses learned.
    pub learned: u64,
    /// Addresses that went from one port to another.
    pub moved: u64,
    /// Addresses removed to make room.
    pub evicted: u64,
    /// Addresses not learned, because the table was full or busy.
    pub refused: u64,
    /// Addresses removed because they were too old.
    pub expired: u64,
    /// Events that nobody fetched in time.
    pub events_lost: u64,
}

/// What one worker counts.
pub(crate) struct WorkerCounters {
    ports: Box<[PortCells]>,
    pub(crate) table: TableCells,
}

#[derive(Default)]
#[repr(align(64))]
pub(crate) struct PortCells {
    rx_frames: Count,
    rx_bytes: Count,
    tx_frames: Count,
    tx_bytes: Count,
    suppressed: Count,
    drops: [Count; DropReason::ALL.len()],
}

#[derive(Default)]
pub(crate) struct TableCells {
    pub(crate) learned: Count,
    pub(crate) moved: Count,
    pub(crate) evicted: Count,
    pub(crate) refused: Count,
    pub(crate) events_lost: Count,
}

/// A counter with one writer.
#[derive(Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    #[inline]
    pub(crate) fn add(&self, more: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(more), Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl WorkerCounters {
    /// What they take.
    pub(crate) const BYTES: usize = MAX_PORTS * size_of::<PortCells>();

    pub(crate) fn new() -> Self {
        Self { ports: (0..MAX_PORTS).map(|_| PortCells::default()).collect(), table: TableCells::default() }
    }

    #[inline]
    pub(crate) fn received(&self, port: PortId, bytes: u32) {
        if let Some(cells) = self.ports.get(port.index()) {
            cells.rx_frames.add(1);
            cells.rx_bytes.add(u64::from(bytes));
        }
    }

    #[inline]
    pub(crate) fn sent(&self, port: PortId, bytes: u32) {
        if let Some(cells) = self.ports.get(port.index()) {
            cells.tx_frames.add(1);
            cells.tx_bytes.add(u64::from(bytes));
        }
    }

    pub(crate) fn suppressed(&self, port: PortId) {
        if let Some(cells) = self.ports.get(port.index()) {
            cells.suppressed.add(1);
        }
    }

    #[inline]
    pub(crate) fn dropped(&self, port: PortId, why: DropReason) {
        if let Some(count) = self.ports.get(port.index()).and_then(|cells| cells.drops.get(why as usize)) {
            count.add(1);
        }
    }

    /// Adds what this worker counted of a port.
    pub(crate) fn add_port(&self, port: PortId, sum: &mut PortCounters) {
        let Some(cells) = self.ports.get(port.index()) else { return };
        sum.rx_frames += cells.rx_frames.get();
        sum.rx_bytes += cells.rx_bytes.get();
        sum.tx_frames += cells.tx_frames.get();
        sum.tx_bytes += cells.tx_bytes.get();
        sum.suppressed += cells.suppressed.get();
        for (&why, count) in DropReason::ALL.iter().zip(&cells.drops) {
            sum.drops.add(why, count.get());
        }
    }

    /// Adds what this worker counted of the table.
    pub(crate) fn add_table(&self, sum: &mut BridgeCounters) {
        sum.learned += self.table.learned.get();
        sum.moved += self.table.moved.get();
        sum.evicted += self.table.evicted.get();
        sum.refused += self.table.refused.get();
        sum.events_lost += self.table.events_lost.get();
    }
}

impl PortCounters {
    /// Returns what was counted since `earlier`.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let mut drops = DropCounts::ZERO;
        for (why, count) in self.drops.nonzero() {
            drops.add(why, count.saturating_sub(earlier.drops.get(why)));
        }
        Self {
            rx_frames: self.rx_frames.saturating_sub(earlier.rx_frames),
            rx_bytes: self.rx_bytes.saturating_sub(earlier.rx_bytes),
            tx_frames: self.tx_frames.saturating_sub(earlier.tx_frames),
            tx_bytes: self.tx_bytes.saturating_sub(earlier.tx_bytes),
            suppressed: self.suppressed.saturating_sub(earlier.suppressed),
            drops,
        }
    }
}
