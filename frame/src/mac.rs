//! EUI-48 addresses (IEEE 802-2014 §8.2).

use core::fmt;
use core::str::FromStr;

/// An Ethernet MAC address, in transmission order.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// ff:ff:ff:ff:ff:ff.
    pub const BROADCAST: Self = Self([0xff; 6]);
    /// 00:00:00:00:00:00, which names no station.
    pub const ZERO: Self = Self([0; 6]);
    /// The Bridge Group Address, where spanning tree speaks (802.1D-2004 §7.12.3, Table 7-9).
    pub const BRIDGE_GROUP: Self = Self([0x01, 0x80, 0xc2, 0, 0, 0]);

    /// Returns whether the address names a group: the I/G bit is set.
    pub const fn is_group(self) -> bool {
        self.0[0] & 1 == 1
    }

    /// Returns whether this is the broadcast address.
    pub const fn is_broadcast(self) -> bool {
        self.to_u64() == 0xffff_ffff_ffff
    }

    /// Returns whether a bridge must not relay frames to it: 01-80-C2-00-00-00 to -0F
    /// (802.1D-2004 §7.12.6, Table 7-10; 802.1Q Table 8-1).
    pub const fn is_link_local(self) -> bool {
        self.to_u64() & !0xf == 0x0180_c200_0000
    }

    /// Returns the address as the low 48 bits of an integer, first octet most significant.
    #[inline]
    pub const fn to_u64(self) -> u64 {
        let [a, b, c, d, e, f] = self.0;
        u64::from_be_bytes([0, 0, a, b, c, d, e, f])
    }

    /// Takes the low 48 bits of `bits`, first octet most significant.
    #[inline]
    pub const fn from_u64(bits: u64) -> Self {
        let [_, _, a, b, c, d, e, f] = bits.to_be_bytes();
        Self([a, b, c, d, e, f])
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, f] = self.0;
        write!(out, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
    }
}

/// Text that is not six hexadecimal octets joined by `:`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ParseMacError;

impl fmt::Display for ParseMacError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("not six hexadecimal octets joined by ':'")
    }
}

impl core::error::Error for ParseMacError {}

impl FromStr for Mac {
    type Err = ParseMacError;

    /// Parses what `ether_aton(3)` takes: six groups of one or two hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, ParseMacError> {
        let mut octets = [0; 6];
        let mut groups = text.split(':');
        for octet in &mut octets {
            let group = groups.next().ok_or(ParseMacError)?;
            if !matches!(group.len(), 1 | 2) || !group.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(ParseMacError);
            }
            *octet = u8::from_str_radix(group, 16).map_err(|_| ParseMacError)?;
        }
        match groups.next() {
            None => Ok(Self(octets)),
            Some(_) => Err(ParseMacError),
        }
    }
}

#[cfg(feature = "serde")]
mod serde_text {
    extern crate alloc;
    use super::Mac;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    impl Serialize for Mac {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            to.collect_str(self)
        }
    }

    impl<'de> Deserialize<'de> for Mac {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            let text = alloc::string::String::deserialize(from)?;
            text.parse().map_err(D::Error::custom)
        }
    }
}

#[cfg(test)]
mod tests;
