//! Who waits for a lock, by the lock's address.
//!
//! The structures have a word for the queue, but static ones are never initialised and freed ones not always destroyed: so
//! nothing of ours lives in them.

use crate::thread::{Thread, locked};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard};

/// A thread that waits for a lock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiter {
    pub(super) thread: &'static Thread,
    pub(super) wants: Wants,
}

/// What it waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Wants {
    Reading,
    Writing,
}

/// The queues of some locks, while they are held.
pub(super) struct Queues(MutexGuard<'static, BTreeMap<usize, VecDeque<Waiter>>>);

impl Queues {
    /// Locks the queue of the lock at `address`, and with it the lock's own state.
    pub(super) fn lock(address: usize) -> Self {
        // Locks are at least 8 bytes apart.
        let shards: &'static [_] = &SHARDS;
        let shard = shards.get((address / 8) % shards.len()).unwrap_or(&SHARDS[0]);
        Self(locked(shard))
    }

    pub(super) fn push(&mut self, address: usize, waiter: Waiter) {
        self.0.entry(address).or_default().push_back(waiter);
    }

    pub(super) fn first(&self, address: usize) -> Option<Waiter> {
        self.0.get(&address)?.front().copied()
    }

    pub(super) fn pop(&mut self, address: usize) -> Option<Waiter> {
        let queue = self.0.get_mut(&address)?;
        let first = queue.pop_front();
        if queue.is_empty() {
            self.0.remove(&address);
        }
        first
    }

    /// Takes a thread out; says whether it was still there.
    pub(super) fn remove(&mut self, address: usize, thread: &Thread) -> bool {
        let Some(queue) = self.0.get_mut(&address) else { return false };
        let before = queue.len();
        queue.retain(|waiter| waiter.thread.id != thread.id);
        let removed = queue.len() != before;
        if queue.is_empty() {
            self.0.remove(&address);
        }
        removed
    }
}

static SHARDS: [Mutex<BTreeMap<usize, VecDeque<Waiter>>>; 61] = [const { Mutex::new(BTreeMap::new()) }; 61];
