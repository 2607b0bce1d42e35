//! The neighbours of a link: a hash table of fixed size, and when which of them is due.

mod entry;

use crate::address::Key;
use alloc::boxed::Box;
use alloc::vec::Vec;
pub(crate) use entry::{Entry, Phase};
use frame::Instant;
use frame::hash::{PI, fold};

/// How many neighbours a link knows.
pub const MAX_NEIGHBOURS: usize = 1024;

/// Places of the index, four a neighbour: two in three lookups of a full table meet nobody else's.
const INDEX: usize = 4 * MAX_NEIGHBOURS;
/// No neighbour.
const NONE: u16 = u16::MAX;
/// Not due.
const NEVER: Instant = Instant::from_micros(u64::MAX);

/// Where a neighbour is; valid until it is removed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Id(u16);

/// The table. An index of small numbers, open-addressed, leads to entries that stay where they are; never full, it
/// has an end to each search.
pub(crate) struct Cache {
    index: Box<[u16]>,
    entries: Box<[Option<Entry>]>,
    /// When each is due, by itself: the earliest is found by running over 8 KiB.
    due: Box<[Instant]>,
    earliest: Instant,
    free: Vec<u16>,
    secret: [u64; 4],
}

impl Cache {
    pub(crate) fn new(secret: [u64; 4]) -> Self {
        let [a, b, c, d] = secret;
        let mut cache = Self {
            index: (0..INDEX).map(|_| NONE).collect(),
            entries: (0..MAX_NEIGHBOURS).map(|_| None).collect(),
            due: (0..MAX_NEIGHBOURS).map(|_| NEVER).collect(),
            earliest: NEVER,
            free: Vec::with_capacity(MAX_NEIGHBOURS),
            // A secret of few bits still mixes; the multiplier is odd.
            secret: [a ^ PI[0], b ^ PI[1], c ^ PI[2], (d ^ PI[3]) | 1],
        };
        cache.clear();
        cache
    }

    /// Removes all.
    pub(crate) fn clear(&mut self) {
        self.index.fill(NONE);
        self.entries.fill(None);
        self.due.fill(NEVER);
        self.earliest = NEVER;
        self.free.clear();
        self.free.extend((0..MAX_NEIGHBOURS as u16).rev());
    }

    #[inline]
    pub(crate) fn find(&self, key: Key) -> Option<Id> {
        self.search(key).map(|(id, _)| id)
    }

    /// Returns what is known of an address.
    #[inline]
    pub(crate) fn lookup(&self, key: Key) -> Option<&Entry> {
        self.search(key).map(|(_, entry)| entry)
    }

    pub(crate) fn find_mut(&mut self, key: Key) -> Option<&mut Entry> {
        let id = self.find(key)?;
        self.get_mut(id)
    }

    #[inline]
    fn search(&self, key: Key) -> Option<(Id, &Entry)> {
        let mut place = self.home(key);
        loop {
            let id = *self.index.get(place)?;
            let entry = self.entries.get(usize::from(id))?.as_ref()?;
            if entry.key == key {
                return Some((Id(id), entry));
            }
            place = (place + 1) % INDEX;
        }
    }

    #[inline]
    pub(crate) fn get(&self, id: Id) -> Option<&Entry> {
        self.entries.get(usize::from(id.0))?.as_ref()
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, id: Id) -> Option<&mut Entry> {
        self.entries.get_mut(usize::from(id.0))?.as_mut()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Id, &Entry)> + '_ {
        let ids = (0..).map(Id);
        ids.zip(&self.entries).filter_map(|(id, entry)| Some((id, entry.as_ref()?)))
    }

    pub(crate) fn is_full(&self) -> bool {
        self.free.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        MAX_NEIGHBOURS - self.free.len()
    }

    /// Adds a neighbour that is not in the table; `None` where there is no room.
    pub(crate) fn insert(&mut self, entry: Entry) -> Option<Id> {
        let id = self.free.pop()?;
        let mut place = self.home(entry.key);
        while *self.index.get(place)? != NONE {
            place = (place + 1) % INDEX;
        }
        *self.index.get_mut(place)? = id;
        *self.entries.get_mut(usize::from(id))? = Some(entry);
        Some(Id(id))
    }

    /// Removes a neighbour; those behind it in the index move up.
    pub(crate) fn remove(&mut self, id: Id) -> Option<Entry> {
        self.set_due(id, None);
        let entry = self.entries.get_mut(usize::from(id.0))?.take()?;
        self.free.push(id.0);
        let mut hole = self.home(entry.key);
        while *self.index.get(hole)? != id.0 {
            hole = (hole + 1) % INDEX;
        }
        let mut place = hole;
        loop {
            place = (place + 1) % INDEX;
            let candidate = *self.index.get(place)?;
            let Some(home) = self.get(Id(candidate)).map(|other| self.home(other.key)) else { break };
            // It may only move to a place that a search from its home meets.
            if (place + INDEX - home) % INDEX >= (place + INDEX - hole) % INDEX {
                *self.index.get_mut(hole)? = candidate;
                hole = place;
            }
        }
        *self.index.get_mut(hole)? = NONE;
        Some(entry)
    }

    /// Sets when a neighbour is due; `None` is never.
    pub(crate) fn set_due(&mut self, id: Id, at: Option<Instant>) {
        let at = at.unwrap_or(NEVER);
        let Some(due) = self.due.get_mut(usize::from(id.0)) else { return };
        let before = core::mem::replace(due, at);
        if at <= self.earliest {
            self.earliest = at;
        } else if before == self.earliest {
            self.earliest = self.due.iter().copied().min().unwrap_or(NEVER);
        }
    }

    /// Returns one that is due.
    pub(crate) fn due(&self, now: Instant) -> Option<Id> {
        if self.earliest > now {
            return None;
        }
        (0..).zip(&self.due).find(|&(_, &at)| at <= now).map(|(id, _)| Id(id))
    }

    /// Returns when the next is due.
    pub(crate) fn due_at(&self) -> Option<Instant> {
        (self.earliest != NEVER).then_some(self.earliest)
    }

    /// A keyed hash: folded multiplication. Whoever does not know the secret cannot choose addresses that collide.
    #[inline]
    fn home(&self, key: Key) -> usize {
        let [a, b, c, d] = self.secret;
        let (high, low) = ((key.bits() >> 64) as u64, key.bits() as u64);
        fold(fold(high ^ a, low ^ b) ^ c, d) as usize % INDEX
    }
}

#[cfg(test)]
mod tests;
