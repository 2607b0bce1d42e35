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

use crate::sync::{AtomicU16, AtomicU32, AtomicUsize, Ordering, WriterLock};
use alloc::boxed::Box;
use bucket::{Bucket, WAYS, Way};
use counts::Counts;
use frame::{MAX_PORTS, PortId};
use hash::{Hasher, Pair};
use slot::Value;

/// Addresses that one bridge can hold at most, whatever its configuration says.
pub const MAX_ADDRESSES: u32 = 1 << 20;

pub(crate) struct Table {
    buckets: Box<[Bucket]>,
    hasher: Hasher,
    epochs: Box<[AtomicU16]>,
    counts: Counts,
    lock: WriterLock,
    /// The bucket at which eviction goes on looking.
    hand: AtomicUsize,
    /// Entries that were moved to their other bucket, wrapping: a walk that saw it change starts over.
    displaced: AtomicU32,
}

impl Table {
    /// Makes an empty table of at least twice as many slots as addresses.
    pub(crate) fn new(max_addresses: u32, secret: [u64; 4]) -> Self {
        let slots = (max_addresses.min(MAX_ADDRESSES) as usize).saturating_mul(2);
        let buckets = slots.div_ceil(WAYS).next_power_of_two().max(MIN_BUCKETS);
        Self {
            buckets: (0..buckets).map(|_| Bucket::new()).collect(),
            hasher: Hasher::new(secret, buckets),
            epochs: (0..PORTS).map(|_| AtomicU16::new(0)).collect(),
            counts: Counts::new(),
            lock: WriterLock::new(),
            hand: AtomicUsize::new(0),
            displaced: AtomicU32::new(0),
        }
    }

    /// Returns where a station is, if that is known and not too old.
    #[inline]
    pub(crate) fn lookup(&self, key: Key, clock: Clock) -> Option<PortId> {
        let (_, _, value) = self.find(self.hasher.pair(key), key)?;
        self.is_live(value, clock).then(|| value.port())
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    #[inline]
    fn find(&self, pair: Pair, key: Key) -> Option<(&Bucket, Way, Value)> {
        let first = self.bucket(pair.first);
        match first.find(key) {
            Some((way, value)) => Some((first, way, value)),
            None => self.find_beyond(pair, key),
        }
    }

    /// Looks into the second bucket, and into the first again in case the entry went there meanwhile.
    #[inline]
    fn find_beyond(&self, pair: Pair, key: Key) -> Option<(&Bucket, Way, Value)> {
        [pair.second, pair.first].into_iter().find_map(|index| {
            let bucket = self.bucket(index);
            bucket.find(key).map(|(way, value)| (bucket, way, value))
        })
    }

    #[inline]
    fn is_live(&self, value: Value, clock: Clock) -> bool {
        value.kind() != EntryKind::Dynamic || (self.is_current(value) && !clock.is_expired(value.stamp()))
    }

    /// Returns whether an entry counts: it is static or sticky, or its port was not flushed since it was learned.
    #[inline]
    fn is_current(&self, value: Value) -> bool {
        value.kind() != EntryKind::Dynamic || value.epoch() == self.epoch(value.port())
    }

    #[inline]
    fn epoch(&self, port: PortId) -> u16 {
        self.epochs.get(port.index()).map_or(0, |epoch| epoch.load(Ordering::Acquire))
    }

    #[expect(clippy::indexing_slicing, reason = "the hasher and the hand stay below the number of buckets")]
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
const MIN_BUCKETS: usize = if cfg!(loom) { 2 } else { 16 };

#[cfg(all(test, loom))]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod tests;
