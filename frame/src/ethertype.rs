//! EtherTypes (IEEE 802.3-2018 §3.2.6; values from the IEEE registry).

use core::fmt;

/// The length/type field of a frame, after its VLAN tags.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct EtherType(pub u16);

impl EtherType {
    /// IPv4 (RFC 894).
    pub const IPV4: Self = Self(0x0800);
    /// ARP (RFC 826).
    pub const ARP: Self = Self(0x0806);
    /// IPv6 (RFC 2464 §3).
    pub const IPV6: Self = Self(0x86dd);
    /// C-VLAN tag (802.1Q-2018 Table 9-1).
    pub const VLAN: Self = Self(0x8100);
    /// S-VLAN tag (802.1Q-2018 Table 9-1).
    pub const QINQ: Self = Self(0x88a8);
    /// The tag that old provider bridges use; no standard, but switches accept it as a tag.
    pub const OLD_QINQ: Self = Self(0x9100);

    /// Returns whether a VLAN tag follows in the place of a payload.
    pub const fn is_tag(self) -> bool {
        matches!(self, Self::VLAN | Self::QINQ | Self::OLD_QINQ)
    }
}

impl fmt::Display for EtherType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "0x{:04x}", self.0)
    }
}
