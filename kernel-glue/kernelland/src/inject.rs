//! Allocations that fail on purpose: one counter for memory, object caches, semaphores and threads of module code.

use crate::loader;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// Has the allocations of modules below a directory neither counted nor fail: Haiku's own stack does not survive that.
pub(crate) fn spare(modules: PathBuf) {
    // A process has one kernel, which says so once.
    let _ = SPARED.set(modules);
}

/// Counts an allocation of the code at `caller`, and says whether this one is to fail.
pub(crate) fn fails(caller: usize) -> bool {
    let is_below = |spared: &PathBuf| loader::path(caller).is_some_and(|path| path.starts_with(spared));
    if SPARED.get().is_some_and(is_below) {
        return false;
    }
    let number = COUNT.fetch_add(1, SeqCst).wrapping_add(1);
    number == ONE.load(SeqCst) || number >= FROM.load(SeqCst)
}

/// Lets the `n`th allocation from here fail, 1 being the next; 0 lets none fail.
pub(crate) fn fail_one(n: u64) {
    FROM.store(u64::MAX, SeqCst);
    ONE.store(if n == 0 { 0 } else { count().wrapping_add(n) }, SeqCst);
}

/// Lets every allocation from the `n`th on fail; 0 lets none fail.
pub(crate) fn fail_from(n: u64) {
    ONE.store(0, SeqCst);
    FROM.store(if n == 0 { u64::MAX } else { count().wrapping_add(n) }, SeqCst);
}

/// Returns how many allocations there were, failed ones too.
pub(crate) fn count() -> u64 {
    COUNT.load(SeqCst)
}

static SPARED: OnceLock<PathBuf> = OnceLock::new();
static COUNT: AtomicU64 = AtomicU64::new(0);
static ONE: AtomicU64 = AtomicU64::new(0);
static FROM: AtomicU64 = AtomicU64::new(u64::MAX);
