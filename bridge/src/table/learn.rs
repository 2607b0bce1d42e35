//! Learning: a frame came from a station, so that is where the station is.

use super::bucket::{Bucket, Way};
use super::evict::{Full, Gone};
use super::hash::Hash;
use super::slot::{Clock, Value};
use super::{EntryKind, Key, Table};
use crate::sync::Ordering;
use frame::PortId;

/// A source address seen on a port, and what the port and the bridge allow.
#[derive(Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) key: Key,
    pub(crate) port: PortId,
    /// How it is entered if it is not there: dynamic or sticky.
    pub(crate) kind: EntryKind,
    /// Addresses that the port may learn.
    pub(crate) port_limit: u32,
    /// Addresses that the bridge may hold.
    pub(crate) table_limit: u32,
    pub(crate) clock: Clock,
}

/// What learning did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Learned {
    /// Nothing to do: the entry is there, or pinned elsewhere.
    Known,
    /// An entry was made, at the expense of these.
    Added([Option<Gone>; 2]),
    /// The entry pointed to this port before.
    Moved(PortId),
    /// The port has learned as many as it may.
    OverPortLimit,
    /// The table is full of entries that have a better right.
    Refused,
    /// Somebody else was writing; the next frame tries again.
    Busy,
}

impl Table {
    /// Returns whether nothing is to be learned from a frame: its source is known on that port, and thereby
    /// refreshed, or pinned to some port.
    #[inline(always)]
    pub(crate) fn knows(&self, key: Key, port: PortId, clock: Clock) -> bool {
        let Some((bucket, way, value)) = self.find(self.hasher.hash(key), key) else { return false };
        let fresh = Value::new(port, EntryKind::Dynamic, self.epoch(port), clock.now);
        if value == fresh {
            return true;
        }
        if value.with_stamp(clock.now) != fresh || clock.is_expired(value.stamp()) {
            return value.kind() != EntryKind::Dynamic;
        }
        if value.stamp() < clock.now {
            bucket.refresh(way, value, fresh);
        }
        true
    }

    /// Enters or moves the entry of a source that is not known where it is.
    pub(crate) fn learn(&self, arrival: &Arrival) -> Learned {
        let Arrival { key, port, kind, clock, .. } = *arrival;
        let hash = self.hasher.hash(key);
        if arrival.table_limit == 0 {
            return Learned::Refused;
        }
        // Sources that will not be learned must not keep others from the lock.
        if self.counts.learned(port) >= arrival.port_limit && self.find(hash, key).is_none() {
            return Learned::OverPortLimit;
        }
        let Some(_writing) = self.lock.try_lock() else { return Learned::Busy };
        if let Some((bucket, way, value)) = self.find(hash, key) {
            if !self.is_live(value, clock) {
                self.discard(bucket, way, value);
            } else if value.kind() != EntryKind::Dynamic || value.port() == port {
                return Learned::Known;
            } else if self.counts.learned(port) >= arrival.port_limit {
                return Learned::OverPortLimit;
            } else {
                self.rewrite(bucket, way, value, Value::new(port, value.kind(), self.epoch(port), clock.now));
                return Learned::Moved(value.port());
            }
        }
        if self.counts.learned(port) >= arrival.port_limit {
            return Learned::OverPortLimit;
        }
        let mut gone = [None; 2];
        let newcomer = self.counts.learned(port);
        if self.counts.total() >= arrival.table_limit {
            match self.make_room(hash, newcomer, clock) {
                Ok(evicted) => gone[0] = evicted,
                Err(Full) => return Learned::Refused,
            }
        }
        let value = Value::new(port, kind, self.epoch(port), clock.now);
        match self.insert(hash, key, value, newcomer, clock) {
            Ok(evicted) => gone[1] = evicted,
            Err(Full) => return Learned::Refused,
        }
        Learned::Added(gone)
    }

    /// Gives the entry of a key another value, and counts accordingly. Under the lock.
    pub(super) fn rewrite(&self, bucket: &Bucket, way: Way, old: Value, new: Value) {
        bucket.set_value(way, new);
        if self.is_current(old) {
            self.counts.remove(old.kind(), old.port());
        }
        self.counts.add(new.kind(), new.port());
    }

    /// Puts a key that is not there into one of its buckets; evicts if both are full and nothing can be displaced.
    ///
    /// `newcomer` is how many entries its port has, which decides what it may evict. Under the lock.
    pub(super) fn insert(
        &self,
        hash: Hash,
        key: Key,
        value: Value,
        newcomer: u32,
        clock: Clock,
    ) -> Result<Option<Gone>, Full> {
        let mut gone = None;
        let pair = [self.hasher.first(hash), self.hasher.second(hash)];
        let hole = self.hole_at(pair[0], hash.way(), clock);
        let hole = hole.or_else(|| pair.into_iter().find_map(|index| self.hole(index, clock)));
        match hole {
            Some((bucket, way)) => bucket.put(way, key, value),
            None => {
                if !self.displace(pair, key, value, clock) {
                    let (bucket, way, evicted) = self.evict_from(pair, newcomer)?;
                    bucket.put(way, key, value);
                    gone = Some(evicted);
                }
            }
        }
        self.counts.add(value.kind(), value.port());
        Ok(gone)
    }

    /// Returns a way that is empty, or emptied because its entry is dead.
    fn hole(&self, index: usize, clock: Clock) -> Option<(&Bucket, Way)> {
        Way::all().find_map(|way| self.hole_at(index, way, clock))
    }

    fn hole_at(&self, index: usize, way: Way, clock: Clock) -> Option<(&Bucket, Way)> {
        let bucket = self.bucket(index);
        match bucket.entry(way) {
            None => Some((bucket, way)),
            Some((_, value)) if !self.is_live(value, clock) => {
                self.discard(bucket, way, value);
                Some((bucket, way))
            }
            Some(_) => None,
        }
    }

    /// Moves an entry of the pair to its other bucket and puts the key in its place. Returns whether that went.
    fn displace(&self, pair: [usize; 2], key: Key, value: Value, clock: Clock) -> bool {
        for index in pair {
            let bucket = self.bucket(index);
            for way in Way::all() {
                let Some((other_key, other_value)) = bucket.entry(way) else { continue };
                let Some((refuge, refuge_way)) = self.hole(self.hasher.other(other_key, index), clock) else {
                    continue;
                };
                refuge.put(refuge_way, other_key, other_value);
                self.displaced.store(self.displaced.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
                let version = bucket.claim(way);
                // A refresh that hit the old copy is carried over. One that comes later still is lost: the entry
                // is then as old as it was, and the station's next frame mends that.
                let late = bucket.value(way);
                if late != other_value {
                    refuge.refresh(refuge_way, other_value, late);
                }
                bucket.fill(way, version, key, value);
                return true;
            }
        }
        false
    }
}
