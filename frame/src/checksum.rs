//! The Internet checksum (RFC 1071) and the pseudo headers it covers.

/// A one's complement sum under way.
///
/// It is kept in the byte order of this machine: the sum in the other order is the same with its octets swapped
/// (RFC 1071 §2 (B)), so octets are loaded and stored as they lie.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Sum(u64);

impl Sum {
    /// Returns the sum of a pseudo header, its length left out (IPv4: RFC 9293 §3.1; IPv6: RFC 8200 §8.1).
    ///
    /// `addresses` are source and final destination as they lie in the header; both versions sum alike.
    pub fn pseudo(addresses: &[u8], protocol: u8) -> Self {
        Self::default().bytes(addresses).word(u16::from(protocol))
    }

    /// Returns the sum with `bytes` added.
    ///
    /// Every piece but the last has an even length; an odd last octet counts as if a zero followed it.
    #[inline]
    #[must_use]
    pub fn bytes(self, bytes: &[u8]) -> Self {
        let (words, tail) = bytes.as_chunks::<4>();
        let mut last = [0; 4];
        for (to, from) in last.iter_mut().zip(tail) {
            *to = *from;
        }
        // The carries gather in the upper half: it overflows only past 16 GiB.
        let sum = words.iter().fold(self.0, |sum, word| sum.wrapping_add(u64::from(u32::from_ne_bytes(*word))));
        Self(sum.wrapping_add(u64::from(u32::from_ne_bytes(last))))
    }

    /// Returns the sum with a number added, as it stands on the wire.
    #[inline]
    #[must_use]
    pub fn word(self, number: u16) -> Self {
        Self(self.0.wrapping_add(u64::from(number.to_be())))
    }

    /// Returns the sum with the length of a pseudo header added.
    #[inline]
    #[must_use]
    pub fn length(self, bytes: u32) -> Self {
        self.bytes(&bytes.to_be_bytes())
    }

    /// Returns the sum with such a length taken out again, by adding its complement.
    #[inline]
    #[must_use]
    pub fn without_length(self, bytes: u32) -> Self {
        self.length(!bytes)
    }

    /// Returns the checksum, the complement of the sum, as it stands on the wire.
    #[inline]
    pub fn checksum(self) -> [u8; 2] {
        let mut sum = self.0;
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        (!(sum as u16)).to_ne_bytes()
    }
}

/// Returns a checksum after a number that it covers has changed (RFC 1624 §3, equation 3).
#[must_use]
pub fn changed(checksum: [u8; 2], old: u16, new: u16) -> [u8; 2] {
    Sum::default().word(!u16::from_be_bytes(checksum)).word(!old).word(new).checksum()
}

/// Returns a UDP checksum as sent: zero would say that there is none (RFC 768, RFC 8200 §8.1).
#[inline]
pub(crate) fn never_zero(checksum: [u8; 2]) -> [u8; 2] {
    if checksum == [0, 0] { [0xff, 0xff] } else { checksum }
}

#[cfg(test)]
mod tests;
