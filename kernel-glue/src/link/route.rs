//! Where a packet goes next on a bridge.

use super::Link;
use arp::Prefix;
use core::net::IpAddr;

impl Link {
    /// Returns who is to have a packet for a destination: the station itself if it is on the bridge, else the gateway.
    /// An operator's word goes before what a server said.
    pub(super) fn next_hop(&self, destination: IpAddr) -> IpAddr {
        let lease = self.leasing.lease();
        let granted = lease.and_then(|lease| lease.router).map(IpAddr::V4);
        let mut gateways = self.config.gateways.iter().copied().chain(granted);
        match gateways.find(|gateway| gateway.is_ipv4() == destination.is_ipv4()) {
            Some(gateway) if !self.is_onlink(destination) => gateway,
            Some(_) | None => destination,
        }
    }

    /// Returns whether an address is the directed broadcast address of a network on the bridge.
    pub(super) fn is_broadcast(&self, destination: IpAddr) -> bool {
        self.onlink().any(|prefix| prefix.broadcast() == Some(destination))
    }

    fn is_onlink(&self, destination: IpAddr) -> bool {
        let link_local = matches!(destination, IpAddr::V6(v6) if v6.is_unicast_link_local());
        link_local || self.onlink().any(|prefix| prefix.contains(destination))
    }

    fn onlink(&self) -> impl Iterator<Item = Prefix> + '_ {
        let lease = self.leasing.lease();
        let granted = lease.and_then(|lease| Prefix::new(IpAddr::V4(lease.address), lease.prefix_len));
        self.config.onlink.iter().copied().chain(granted)
    }
}
