//! Queues of a fixed size.

use crate::kernel::Spin;
use alloc::collections::VecDeque;
use core::sync::atomic::{AtomicUsize, Ordering};

/// A queue that any thread may push to and pop from.
///
/// Queues without a lock are not for the kernel: one whose thread is stopped in the middle of a push has others turn in
/// circles until it goes on, and a bridge's worker, whose priority is high, may keep it from that. Here they sleep.
pub(crate) struct Ring<T> {
    /// It never grows.
    queue: Spin<VecDeque<T>>,
    most: usize,
    /// How many there are, to be looked at without the lock.
    length: AtomicUsize,
}

impl<T> Ring<T> {
    /// Makes a queue of at most so many.
    #[inline(never)]
    pub(crate) fn new(most: usize) -> Self {
        Self { queue: Spin::new(VecDeque::with_capacity(most)), most, length: AtomicUsize::new(0) }
    }

    /// Adds one; where there is no room, it comes back.
    #[inline]
    pub(crate) fn push(&self, one: T) -> Result<(), T> {
        let mut queue = self.queue.lock();
        if queue.len() >= self.most {
            return Err(one);
        }
        queue.push_back(one);
        self.length.store(queue.len(), Ordering::Release);
        Ok(())
    }

    /// Takes the one that is in it longest.
    #[inline]
    pub(crate) fn pop(&self) -> Option<T> {
        if self.is_empty() {
            return None;
        }
        let mut queue = self.queue.lock();
        let one = queue.pop_front();
        self.length.store(queue.len(), Ordering::Release);
        one
    }

    /// Returns whether there is none.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.length.load(Ordering::Acquire) == 0
    }

    /// Returns whether there is no room.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.length.load(Ordering::Acquire) >= self.most
    }
}

#[cfg(test)]
mod tests;
