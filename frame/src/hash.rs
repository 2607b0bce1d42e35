//! Folded multiplication, of which keyed hashes are made.

/// The fraction of pi: bits that nobody chose, so that a secret of few bits still mixes.
pub const PI: [u64; 4] = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344, 0xa409_3822_299f_31d0, 0x082e_fa98_ec4e_6c89];

/// Returns the product with its halves laid over each other: each bit of either factor reaches all of it.
#[inline]
#[must_use]
pub const fn fold(x: u64, y: u64) -> u64 {
    let product = x as u128 * y as u128;
    product as u64 ^ (product >> 64) as u64
}
