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
pub(crate) type Lock<T> = spin::Mutex<T>;
/// As [`Lock`], but those who only look do not exclude one another.
#[cfg(not(loom))]
pub(crate) type SharedLock<T> = spin::RwLock<T>;

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
