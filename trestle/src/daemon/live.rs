//! What is shown: the state, beside what engines and interfaces say at the moment.

use super::system::{Condition, OwnLink, System};
use crate::control::Which;
use bridge::Bridge;
use frame::{Instant, PortId};
use kernel_glue::admin::{
    AddressEntry, AdminError, BridgeLive, BridgeState, Counts, InetAddress, Interface, InterfaceLive, InterfaceReport,
    Link, Location, NeighbourEntry, Picture, PortLive, State, TableReport, report_addresses, report_bindings,
    report_bridge, report_tap, report_vport,
};
use std::net::IpAddr;

/// Reports interfaces.
pub(super) fn reports(
    state: &State,
    picture: &Picture,
    system: &impl System,
    which: &Which,
) -> Result<Vec<InterfaceReport>, AdminError> {
    let all = || state.interfaces().filter_map(|(name, _)| report(state, picture, system, name));
    match which {
        Which::All => Ok(all().collect()),
        Which::Group(group) => Ok(all().filter(|report| report.groups.contains(group)).collect()),
        Which::Named(name) => match report(state, picture, system, name) {
            Some(report) => Ok(vec![report]),
            None => Err(unknown(state, system, name)),
        },
    }
}

/// Lists the address table of a bridge.
pub(super) fn addresses(
    state: &State,
    system: &impl System,
    name: &str,
    now: Instant,
) -> Result<Vec<AddressEntry>, AdminError> {
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

/// Lists who is known to have which IP address: by one bridge or tun, behind one member, or all.
pub(super) fn neighbours(
    state: &State,
    system: &impl System,
    name: Option<&str>,
    now: Instant,
) -> Result<Vec<NeighbourEntry>, AdminError> {
    if let Some(name) = name
        && state.kind_of(name).is_none()
        && state.bridge_of(name).is_none()
    {
        return Err(unknown(state, system, name));
    }
    let of_bridge = |(name, bridge): (&String, &BridgeState)| {
        let bindings = system.bindings(name).map(|bindings| bindings.list(now)).unwrap_or_default();
        report_bindings(name, bridge, &bindings, now)
    };
    let mut entries: Vec<_> = state.bridges.iter().flat_map(of_bridge).chain(system.neighbours(now)).collect();
    if let Some(name) = name {
        entries.retain(|entry| entry.interface == name || entry.member.as_deref() == Some(name));
    }
    Ok(entries)
}

fn report(state: &State, picture: &Picture, system: &impl System, name: &str) -> Option<InterfaceReport> {
    let shown = picture.interfaces.get(name)?;
    let link = system.own_link(name);
    let interface = InterfaceLive {
        ether: shown.mac,
        addresses: shown_addresses(shown, system.addresses(name)),
        link: if link == OwnLink::Running { Link::Up } else { Link::Down },
        place: if link == OwnLink::Elsewhere { Location::Elsewhere } else { Location::Here },
    };
    match (state.bridges.get(name), system.engine(name), system.device(name)) {
        (Some(bridge), Some(engine), _) => report_bridge(state, name, interface, live(name, bridge, engine, system)),
        (_, _, Some(device)) => {
            let mut report = report_tap(state, name, interface, device)?;
            // Programs set it as well, without asking.
            report.mtu = system.interface(name).map_or(report.mtu, |found| found.mtu_bytes);
            Some(report)
        }
        (_, _, None) => report_vport(state, name, interface),
    }
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

fn live(name: &str, bridge: &BridgeState, engine: &Bridge, system: &impl System) -> BridgeLive {
    let (counters, addresses) = (engine.counters(), engine.address_counts());
    let learned = |port| addresses.by_port.iter().find(|&&(of, _)| of == port).map_or(0, |&(_, count)| count.into());
    let port = |port: PortId| PortLive {
        counts: Counts::from(&engine.port_counters(port)),
        addresses: learned(port),
        bits_per_second: system.bits_per_second(name, port),
        trouble: match system.condition(name, port) {
            Condition::Running => String::new(),
            Condition::LinkDown => "link down".into(),
            Condition::Absent => "interface removed".into(),
        },
    };
    BridgeLive {
        host: Counts::from(&engine.port_counters(PortId::HOST)),
        total: Counts::from(&counters.ports),
        table: TableReport::new(&counters, &addresses),
        ports: bridge.ports().map(|(_, number)| (number, port(number))).collect(),
    }
}

fn unknown(state: &State, system: &impl System, name: &str) -> AdminError {
    let operation = match system.interface(name) {
        Some(_) => format!("interface {name} is the system's own"),
        None => format!("interface {name} does not exist"),
    };
    let detail = match (system.interface(name), state.bridge_of(name)) {
        (_, Some((bridge, _))) => format!("it is a port of {bridge}; see ifconfig {bridge}, and ip link show {name}"),
        (Some(_), None) => {
            format!("only bridge, vport, tap and tun interfaces are administered here; see ip link show {name}")
        }
        (None, None) => "ifconfig -l lists those that do".into(),
    };
    AdminError { operation, errno: None, detail }
}
