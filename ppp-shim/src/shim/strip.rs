//! Out of Ethernet: where in a frame the packet lies.

use crate::ip::{ICMPV6, Ip, TCP, UDP, Version};
use crate::upper::Upper;
use core::net::IpAddr;
use frame::offload::Offload;
use frame::{DropReason, EtherType, Frame, HEADER_BYTES, TAG_BYTES, Tag};

/// What a frame is to a point-to-point link.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stripped {
    /// A packet for the other end.
    Packet(Packet),
    /// A neighbour solicitation or advertisement by its type (RFC 4861 §4.3, §4.4); who speaks that protocol judges it.
    MaybeNeighbour(Packet),
    /// An ARP message.
    Arp {
        /// Where it starts in the frame.
        start: usize,
    },
}

/// Where in a frame an IP packet lies, and whom it is between.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Packet {
    /// Where its header starts in the frame.
    pub start: usize,
    /// Its bytes, as its header states them: padding of the frame is not counted.
    pub bytes: usize,
    /// Its version.
    pub version: Version,
    /// Who sent it.
    pub source: IpAddr,
    /// Whom it is for.
    pub destination: IpAddr,
    /// How many the destination names.
    pub cast: Cast,
}

/// How many stations a destination address names.
///
/// A network's own broadcast address is unicast here: only who knows the network's prefix can tell.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Cast {
    /// One.
    Unicast,
    /// Those of a group.
    Multicast,
    /// All on the link: 255.255.255.255 (RFC 919 §7).
    Broadcast,
}

impl Cast {
    /// Reads the kind of an address.
    #[inline]
    #[must_use]
    pub const fn of(destination: IpAddr) -> Self {
        match destination {
            IpAddr::V4(v4) if v4.is_multicast() => Self::Multicast,
            IpAddr::V4(v4) if v4.is_broadcast() => Self::Broadcast,
            IpAddr::V6(v6) if v6.is_multicast() => Self::Multicast,
            IpAddr::V4(_) | IpAddr::V6(_) => Self::Unicast,
        }
    }
}

/// Finds the packet in a frame of `frame_bytes` bytes, the first of which are `frame`.
///
/// `frame` is all of a frame shorter than 256 bytes and at least that many of a longer one. `stripped` is the outermost
/// tag if the platform took it out. The offsets of `offload` count from the start of the frame; those of the packet are
/// [`Offload::shifted`] by `-start`.
///
/// # Errors
/// [`DropReason::Malformed`] for a header that contradicts itself, the EtherType or the frame.
/// [`DropReason::NotIp`] for what is neither IP nor ARP.
/// [`DropReason::VlanEgress`] for a frame of a VLAN: a priority tag, whose VLAN ID is zero (802.1Q-2018 §9.6), is passed
/// over, and only one; the rest are [`DropReason::VlanNested`] and [`DropReason::VlanInvalid`].
/// [`DropReason::Offload`] for a checksum to be put outside the packet, and for super-packets past 65,535 bytes.
#[inline]
pub fn strip(
    frame: &[u8],
    frame_bytes: usize,
    stripped: Option<Tag>,
    offload: &Offload,
) -> Result<Stripped, DropReason> {
    let frame = frame.get(..frame_bytes).unwrap_or(frame);
    let link = Frame::parse(frame, stripped).map_err(|_| DropReason::Malformed)?;
    let start = match link.tag {
        None => HEADER_BYTES,
        Some(tag) => {
            refuse_vlan(tag)?;
            if stripped.is_some() { HEADER_BYTES } else { HEADER_BYTES + TAG_BYTES }
        }
    };
    let version = match link.ether_type {
        EtherType::IPV4 => Version::V4,
        EtherType::IPV6 => Version::V6,
        EtherType::ARP => return Ok(Stripped::Arp { start }),
        tag if tag.is_tag() => return Err(DropReason::VlanNested),
        _ => return Err(DropReason::NotIp),
    };
    let head = frame.get(start..).unwrap_or_default();
    let ip = Ip::read(head, frame_bytes.saturating_sub(start), offload)?;
    if ip.version != version {
        return Err(DropReason::Malformed);
    }
    if offload.needs_checksum {
        checksum_within(offload, start + ip.header_bytes, start + ip.bytes)?;
    }
    let Ip { bytes, source, destination, .. } = ip;
    let packet = Packet { start, bytes, version, source, destination, cast: Cast::of(destination) };
    if version == Version::V6 && !matches!(ip.protocol, TCP | UDP) && is_neighbour(head) {
        return Ok(Stripped::MaybeNeighbour(packet));
    }
    Ok(Stripped::Packet(packet))
}

fn refuse_vlan(tag: Tag) -> Result<(), DropReason> {
    match tag.vid_field() {
        0 => Ok(()),
        0xfff => Err(DropReason::VlanInvalid),
        _ => Err(DropReason::VlanEgress),
    }
}

/// Checks that what is to be summed starts behind the IP header and the sum's field ends in the packet.
fn checksum_within(offload: &Offload, from: usize, end: usize) -> Result<(), DropReason> {
    let start = usize::from(offload.csum_start);
    let field_end = start + usize::from(offload.csum_offset) + 2;
    if start < from || field_end > end { Err(DropReason::Offload) } else { Ok(()) }
}

/// Returns whether a packet is a neighbour solicitation or advertisement by its type, behind whatever headers.
fn is_neighbour(packet: &[u8]) -> bool {
    let kind = Upper::find(packet).filter(|upper| upper.protocol == ICMPV6).and_then(|upper| upper.chunk(packet));
    matches!(kind, Some(&[NEIGHBOUR_SOLICITATION | NEIGHBOUR_ADVERTISEMENT]))
}

/// Types of ICMPv6 (RFC 4861 §4.3, §4.4).
const NEIGHBOUR_SOLICITATION: u8 = 135;
const NEIGHBOUR_ADVERTISEMENT: u8 = 136;

#[cfg(test)]
mod tests;
