//! Reports: what the operator asked for, beside the numbers of the moment.

mod neighbours;
mod tap;
mod tun;

pub use self::tap::{TapLive, header_text, report_tap};
pub use neighbours::report_bindings;
pub use tun::TunLive;

use super::report::{
    AddressEntry, AddressKind, BridgeReport, Counts, InterfaceFlag, InterfaceKind, InterfaceReport, MemberReport,
    TableReport,
};
use super::request::{InetAddress, StpProtocol};
use super::state::{BridgeState, MemberState, SpanState, State};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use bridge::{AddressCounts, BridgeCounters, Entry, EntryKind, PortCounters, Suppress};
use core::time::Duration;
use frame::{Mac, PortId, Tpid, VidSet};

/// What only the system knows of one of our interfaces.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InterfaceLive {
    /// Its MAC address.
    pub ether: Mac,
    /// The addresses that it has, whoever set them.
    pub addresses: Vec<InetAddress>,
    /// Whether the medium is there.
    pub link: Link,
    /// Whether we can see all of it.
    pub place: Location,
}

/// Whether a medium is there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Link {
    /// It is.
    Up,
    /// It is not.
    Down,
}

/// Where the system side of an interface is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Location {
    /// Where we are.
    Here,
    /// In another network namespace.
    Elsewhere,
}

/// The numbers of a bridge.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct BridgeLive {
    /// The host's own port.
    pub host: Counts,
    /// All ports.
    pub total: Counts,
    /// The address table.
    pub table: TableReport,
    /// Members and span ports; one without an entry reports zeros.
    pub ports: BTreeMap<PortId, PortLive>,
}

/// The numbers of a member or span port.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PortLive {
    /// Its traffic.
    pub counts: Counts,
    /// Addresses that the table has for it.
    pub addresses: u64,
    /// The speed of its link; `None` while down or unknown.
    pub bits_per_second: Option<u64>,
    /// Why it forwards nothing: `link down`, `interface removed`; empty when it does.
    pub trouble: String,
}

/// Reports a bridge; `None` if there is none of that name.
#[inline(never)]
pub fn report_bridge(state: &State, name: &str, interface: InterfaceLive, live: BridgeLive) -> Option<InterfaceReport> {
    let bridge = state.bridges.get(name)?;
    let settings = Settings { kind: InterfaceKind::Bridge, up: bridge.up, description: &bridge.description };
    let mut report = report(state, name, settings, interface);
    report.bridge = Some(Box::new(bridge_report(bridge, live)));
    Some(report)
}

/// Reports a vport; `None` if there is none of that name.
#[inline(never)]
pub fn report_vport(state: &State, name: &str, interface: InterfaceLive) -> Option<InterfaceReport> {
    let vport = state.vports.get(name)?;
    let settings = Settings { kind: InterfaceKind::Vport, up: vport.up, description: &vport.description };
    Some(report(state, name, settings, interface))
}

/// Reports a table. The host's own port goes by the bridge's name; entries of a port that is being removed are left
/// out.
pub fn report_addresses(name: &str, bridge: &BridgeState, entries: &[Entry]) -> Vec<AddressEntry> {
    let line = |entry: &Entry| {
        let interface = if entry.port == PortId::HOST { name } else { bridge.interface_of(entry.port)? };
        let seconds = entry.left.unwrap_or(Duration::ZERO).as_secs();
        Some(AddressEntry {
            address: entry.mac,
            vlan: entry.vid,
            interface: interface.into(),
            seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
            kind: match entry.kind {
                EntryKind::Dynamic => AddressKind::Dynamic,
                EntryKind::Static => AddressKind::Static,
                EntryKind::Sticky => AddressKind::Sticky,
            },
        })
    };
    entries.iter().filter_map(line).collect()
}

impl From<&PortCounters> for Counts {
    fn from(counters: &PortCounters) -> Self {
        Self {
            rx_frames: counters.rx_frames,
            rx_bytes: counters.rx_bytes,
            tx_frames: counters.tx_frames,
            tx_bytes: counters.tx_bytes,
            suppressed: counters.suppressed,
            drops: named(counters.drops.nonzero().map(|(why, frames)| (why.name(), frames))),
        }
    }
}

/// Gathers what is counted under names. It is entered one by one: to sort all first takes a stack that a kernel has not.
pub fn named<'n>(counts: impl Iterator<Item = (&'n str, u64)>) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for (name, count) in counts {
        all.insert(name.to_string(), count);
    }
    all
}

impl TableReport {
    /// Gathers what an engine says of its table.
    pub fn new(counters: &BridgeCounters, addresses: &AddressCounts) -> Self {
        Self {
            addresses: addresses.total.into(),
            learned: counters.learned,
            moved: counters.moved,
            expired: counters.expired,
            evicted: counters.evicted,
            refused: counters.refused,
            events_lost: counters.events_lost,
        }
    }
}

