//! Learning: a frame came from a station, so that is where the station is.

use super::bucket::{Bucket, Way};
use super::evict::{Full, Gone};
use super::hash::Pair;
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
    /// Enters, moves or refreshes the entry of a source.
    #[inline]
    pub(crate) fn learn(&self, arrival: &Arrival) -> Learned {
        let Arrival { key, port, clock, .. } = *arrival;
        let pair = self.hasher.pair(key);
        if let Some((bucket, way, value)) = self.find(pair, key) {
            let fresh = Value::new(port, EntryKind::Dynamic, self.epoch(port), clock.now);
            if value == fresh {
                return Learned::Known;
            }
            if value.with_stamp(clock.now) == fresh && !clock.is_expired(value.stamp()) {
                if value.stamp() < clock.now {
                    bucket.refresh(way, value, fresh);
                }
                return Learned::Known;
            }
            if value.kind() != EntryKind::Dynamic {
                return Learned::Known;
            }
        }
        self.learn_slowly(arrival, pair)
    }

    #[cold]
    #[inline(never)]
    fn learn_slowly(&self, arrival: &Arrival, pair: Pair) -> Learned {
        let Arrival { key, port, kind, clock, .. } = *arrival;
        if arrival.table_limit == 0 {
            return Learned::Refused;
        }
        // Sources that will not be learned must not keep others from the lock.
        if self.counts.learned(port) >= arrival.port_limit && self.find(pair, key).is_none() {
            return Learned::OverPortLimit;
        }
        let Some(_writing) = self.lock.try_lock() else { return Learned::Busy };
        if let Some((bucket, way, value)) = self.find(pair, key) {
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
            match self.make_room(newcomer, clock) {
                Ok(evicted) => gone[0] = evicted,
                Err(Full) => return Learned::Refused,
            }
        }
        let value = Value::new(port, kind, self.epoch(port), clock.now);
        match self.insert(pair, key, value, newcomer, clock) {
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
        pair: Pair,
        key: Key,
        value: Value,
        newcomer: u32,
        clock: Clock,
    ) -> Result<Option<Gone>, Full> {
        let mut gone = None;
        let hole = [pair.first, pair.second].into_iter().find_map(|index| self.hole(index, clock));
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
        let bucket = self.bucket(index);
        Way::all().find_map(|way| match bucket.entry(way) {
            None => Some((bucket, way)),
            Some((_, value)) if !self.is_live(value, clock) => {
                self.discard(bucket, way, value);
                Some((bucket, way))
            }
            Some(_) => None,
        })
    }

    /// Moves an entry of the pair to its other bucket and puts the key in its place. Returns whether that went.
    fn displace(&self, pair: Pair, key: Key, value: Value, clock: Clock) -> bool {
        for index in [pair.first, pair.second] {
            let bucket = self.bucket(index);
            for way in Way::all() {
                let Some((other_key, other_value)) = bucket.entry(way) else { continue };
                let Some((refuge, refuge_way)) = self.hole(self.hasher.pair(other_key).other(index), clock) else {
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
