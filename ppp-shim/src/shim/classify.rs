//! Into Ethernet: what a packet needs of the frame around it.

use crate::ip::{Ip, Version};
use core::net::IpAddr;
use frame::offload::Offload;
use frame::{DropReason, HEADER_BYTES, Mac};

/// What a packet from an application is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Kind {
    /// Its version.
    pub version: Version,
    /// Its bytes, as its header states them; what an application wrote behind them is no part of it.
    pub bytes: usize,
    /// Who sent it, as it says.
    pub source: IpAddr,
    /// Whom the frame is for.
    pub destination: Destination,
}

/// Whom a frame with a packet is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Destination {
    /// The station that has this address, or leads to it; a network's own broadcast address is told from it by who knows
    /// the network's prefix.
    Unicast(IpAddr),
    /// A group, whose MAC address follows from its IP address.
    Multicast(Mac),
    /// All on the link.
    Broadcast,
}

/// Reads what a packet needs of the frame around it.
///
/// # Errors
/// [`DropReason::Malformed`] for a packet whose header contradicts itself or states more bytes than there are.
#[inline]
pub fn classify(packet: &[u8]) -> Result<Kind, DropReason> {
    let Ip { version, bytes, source, destination, .. } = Ip::read(packet, packet.len(), &Offload::default())?;
    let destination = match multicast_mac(destination) {
        Some(group) => Destination::Multicast(group),
        None if destination == IpAddr::V4(core::net::Ipv4Addr::BROADCAST) => Destination::Broadcast,
        None => Destination::Unicast(destination),
    };
    Ok(Kind { version, bytes, source, destination })
}

/// Returns the Ethernet address of an IP group; `None` for an address that names no group.
///
/// The low 23 bits of an IPv4 group stand in it (RFC 1112 §6.4), and the low 32 of an IPv6 group (RFC 2464 §7).
#[inline]
const fn multicast_mac(group: IpAddr) -> Option<Mac> {
    match group {
        IpAddr::V4(v4) if v4.is_multicast() => {
            let [_, b, c, d] = v4.octets();
            Some(Mac([0x01, 0x00, 0x5e, b & 0x7f, c, d]))
        }
        IpAddr::V6(v6) if v6.is_multicast() => {
            let [.., a, b, c, d] = v6.octets();
            Some(Mac([0x33, 0x33, a, b, c, d]))
        }
        IpAddr::V4(_) | IpAddr::V6(_) => None,
    }
}

/// Returns the Ethernet header that goes before a packet (RFC 894, RFC 2464 §3).
#[inline]
#[must_use]
pub const fn header(dst: Mac, src: Mac, version: Version) -> [u8; HEADER_BYTES] {
    let ([a, b, c, d, e, f], [g, h, i, j, k, l]) = (dst.0, src.0);
    let [hi, lo] = version.ether_type().0.to_be_bytes();
    [a, b, c, d, e, f, g, h, i, j, k, l, hi, lo]
}

#[cfg(test)]
mod tests;
