//! Atomics, from `core` or, under `cfg(loom)`, from the model checker; and the lock of those who write tables.

#[cfg(not(loom))]
pub(crate) use core::sync::atomic::{AtomicBool, AtomicU16, AtomicU32, AtomicU64, Ordering};
#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU16, AtomicU32, AtomicU64, Ordering};

/// Excludes writers from one another; readers do not know of it.
///
/// It guards no data of its own: everything written under it is atomic, because readers look at any moment.
pub(crate) struct WriterLock(AtomicBool);

/// The right to write, until dropped.
pub(crate) struct Writing<'a>(&'a AtomicBool);

impl WriterLock {
    pub(crate) fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Takes the lock, or gives up after a bounded wait of a few hundred nanoseconds: for the data path.
    #[inline]
    pub(crate) fn try_lock(&self) -> Option<Writing<'_>> {
        for _ in 0..TRIES {
            if let Some(writing) = self.attempt() {
                return Some(writing);
            }
            pause();
        }
        None
    }

    /// Takes the lock, waiting as long as it takes: for the control thread.
    pub(crate) fn lock(&self) -> Writing<'_> {
        loop {
            if let Some(writing) = self.attempt() {
                return writing;
            }
            pause();
        }
    }

    fn attempt(&self) -> Option<Writing<'_>> {
        // Looking first keeps the line shared among those who wait.
        if self.0.load(Ordering::Relaxed) {
            return None;
        }
        self.0.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok().then_some(Writing(&self.0))
    }
}

impl Writing<'_> {
    /// Keeps the lock for ever: nobody writes again.
    pub(crate) fn keep(self) {
        core::mem::forget(self);
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

fn pause() {
    #[cfg(not(loom))]
    core::hint::spin_loop();
    #[cfg(loom)]
    loom::thread::yield_now();
}

/// A guess: about the time that four insertions take.
const TRIES: u32 = if cfg!(loom) { 2 } else { 128 };
