//! What makes a tun a link between two points.

use super::super::request::{Mss, Topology};
use super::super::text::mss;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};
use frame::Mac;
use serde::{Deserialize, Serialize};

/// A tun: who is at its other end, as the Ethernet side sees it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TunReport {
    /// The MAC address of all who are beyond the link; [`Mac::ZERO`] while it is not known.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub peer_mac: Mac,
    /// Addresses and networks for which the link answers; `all` for everybody but the host.
    pub stands_for: Vec<String>,
    /// What narrows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topology: Option<Topology>,
    /// What becomes of the maximum segment size of TCP connections.
    #[serde(with = "mss")]
    pub mss: Mss,
    /// Whom the link asks on a LAN for what is not there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gateways: Vec<IpAddr>,
    /// Networks that are on the LAN; none for all.
    #[serde(rename = "onlink", default, skip_serializing_if = "Vec::is_empty")]
    pub on_link: Vec<String>,
    /// Whether the link asks for an IPv4 address of the LAN.
    pub dhcp: bool,
    /// The address that it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<LeaseReport>,
    /// Stations on the Ethernet side whose MAC address is known or asked for.
    pub neighbours: u32,
    /// What was answered, asked and ignored, by name; only what is not zero.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counters: BTreeMap<String, u64>,
}

/// An address that a DHCP server gave.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct LeaseReport {
    /// The address.
    pub address: Ipv4Addr,
    /// Leading bits that name its network.
    pub prefix: u8,
    /// The server.
    pub server: Ipv4Addr,
    /// The router that it named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Ipv4Addr>,
    /// Seconds until it ends; `None` for one that does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_s: Option<u32>,
}
