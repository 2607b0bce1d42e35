//! Which two buckets a key may live in.

use super::bucket::Way;
use super::slot::Key;
use frame::hash::{PI, fold};

/// A keyed hash: two rounds of folded multiplication under a secret of the machine.
///
/// Whoever does not know the secret cannot choose addresses that fall into one bucket.
pub(super) struct Hasher {
    secret: [u64; 4],
    mask: usize,
}

/// The hash of a key: names its two buckets, which differ, and the way of the first that it goes to if that is free.
#[derive(Clone, Copy)]
pub(super) struct Hash(u64);

impl Hash {
    /// Returns the way that the key goes to if it is free: most keys are there, and one look finds them.
    #[inline]
    pub(super) fn way(self) -> Way {
        Way::from_top_bits(self.0)
    }
}

impl Hasher {
    /// `buckets` is a power of two, at least 2.
    pub(super) fn new(secret: [u64; 4], buckets: usize) -> Self {
        let [a, b, c, d] = secret;
        // A secret of few bits, as tests choose, still mixes; multipliers are odd.
        let secret = [a ^ PI[0], (b ^ PI[1]) | 1, c ^ PI[2], (d ^ PI[3]) | 1];
        Self { secret, mask: buckets - 1 }
    }

    #[inline]
    pub(super) fn hash(&self, key: Key) -> Hash {
        let [a, b, c, d] = self.secret;
        Hash(fold(fold(key.bits() ^ a, b) ^ c, d))
    }

    /// Returns the bucket where a key is looked for first.
    #[inline]
    pub(super) fn first(&self, hash: Hash) -> usize {
        hash.0 as usize & self.mask
    }

    /// Returns the other bucket where a key may be.
    pub(super) fn second(&self, hash: Hash) -> usize {
        // An odd distance never leads back to the first.
        self.first(hash) ^ ((hash.0 >> 24) as usize & self.mask | 1)
    }

    /// Returns the bucket where a key may be that is not this one.
    pub(super) fn other(&self, key: Key, bucket: usize) -> usize {
        let hash = self.hash(key);
        if bucket == self.first(hash) { self.second(hash) } else { self.first(hash) }
    }
}
