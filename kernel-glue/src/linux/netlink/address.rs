//! IP addresses of interfaces.

use netlink_packet_route::AddressFamily;
use netlink_packet_route::address::{AddressAttribute, AddressMessage, AddressScope};
use std::net::{IpAddr, Ipv4Addr};

/// An IP address of an interface.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InterfaceAddress {
    /// The interface's number; ignored where an interface is named besides.
    pub index: u32,
    /// The address.
    pub ip: IpAddr,
    /// Leading bits that name the network.
    pub prefix_bits: u8,
    /// The broadcast address; `None` lets the one of the network be set.
    pub broadcast: Option<Ipv4Addr>,
}

impl InterfaceAddress {
    /// Returns an address to be set.
    pub const fn new(ip: IpAddr, prefix_bits: u8) -> Self {
        Self { index: 0, ip, prefix_bits, broadcast: None }
    }

    pub(super) fn read(message: &AddressMessage) -> Option<Self> {
        let (mut local, mut remote, mut broadcast) = (None, None, None);
        for attribute in &message.attributes {
            #[expect(clippy::wildcard_enum_match_arm, reason = "the kernel's attributes are open-ended")]
            match attribute {
                AddressAttribute::Local(ip) => local = Some(*ip),
                AddressAttribute::Address(ip) => remote = Some(*ip),
                AddressAttribute::Broadcast(ip) => broadcast = Some(*ip),
                _ => {}
            }
        }
        // On a point-to-point interface the address attribute is the far end; IPv6 has no local one otherwise.
        let ip = local.or(remote)?;
        let header = &message.header;
        Some(Self { index: header.index, ip, prefix_bits: header.prefix_len, broadcast })
    }

    pub(super) fn write(&self, index: u32) -> AddressMessage {
        let mut message = AddressMessage::default();
        message.header.index = index;
        message.header.prefix_len = self.prefix_bits;
        message.header.scope = scope(self.ip);
        message.attributes.extend([AddressAttribute::Local(self.ip), AddressAttribute::Address(self.ip)]);
        message.header.family = match self.ip {
            IpAddr::V4(ip) => {
                let broadcast = self.broadcast.or_else(|| network_broadcast(ip, self.prefix_bits));
                message.attributes.extend(broadcast.map(AddressAttribute::Broadcast));
                AddressFamily::Inet
            }
            IpAddr::V6(_) => AddressFamily::Inet6,
        };
        message
    }
}

/// Returns the all-ones address of a network, `None` where it has none: 31 and 32 bits (RFC 3021 §2.1).
fn network_broadcast(ip: Ipv4Addr, prefix_bits: u8) -> Option<Ipv4Addr> {
    let hosts = u32::MAX.checked_shr(u32::from(prefix_bits))?;
    (prefix_bits < 31).then(|| Ipv4Addr::from_bits(ip.to_bits() | hosts))
}

fn scope(ip: IpAddr) -> AddressScope {
    match ip {
        IpAddr::V4(ip) if ip.is_loopback() => AddressScope::Host,
        IpAddr::V4(_) | IpAddr::V6(_) => AddressScope::Universe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcast_addresses() {
        let rows = [
            ([192, 168, 1, 7], 24, Some([192, 168, 1, 255])),
            ([10, 0, 0, 1], 8, Some([10, 255, 255, 255])),
            ([10, 0, 0, 1], 30, Some([10, 0, 0, 3])),
            ([10, 0, 0, 1], 31, None),
            ([10, 0, 0, 1], 32, None),
            ([10, 0, 0, 1], 33, None),
            ([10, 0, 0, 1], 0, Some([255, 255, 255, 255])),
        ];
        for (ip, bits, want) in rows {
            assert_eq!(network_broadcast(ip.into(), bits), want.map(Into::into), "{ip:?}/{bits}");
        }
    }
}
