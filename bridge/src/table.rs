//! The address table: which port a station was last seen on, shared by all workers.
//!
//! Readers take no lock and write nothing. A worker that finds its source known on the same port writes at most the
//! entry's stamp, four times a second at most. Everything else (a station appears, moves, is evicted, flushed,
//! swept) is written under one [`WriterLock`], for which a worker waits a bounded time; if it gives up, the frame is
//! forwarded unlearned and the next one tries again. [`bucket`] argues why readers never see a mix of two entries.
//!
//! A key lives in one of two buckets. Moving an entry to its other bucket copies it first and clears the old place
//! then, and a reader looks into first, second, first: whichever way the entry goes, it is met.
//!
//! Each port has an epoch; a learned entry counts only while it carries the epoch of its port, so that flushing
//! is one increment. Each port has counts of its entries by kind, written under the lock, of entries that are
//! alive or expired but not yet swept; entries of an old epoch are not counted.

mod admin;
mod bucket;
mod counts;
mod evict;
mod hash;
mod learn;
mod slot;
mod sweep;

pub use admin::TableError;
pub(crate) use evict::Gone;
pub(crate) use learn::{Arrival, Learned};
pub use slot::EntryKind;
pub(crate) use slot::{Ageing, Clock, Key, Stamp};
pub use sweep::Flush;

use crate::sync::{AtomicU16, AtomicU32, Ordering, WriterLock};
use alloc::boxed::Box;
use bucket::{Bucket, WAYS, Way};
use counts::Counts;
use frame::{MAX_PORTS, PortId};
use hash::{Hash, Hasher};
use slot::Value;

/// Addresses that one bridge can hold at most, whatever its configuration says.
pub const MAX_ADDRESSES: u32 = 1 << 20;

pub(crate) struct Table {
    buckets: Box<[Bucket]>,
    hasher: Hasher,
    epochs: Box<[AtomicU16]>,
    counts: Counts,
    lock: WriterLock,
    /// Entries that were moved to their other bucket, wrapping: a walk that saw it change starts over.
    displaced: AtomicU32,
}

impl Table {
    /// Makes an empty table of at least four times as many slots as addresses: then nine in ten addresses are in
    /// the very way that their hash names, and one look finds them.
    pub(crate) fn new(max_addresses: u32, secret: [u64; 4]) -> Self {
        let buckets = Self::buckets_for(max_addresses);
        Self {
            buckets: (0..buckets).map(|_| Bucket::new()).collect(),
            hasher: Hasher::new(secret, buckets),
            epochs: (0..PORTS).map(|_| AtomicU16::new(0)).collect(),
            counts: Counts::new(),
            lock: WriterLock::new(),
            displaced: AtomicU32::new(0),
        }
    }

    /// Returns how many bytes such a table takes, and moving so many entries into it meanwhile.
    pub(crate) fn bytes(max_addresses: u32, moving: u32) -> usize {
        let own = Self::buckets_for(max_addresses).saturating_mul(size_of::<Bucket>());
        let ports = PORTS.saturating_mul(size_of::<AtomicU16>()).saturating_add(Counts::BYTES);
        own.saturating_add(ports).saturating_add((moving as usize).saturating_mul(MOVING_BYTES))
    }

    fn buckets_for(max_addresses: u32) -> usize {
        let slots = (max_addresses.min(MAX_ADDRESSES) as usize).saturating_mul(4);
        slots.div_ceil(WAYS).next_power_of_two().max(MIN_BUCKETS)
    }

    /// Returns where a station is, if that is known and not too old.
    #[inline(always)]
    pub(crate) fn lookup(&self, key: Key, clock: Clock) -> Option<PortId> {
        let (_, _, value) = self.find(self.hasher.hash(key), key)?;
        self.is_live(value, clock).then(|| value.port())
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    #[inline(always)]
    fn find(&self, hash: Hash, key: Key) -> Option<(&Bucket, Way, Value)> {
        let first = self.bucket(self.hasher.first(hash));
        match first.find_at(hash.way(), key) {
            Some(value) => Some((first, hash.way(), value)),
            None => self.find_elsewhere(hash, key),
        }
    }

    /// Looks everywhere, and into the first bucket again in case the entry went there meanwhile.
    #[inline(never)]
    fn find_elsewhere(&self, hash: Hash, key: Key) -> Option<(&Bucket, Way, Value)> {
        let look = |index| {
            let bucket = self.bucket(index);
            bucket.find(key).map(|(way, value)| (bucket, way, value))
        };
        let (first, second) = (self.hasher.first(hash), self.hasher.second(hash));
        look(first).or_else(|| look(second)).or_else(|| look(first))
    }

    /// Returns whether looking something up is likely to miss the caches that are a core's own.
    #[inline]
    pub(crate) fn is_large(&self) -> bool {
        self.buckets.len() > LARGE
    }

    /// Begins to fetch what will be needed of a key.
    #[inline]
    pub(crate) fn touch(&self, key: Key) {
        self.bucket(self.hasher.first(self.hasher.hash(key))).touch();
    }

    #[inline]
    fn is_live(&self, value: Value, clock: Clock) -> bool {
        if value.is_dynamic_of(self.epoch(value.port())) {
            !clock.is_expired(value.stamp())
        } else {
            value.kind() != EntryKind::Dynamic
        }
    }

    /// Returns whether an entry counts: it is static or sticky, or its port was not flushed since it was learned.
    fn is_current(&self, value: Value) -> bool {
        value.kind() != EntryKind::Dynamic || value.epoch() == self.epoch(value.port())
    }

    #[inline]
    fn epoch(&self, port: PortId) -> u16 {
        self.epochs.get(port.index()).map_or(0, |epoch| epoch.load(Ordering::Acquire))
    }

    #[expect(clippy::indexing_slicing, reason = "the hasher and those who walk stay below the number of buckets")]
    #[inline]
    fn bucket(&self, index: usize) -> &Bucket {
        &self.buckets[index]
    }

    /// Takes an entry out and off the counts. Under the lock.
    fn discard(&self, bucket: &Bucket, way: Way, value: Value) {
        bucket.clear(way);
        if self.is_current(value) {
            self.counts.remove(value.kind(), value.port());
        }
    }
}

/// Under the model checker every atomic costs; it needs few.
const PORTS: usize = if cfg!(loom) { 4 } else { MAX_PORTS };
/// Buckets of 64 bytes: a guess at what share of a second-level cache the table gets.
const LARGE: usize = 4096;
/// For an entry that moves: a list of 24 bytes each, which triples while it grows, and a heap of 40.
const MOVING_BYTES: usize = 128;
const MIN_BUCKETS: usize = if cfg!(loom) { 4 } else { 16 };

#[cfg(test)]
mod loom_tests;
#[cfg(test)]
mod tests;
