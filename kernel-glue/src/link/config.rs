//! What an operator and the system decide of a link.

use alloc::sync::Arc;
use alloc::vec::Vec;
use arp::{Prefix, Scope};
use core::net::IpAddr;
use frame::Mac;
use ppp_shim::mss;
use ppp_shim::shim::Version;

/// What a link is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LinkConfig {
    /// Where the Ethernet side is.
    pub place: Place,
    /// The address of the station that the IP peer is.
    pub peer_mac: Mac,
    /// The addresses that this station answers for.
    pub scope: Scope,
    /// The host's own addresses, which it never answers for; [`MAX_OWN`](arp::MAX_OWN) at most.
    pub own: Arc<[IpAddr]>,
    /// Next hops on a bridge for destinations that are not on it, one of each family.
    pub gateways: Vec<IpAddr>,
    /// Destinations on the bridge. Without any all are, in a family that has no gateway.
    pub onlink: Vec<Prefix>,
    /// Whether the peer is to have an IPv4 address of the bridge's network, from a server there.
    pub dhcp: bool,
    /// The longest packet that the tunnel takes.
    pub mtu_bytes: u32,
    /// What the maximum segment size of TCP is lowered to.
    pub mss: Option<SegmentSizes>,
    /// From the platform's random source.
    pub secret: [u64; 4],
}

impl LinkConfig {
    /// A link that answers for nobody and limits no packet.
    #[must_use]
    pub fn new(place: Place, peer_mac: Mac, secret: [u64; 4]) -> Self {
        Self {
            place,
            peer_mac,
            scope: Scope::None,
            own: Arc::default(),
            gateways: Vec::new(),
            onlink: Vec::new(),
            dhcp: false,
            mtu_bytes: u32::MAX,
            mss: None,
            secret,
        }
    }
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
