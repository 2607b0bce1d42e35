//! Four entries in one cache line, written by one and read by all.
//!
//! A key word is `version 4 | key 60`. Key 0 is an empty way; the key of VLAN 4095 and the broadcast address,
//! which no station has, is a way in the middle of being replaced ([`BUSY`]).
//!
//! Whoever writes holds the table's lock, so there is one writer. It replaces an entry in three steps:
//! key := busy; value (release); key (release) with the version increased. A reader loads the key (acquire), the
//! value (acquire) and the key once more, and believes the value if both key words are the same:
//!
//! - the first key load saw the last step of some replacement n, so the value is that of n or of a later one;
//! - if it is of a later one, m, then loading it made the first step of m visible, so the second load of the key
//!   sees that or something after it, which carries another version. (To be fooled a reader would have to sleep
//!   between its loads through a multiple of 16 replacements of that way, ending with the same key.)
//!
//! A value alone may change under its key: to move an entry the writer stores it, to refresh one anybody
//! compare-exchanges its stamp. A refresh can come late, after the way was given to another key, and succeeds only
//! if the value there is the same in every bit: same port, kind, epoch and stamp. Then it makes that other entry
//! look at most as fresh as the moment of the refresh, which is harmless; it can never change a port.

use super::slot::{KEY_MASK, Key, Value};
use crate::sync::{AtomicU64, Ordering};

/// Entries of a bucket.
pub(super) const WAYS: usize = 4;

#[repr(align(64))]
pub(super) struct Bucket {
    keys: [AtomicU64; WAYS],
    values: [AtomicU64; WAYS],
}

/// A place in a bucket, always less than [`WAYS`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Way(usize);

impl Way {
    /// Takes the way that the two most significant bits name.
    #[inline]
    pub(super) fn from_top_bits(bits: u64) -> Self {
        Self((bits >> 62) as usize)
    }

    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..WAYS).map(Self)
    }
}

impl Bucket {
    pub(super) fn new() -> Self {
        Self { keys: core::array::from_fn(|_| AtomicU64::new(0)), values: core::array::from_fn(|_| AtomicU64::new(0)) }
    }

    /// Looks for a key in one way. `None` also if it was replaced at this very moment.
    #[inline]
    pub(super) fn find_at(&self, way: Way, key: Key) -> Option<Value> {
        let word = self.key_word(way).load(Ordering::Acquire);
        if (word ^ key.bits()) & KEY_MASK != 0 {
            return None;
        }
        let value = self.value(way);
        (self.key_word(way).load(Ordering::Relaxed) == word).then_some(value)
    }

    /// Looks for a key in all ways.
    #[inline(always)]
    pub(super) fn find(&self, key: Key) -> Option<(Way, Value)> {
        let [a, b, c, d] = &self.keys;
        // Without branches but one: which way matches cannot be predicted.
        let is_key = |word: &AtomicU64| u32::from((word.load(Ordering::Relaxed) ^ key.bits()) & KEY_MASK == 0);
        let matches = is_key(a) | is_key(b) << 1 | is_key(c) << 2 | is_key(d) << 3;
        if matches == 0 {
            return None;
        }
        let way = Way(matches.trailing_zeros() as usize % WAYS);
        self.find_at(way, key).map(|value| (way, value))
    }

    /// Fetches the bucket into the cache.
    #[inline]
    pub(super) fn touch(&self) {
        let [first, ..] = &self.keys;
        core::hint::black_box(first.load(Ordering::Relaxed));
    }

    /// Returns the entry of a way, if it holds one.
    pub(super) fn entry(&self, way: Way) -> Option<(Key, Value)> {
        let word = self.key_word(way).load(Ordering::Acquire);
        let value = self.value(way);
        let unchanged = self.key_word(way).load(Ordering::Relaxed) == word;
        let key = word & KEY_MASK;
        (unchanged && key != EMPTY && key != BUSY).then(|| (Key::from_bits(key), value))
    }

    #[inline]
    pub(super) fn value(&self, way: Way) -> Value {
        Value(self.value_word(way).load(Ordering::Acquire))
    }

    /// Puts an entry into a way, whatever was there. Under the lock.
    pub(super) fn put(&self, way: Way, key: Key, value: Value) {
        let version = self.claim(way);
        self.fill(way, version, key, value);
    }

    /// Makes a way that is about to be filled unreadable. Under the lock.
    pub(super) fn claim(&self, way: Way) -> Version {
        let word = self.key_word(way);
        let version = word.load(Ordering::Relaxed) & !KEY_MASK;
        word.store(version | BUSY, Ordering::Relaxed);
        Version(version.wrapping_add(KEY_MASK + 1))
    }

    /// Fills a claimed way. Under the lock.
    pub(super) fn fill(&self, way: Way, version: Version, key: Key, value: Value) {
        self.value_word(way).store(value.0, Ordering::Release);
        self.key_word(way).store(version.0 | key.bits(), Ordering::Release);
    }

    /// Gives a key that is there another value. Under the lock.
    pub(super) fn set_value(&self, way: Way, value: Value) {
        self.value_word(way).store(value.0, Ordering::Release);
    }

    /// Empties a way. Under the lock.
    pub(super) fn clear(&self, way: Way) {
        let word = self.key_word(way);
        let version = word.load(Ordering::Relaxed) & !KEY_MASK;
        word.store(version | EMPTY, Ordering::Release);
    }

    /// Replaces a value that is still `old`; `new` may differ in its stamp only. Losing is fine: somebody else
    /// refreshed the entry, or it is not there any more.
    #[inline]
    pub(super) fn refresh(&self, way: Way, old: Value, new: Value) {
        let word = self.value_word(way);
        let _ = word.compare_exchange(old.0, new.0, Ordering::AcqRel, Ordering::Relaxed);
    }

    #[expect(clippy::indexing_slicing, reason = "a Way is less than WAYS")]
    #[inline]
    fn key_word(&self, way: Way) -> &AtomicU64 {
        &self.keys[way.0 % WAYS]
    }

    #[expect(clippy::indexing_slicing, reason = "a Way is less than WAYS")]
    #[inline]
    fn value_word(&self, way: Way) -> &AtomicU64 {
        &self.values[way.0 % WAYS]
    }
}

/// The version that the next key of a way carries, in place.
pub(super) struct Version(u64);

const EMPTY: u64 = 0;
const BUSY: u64 = KEY_MASK;
