//! What a tun is as a link between two points, and for whom it answers on the Ethernet side.

use super::super::request::{InetAddress, Mss, Topology};
use super::super::text::{mss, prefixes};
use super::is;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use arp::Prefix;
use core::net::IpAddr;
use serde::{Deserialize, Serialize};

/// The link of a tun as the operator wants it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct LinkState {
    /// Addresses and networks for which the link stands, in the order in which they were said.
    #[serde(rename = "peer", with = "prefixes", skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<Prefix>,
    /// For whom the host's requests are answered; `None` for everybody but the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topology: Option<Topology>,
    /// What becomes of the maximum segment size of TCP connections.
    #[serde(with = "mss", skip_serializing_if = "is_off")]
    pub mss: Mss,
    /// Whom the link asks on a LAN for what is not there: one of each family at most.
    #[serde(rename = "gateway", skip_serializing_if = "Vec::is_empty")]
    pub gateways: Vec<IpAddr>,
    /// Networks that are on the LAN; none for all.
    #[serde(rename = "onlink", with = "prefixes", skip_serializing_if = "Vec::is_empty")]
    pub on_link: Vec<Prefix>,
    /// Whether the link asks for an IPv4 address of the LAN.
    #[serde(skip_serializing_if = "is::<0, _>")]
    pub dhcp: bool,
}

/// Where the Ethernet side of a tun is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// It is an interface of the host.
    Host,
    /// It is a station on the LAN of a bridge.
    Lan,
}

/// For whom a link answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StandsFor {
    /// For everybody but the host itself.
    Everybody,
    /// For these.
    These(Vec<Prefix>),
}

impl StandsFor {
    /// Adds one more, the address of a lease.
    #[must_use]
    pub fn with(self, lease: Option<IpAddr>) -> Self {
        match (self, lease.map(Prefix::single)) {
            (Self::These(mut these), Some(lease)) if !these.contains(&lease) => {
                these.push(lease);
                Self::These(these)
            }
            (as_before, _) => as_before,
        }
    }
}

impl LinkState {
    /// Returns for whom the link answers while the host has `inet` on it. What a lease adds is not in it.
    ///
    /// Peers always count. To them the topology adds what the host's addresses say of the other end, and only while the
    /// host is who asks: on a LAN its addresses are out of play.
    pub fn stands_for(&self, side: Side, inet: &[InetAddress]) -> StandsFor {
        let far_ends = |topology| inet.iter().filter_map(move |one| far_end(topology, one));
        // Entered one by one: to sort all takes a stack that a kernel has not.
        let mut these = BTreeSet::new();
        match (side, self.topology) {
            (Side::Host, None) => return StandsFor::Everybody,
            (Side::Host, Some(topology)) => these.extend(far_ends(topology)),
            (Side::Lan, _) => {}
        }
        these.extend(&self.peers);
        StandsFor::These(these.into_iter().collect())
    }
}

/// Returns who is at the other end, to go by an address of the host.
fn far_end(topology: Topology, host: &InetAddress) -> Option<Prefix> {
    let destination = host.destination.map(Prefix::single);
    match topology {
        Topology::P2p => destination,
        Topology::Net30 if host.address.is_ipv4() => Prefix::new(host.address, 30),
        // IPv6 has no networks of four addresses in OpenVPN either.
        Topology::Net30 | Topology::Subnet => destination.or_else(|| Prefix::new(host.address, host.prefix)),
    }
}

fn is_off(mss: &Mss) -> bool {
    *mss == Mss::Off
}

#[cfg(test)]
mod tests;
