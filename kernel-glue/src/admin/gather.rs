//! Maps and sets made entry by entry.
//!
//! As the standard library collects them, they are sorted at first, in 4 KiB of the stack, and a kernel thread has 16.

use alloc::collections::{BTreeMap, BTreeSet};

/// Gathers a map. Of entries with the same key the last counts.
pub fn map<K: Ord, V>(entries: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    map.extend(entries);
    map
}

/// Gathers a set.
pub fn set<T: Ord>(entries: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    let mut set = BTreeSet::new();
    set.extend(entries);
    set
}
