//! IP headers, as far as a link reads them (RFC 791 §3.1, RFC 8200 §3).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use frame::offload::Offload;
use frame::{DropReason, EtherType};

/// The version of an IP packet.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Version {
    /// RFC 791.
    V4,
    /// RFC 8200.
    V6,
}

impl Version {
    /// Reads the first nibble, where both versions keep it.
    #[inline]
    #[must_use]
    pub fn of(packet: &[u8]) -> Option<Self> {
        match packet.first()? >> 4 {
            4 => Some(Self::V4),
            6 => Some(Self::V6),
            _ => None,
        }
    }

    /// Returns the EtherType that announces the version (RFC 894, RFC 2464 §3).
    #[inline]
    #[must_use]
    pub const fn ether_type(self) -> EtherType {
        match self {
            Self::V4 => EtherType::IPV4,
            Self::V6 => EtherType::IPV6,
        }
    }
}

/// What the header says of a packet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ip {
    pub(crate) version: Version,
    /// Bytes of the header, IPv4 options included, IPv6 extension headers not.
    pub(crate) header_bytes: usize,
    /// Bytes of the whole packet.
    pub(crate) bytes: usize,
    /// What follows the header: a transport protocol or an IPv6 extension header.
    pub(crate) protocol: u8,
    pub(crate) source: IpAddr,
    pub(crate) destination: IpAddr,
}

impl Ip {
    /// Reads the header of a packet whose first bytes are `head` and which has room for `room` bytes.
    ///
    /// Padding may follow the packet within the room; a packet longer than the room is malformed. A super-packet
    /// whose length does not fit its field, which Linux then leaves zero, is refused as [`DropReason::Offload`].
    #[inline]
    pub(crate) fn read(head: &[u8], room: usize, offload: &Offload) -> Result<Self, DropReason> {
        match Version::of(head).ok_or(DropReason::Malformed)? {
            Version::V4 => Self::read_v4(head, room, offload),
            Version::V6 => Self::read_v6(head, room, offload),
        }
    }

    #[inline]
    fn read_v4(head: &[u8], room: usize, offload: &Offload) -> Result<Self, DropReason> {
        let header: &[u8; 20] = head.first_chunk().ok_or(DropReason::Malformed)?;
        let [first, _, b0, b1, _, _, _, _, _, protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3] = *header;
        let header_bytes = usize::from(first & 0xf) * 4;
        let bytes = usize::from(u16::from_be_bytes([b0, b1]));
        if bytes == 0 && offload.is_gso() {
            return Err(DropReason::Offload);
        }
        if header_bytes < header.len() || header_bytes > head.len() || bytes < header_bytes || bytes > room {
            return Err(DropReason::Malformed);
        }
        Ok(Self {
            version: Version::V4,
            header_bytes,
            bytes,
            protocol,
            source: IpAddr::V4(Ipv4Addr::new(s0, s1, s2, s3)),
            destination: IpAddr::V4(Ipv4Addr::new(d0, d1, d2, d3)),
        })
    }

    #[inline]
    fn read_v6(head: &[u8], room: usize, offload: &Offload) -> Result<Self, DropReason> {
        let header: &[u8; V6_HEADER_BYTES] = head.first_chunk().ok_or(DropReason::Malformed)?;
        let [_, _, _, _, b0, b1, protocol, _, addresses @ ..] = header;
        let payload = usize::from(u16::from_be_bytes([*b0, *b1]));
        if payload == 0 && offload.is_gso() {
            return Err(DropReason::Offload);
        }
        let bytes = V6_HEADER_BYTES + payload;
        // Zero and hop-by-hop options are a jumbogram (RFC 2675 §3), which no Ethernet carries.
        if bytes > room || payload == 0 && *protocol == HOP_BY_HOP {
            return Err(DropReason::Malformed);
        }
        let (source, destination) = addresses.split_first_chunk::<16>().ok_or(DropReason::Malformed)?;
        let destination: &[u8; 16] = destination.first_chunk().ok_or(DropReason::Malformed)?;
        Ok(Self {
            version: Version::V6,
            header_bytes: V6_HEADER_BYTES,
            bytes,
            protocol: *protocol,
            source: IpAddr::V6(Ipv6Addr::from_octets(*source)),
            destination: IpAddr::V6(Ipv6Addr::from_octets(*destination)),
        })
    }
}

/// The fixed header of IPv6 (RFC 8200 §3).
pub(crate) const V6_HEADER_BYTES: usize = 40;
/// Protocol numbers, from the IANA registry.
pub(crate) const HOP_BY_HOP: u8 = 0;
pub(crate) const ICMP: u8 = 1;
pub(crate) const TCP: u8 = 6;
pub(crate) const UDP: u8 = 17;
pub(crate) const ICMPV6: u8 = 58;
