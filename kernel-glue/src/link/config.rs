//! What an operator and the system decide of a link.

use alloc::vec::Vec;
use arp::{Prefix, Scope};
use core::net::IpAddr;
use frame::Mac;
use ppp_shim::mss;
use ppp_shim::shim::Version;

/// What a link is told.
#[derive(Clone, Debug)]
pub struct LinkConfig {
    /// Where the Ethernet side is.
    pub place: Place,
    /// The address of the station that the IP peer is.
    pub peer_mac: Mac,
    /// The addresses that this station answers for.
    pub scope: Scope,
    /// The host's own addresses, which it never answers for.
    pub own: Vec<IpAddr>,
    /// Next hops on a bridge for destinations that are not on it, one of each family.
    pub gateways: Vec<IpAddr>,
    /// Destinations on the bridge. Without any all are, in a family that has no gateway.
    pub onlink: Vec<Prefix>,
    /// The longest packet that the tunnel takes.
    pub mtu_bytes: u32,
    /// What the maximum segment size of TCP is lowered to.
    pub mss: Option<SegmentSizes>,
    /// From the platform's random source.
    pub secret: [u64; 4],
}

/// Where the Ethernet side of a link is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// At an interface of the host, which has this address.
    Host(Mac),
    /// At a port of a bridge, whose frames carry so many bytes after the Ethernet header.
    Lan {
        /// The bridge's MTU.
        mtu_bytes: u32,
    },
}

/// Maximum segment sizes, which count TCP's payload (RFC 9293 §3.7.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SegmentSizes {
    /// Over IPv4.
    pub v4_bytes: u16,
    /// Over IPv6.
    pub v6_bytes: u16,
}

impl SegmentSizes {
    /// Returns what fits a tunnel: its MTU without the headers of IP and TCP, options not counted.
    #[must_use]
    pub fn fitting(mtu_bytes: u32) -> Self {
        Self { v4_bytes: mss::of_mtu(mtu_bytes, Version::V4), v6_bytes: mss::of_mtu(mtu_bytes, Version::V6) }
    }

    pub(super) fn of(self, version: Version) -> u16 {
        match version {
            Version::V4 => self.v4_bytes,
            Version::V6 => self.v6_bytes,
        }
    }
}

impl LinkConfig {
    /// Returns where a packet goes next on the bridge.
    pub(super) fn next_hop(&self, destination: IpAddr) -> IpAddr {
        let gateway = self.gateways.iter().find(|gateway| gateway.is_ipv4() == destination.is_ipv4());
        match gateway {
            Some(&gateway) if !self.is_onlink(destination) => gateway,
            Some(_) | None => destination,
        }
    }

    /// Returns whether an address is the directed broadcast address of a network on the bridge.
    pub(super) fn is_broadcast(&self, destination: IpAddr) -> bool {
        self.onlink.iter().any(|prefix| prefix.broadcast() == Some(destination))
    }

    fn is_onlink(&self, destination: IpAddr) -> bool {
        let link_local = matches!(destination, IpAddr::V6(v6) if v6.is_unicast_link_local());
        link_local || self.onlink.iter().any(|prefix| prefix.contains(destination))
    }
}
