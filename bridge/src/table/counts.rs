//! How many entries each port has.

use super::PORTS;
use super::slot::EntryKind;
use crate::sync::{AtomicU16, AtomicU32, Ordering};
use alloc::boxed::Box;
use frame::PortId;

/// Entries by port and kind. Written under the table's lock, read by anyone.
pub(crate) struct Counts {
    by_port: Box<[[AtomicU32; EntryKind::ALL.len()]]>,
    total: AtomicU32,
    /// The port that had most learned entries when one was last added: a hint.
    largest: AtomicU16,
}

impl Counts {
    /// What they take.
    pub(super) const BYTES: usize = PORTS * size_of::<[AtomicU32; EntryKind::ALL.len()]>();

    pub(super) fn new() -> Self {
        Self {
            by_port: (0..PORTS).map(|_| core::array::from_fn(|_| AtomicU32::new(0))).collect(),
            total: AtomicU32::new(0),
            largest: AtomicU16::new(0),
        }
    }

    /// Returns how many entries of one kind a port has.
    pub(crate) fn of(&self, kind: EntryKind, port: PortId) -> u32 {
        self.cell(kind, port).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// Returns how many entries a port has learned: what its limit and fairness go by.
    pub(crate) fn learned(&self, port: PortId) -> u32 {
        self.of(EntryKind::Dynamic, port).saturating_add(self.of(EntryKind::Sticky, port))
    }

    /// Returns how many entries there are.
    pub(crate) fn total(&self) -> u32 {
        self.total.load(Ordering::Relaxed)
    }

    /// Returns how many entries the port has that seems to have learned most.
    pub(super) fn of_largest(&self) -> u32 {
        self.learned(PortId::from_low_bits(u64::from(self.largest.load(Ordering::Relaxed))))
    }

    pub(super) fn add(&self, kind: EntryKind, port: PortId) {
        self.change(kind, port, |count| count.saturating_add(1));
        if self.learned(port) > self.of_largest() {
            self.largest.store(port.get(), Ordering::Relaxed);
        }
    }

    pub(super) fn remove(&self, kind: EntryKind, port: PortId) {
        self.change(kind, port, |count| count.saturating_sub(1));
    }

    /// Forgets all entries of a kind that a port has.
    pub(super) fn clear(&self, kind: EntryKind, port: PortId) {
        let gone = self.of(kind, port);
        if let Some(count) = self.cell(kind, port) {
            count.store(0, Ordering::Relaxed);
        }
        self.total.store(self.total().saturating_sub(gone), Ordering::Relaxed);
    }

    fn change(&self, kind: EntryKind, port: PortId, by_one: impl Fn(u32) -> u32) {
        if let Some(count) = self.cell(kind, port) {
            count.store(by_one(count.load(Ordering::Relaxed)), Ordering::Relaxed);
            self.total.store(by_one(self.total()), Ordering::Relaxed);
        }
    }

    fn cell(&self, kind: EntryKind, port: PortId) -> Option<&AtomicU32> {
        self.by_port.get(port.index())?.get(kind as usize)
    }
}
