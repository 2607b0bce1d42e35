//! The sum that checksums of the Internet are made of.

/// Adds up 16-bit words (RFC 1071), without the carries.
pub fn sum(bytes: &[u8]) -> u64 {
    bytes.chunks(2).map(|pair| u64::from(pair[0]) << 8 | u64::from(*pair.get(1).unwrap_or(&0))).sum()
}
