//! Which two buckets a key may live in.

use super::slot::Key;

/// A keyed hash: two rounds of folded multiplication under a secret of the machine.
///
/// Whoever does not know the secret cannot choose addresses that fall into one bucket.
pub(super) struct Hasher {
    secret: [u64; 4],
    mask: usize,
}

/// The buckets of one key; they differ.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Pair {
    pub(super) first: usize,
    pub(super) second: usize,
}

impl Pair {
    /// Returns the bucket of the pair that is not this one.
    pub(super) fn other(self, bucket: usize) -> usize {
        if bucket == self.first { self.second } else { self.first }
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
    pub(super) fn pair(&self, key: Key) -> Pair {
        let [a, b, c, d] = self.secret;
        let hash = fold(fold(key.bits() ^ a, b) ^ c, d);
        let first = hash as usize & self.mask;
        // An odd distance never leads back to the first bucket.
        let second = first ^ ((hash >> 32) as usize & self.mask | 1);
        Pair { first, second }
    }
}

#[inline]
fn fold(x: u64, y: u64) -> u64 {
    let product = u128::from(x) * u128::from(y);
    product as u64 ^ (product >> 64) as u64
}

/// The fraction of pi: bits that nobody chose.
const PI: [u64; 4] = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344, 0xa409_3822_299f_31d0, 0x082e_fa98_ec4e_6c89];
