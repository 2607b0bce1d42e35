//! The Internet checksum (RFC 1071), of headers and of what changes in them.

/// A one's complement sum under way, of numbers as they stand on the wire.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum(u32);

impl Sum {
    /// Returns the sum with `bytes` added, of which there are at most 64 KiB in all; an odd last octet counts as if a
    /// zero followed it, so only the last piece has one.
    #[must_use]
    pub(crate) fn bytes(self, bytes: &[u8]) -> Self {
        let (words, tail) = bytes.as_chunks::<2>();
        let odd = tail.first().map_or(0, |&octet| u32::from(octet) << 8);
        Self(words.iter().fold(self.0 + odd, |sum, word| sum + u32::from(u16::from_be_bytes(*word))))
    }

    /// Returns the sum with a number added.
    #[must_use]
    pub(crate) fn word(self, number: u16) -> Self {
        Self(self.0 + u32::from(number))
    }

    /// Returns the checksum as it stands on the wire: the complement of the sum.
    pub(crate) fn checksum(self) -> [u8; 2] {
        let once = (self.0 & 0xffff) + (self.0 >> 16);
        let twice = (once & 0xffff) + (once >> 16);
        (!(twice as u16)).to_be_bytes()
    }
}

/// Returns a checksum after a number that it covers has changed (RFC 1624 §3, equation 3).
pub(crate) fn changed(checksum: [u8; 2], old: u16, new: u16) -> [u8; 2] {
    Sum::default().word(!u16::from_be_bytes(checksum)).word(!old).word(new).checksum()
}
