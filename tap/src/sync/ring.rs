//! A bounded queue as `crossbeam_queue::ArrayQueue` is, on the model checker's atomics.
//!
//! What the gates rely on is kept: a value is visible by its slot's stamp alone, whose store orders nothing after it.

use alloc::boxed::Box;
use loom::sync::Mutex;
use loom::sync::atomic::{AtomicUsize, Ordering, fence};

pub(crate) struct Queue<T> {
    head: AtomicUsize,
    tail: AtomicUsize,
    slots: Box<[Slot<T>]>,
}

/// The stamp is twice the lap's position when the slot is free, and one more when it is full.
struct Slot<T> {
    stamp: AtomicUsize,
    value: Mutex<Option<T>>,
}

impl<T> Queue<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        let slot = |at| Slot { stamp: AtomicUsize::new(2 * at), value: Mutex::new(None) };
        Self { head: AtomicUsize::new(0), tail: AtomicUsize::new(0), slots: (0..capacity).map(slot).collect() }
    }

    pub(crate) fn push(&self, value: T) -> Result<(), T> {
        loop {
            let tail = self.tail.load(Ordering::Relaxed);
            let slot = &self.slots[tail % self.slots.len()];
            if slot.stamp.load(Ordering::Acquire) == 2 * tail {
                if self.tail.compare_exchange(tail, tail + 1, Ordering::SeqCst, Ordering::Relaxed).is_ok() {
                    *slot.value.lock().unwrap() = Some(value);
                    slot.stamp.store(2 * tail + 1, Ordering::Release);
                    return Ok(());
                }
            } else {
                fence(Ordering::SeqCst);
                if self.head.load(Ordering::Relaxed) + self.slots.len() == tail {
                    return Err(value);
                }
                loom::thread::yield_now();
            }
        }
    }

    pub(crate) fn pop(&self) -> Option<T> {
        loop {
            let head = self.head.load(Ordering::Relaxed);
            let slot = &self.slots[head % self.slots.len()];
            if slot.stamp.load(Ordering::Acquire) == 2 * head + 1 {
                if self.head.compare_exchange(head, head + 1, Ordering::SeqCst, Ordering::Relaxed).is_ok() {
                    let value = slot.value.lock().unwrap().take();
                    slot.stamp.store(2 * (head + self.slots.len()), Ordering::Release);
                    return value;
                }
            } else {
                fence(Ordering::SeqCst);
                if self.tail.load(Ordering::Relaxed) == head {
                    return None;
                }
                loom::thread::yield_now();
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        // In this order, so that the difference is not negative.
        let head = self.head.load(Ordering::SeqCst);
        self.tail.load(Ordering::SeqCst) - head
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len() >= self.slots.len()
    }
}
