//! Numbers that nobody guesses.

use super::imports::secure_random_value;

/// Returns a number of 64 bits.
pub(crate) fn number() -> u64 {
    // SAFETY: it has no precondition.
    let high = unsafe { secure_random_value() };
    // SAFETY: as above.
    let low = unsafe { secure_random_value() };
    u64::from(high) << 32 | u64::from(low)
}

/// Returns a key.
pub(crate) fn secret() -> [u64; 4] {
    core::array::from_fn(|_| number())
}
