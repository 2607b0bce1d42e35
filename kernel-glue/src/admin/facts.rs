//! What only the system knows, as far as a change depends on it.

use super::platform::Platform;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;
use frame::Mac;

/// The system as a change sees it. It stands still while one change is checked.
pub trait Facts {
    /// Returns which system it is: the rules that differ go by it.
    fn platform(&self) -> Platform;
    /// Returns the interface of exactly that name, whoever made it.
    fn interface(&self, name: &str) -> Option<SystemInterface>;
    /// Returns whether a bridge's table holds an address in a VLAN, 0 outside any.
    fn has_address(&self, bridge: &str, address: Mac, vlan: u16) -> bool;
}

/// One interface of the system.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SystemInterface {
    /// What it is.
    pub kind: SystemKind,
    /// Its present MTU: payload bytes after the Ethernet header.
    pub mtu_bytes: u32,
    /// The least MTU that it takes.
    pub min_mtu_bytes: u32,
    /// The greatest MTU that it takes; 0 where it names none.
    pub max_mtu_bytes: u32,
    /// Its MAC address.
    pub ether: Mac,
    /// Its IPv4 and IPv6 addresses.
    pub addresses: Vec<IpAddr>,
    /// The system's own bridge, bond or the like to which it belongs.
    pub master: Option<String>,
}

/// What an interface of the system is, as far as a bridge cares.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SystemKind {
    /// Carries Ethernet frames.
    Ethernet,
    /// The loopback.
    Loopback,
    /// Carries packets without an Ethernet header.
    PointToPoint,
    /// A bridge, the system's or ours.
    Bridge,
    /// A VLAN of the named interface.
    VlanOn(String),
    /// Anything else.
    Other,
}
