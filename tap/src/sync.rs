//! Atomics, locks and the bounded queue; under `cfg(loom)` those of the model checker.

#[cfg(not(loom))]
pub(crate) use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering, fence};
#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering, fence};

#[cfg(not(loom))]
pub(crate) use crossbeam_queue::ArrayQueue as Queue;
#[cfg(loom)]
pub(crate) use ring::Queue;

/// A lock held for a few dozen instructions, never while anyone else's code runs.
#[cfg(not(loom))]
pub(crate) type Lock<T> = spin::mutex::Mutex<T, Yield>;
/// As [`Lock`], but those who only look do not exclude one another.
#[cfg(not(loom))]
pub(crate) type SharedLock<T> = spin::rwlock::RwLock<T, Yield>;

/// Says how a thread waits for a lock that another holds, once for all devices. Without this it turns in circles, which
/// is right where the holder runs; where threads of a kernel are stopped at any place, it must let the holder go on.
#[cfg(not(loom))]
pub fn wait_by(wait: fn()) {
    WAIT.call_once(|| wait);
}

#[cfg(not(loom))]
static WAIT: spin::Once<fn()> = spin::Once::new();

#[cfg(not(loom))]
pub(crate) struct Yield;

#[cfg(not(loom))]
impl spin::RelaxStrategy for Yield {
    #[inline]
    fn relax() {
        match WAIT.get() {
            Some(wait) => wait(),
            None => core::hint::spin_loop(),
        }
    }
}

#[cfg(loom)]
pub(crate) use locks::{Lock, SharedLock};

/// Keeps what two threads write off one another's cache lines; 128 bytes, because x86 fetches lines in pairs.
#[derive(Default)]
#[repr(align(128))]
pub(crate) struct Apart<T>(pub(crate) T);

#[cfg(loom)]
mod locks;
#[cfg(loom)]
mod ring;
