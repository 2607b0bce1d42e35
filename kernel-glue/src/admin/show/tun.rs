//! Reports of tuns as links.

use super::super::report::{LeaseReport, TunReport};
use super::super::request::InetAddress;
use super::super::state::{LinkState, Side, StandsFor};
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use arp::Prefix;
use core::net::IpAddr;
use frame::Mac;

/// What only the running link knows.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TunLive {
    /// The MAC address of all who are beyond it.
    pub peer_mac: Mac,
    /// The host's addresses on its Ethernet side, as it was told them: those that are link-local as well.
    pub inet: Vec<InetAddress>,
    /// The address that a DHCP server gave it.
    pub lease: Option<LeaseReport>,
    /// Stations on the Ethernet side whose MAC address is known or asked for.
    pub neighbours: u32,
    /// What was answered, asked and ignored, by name; only what is not zero.
    pub counters: BTreeMap<String, u64>,
}

/// Reports a link.
pub(super) fn tun_report(link: &LinkState, side: Side, live: TunLive) -> TunReport {
    let lease = live.lease.as_ref().map(|lease| IpAddr::V4(lease.address));
    let stands_for = match link.stands_for(side, &live.inet).with(lease) {
        StandsFor::Everybody => ["all".into()].into(),
        StandsFor::These(these) => these.iter().map(Prefix::to_string).collect(),
    };
    TunReport {
        peer_mac: live.peer_mac,
        stands_for,
        topology: link.topology,
        mss: link.mss,
        gateways: link.gateways.clone(),
        on_link: link.on_link.iter().map(Prefix::to_string).collect(),
        dhcp: link.dhcp,
        lease: live.lease,
        neighbours: live.neighbours,
        counters: live.counters,
    }
}

#[cfg(test)]
mod tests;
