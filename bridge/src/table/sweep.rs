//! Removing entries by the many: ageing, flushing, listing. The control thread's part.

use super::bucket::{Bucket, Way};
use super::slot::{Clock, Value};
use super::{EntryKind, Key, PORTS, Stamp, Table};
use crate::sync::Ordering;
use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use frame::PortId;

/// Which entries a flush removes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flush {
    /// What was learned on ports that are not sticky.
    Dynamic,
    /// Sticky and static entries too.
    All,
}

/// What a sweep found.
pub(crate) struct Swept {
    /// Entries removed because they were too old.
    pub(crate) expired: u64,
    /// The stamp of the oldest dynamic entry left.
    pub(crate) oldest: Option<Stamp>,
}

impl Table {
    /// Removes what is too old and what a flush left behind. Takes the lock for one bucket at a time, and only for
    /// buckets where there is something to do.
    pub(crate) fn expire(&self, clock: Clock) -> Swept {
        let mut swept = Swept { expired: 0, oldest: None };
        for bucket in &self.buckets {
            if self.entries_of(bucket).any(|(_, _, value)| !self.is_live(value, clock)) {
                let _writing = self.lock.lock();
                for (way, _, value) in self.entries_of(bucket) {
                    if !self.is_live(value, clock) {
                        swept.expired += u64::from(self.is_current(value));
                        self.discard(bucket, way, value);
                    }
                }
            }
            let dynamic = self.entries_of(bucket).filter(|(_, _, value)| value.kind() == EntryKind::Dynamic);
            swept.oldest = dynamic.map(|(_, _, value)| value.stamp()).chain(swept.oldest).min();
        }
        swept
    }

    /// Flushes one port: its dynamic entries end at once, the others are looked for if there are any.
    pub(crate) fn flush_port(&self, port: PortId, what: Flush) {
        let _writing = self.lock.lock();
        let Some(epoch) = self.epochs.get(port.index()) else { return };
        let current = epoch.load(Ordering::Relaxed);
        if current == u16::MAX {
            // The epochs begin anew: nothing of an earlier round may be left to be taken for current.
            self.discard_where(|value| value.port() == port && !self.is_current(value));
        }
        self.counts.clear(EntryKind::Dynamic, port);
        epoch.store(current.wrapping_add(1), Ordering::Release);
        let pinned = self.counts.of(EntryKind::Static, port) + self.counts.of(EntryKind::Sticky, port);
        if what == Flush::All && pinned > 0 {
            self.discard_where(|value| value.port() == port && value.kind() != EntryKind::Dynamic);
        }
    }

    /// Flushes every port.
    pub(crate) fn flush(&self, what: Flush) {
        for port in (0..PORTS as u64).map(PortId::from_low_bits) {
            self.flush_port(port, what);
        }
    }

    /// Lists the entries that are alive, sorted by key, each once.
    pub(crate) fn list(&self, clock: Clock) -> Vec<(Key, PortId, EntryKind, Stamp)> {
        for _ in 0..LISTINGS {
            let before = self.displaced.load(Ordering::Acquire);
            let entries = self.list_once(clock);
            if self.displaced.load(Ordering::Acquire) == before {
                return entries;
            }
        }
        let _writing = self.lock.lock();
        self.list_once(clock)
    }

    fn list_once(&self, clock: Clock) -> Vec<(Key, PortId, EntryKind, Stamp)> {
        let live = self.buckets.iter().flat_map(|bucket| self.entries_of(bucket));
        let live = live.filter(|(_, _, value)| self.is_live(*value, clock));
        let live: Vec<_> = live.map(|(_, key, value)| (key, value.port(), value.kind(), value.stamp())).collect();
        // Sorted by a heap, which needs no stack to speak of.
        let mut entries = BinaryHeap::from(live).into_sorted_vec();
        entries.dedup_by_key(|&mut (key, ..)| key);
        entries
    }

    /// Removes entries by their value. Under the lock.
    fn discard_where(&self, goes: impl Fn(Value) -> bool) {
        for bucket in &self.buckets {
            for (way, _, value) in self.entries_of(bucket).filter(|(_, _, value)| goes(*value)) {
                self.discard(bucket, way, value);
            }
        }
    }

    fn entries_of(&self, bucket: &Bucket) -> impl Iterator<Item = (Way, Key, Value)> {
        Way::all().filter_map(move |way| bucket.entry(way).map(|(key, value)| (way, key, value)))
    }
}

/// A guess: how often a listing is repeated before it keeps writers out.
const LISTINGS: usize = 3;
