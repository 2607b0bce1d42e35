//! Queues of a fixed size.

use alloc::boxed::Box;
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicUsize, Ordering};

/// A queue that any thread may push to and pop from, under any lock.
///
/// No call waits for a thread that was stopped within another: what it had begun to push is not there yet, and what it
/// had begun to pop is still in the way. On one processor a thread of a high priority that waited for it in circles would
/// keep it from going on.
pub(crate) struct Ring<T> {
    /// As many as a power of two.
    slots: Box<[Slot<T>]>,
    /// The turn that is pushed next, and the one that is popped next. They go on from the end of the slots.
    tail: AtomicUsize,
    head: AtomicUsize,
}

struct Slot<T> {
    /// The turn whose push the slot waits for, or one more when the value of that turn is in it.
    stamp: AtomicUsize,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: a value is written and read by the one thread that has won the slot's turn, in this order, which the stamp keeps.
unsafe impl<T: Send> Sync for Ring<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for Ring<T> {}

impl<T> Ring<T> {
    /// Makes a queue of so many, up to the next power of two.
    #[inline(never)]
    pub(crate) fn new(most: usize) -> Self {
        let slot = |turn| Slot { stamp: AtomicUsize::new(turn), value: UnsafeCell::new(MaybeUninit::uninit()) };
        let slots = (0..most.next_power_of_two()).map(slot).collect();
        Self { slots, tail: AtomicUsize::new(0), head: AtomicUsize::new(0) }
    }

    /// Adds one; where there is no room, it comes back.
    #[inline]
    pub(crate) fn push(&self, one: T) -> Result<(), T> {
        let mut turn = self.tail.load(Ordering::Relaxed);
        while let Some(slot) = self.slot(turn) {
            // How far the slot is beyond this turn.
            match slot.stamp.load(Ordering::Acquire).wrapping_sub(turn).cast_signed() {
                0 => match self.win(&self.tail, turn) {
                    Ok(()) => {
                        // SAFETY: this thread has won the turn, and nobody looks at the value before the stamp is set.
                        unsafe { slot.value.get().write(MaybeUninit::new(one)) };
                        slot.stamp.store(turn.wrapping_add(1), Ordering::Release);
                        return Ok(());
                    }
                    Err(other) => turn = other,
                },
                // The value of the turn before is in it.
                ..0 => break,
                1.. => turn = self.tail.load(Ordering::Relaxed),
            }
        }
        Err(one)
    }

    /// Takes the one that is in it longest.
    #[inline]
    pub(crate) fn pop(&self) -> Option<T> {
        let mut turn = self.head.load(Ordering::Relaxed);
        loop {
            let slot = self.slot(turn)?;
            match slot.stamp.load(Ordering::Acquire).wrapping_sub(turn.wrapping_add(1)).cast_signed() {
                0 => match self.win(&self.head, turn) {
                    Ok(()) => {
                        // SAFETY: the stamp says that the value is there, and this thread has won the turn.
                        let one = unsafe { slot.value.get().read() };
                        slot.stamp.store(turn.wrapping_add(self.slots.len()), Ordering::Release);
                        // SAFETY: as above.
                        return Some(unsafe { one.assume_init() });
                    }
                    Err(other) => turn = other,
                },
                ..0 => return None,
                1.. => turn = self.head.load(Ordering::Relaxed),
            }
        }
    }

    /// Returns whether there is none to be popped at this moment.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        let turn = self.head.load(Ordering::Relaxed);
        let stamp = self.slot(turn).map_or(turn, |slot| slot.stamp.load(Ordering::Acquire));
        stamp.wrapping_sub(turn.wrapping_add(1)).cast_signed() < 0
    }

    /// Returns whether there is no room at this moment.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        let (head, tail) = (self.head.load(Ordering::Relaxed), self.tail.load(Ordering::Relaxed));
        // The head may have gone on since.
        tail.wrapping_sub(head).cast_signed() >= self.slots.len().cast_signed()
    }

    #[inline]
    fn slot(&self, turn: usize) -> Option<&Slot<T>> {
        self.slots.get(turn & self.slots.len().wrapping_sub(1))
    }

    /// Takes a turn of an end, or returns which is next there.
    #[inline]
    fn win(&self, end: &AtomicUsize, turn: usize) -> Result<(), usize> {
        let next = turn.wrapping_add(1);
        end.compare_exchange_weak(turn, next, Ordering::Relaxed, Ordering::Relaxed).map(drop)
    }
}

impl<T> Drop for Ring<T> {
    fn drop(&mut self) {
        while self.pop().is_some() {}
    }
}

#[cfg(test)]
mod tests;
