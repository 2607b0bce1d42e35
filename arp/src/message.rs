//! Messages of ARP and neighbour discovery, checked by the rules of their protocols.

mod v4;
mod v6;

use bitflags::bitflags;
use core::net::{Ipv4Addr, Ipv6Addr};
use frame::named;
use frame::{EtherType, Mac};

/// What an ARP message is for (RFC 826).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operation {
    /// Asks who has the target address, or announces the sender.
    Request,
    /// Answers.
    Reply,
}

bitflags! {
    /// Flags of a neighbour advertisement (RFC 4861 §4.4).
    #[derive(Clone, Copy, Debug, Eq, PartialEq)]
    pub struct AdvertisementFlags: u8 {
        /// The sender is a router.
        const ROUTER = 0x80;
        /// It answers a solicitation.
        const SOLICITED = 0x40;
        /// It replaces the link-layer address that is known.
        const OVERRIDE = 0x20;
    }
}

/// A message that keeps the rules of its protocol.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Message {
    /// ARP for IPv4 on Ethernet. The sender's hardware address is that of a station, and the frame's source.
    Arp {
        /// Asks or answers.
        operation: Operation,
        /// Who sent it.
        sender_mac: Mac,
        /// The sender's address; 0.0.0.0 in a probe (RFC 5227 §1.1).
        sender: Ipv4Addr,
        /// Who is meant; what a request says here has no meaning.
        target_mac: Mac,
        /// The address that is asked for.
        target: Ipv4Addr,
    },
    /// A neighbour solicitation (RFC 4861 §4.3).
    Solicitation {
        /// The sender's address; `::` in duplicate address detection (RFC 4862 §5.4.2).
        source: Ipv6Addr,
        /// Where it was sent: the target, or its solicited-node group.
        destination: Ipv6Addr,
        /// The address that is asked for, never multicast.
        target: Ipv6Addr,
        /// The sender's link-layer address, if it says so; then it is the frame's source.
        source_mac: Option<Mac>,
    },
    /// A neighbour advertisement (RFC 4861 §4.4).
    Advertisement {
        /// The sender's address.
        source: Ipv6Addr,
        /// Where it was sent.
        destination: Ipv6Addr,
        /// The address that it is about, never multicast.
        target: Ipv6Addr,
        /// What it is.
        flags: AdvertisementFlags,
        /// The target's link-layer address, if it says so; then it is the frame's source.
        target_mac: Option<Mac>,
    },
}

named! {
    /// Why a message is refused. Nothing is answered to it and nothing learned from it.
    Refused {
        /// It ends too early.
        Truncated = "truncated",
        /// ARP for something else than IPv4 on Ethernet.
        ArpFormat = "arp-format",
        /// ARP that neither asks nor answers.
        ArpOperation = "arp-operation",
        /// The sender's link-layer address is a group's, or zero.
        GroupSender = "group-sender",
        /// The link-layer address it names is not the one it came from.
        SenderMismatch = "sender-mismatch",
        /// The sender's address cannot be that of a station.
        SenderAddress = "sender-address",
        /// The hop limit is not 255: a router has passed it on (RFC 4861 §7.1).
        HopLimit = "hop-limit",
        /// Neighbour discovery in fragments (RFC 6980 §5).
        Fragmented = "fragmented",
        /// The ICMP code is not 0.
        Code = "code",
        /// The ICMP checksum is wrong.
        Checksum = "checksum",
        /// The target is multicast.
        Target = "target",
        /// An option of length 0, one that goes beyond the end, or no Ethernet address in the one for it.
        Option = "option",
        /// A solicitation from `::` that is not to a solicited-node group, or tells a link-layer address.
        UnspecifiedSource = "unspecified-source",
        /// An advertisement to a group that says to be solicited.
        SolicitedToGroup = "solicited-to-group",
    }
}

impl core::error::Error for Refused {}

/// Reads the payload of a frame from the Ethernet side: `Ok(None)` is no neighbour's message, and to be passed on.
///
/// What is plain IP costs a few comparisons. An IPv6 packet may be cut short behind its extension headers.
///
/// # Errors
/// A neighbour's message that breaks a rule of its protocol: RFC 826, RFC 4861 §7.1, RFC 6980 §5.
pub fn parse(ether_src: Mac, ether_type: EtherType, payload: &[u8]) -> Result<Option<Message>, Refused> {
    match ether_type {
        EtherType::ARP => v4::parse(ether_src, payload).map(Some),
        EtherType::IPV6 => v6::parse(ether_src, payload),
        _ => Ok(None),
    }
}

/// Refuses a link-layer address that no station has, or that is another station's than the sender's.
///
/// Who relays for others with another source than it names (some load balancers do) is refused with them: replies
/// would go to a station that a bridge has never seen.
fn check_link_address(named: Mac, ether_src: Mac) -> Result<(), Refused> {
    if named.is_group() || named == Mac::ZERO {
        Err(Refused::GroupSender)
    } else if named != ether_src {
        Err(Refused::SenderMismatch)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
