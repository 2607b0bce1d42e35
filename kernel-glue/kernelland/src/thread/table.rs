//! All threads, by number.

use super::{Thread, locked};
use haiku_abi::thread_id;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering::Relaxed};

/// Enters a thread under its number.
pub(super) fn enter(thread: Thread) -> &'static Thread {
    let thread: &'static Thread = Box::leak(Box::new(thread));
    locked(&THREADS).insert(thread.id, thread);
    thread
}

/// Forgets a thread; its record stays.
pub(super) fn leave(thread: &Thread) {
    DEEPEST_OF_ENDED.fetch_max(thread.deepest.load(Relaxed), Relaxed);
    locked(&THREADS).remove(&thread.id);
}

/// Returns the thread of a number, if it has not ended.
pub(crate) fn find(id: thread_id) -> Option<&'static Thread> {
    locked(&THREADS).get(&id).copied()
}

/// Returns the first living thread of a name.
pub(crate) fn find_by_name(name: &str) -> Option<&'static Thread> {
    all().into_iter().find(|thread| thread.name == name && thread.is_alive())
}

/// Returns every thread in the order of their numbers.
pub(crate) fn all() -> Vec<&'static Thread> {
    locked(&THREADS).values().copied().collect()
}

/// Returns how deep a kernel stack has been at most.
pub(crate) fn deepest_stack() -> usize {
    let of_living = all().iter().map(|thread| thread.deepest.load(Relaxed)).max();
    of_living.unwrap_or(0).max(DEEPEST_OF_ENDED.load(Relaxed))
}

pub(super) fn next_id() -> thread_id {
    NEXT.fetch_add(1, Relaxed)
}

static DEEPEST_OF_ENDED: AtomicUsize = AtomicUsize::new(0);
static THREADS: Mutex<BTreeMap<thread_id, &'static Thread>> = Mutex::new(BTreeMap::new());
/// Low numbers are left to be wrong ones.
static NEXT: AtomicI32 = AtomicI32::new(100);
