//! Fair eviction: who goes when the table is full.
//!
//! The entry that goes belongs to the port that has learned most among the candidates, and never to a port that
//! has learned less than the newcomer's. So a port that floods random sources displaces only its own entries once
//! it has the most, and everybody else still finds room, at its expense (the idea is Open vSwitch's, `mac-learning`).

use super::bucket::{Bucket, Way};
use super::hash::Hash;
use super::slot::{Clock, Value};
use super::{EntryKind, Key, Table};
use core::cmp::Reverse;
use frame::PortId;

/// An entry that had to go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Gone {
    pub(crate) key: Key,
    pub(crate) port: PortId,
}

/// Nothing may go.
#[derive(Debug)]
pub(super) struct Full;

/// The greater, the sooner an entry goes: entries of its port, dynamic before sticky, the oldest.
type Rank = (u32, bool, Reverse<super::Stamp>);

struct Candidate<'a> {
    rank: Rank,
    bucket: &'a Bucket,
    way: Way,
    key: Key,
    value: Value,
}

impl Table {
    /// Frees one entry's worth of the limit, from the newcomer's first bucket on. Under the lock.
    ///
    /// Looks at 8 buckets at least, which samples as many entries for the oldest, and at 128 at most until it meets
    /// the port that has most. Returns the entry evicted, `None` if a dead one was found.
    ///
    /// Where to look is as random as the hash. A hand that moves round the table would take as many from each part
    /// in every round, whatever is there: parts run empty by chance and stay so.
    pub(super) fn make_room(&self, hash: Hash, newcomer: u32, clock: Clock) -> Result<Option<Gone>, Full> {
        let mut best = None;
        let mut index = self.hasher.first(hash);
        for step in 1..=WINDOW {
            let bucket = self.bucket(index);
            for way in Way::all() {
                let Some((_, value)) = bucket.entry(way) else { continue };
                if !self.is_live(value, clock) {
                    self.discard(bucket, way, value);
                    // An entry of an old epoch was not counted: discarding it frees nothing.
                    if self.is_current(value) {
                        return Ok(None);
                    }
                }
            }
            best = self.worst_of(bucket, newcomer, best);
            if step >= SAMPLE && best.as_ref().is_some_and(|found| found.rank.0 >= self.counts.of_largest()) {
                break;
            }
            index = (index + 1) % self.buckets.len();
        }
        let Candidate { bucket, way, key, value, .. } = best.ok_or(Full)?;
        self.discard(bucket, way, value);
        Ok(Some(Gone { key, port: value.port() }))
    }

    /// Evicts from the two buckets of a newcomer. Returns the way, which the caller fills. Under the lock.
    pub(super) fn evict_from(&self, pair: [usize; 2], newcomer: u32) -> Result<(&Bucket, Way, Gone), Full> {
        let best = pair.into_iter().fold(None, |best, index| self.worst_of(self.bucket(index), newcomer, best));
        let Candidate { bucket, way, key, value, .. } = best.ok_or(Full)?;
        self.discard(bucket, way, value);
        Ok((bucket, way, Gone { key, port: value.port() }))
    }

    fn worst_of<'a>(
        &self,
        bucket: &'a Bucket,
        newcomer: u32,
        mut best: Option<Candidate<'a>>,
    ) -> Option<Candidate<'a>> {
        for way in Way::all() {
            let Some((key, value)) = bucket.entry(way) else { continue };
            let Some(rank) = self.rank(value, newcomer) else { continue };
            if best.as_ref().is_none_or(|best| rank > best.rank) {
                best = Some(Candidate { rank, bucket, way, key, value });
            }
        }
        best
    }

    /// Returns how soon an entry goes; `None` if it may not make room for this newcomer.
    fn rank(&self, value: Value, newcomer: u32) -> Option<Rank> {
        let count = self.counts.learned(value.port());
        let may_go = match value.kind() {
            EntryKind::Dynamic => count >= newcomer,
            // A sticky address stays unless its port has more than its share.
            EntryKind::Sticky => count > newcomer,
            EntryKind::Static => false,
        };
        may_go.then(|| (count, value.kind() == EntryKind::Dynamic, Reverse(value.stamp())))
    }
}

/// A guess: enough to tell the oldest from the busy ones.
const SAMPLE: usize = 8;
/// With a quarter of the table full, 128 entries: a port that owns a tenth of all is missed once in a million times.
const WINDOW: usize = 128;

#[cfg(all(test, not(loom)))]
mod tests;
