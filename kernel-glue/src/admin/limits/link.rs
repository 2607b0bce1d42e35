//! What the values of a point-to-point link may be, each for itself and beside the others.

use super::super::error::Errno;
use super::super::refusal::{Refusal, refuse};
use super::super::request::Mss;
use super::super::state::{Side, StandsFor, TapState};
use super::within;
use alloc::collections::BTreeSet;
use alloc::format;
use arp::{MAX_PREFIXES, Prefix};
use core::net::IpAddr;

/// Checks a peer. A link that stood for everybody would take the address of every host on a LAN.
pub(in super::super) fn peer(prefix: Prefix) -> Result<(), Refusal> {
    if prefix.length() == 0 {
        return refuse(
            Errno::Invalid,
            format!("{prefix} is everybody; name the addresses and networks beyond the link"),
        );
    }
    single_host(prefix.address(), prefix)
}

pub(in super::super) fn gateway(address: IpAddr) -> Result<(), Refusal> {
    single_host(address, address)
}

pub(in super::super) fn on_link(prefix: Prefix) -> Result<(), Refusal> {
    if prefix.length() == 0 { Ok(()) } else { single_host(prefix.address(), prefix) }
}

/// The least lets a TCP segment with all options carry data, the greatest fills the largest IPv4 packet.
pub(in super::super) fn mss(mss: Mss) -> Result<(), Refusal> {
    match mss {
        Mss::Off | Mss::Auto => Ok(()),
        Mss::Bytes(bytes) => within(bytes, 88, 65_495),
    }
}

/// Checks what the values of a tun owe each other.
///
/// # Errors
///
/// The key at fault, and why.
pub(in super::super) fn together(name: &str, tun: &TapState) -> Result<(), (&'static str, Refusal)> {
    let rules: [(&str, Rule); 4] =
        [("inet", destinations), ("peer", peers), ("onlink", networks), ("gateway", gateways)];
    rules.into_iter().try_for_each(|(key, rule)| rule(name, tun).map_err(|refusal| (key, refusal)))
}

type Rule = fn(&str, &TapState) -> Result<(), Refusal>;

fn destinations(name: &str, tun: &TapState) -> Result<(), Refusal> {
    let own = |far: &IpAddr| tun.inet.iter().any(|one| one.address == *far);
    match tun.inet.iter().filter_map(|one| one.destination).find(own) {
        Some(far) => refuse(Errno::Invalid, format!("destination {far} is an address of {name} itself")),
        None => Ok(()),
    }
}

fn peers(name: &str, tun: &TapState) -> Result<(), Refusal> {
    let link = &tun.link;
    unique(&link.peers)?;
    let own = |peer: &Prefix| tun.inet.iter().any(|one| peer.as_single() == Some(one.address));
    if let Some(peer) = link.peers.iter().find(|&peer| own(peer)) {
        return refuse(
            Errno::Invalid,
            format!("peer {peer} is an address of {name} itself; a peer is beyond the link"),
        );
    }
    // A lease is one address more.
    let leased = usize::from(link.dhcp);
    for side in [Side::Host, Side::Lan] {
        if let StandsFor::These(these) = link.stands_for(side, &tun.inet) {
            room(these.len().saturating_add(leased), "for which the link stands")?;
        }
    }
    Ok(())
}

fn networks(_: &str, tun: &TapState) -> Result<(), Refusal> {
    unique(&tun.link.on_link)?;
    room(tun.link.on_link.len(), "on the LAN")
}

fn gateways(name: &str, tun: &TapState) -> Result<(), Refusal> {
    let link = &tun.link;
    for (at, &gateway) in link.gateways.iter().enumerate() {
        let same_family = |other: &IpAddr| other.is_ipv4() == gateway.is_ipv4();
        if let Some(first) = link.gateways.iter().take(at).find(|&other| same_family(other)) {
            return refuse(Errno::Exists, format!("{first} and {gateway}: one of each family is the most"));
        }
        if let Some(peer) = link.peers.iter().find(|peer| peer.contains(gateway)) {
            let detail =
                format!("{name} itself stands for the gateway {gateway}, by peer {peer}; the router is another host");
            return refuse(Errno::Invalid, detail);
        }
        let mut networks = link.on_link.iter().filter(|network| same_family(&network.address())).peekable();
        let reachable = networks.peek().is_none() || is_link_local(gateway);
        if !reachable && !networks.any(|network| network.contains(gateway)) {
            let detail =
                format!("the gateway {gateway} is in no network that is on the LAN; add its network: onlink P/N");
            return refuse(Errno::Invalid, detail);
        }
    }
    Ok(())
}

/// Every link has these addresses on it (RFC 4291 §2.5.6).
fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local())
}

fn unique(prefixes: &[Prefix]) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    match prefixes.iter().find(|&prefix| !seen.insert(*prefix)) {
        Some(prefix) => refuse(Errno::Exists, format!("{prefix} is set twice")),
        None => Ok(()),
    }
}

fn room(count: usize, what: &str) -> Result<(), Refusal> {
    if count <= MAX_PREFIXES {
        return Ok(());
    }
    let detail =
        format!("{count} addresses and networks {what} are over {MAX_PREFIXES}; join them into larger networks");
    refuse(Errno::NoSpace, detail)
}

/// Checks that an address is, or its network begins with, one that a host can have.
pub(super) fn single_host(address: IpAddr, shown: impl core::fmt::Display) -> Result<(), Refusal> {
    let everyone = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    if everyone || address.is_multicast() || address.is_unspecified() || address.is_loopback() {
        return refuse(Errno::Invalid, format!("{shown} can not be the address of another host"));
    }
    Ok(())
}
