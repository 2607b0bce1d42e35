//! Changes to one interface.

use super::Netlink;
use frame::Mac;
use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::link::{LinkAttribute, LinkFlags, LinkMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use std::io;
use std::net::{IpAddr, Ipv4Addr};

impl Netlink {
    /// Puts an interface up or down.
    ///
    /// # Errors
    /// The kernel's.
    pub fn set_flags_up(&mut self, index: u32, up: Up) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = index;
        message.header.change_mask = LinkFlags::Up;
        message.header.flags = match up {
            Up::Yes => LinkFlags::Up,
            Up::No => LinkFlags::empty(),
        };
        self.ask(RouteNetlinkMessage::SetLink(message), 0)
    }

    /// Sets the MTU, in payload bytes after the Ethernet header.
    ///
    /// # Errors
    /// The kernel's: `EINVAL` outside what the driver takes.
    pub fn set_mtu(&mut self, index: u32, bytes: u32) -> io::Result<()> {
        self.set(index, LinkAttribute::Mtu(bytes))
    }

    /// Sets the MAC address.
    ///
    /// # Errors
    /// The kernel's.
    pub fn set_mac(&mut self, index: u32, mac: Mac) -> io::Result<()> {
        self.set(index, LinkAttribute::Address(mac.0.to_vec()))
    }

    /// Sets the alias that `ip link` shows; empty removes it.
    ///
    /// # Errors
    /// The kernel's.
    pub fn set_alias(&mut self, index: u32, text: &str) -> io::Result<()> {
        self.set(index, LinkAttribute::IfAlias(text.to_owned()))
    }

    /// Adds an address.
    ///
    /// # Errors
    /// The kernel's: `EEXIST` when it is there.
    pub fn add_address(&mut self, index: u32, ip: IpAddr, prefix: u8, broadcast: Option<Ipv4Addr>) -> io::Result<()> {
        let mut message = address(index, ip, ip, prefix);
        if let Some(broadcast) = broadcast {
            message.attributes.push(AddressAttribute::Broadcast(broadcast));
        }
        self.ask(RouteNetlinkMessage::NewAddress(message), NLM_F_CREATE | NLM_F_EXCL)
    }

    /// Deletes an address.
    ///
    /// # Errors
    /// The kernel's: `EADDRNOTAVAIL` when it is not there.
    pub fn delete_address(&mut self, index: u32, ip: IpAddr, prefix: u8) -> io::Result<()> {
        self.ask(RouteNetlinkMessage::DelAddress(address(index, ip, ip, prefix)), 0)
    }

    /// Adds an address that reaches one other, `destination`, to which the kernel sets a route.
    ///
    /// # Errors
    /// The kernel's: `EEXIST` when it is there.
    pub fn add_point_to_point(&mut self, index: u32, ip: IpAddr, destination: IpAddr) -> io::Result<()> {
        let message = address(index, ip, destination, bits(destination));
        self.ask(RouteNetlinkMessage::NewAddress(message), NLM_F_CREATE | NLM_F_EXCL)
    }

    /// Deletes an address that reaches one other.
    ///
    /// # Errors
    /// The kernel's: `EADDRNOTAVAIL` when it is not there.
    pub fn delete_point_to_point(&mut self, index: u32, ip: IpAddr, destination: IpAddr) -> io::Result<()> {
        self.ask(RouteNetlinkMessage::DelAddress(address(index, ip, destination, bits(destination))), 0)
    }

    pub(super) fn set(&mut self, index: u32, attribute: LinkAttribute) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = index;
        message.attributes.push(attribute);
        self.ask(RouteNetlinkMessage::SetLink(message), 0)
    }
}

/// What [`Netlink::set_flags_up`] is to make of an interface.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Up {
    /// Up.
    Yes,
    /// Down.
    No,
}

/// The prefix is that of `far`, which is the address itself where there is a network.
fn address(index: u32, ip: IpAddr, far: IpAddr, prefix: u8) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.index = index;
    message.header.prefix_len = prefix;
    message.header.family = match ip {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    };
    message.attributes = vec![AddressAttribute::Local(ip), AddressAttribute::Address(far)];
    message
}

fn bits(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { 32 } else { 128 }
}
