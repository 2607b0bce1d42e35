//! Whom the links of tuns know, and for whom they answer.

use super::Nodes;
use super::links::Linked;
use arp::{Prefix, Scope, State};
use frame::Instant;
use kernel_glue::admin::{NeighbourEntry, NeighbourKind, NeighbourState};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tap::DeviceName;

impl Nodes {
    /// Lists them, device by device.
    pub(in super::super) fn neighbours(&self, now: Instant) -> Vec<NeighbourEntry> {
        let links = self.devices.iter().filter_map(|(name, served)| Some((*name, served.link.as_ref()?)));
        links.flat_map(|(name, link)| entries(name, link, now)).collect()
    }
}

fn entries(name: DeviceName, link: &Linked, now: Instant) -> Vec<NeighbourEntry> {
    let report = link.port.report();
    let entry = |address, kind, state, mac, age_seconds| NeighbourEntry {
        interface: name.to_string(),
        member: None,
        vlan: 0,
        address,
        mac,
        kind,
        state,
        age_seconds,
    };
    let peer = Some(link.peer_mac());
    let answered = answered(link.scope()).into_iter();
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
