//! The kernel's interfaces: what there is, what changes, and changing it (`NETLINK_ROUTE`).
//!
//! Synchronous: the control side asks and waits for the answer, which the kernel gives at once.

mod address;
mod link;
mod monitor;
mod socket;

pub use address::InterfaceAddress;
pub use link::{Link, LinkFlags};
pub use monitor::{LinkEvent, Monitor};
pub use socket::NetlinkError;

use super::name::{Interface, InterfaceName};
use frame::Mac;
use netlink_packet_core::{NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REQUEST};
use netlink_packet_route::address::AddressMessage;
use netlink_packet_route::link::{LinkAttribute, LinkFlags as WireFlags, LinkMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use socket::{Ask, Requests};

/// A channel to the kernel, in the network namespace of the thread that opened it.
#[derive(Debug)]
pub struct Netlink(Requests);

/// Whether an interface carries frames.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AdminState {
    /// It does, once the medium is there.
    Up,
    /// It does not.
    Down,
}

impl Netlink {
    /// Opens the channel.
    ///
    /// # Errors
    /// [`NetlinkError`] if the kernel grants no socket.
    pub fn open() -> Result<Self, NetlinkError> {
        Requests::open().map(Self)
    }

    /// Returns every interface, by index.
    ///
    /// # Errors
    /// [`NetlinkError`] if the kernel refuses.
    pub fn links(&mut self) -> Result<Vec<Link>, NetlinkError> {
        let ask = RouteNetlinkMessage::GetLink(LinkMessage::default());
        let mut links = Vec::new();
        self.0.ask(Ask::Links, ask, NLM_F_REQUEST | NLM_F_DUMP, |message| {
            if let RouteNetlinkMessage::NewLink(message) = message {
                links.extend(Link::read(&message));
            }
        })?;
        links.sort_by_key(|link| link.index);
        Ok(links)
    }

    /// Returns the interface of that name, `None` if there is none.
    ///
    /// # Errors
    /// [`NetlinkError`] if the kernel refuses.
    pub fn link(&mut self, name: InterfaceName) -> Result<Option<Link>, NetlinkError> {
        let mut message = LinkMessage::default();
        message.attributes.push(LinkAttribute::IfName(name.as_str().to_owned()));
        let mut found = None;
        let asked = self.0.ask(Ask::Link(name), RouteNetlinkMessage::GetLink(message), NLM_F_REQUEST, |message| {
            if let RouteNetlinkMessage::NewLink(message) = message {
                found = Link::read(&message);
            }
        });
        match asked {
            Err(error) if error.is_no_such_device() => Ok(None),
            asked => asked.map(|()| found),
        }
    }

    /// Returns the IP addresses of every interface.
    ///
    /// # Errors
    /// [`NetlinkError`] if the kernel refuses.
    pub fn addresses(&mut self) -> Result<Vec<InterfaceAddress>, NetlinkError> {
        let ask = RouteNetlinkMessage::GetAddress(AddressMessage::default());
        let mut addresses = Vec::new();
        self.0.ask(Ask::Addresses, ask, NLM_F_REQUEST | NLM_F_DUMP, |message| {
            if let RouteNetlinkMessage::NewAddress(message) = message {
                addresses.extend(InterfaceAddress::read(&message));
            }
        })?;
        Ok(addresses)
    }

    /// Takes an interface up or down.
    ///
    /// # Errors
    /// [`NetlinkError`], `EPERM` without CAP_NET_ADMIN.
    pub fn set_state(&mut self, interface: Interface, state: AdminState) -> Result<(), NetlinkError> {
        self.set(interface, Ask::SetState(interface.name, state), |message| {
            message.header.change_mask = WireFlags::Up;
            message.header.flags = match state {
                AdminState::Up => WireFlags::Up,
                AdminState::Down => WireFlags::empty(),
            };
        })
    }

    /// Sets the bytes that may follow the Ethernet header.
    ///
    /// # Errors
    /// [`NetlinkError`], `EINVAL` outside the range of the interface.
    pub fn set_mtu(&mut self, interface: Interface, mtu_bytes: u32) -> Result<(), NetlinkError> {
        self.change(interface, Ask::SetMtu(interface.name, mtu_bytes), LinkAttribute::Mtu(mtu_bytes))
    }

    /// Sets the hardware address.
    ///
    /// # Errors
    /// [`NetlinkError`], `EADDRNOTAVAIL` for a group address, `EBUSY` if the driver wants the interface down first.
    pub fn set_mac(&mut self, interface: Interface, mac: Mac) -> Result<(), NetlinkError> {
        self.change(interface, Ask::SetMac(interface.name, mac), LinkAttribute::Address(mac.0.to_vec()))
    }

    /// Sets the operator's note; empty removes it.
    ///
    /// # Errors
    /// [`NetlinkError`], `EINVAL` from 256 bytes on.
    pub fn set_alias(&mut self, interface: Interface, alias: &str) -> Result<(), NetlinkError> {
        self.change(interface, Ask::SetAlias(interface.name), LinkAttribute::IfAlias(alias.to_owned()))
    }

    /// Renames an interface, which must be down before Linux 6.2 unless its driver allows otherwise.
    ///
    /// # Errors
    /// [`NetlinkError`], `EEXIST` if the name is taken, `EBUSY` if the interface is up.
    pub fn rename(&mut self, interface: Interface, name: InterfaceName) -> Result<(), NetlinkError> {
        self.change(interface, Ask::Rename(interface.name), LinkAttribute::IfName(name.as_str().to_owned()))
    }

    /// Gives an interface an IP address; IPv4 with the broadcast address of its network.
    ///
    /// # Errors
    /// [`NetlinkError`], `EEXIST` if it has the address.
    pub fn add_address(&mut self, interface: Interface, address: &InterfaceAddress) -> Result<(), NetlinkError> {
        let flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
        let message = RouteNetlinkMessage::NewAddress(address.write(interface.index));
        self.0.ask(Ask::AddAddress(interface.name, address.ip), message, flags, |_| {})
    }

    /// Takes an IP address from an interface.
    ///
    /// # Errors
    /// [`NetlinkError`], `EADDRNOTAVAIL` if it does not have the address.
    pub fn remove_address(&mut self, interface: Interface, address: &InterfaceAddress) -> Result<(), NetlinkError> {
        let message = RouteNetlinkMessage::DelAddress(address.write(interface.index));
        self.0.ask(Ask::RemoveAddress(interface.name, address.ip), message, NLM_F_REQUEST | NLM_F_ACK, |_| {})
    }

    fn change(&mut self, interface: Interface, ask: Ask, attribute: LinkAttribute) -> Result<(), NetlinkError> {
        self.set(interface, ask, |message| message.attributes.push(attribute))
    }

    fn set(&mut self, interface: Interface, ask: Ask, fill: impl FnOnce(&mut LinkMessage)) -> Result<(), NetlinkError> {
        let mut message = LinkMessage::default();
        message.header.interface_family = AddressFamily::Unspec;
        message.header.index = interface.index;
        fill(&mut message);
        self.0.ask(ask, RouteNetlinkMessage::SetLink(message), NLM_F_REQUEST | NLM_F_ACK, |_| {})
    }
}

#[cfg(test)]
mod tests;
