//! VLAN tags (IEEE 802.1Q-2018 §9).

use crate::EtherType;
use core::fmt;
use core::num::NonZeroU16;

/// A VLAN ID, 1..=4094; 0 and 4095 do not name a VLAN (802.1Q-2018 §9.6, Table 9-2).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Vid(NonZeroU16);

impl Vid {
    /// The lowest VLAN ID.
    pub const MIN: Self = Self(NonZeroU16::MIN);

    /// Returns the VLAN of that number, `None` outside 1..=4094.
    pub const fn new(number: u16) -> Option<Self> {
        match NonZeroU16::new(number) {
            Some(vid) if vid.get() < 4095 => Some(Self(vid)),
            _ => None,
        }
    }

    /// Returns the number.
    #[inline]
    pub const fn get(self) -> u16 {
        self.0.get()
    }
}

impl fmt::Display for Vid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// Which tag a bridge inserts: its tag protocol identifier.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Tpid {
    /// A customer tag, 0x8100.
    #[default]
    Dot1q,
    /// A service tag, 0x88a8.
    Dot1ad,
}

impl Tpid {
    /// Returns the EtherType that announces the tag.
    pub const fn ether_type(self) -> EtherType {
        match self {
            Self::Dot1q => EtherType::VLAN,
            Self::Dot1ad => EtherType::QINQ,
        }
    }

    /// Returns the name that `ifvlanproto` takes and prints.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dot1q => "802.1q",
            Self::Dot1ad => "802.1ad",
        }
    }
}

/// One VLAN tag as it stands on the wire.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Tag {
    /// The EtherType that announced the tag.
    pub tpid: EtherType,
    /// Priority 3 bits, drop eligible 1 bit, VLAN ID 12 bits (802.1Q-2018 §9.6).
    pub tci: u16,
}

impl Tag {
    /// Returns the VLAN ID field, 0..=4095.
    pub const fn vid_field(self) -> u16 {
        self.tci & 0x0fff
    }

    /// Returns the same tag with another VLAN ID; priority and drop eligibility stay.
    pub const fn with_vid(self, vid: Vid) -> Self {
        Self { tpid: self.tpid, tci: self.tci & 0xf000 | vid.get() }
    }

    /// Returns the four octets in transmission order.
    pub const fn octets(self) -> [u8; 4] {
        let [a, b] = self.tpid.0.to_be_bytes();
        let [c, d] = self.tci.to_be_bytes();
        [a, b, c, d]
    }
}

#[cfg(feature = "serde")]
mod serde_number {
    use super::{Tpid, Vid};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    impl Serialize for Vid {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            to.serialize_u16(self.get())
        }
    }

    impl<'de> Deserialize<'de> for Vid {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            let number = u16::deserialize(from)?;
            Self::new(number).ok_or_else(|| D::Error::custom("VLAN ID outside 1..4094"))
        }
    }

    impl Serialize for Tpid {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            to.serialize_str(self.name())
        }
    }

    impl<'de> Deserialize<'de> for Tpid {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            extern crate alloc;
            match alloc::string::String::deserialize(from)?.as_str() {
                "802.1q" => Ok(Self::Dot1q),
                "802.1ad" => Ok(Self::Dot1ad),
                _ => Err(D::Error::custom("VLAN protocol is neither 802.1q nor 802.1ad")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vid_bounds() {
        for (number, ok) in [(0, false), (1, true), (4094, true), (4095, false), (4096, false), (u16::MAX, false)] {
            assert_eq!(Vid::new(number).is_some(), ok, "{number}");
        }
    }

    #[test]
    fn a_new_vid_keeps_the_priority() {
        let tag = Tag { tpid: EtherType::VLAN, tci: 0xb00a };
        assert_eq!(tag.vid_field(), 10);
        assert_eq!(tag.with_vid(Vid::new(4094).unwrap()).octets(), [0x81, 0x00, 0xbf, 0xfe]);
    }
}
