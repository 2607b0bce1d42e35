//! The Internet checksum (RFC 1071), in the order that bytes have in memory.

/// Adds bytes that begin at an even place, as words of this machine's byte order.
pub(crate) fn sum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<2>();
    let sum: u64 = words.iter().map(|&word| u64::from(u16::from_ne_bytes(word))).sum();
    sum + rest.first().map_or(0, |&last| u64::from(u16::from_ne_bytes([last, 0])))
}

/// What `sum` is for bytes that begin at an odd place.
pub(crate) fn swapped(sum: u64) -> u64 {
    u64::from(fold(sum).swap_bytes())
}

/// Folds carries back in until 16 bits are left.
pub(crate) fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}
