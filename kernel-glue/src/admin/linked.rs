//! The link of a tun: what it is told of the operator's wishes, and what it tells.

use super::picture::LinkWish;
use super::report::{LeaseReport, NeighbourEntry, NeighbourKind, NeighbourState};
use super::request::{InetAddress, Mss};
use super::show::{TunLive, named};
use super::state::{Side, StandsFor};
use crate::link::{LinkConfig, LinkReport, Place, SegmentSizes};
use alloc::borrow::ToOwned;
use alloc::vec::Vec;
use arp::{MAX_OWN, MAX_PREFIXES, Prefix, Scope, State};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use frame::{Instant, Mac};

impl LinkWish {
    /// Writes into a link's configuration what is wished and what its interface is: its MAC address, and the host's
    /// addresses there. The MTU is there already.
    pub fn tell(&self, config: &mut LinkConfig, side: Side, host: Mac, inet: &[InetAddress]) {
        let Self { state, bridge_networks, bridge_mtu_bytes } = self;
        let mtu_bytes = config.mtu_bytes;
        config.place = match side {
            Side::Host => Place::Host(host),
            Side::Lan => Place::Lan { mtu_bytes: bridge_mtu_bytes.unwrap_or(mtu_bytes) },
        };
        config.scope = match state.stands_for(side, inet) {
            StandsFor::Everybody => Scope::All,
            StandsFor::These(these) => Scope::List(these.into_iter().take(MAX_PREFIXES).collect()),
        };
        config.own = inet.iter().map(|one| one.address).take(MAX_OWN).collect();
        config.gateways.clone_from(&state.gateways);
        config.onlink.clone_from(if state.on_link.is_empty() { bridge_networks } else { &state.on_link });
        config.dhcp = state.dhcp;
        config.mss = match state.mss {
            Mss::Off => None,
            Mss::Auto => Some(SegmentSizes::fitting(mtu_bytes)),
            Mss::Bytes(bytes) => Some(SegmentSizes { v4_bytes: bytes, v6_bytes: bytes }),
        };
    }
}

impl TunLive {
    /// Gathers what a link tells, beside what it was told of the host's addresses.
    pub fn of(config: &LinkConfig, report: &LinkReport, inet: &[InetAddress], now: Instant) -> Self {
        let lease = report.lease.as_ref().map(|lease| LeaseReport {
            address: lease.address,
            prefix: lease.prefix_len,
            server: lease.server,
            gateway: lease.router,
            expires_s: lease.expires_at.map(|at| u32::try_from(at.since(now).as_secs()).unwrap_or(u32::MAX)),
        });
        let counters = report.counters.iter().filter(|&&(_, count)| count > 0);
        Self {
            peer_mac: config.peer_mac,
            inet: inet.to_vec(),
            lease,
            neighbours: u32::try_from(report.neighbours.len()).unwrap_or(u32::MAX),
            counters: named(counters.copied()),
        }
    }
}

/// Reports whom a link knows, and for whom it answers.
pub fn report_link(name: &str, config: &LinkConfig, report: &LinkReport, now: Instant) -> Vec<NeighbourEntry> {
    let entry = |address, kind, state, mac, age_seconds| NeighbourEntry {
        interface: name.to_owned(),
        member: None,
        vlan: 0,
        address,
        mac,
        kind,
        state,
        age_seconds,
    };
    let peer = Some(config.peer_mac);
    let answered = answered(&config.scope).into_iter();
    let answered = answered.map(|prefix| entry(prefix, NeighbourKind::Answered, NeighbourState::Answered, peer, 0));
    let leased = report.lease.iter().map(|lease| Prefix::single(IpAddr::V4(lease.address)));
    let leased = leased.map(|prefix| entry(prefix, NeighbourKind::Answered, NeighbourState::Dhcp, peer, 0));
    let mut known: Vec<_> = report
        .neighbours
        .iter()
        .map(|one| {
            let age_seconds = u32::try_from(now.since(one.updated).as_secs()).unwrap_or(u32::MAX);
            let state = match one.state {
                State::Incomplete => NeighbourState::Incomplete,
                State::Reachable => NeighbourState::Reachable,
                State::Stale => NeighbourState::Stale,
                State::Delay => NeighbourState::Delay,
                State::Probe => NeighbourState::Probe,
                State::Static => NeighbourState::Static,
            };
            entry(Prefix::single(one.address), NeighbourKind::Neighbour, state, one.mac, age_seconds)
        })
        .collect();
    known.sort_unstable_by_key(|one| one.address);
    answered.chain(leased).chain(known).collect()
}

fn answered(scope: &Scope) -> Vec<Prefix> {
    match scope {
        Scope::None => Vec::new(),
        Scope::All => {
            let all = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
            all.into_iter().filter_map(|address| Prefix::new(address, 0)).collect()
        }
        Scope::List(list) => list.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::LinkState;
    use frame::Mac;

    const HOST: Mac = Mac([2, 0, 0, 0, 0, 1]);
    const PEER: Mac = Mac([2, 0, 0, 0, 0, 2]);

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_link_is_told_of_its_side_and_says_for_whom_it_stands() {
        let mut config = LinkConfig::new(Place::Host(HOST), PEER, [0; 4]);
        config.mtu_bytes = 1400;
        let peer: Prefix = "10.8.0.1/32".parse().unwrap();
        let state = LinkState { peers: [peer].into(), mss: Mss::Auto, ..LinkState::default() };
        let network: Prefix = "10.1.0.0/16".parse().unwrap();
        let wish = LinkWish { state, bridge_networks: [network].into(), bridge_mtu_bytes: Some(1500) };
        let inet = [InetAddress::new(ip("10.8.0.2"), 24)];
        wish.tell(&mut config, Side::Host, HOST, &inet);
        assert_eq!((config.place, &config.scope), (Place::Host(HOST), &Scope::All));
        assert_eq!((&*config.own, config.mss), (&[ip("10.8.0.2")][..], Some(SegmentSizes::fitting(1400))));
        wish.tell(&mut config, Side::Lan, HOST, &inet);
        assert_eq!(config.place, Place::Lan { mtu_bytes: 1500 });
        assert_eq!(config.onlink, [network]);
        let report = LinkReport { neighbours: Vec::new(), lease: None, counters: [("cut", 0), ("returned", 7)].into() };
        let lines = report_link("tun0", &config, &report, Instant::default());
        assert_eq!(lines.iter().map(|line| (line.address, line.mac)).collect::<Vec<_>>(), [(peer, Some(PEER))]);
        let live = TunLive::of(&config, &report, &inet, Instant::default());
        assert_eq!(live.counters.into_iter().collect::<Vec<_>>(), [("returned".to_owned(), 7)]);
    }
}
