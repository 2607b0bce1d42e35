//! Allocations that fail on purpose: one counter for memory, object caches, semaphores and threads of module code.

use crate::guests;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// Counts an allocation of the code at `caller`, and says whether this one is to fail. Those of guests are not counted and do
/// not fail: Haiku's own stack does not survive that.
pub(crate) fn fails(caller: usize) -> bool {
    if guests::are_at(caller) {
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

static COUNT: AtomicU64 = AtomicU64::new(0);
static ONE: AtomicU64 = AtomicU64::new(0);
static FROM: AtomicU64 = AtomicU64::new(u64::MAX);
