//! Entries by hand, and moving house.

use super::evict::Full;
use super::slot::{Ageing, Clock, Value};
use super::{EntryKind, Key, Stamp, Table};
use crate::sync::Ordering;
use alloc::collections::BinaryHeap;
use core::cmp::Reverse;
use core::fmt;
use frame::{Instant, Mac, PortId};

/// Why a static entry cannot be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TableError {
    /// The address names a group or nobody.
    NotAStation(Mac),
    /// The number is not 0 (no VLAN) nor a VLAN ID.
    NoVlan(u16),
    /// The bridge has no such port.
    NoPort(PortId),
    /// The table holds as many static entries as addresses are allowed.
    Full(u32),
}

impl fmt::Display for TableError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAStation(mac) => write!(out, "{mac} is not the address of a station"),
            Self::NoVlan(vid) => write!(out, "{vid} is not a VLAN ID of 0..4094"),
            Self::NoPort(port) => write!(out, "no port {port}"),
            Self::Full(limit) => write!(out, "table full: {limit} addresses"),
        }
    }
}

impl core::error::Error for TableError {}

impl Table {
    /// Makes a static entry, replacing any other of the key. It outranks everything that was learned.
    pub(crate) fn insert_static(&self, key: Key, port: PortId, limit: u32) -> Result<(), TableError> {
        let _writing = self.lock.lock();
        let hash = self.hasher.hash(key);
        let value = Value::new(port, EntryKind::Static, 0, TIMELESS.now);
        if let Some((bucket, way, old)) = self.find(hash, key) {
            self.rewrite(bucket, way, old, value);
            return Ok(());
        }
        let full = |Full| TableError::Full(limit);
        if self.counts.total() >= limit {
            self.make_room(hash, 0, TIMELESS).map_err(full)?;
        }
        self.insert(hash, key, value, 0, TIMELESS).map(|_| ()).map_err(full)
    }

    /// Removes the entry of a key. Returns whether there was one.
    pub(crate) fn remove(&self, key: Key) -> bool {
        let hash = self.hasher.hash(key);
        if self.find(hash, key).is_none() {
            return false;
        }
        let _writing = self.lock.lock();
        let Some((bucket, way, value)) = self.find(hash, key) else { return false };
        let was_current = self.is_current(value);
        self.discard(bucket, way, value);
        was_current
    }

    /// Copies the entries of another table into this one, as many as the limit allows: static, then sticky, then
    /// dynamic ones, the freshest first. Returns how many were left behind.
    ///
    /// Nobody will write the other table again.
    pub(crate) fn migrate_from(&self, old: &Self, limit: u32) -> u64 {
        old.lock.lock().keep();
        for (epoch, old) in self.epochs.iter().zip(&old.epochs) {
            epoch.store(old.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        let entries = old.list(TIMELESS).into_iter();
        let entries = entries.map(|(key, port, kind, stamp)| (rank(kind), Reverse(stamp), key, port, kind));
        let entries = BinaryHeap::from_iter(entries).into_sorted_vec();
        let _writing = self.lock.lock();
        let mut left = 0;
        for (_, Reverse(stamp), key, port, kind) in entries {
            let value = Value::new(port, kind, self.epoch(port), stamp);
            let room = self.counts.total() < limit || kind == EntryKind::Static;
            let entered = room && self.insert(self.hasher.hash(key), key, value, u32::MAX, TIMELESS).is_ok();
            left += u64::from(!entered);
        }
        left
    }
}

fn rank(kind: EntryKind) -> u8 {
    match kind {
        EntryKind::Static => 0,
        EntryKind::Sticky => 1,
        EntryKind::Dynamic => 2,
    }
}

/// A clock by which nothing is too old.
const TIMELESS: Clock = Clock { now: Stamp::at(Instant::from_micros(0)), ageing: Ageing::NEVER };