/// The part of the state that every kind has.
struct Settings<'a> {
    kind: InterfaceKind,
    up: bool,
    description: &'a str,
}

#[inline(never)]
fn report(state: &State, name: &str, settings: Settings<'_>, live: InterfaceLive) -> InterfaceReport {
    let Settings { kind, up, description } = settings;
    // A tun too: its interface is an Ethernet one, of which the link is the only other station.
    let flags = [
        (InterfaceFlag::Up, up),
        (InterfaceFlag::Broadcast, true),
        (InterfaceFlag::Running, up),
        (InterfaceFlag::Simplex, true),
        (InterfaceFlag::Multicast, true),
        (InterfaceFlag::LowerUp, up && live.link == Link::Up),
    ];
    InterfaceReport {
        name: name.into(),
        kind,
        flags: flags.into_iter().filter(|&(_, set)| set).map(|(flag, _)| flag).collect(),
        mtu: state.mtu_bytes(name).unwrap_or_default(),
        ether: live.ether,
        description: description.into(),
        addresses: live.addresses,
        groups: [kind.group().into()].into(),
        member_of: state.bridge_of(name).map(|(bridge, _)| bridge.into()),
        elsewhere: live.place == Location::Elsewhere,
        bridge: None,
        tap: None,
        tun: None,
    }
}

#[inline(never)]
fn bridge_report(bridge: &BridgeState, mut live: BridgeLive) -> BridgeReport {
    let mut take = |port: PortId| live.ports.remove(&port).unwrap_or_default();
    let mut members: Vec<_> =
        bridge.members.iter().rev().map(|member| member_report(member, bridge.protocol, take(member.port))).collect();
    members.extend(bridge.spans.iter().rev().map(|span| span_report(span, take(span.port))));
    BridgeReport {
        priority: bridge.priority,
        hello_time: bridge.hello_time,
        forward_delay: bridge.forward_delay,
        max_age: bridge.max_age,
        hold_count: bridge.hold_count,
        protocol: bridge.protocol,
        max_addresses: bridge.max_addresses,
        timeout: bridge.timeout,
        vlan_filter: bridge.vlan_filter,
        default_qinq: bridge.default_qinq,
        default_untagged: bridge.default_untagged,
        members,
        host: live.host,
        host_untagged: bridge.host_untagged,
        total: live.total,
        table: live.table,
    }
}

#[inline(never)]
fn member_report(member: &MemberState, protocol: StpProtocol, live: PortLive) -> MemberReport {
    MemberReport {
        interface: member.interface.clone(),
        port: member.port.get(),
        span: false,
        flags: member.flags(),
        suppress: member.suppress.clone(),
        protected: member.protected.clone(),
        max_addresses: member.max_addresses,
        addresses: live.addresses,
        priority: member.priority,
        path_cost: if member.path_cost == 0 { path_cost(live.bits_per_second, protocol) } else { member.path_cost },
        vlan_protocol: member.vlan_protocol,
        untagged: member.untagged,
        tagged: member.tagged.clone(),
        storm: member.storm.clone(),
        trouble: live.trouble,
        counts: live.counts,
    }
}

/// A span port takes no part in forwarding, so it has none of a member's values.
#[inline(never)]
fn span_report(span: &SpanState, live: PortLive) -> MemberReport {
    MemberReport {
        interface: span.interface.clone(),
        port: span.port.get(),
        span: true,
        flags: Vec::new(),
        suppress: Suppress::default(),
        protected: Vec::new(),
        max_addresses: 0,
        addresses: live.addresses,
        priority: 0,
        path_cost: 0,
        vlan_protocol: Tpid::Dot1q,
        untagged: None,
        tagged: VidSet::EMPTY,
        storm: BTreeMap::new(),
        trouble: live.trouble,
        counts: live.counts,
    }
}

/// Returns the cost of a link by its speed (802.1D-2004 Table 17-3: 20,000,000,000 over kbit/s). The cost of one
/// whose speed is unknown is FreeBSD's, and so is the bound for the older protocol, whose costs have 16 bits.
fn path_cost(bits_per_second: Option<u64>, protocol: StpProtocol) -> u32 {
    let most = match protocol {
        StpProtocol::Stp => 65_535,
        StpProtocol::Rstp => 200_000_000,
    };
    let by_speed = |speed| 20_000_000_000_000_u64.checked_div(speed);
    let cost = bits_per_second.and_then(by_speed).map_or(55, |cost| cost.clamp(1, most));
    u32::try_from(cost).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
