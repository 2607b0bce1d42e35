//! What is shown: the state, beside what engines and interfaces say at the moment.

use super::error::AdminError;
use super::exchange::{Question, Reply, Which};
use super::facts::Facts;
use super::picture::{Interface, Picture};
use super::report::{AddressEntry, Counts, InterfaceReport, NeighbourEntry, TableReport};
use super::request::InetAddress;
use super::show::{
    BridgeLive, InterfaceLive, Link, Location, PortLive, TapLive, report_addresses, report_bindings, report_bridge,
    report_tap, report_vport,
};
use super::state::{BridgeState, State};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use arp::Binding;
use bridge::Bridge;
use core::net::IpAddr;
use frame::{Instant, PortId};

/// A system as it is at the moment.
pub trait Live: Facts {
    /// Returns the engine of a bridge.
    fn engine(&self, bridge: &str) -> Option<&Bridge>;
    /// Returns how a port's carrier is.
    fn condition(&self, bridge: &str, port: PortId) -> Condition;
    /// Returns the speed of a port's link; `None` if it has none or nobody knows.
    fn bits_per_second(&self, bridge: &str, port: PortId) -> Option<u64>;
    /// Returns how one of our interfaces is.
    fn own_link(&self, interface: &str) -> OwnLink;
    /// Returns the host's addresses on one of our interfaces, whoever set them; `None` if they cannot be seen.
    fn addresses(&self, _interface: &str) -> Option<Vec<InetAddress>> {
        None
    }
    /// Returns what only the running device knows.
    fn device(&self, _name: &str) -> Option<TapLive> {
        None
    }
    /// Lists what a bridge has learned of neighbours.
    fn bound(&self, _bridge: &str, _now: Instant) -> Vec<Binding> {
        Vec::new()
    }
    /// Lists what the links of tuns know of neighbours, and what they answer for.
    fn neighbours(&self, _now: Instant) -> Vec<NeighbourEntry> {
        Vec::new()
    }
}

/// How one of our interfaces is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OwnLink {
    /// Up, with carrier.
    Running,
    /// Up, without carrier.
    NoCarrier,
    /// Down.
    Down,
    /// In another network namespace.
    Elsewhere,
}

/// Whether a port can carry frames.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Condition {
    /// It can.
    Running,
    /// The interface is there, and down or without carrier.
    LinkDown,
    /// The interface is not there.
    Absent,
}

/// Answers a question.
pub fn answer(state: &State, picture: &Picture, system: &impl Live, question: &Question, now: Instant) -> Reply {
    let ours = |name: &String| system.platform().own_name(name).unwrap_or_else(|| name.clone());
    let reply = match question {
        Question::Show(Which::Named(name)) => {
            reports(state, picture, system, &Which::Named(ours(name))).map(Reply::Interfaces)
        }
        Question::Show(which @ (Which::All | Which::Group(_))) => {
            reports(state, picture, system, which).map(Reply::Interfaces)
        }
        Question::Addresses(bridge) => addresses(state, system, bridge, now).map(Reply::Addresses),
        Question::Neighbours(name) => {
            neighbours(state, system, name.as_ref().map(ours).as_deref(), now).map(Reply::Neighbours)
        }
    };
    reply.unwrap_or_else(Reply::Refused)
}

fn reports(
    state: &State,
    picture: &Picture,
    system: &impl Live,
    which: &Which,
) -> Result<Vec<InterfaceReport>, AdminError> {
    match which {
        Which::All => Ok(all(state, picture, system, None)),
        Which::Group(group) => Ok(all(state, picture, system, Some(group))),
        Which::Named(name) => match report(state, picture, system, name) {
            Some(report) => Ok(vec![report]),
            None => Err(unknown(state, system, name)),
        },
    }
}

#[inline(never)]
fn all(state: &State, picture: &Picture, system: &impl Live, group: Option<&str>) -> Vec<InterfaceReport> {
    let mut all = Vec::new();
    for (name, kind) in state.interfaces() {
        if group.is_none_or(|group| group == kind.group()) {
            all.extend(report(state, picture, system, name));
        }
    }
    all
}

fn addresses(state: &State, system: &impl Live, name: &str, now: Instant) -> Result<Vec<AddressEntry>, AdminError> {
    match (state.bridges.get(name), system.engine(name)) {
        (Some(bridge), Some(engine)) => Ok(report_addresses(name, bridge, &engine.entries(now))),
        (_, _) if state.kind_of(name).is_some() => Err(AdminError {
            operation: "unable to get address cache".into(),
            errno: None,
            detail: format!("{name} is not a bridge; only bridges have an address table"),
        }),
        (_, _) => Err(unknown(state, system, name)),
    }
}

