//! Addresses of the host's interfaces.
#![expect(clippy::wildcard_enum_match_arm, reason = "rtnetlink says more than a bridge cares about")]

use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use std::net::{IpAddr, Ipv4Addr};

/// An address of the host.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HostAddress {
    /// The interface, by number.
    pub index: u32,
    /// The address.
    pub ip: IpAddr,
    /// Leading bits that name the network.
    pub prefix: u8,
    /// The broadcast address, if it was given one: the highest of its network as well.
    pub broadcast: Option<Ipv4Addr>,
    /// The one address that it reaches, instead of a network.
    pub destination: Option<IpAddr>,
}

impl HostAddress {
    /// Reads an address: `IFA_LOCAL` where it differs from the peer's, which is what `IFA_ADDRESS` then holds.
    pub(super) fn read(message: &AddressMessage) -> Option<Self> {
        let (mut local, mut address, mut broadcast) = (None, None, None);
        for attribute in &message.attributes {
            match attribute {
                AddressAttribute::Local(ip) => local = Some(*ip),
                AddressAttribute::Address(ip) => address = Some(*ip),
                AddressAttribute::Broadcast(ip) => broadcast = Some(*ip),
                _ => {}
            }
        }
        let ip = local.or(address)?;
        let destination = address.filter(|&far| far != ip);
        Some(Self { index: message.header.index, ip, prefix: message.header.prefix_len, broadcast, destination })
    }
}