fn neighbours(
    state: &State,
    system: &impl Live,
    name: Option<&str>,
    now: Instant,
) -> Result<Vec<NeighbourEntry>, AdminError> {
    if let Some(name) = name
        && state.kind_of(name).is_none()
        && state.bridge_of(name).is_none()
    {
        return Err(unknown(state, system, name));
    }
    let bridges = state.bridges.iter();
    let bound = bridges.flat_map(|(name, bridge)| report_bindings(name, bridge, &system.bound(name, now), now));
    let mut entries: Vec<_> = bound.chain(system.neighbours(now)).collect();
    if let Some(name) = name {
        entries.retain(|entry| entry.interface == name || entry.member.as_deref() == Some(name));
    }
    Ok(entries)
}

#[inline(never)]
fn report(state: &State, picture: &Picture, system: &impl Live, name: &str) -> Option<InterfaceReport> {
    let shown = picture.interfaces.get(name)?;
    let link = system.own_link(name);
    let interface = InterfaceLive {
        ether: shown.mac,
        addresses: shown_addresses(shown, system.addresses(name)),
        link: if link == OwnLink::Running { Link::Up } else { Link::Down },
        place: if link == OwnLink::Elsewhere { Location::Elsewhere } else { Location::Here },
    };
    match (state.bridges.get(name), system.engine(name)) {
        (Some(bridge), Some(engine)) => report_bridge(state, name, interface, live(name, bridge, engine, system)),
        (_, _) if state.device(name).is_some() => device(state, system, name, interface),
        (_, _) => report_vport(state, name, interface),
    }
}

#[inline(never)]
fn device(state: &State, system: &impl Live, name: &str, interface: InterfaceLive) -> Option<InterfaceReport> {
    let mut report = report_tap(state, name, interface, system.device(name)?)?;
    // Programs set it as well, without asking.
    report.mtu = system.interface(name).map_or(report.mtu, |found| found.mtu_bytes);
    Some(report)
}

/// Returns what an interface has beside what the operator gave it. Every interface has some link-local address by itself:
/// those count only where the operator said them.
fn shown_addresses(own: &Interface, found: Option<Vec<InetAddress>>) -> Vec<InetAddress> {
    let said = |address| own.addresses.iter().any(|one| one.address == address);
    let by_itself = |address| matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local()) && !said(address);
    match found {
        Some(found) => found.into_iter().filter(|one| !by_itself(one.address)).collect(),
        None => own.addresses.iter().copied().collect(),
    }
}

#[inline(never)]
fn live(name: &str, bridge: &BridgeState, engine: &Bridge, system: &impl Live) -> BridgeLive {
    let (total, table, by_port) = totals(engine);
    BridgeLive {
        host: counts(engine, PortId::HOST),
        total,
        table,
        ports: ports(name, bridge, &by_port, engine, system),
    }
}

#[inline(never)]
fn ports(
    name: &str,
    bridge: &BridgeState,
    by_port: &[(PortId, u32)],
    engine: &Bridge,
    system: &impl Live,
) -> BTreeMap<PortId, PortLive> {
    let learned = |port| by_port.iter().find(|&&(of, _)| of == port).map_or(0, |&(_, count)| count.into());
    let mut ports = BTreeMap::new();
    for (_, port) in bridge.ports() {
        ports.insert(port, port_live(name, port, learned(port), engine, system));
    }
    ports
}

#[inline(never)]
fn port_live(name: &str, port: PortId, addresses: u64, engine: &Bridge, system: &impl Live) -> PortLive {
    PortLive {
        counts: counts(engine, port),
        addresses,
        bits_per_second: system.bits_per_second(name, port),
        trouble: match system.condition(name, port) {
            Condition::Running => String::new(),
            Condition::LinkDown => "link down".into(),
            Condition::Absent => "interface removed".into(),
        },
    }
}

// Counters are large, and the stacks of a kernel small: each is in a frame of its own.
#[inline(never)]
fn counts(engine: &Bridge, port: PortId) -> Counts {
    Counts::from(&engine.port_counters(port))
}

#[inline(never)]
fn totals(engine: &Bridge) -> (Counts, TableReport, Vec<(PortId, u32)>) {
    let (counters, addresses) = (engine.counters(), engine.address_counts());
    (Counts::from(&counters.ports), TableReport::new(&counters, &addresses), addresses.by_port)
}

fn unknown(state: &State, system: &impl Live, name: &str) -> AdminError {
    let shows = system.platform().shows(name);
    let (operation, detail) = match (system.interface(name).is_some(), state.bridge_of(name)) {
        (false, None) => return AdminError::no_interface(name),
        (true, None) => (
            format!("interface {name} is the system's own"),
            format!("only {} interfaces are administered here; see {shows}", system.platform().kinds()),
        ),
        (there, Some((bridge, _))) => (
            format!("interface {name} {}", if there { "is the system's own" } else { "does not exist" }),
            format!("it is a port of {bridge}; see ifconfig {bridge}, and {shows}"),
        ),
    };
    AdminError { operation, errno: None, detail }
}
