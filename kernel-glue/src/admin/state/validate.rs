//! Checks a state that was not built verb by verb: one read from a file.

use super::super::error::{AdminError, Errno};
use super::super::limits;
use super::super::name::Name;
use super::super::platform::Platform;
use super::super::refusal::{Refusal, refuse};
use super::super::report::InterfaceKind;
use super::super::request::{InetAddress, Mss, StpProtocol};
use super::{BridgeState, LinkState, MemberState, Role, State, TapState, VportState};
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use core::net::IpAddr;
use frame::PortId;

impl State {
    /// Checks a state as strictly as verbs would, but for what only the system knows.
    ///
    /// # Errors
    ///
    /// The first value that is refused, by the place of its key: `bridge.bridge0.priority`.
    pub fn validate(&self, platform: Platform) -> Result<(), AdminError> {
        Place("bridge".into()).this(count(self.bridges.len(), limits::MAX_BRIDGES))?;
        Place("vport".into()).this(count(self.vports.len(), limits::MAX_VPORTS))?;
        Place("tap".into()).this(count(self.taps.len(), limits::MAX_TAPS))?;
        Place("tun".into()).this(count(self.tuns.len(), limits::MAX_TAPS))?;
        let mut seen = Seen::default();
        for (name, vport) in &self.vports {
            require_vport(name, vport, &mut seen)?;
        }
        for (name, tap) in &self.taps {
            require_device(name, InterfaceKind::Tap, tap, &mut seen)?;
            require_no_link(name, tap)?;
        }
        for (name, tun) in &self.tuns {
            require_device(name, InterfaceKind::Tun, tun, &mut seen)?;
            require_link(name, tun)?;
        }
        for (name, bridge) in &self.bridges {
            let place = Place(format!("bridge.{name}"));
            place.this(require_name(name, InterfaceKind::Bridge))?;
            require_values(bridge, &place)?;
            place.key("inet", seen.require_inet(&bridge.inet))?;
            place.key("inet", bridge.inet.iter().try_for_each(|one| limits::no_destination(name, one)))?;
            require_times(bridge, &place)?;
            self.require_ports(bridge, &place, platform, &mut seen)?;
            bridge.members.iter().try_for_each(|member| {
                require_member(member, &place)?;
                let kept = self.require_host_address(member, platform);
                place.of("member", &member.interface).key("hostaddr", kept)
            })?;
            require_statics(bridge, &place)?;
        }
        Ok(())
    }

    fn require_ports<'a>(
        &'a self,
        bridge: &'a BridgeState,
        place: &Place,
        platform: Platform,
        seen: &mut Seen<'a>,
    ) -> Result<(), AdminError> {
        place.key("member", count(bridge.ports().count(), limits::MAX_MEMBERS))?;
        let mut numbers = BTreeSet::new();
        for (interface, port) in bridge.ports() {
            let place = place.of("member", interface);
            place.key("interface", self.require_possible(interface, platform))?;
            place.key("interface", seen.require_unclaimed(interface))?;
            if bridge.role_of(interface) == Some(Role::Span) && self.tuns.contains_key(interface) {
                return place.key("interface", refuse(Errno::Invalid, limits::no_mirror(interface)));
            }
            if port == PortId::HOST || !numbers.insert(port) {
                let detail = format!("number {port} is taken; leave it out to be given a free one");
                return place.key("port", refuse(Errno::Exists, detail));
            }
        }
        Ok(())
    }

    fn require_host_address(&self, member: &MemberState, platform: Platform) -> Result<(), Refusal> {
        match member.host_address {
            true => limits::host_address(&member.interface, self.kind_of(&member.interface), platform),
            false => Ok(()),
        }
    }

    fn require_possible(&self, interface: &str, platform: Platform) -> Result<(), Refusal> {
        if !platform.is_possible_name(interface) {
            return refuse(Errno::Invalid, format!("{interface:?} can not be the name of an interface"));
        }
        if self.bridges.contains_key(interface) {
            return refuse(Errno::Invalid, format!("{interface} is a bridge, which can not be a member"));
        }
        Ok(())
    }
}

/// What may be in a state once only.
#[derive(Default)]
struct Seen<'a> {
    interfaces: BTreeSet<&'a str>,
    inet: BTreeSet<IpAddr>,
}

impl<'a> Seen<'a> {
    fn require_unclaimed(&mut self, interface: &'a str) -> Result<(), Refusal> {
        if self.interfaces.insert(interface) {
            return Ok(());
        }
        refuse(Errno::Busy, format!("{interface} is a member or a span port already; once is the most"))
    }

    fn require_inet(&mut self, inet: &[InetAddress]) -> Result<(), Refusal> {
        count(inet.len(), limits::MAX_INET)?;
        // Each link has link-local addresses of its own, so only one interface may not repeat one.
        let mut here = BTreeSet::new();
        for one in inet {
            limits::inet(one)?;
            let everywhere = match one.address {
                IpAddr::V6(v6) if v6.is_unicast_link_local() => &mut here,
                IpAddr::V4(_) | IpAddr::V6(_) => &mut self.inet,
            };
            if !everywhere.insert(one.address) {
                return refuse(Errno::Exists, format!("{} is set twice", one.address));
            }
        }
        Ok(())
    }
}

fn require_vport(name: &str, vport: &VportState, seen: &mut Seen<'_>) -> Result<(), AdminError> {
    let place = Place(format!("vport.{name}"));
    place.this(require_name(name, InterfaceKind::Vport))?;
    place.key("description", limits::description(&vport.description))?;
    place.key("mtu", limits::mtu(vport.mtu_bytes))?;
    place.key("ether", vport.ether.map_or(Ok(()), limits::station))?;
    place.key("inet", seen.require_inet(&vport.inet))?;
    place.key("inet", vport.inet.iter().try_for_each(|one| limits::no_destination(name, one)))
}

fn require_device<'a>(
    name: &str,
    kind: InterfaceKind,
    device: &'a TapState,
    seen: &mut Seen<'a>,
) -> Result<(), AdminError> {
    let place = Place(format!("{}.{name}", kind.group()));
    place.this(require_name(name, kind))?;
    place.key("description", limits::description(&device.description))?;
    place.key("mtu", limits::mtu(device.mtu_bytes))?;
    place.key("ether", device.ether.map_or(Ok(()), limits::station))?;
    place.key("inet", seen.require_inet(&device.inet))?;
    place.key("owner", limits::account(device.owner))?;
    place.key("group", device.group.map_or(Ok(()), limits::account))?;
    place.key("mode", limits::node_mode(device.mode))?;
    place.key("queue", limits::queue(device.queue_packets))
}

fn require_no_link(name: &str, tap: &TapState) -> Result<(), AdminError> {
    let LinkState { peers, topology, mss, gateways, on_link, dhcp } = &*tap.link;
    let keys = [
        ("peer", !peers.is_empty()),
        ("topology", topology.is_some()),
        ("mss", *mss != Mss::Off),
        ("gateway", !gateways.is_empty()),
        ("onlink", !on_link.is_empty()),
        ("dhcp", *dhcp),
    ];
    let place = Place(format!("tap.{name}"));
    for (key, _) in keys.into_iter().filter(|&(_, set)| set) {
        place
            .key(key, refuse(Errno::Invalid, "a tap is no point-to-point link, only a tun is; leave it out".into()))?;
    }
    place.key("inet", tap.inet.iter().try_for_each(|one| limits::no_destination(name, one)))
}

fn require_link(name: &str, tun: &TapState) -> Result<(), AdminError> {
    let place = Place(format!("tun.{name}"));
    let link = &tun.link;
    let mut broadcasts = tun.inet.iter().filter_map(|one| one.broadcast);
    place.key("inet", broadcasts.try_for_each(|broadcast| limits::no_broadcast(name, broadcast)))?;
    place.key("peer", link.peers.iter().try_for_each(|&peer| limits::link::peer(peer)))?;
    place.key("mss", limits::link::mss(link.mss))?;
    place.key("gateway", link.gateways.iter().try_for_each(|&gateway| limits::link::gateway(gateway)))?;
    place.key("onlink", link.on_link.iter().try_for_each(|&network| limits::link::on_link(network)))?;
    limits::link::together(name, tun).or_else(|(key, refusal)| place.key(key, Err(refusal)))
}

fn require_values(bridge: &BridgeState, place: &Place) -> Result<(), AdminError> {
    place.key("description", limits::description(&bridge.description))?;
    place.key("mtu", bridge.mtu_bytes.map_or(Ok(()), limits::mtu))?;
    place.key("ether", bridge.ether.map_or(Ok(()), limits::station))?;
    place.key("maxaddr", limits::max_addresses(bridge.max_addresses))?;
    place.key("priority", limits::priority(bridge.priority))?;
    place.key("priority", require_multiple(bridge.priority, 4096))?;
    place.key("holdcnt", limits::hold_count(bridge.hold_count))
}

fn require_times(bridge: &BridgeState, place: &Place) -> Result<(), AdminError> {
    let BridgeState { hello_time, forward_delay, max_age, .. } = *bridge;
    place.key("hellotime", limits::hello_time(hello_time))?;
    if bridge.protocol == StpProtocol::Rstp && hello_time != 2 {
        let detail = "proto rstp fixes the hello time at 2 seconds; set proto = \"stp\"";
        return place.key("hellotime", refuse(Errno::NotPermitted, detail.into()));
    }
    place.key("fwddelay", limits::forward_delay(forward_delay))?;
    place.key("maxage", limits::max_age(max_age))?;
    place.key("maxage", limits::spanning_tree_times(hello_time, forward_delay, max_age))
}

fn require_member(member: &MemberState, place: &Place) -> Result<(), AdminError> {
    let place = place.of("member", &member.interface);
    place.key("protected", member.protected.iter().try_for_each(|&group| limits::protected_group(group)))?;
    if !member.protected.is_sorted_by(|a, b| a < b) {
        return place.key("protected", refuse(Errno::Invalid, "the groups have to ascend".into()));
    }
    place.key("priority", limits::member_priority(member.priority))?;
    place.key("priority", require_multiple(member.priority.into(), 16))?;
    place.key("pathcost", limits::path_cost(member.path_cost))
}

fn require_statics(bridge: &BridgeState, place: &Place) -> Result<(), AdminError> {
    place.key("static", limits::room_for_statics(bridge.statics.len(), bridge.max_addresses))?;
    let members: BTreeSet<_> = bridge.members.iter().map(|member| member.interface.as_str()).collect();
    let mut seen = BTreeSet::new();
    for one in &bridge.statics {
        let place = place.of("static", &one.address.to_string());
        place.key("address", limits::station(one.address))?;
        if !members.contains(one.interface.as_str()) {
            let detail = format!("{} is not a member of the bridge", one.interface);
            return place.key("interface", refuse(Errno::NotFound, detail));
        }
        if !seen.insert((one.address, one.vid)) {
            return place.this(refuse(Errno::Exists, format!("it is set twice in VLAN {}", one.vlan())));
        }
    }
    Ok(())
}

fn require_name(text: &str, want: InterfaceKind) -> Result<(), Refusal> {
    match Name::parse(text) {
        Ok(Name::Unit(kind, _)) if kind == want => Ok(()),
        Ok(_) => refuse(Errno::Invalid, "the name is the kind and a unit: [bridge.bridge0], [tap.tap0]".into()),
        Err(error) => refuse(Errno::Invalid, error.to_string()),
    }
}

fn count(have: usize, most: usize) -> Result<(), Refusal> {
    if have <= most { Ok(()) } else { refuse(Errno::NoSpace, format!("{have} are over {most}")) }
}

/// A verb rounds down to a step; a file is not rewritten behind its author's back.
fn require_multiple(value: u16, step: u16) -> Result<(), Refusal> {
    match value % step {
        0 => Ok(()),
        rest => refuse(Errno::Invalid, format!("{value} is not a multiple of {step}; write {}", value - rest)),
    }
}

/// Where in the file a value stands.
struct Place(String);

impl Place {
    fn of(&self, list: &str, which: &str) -> Self {
        Self(format!("{}.{list}[{which}]", self.0))
    }

    fn this(&self, checked: Result<(), Refusal>) -> Result<(), AdminError> {
        checked.map_err(|refusal| refusal.of(self.0.clone()))
    }

    fn key(&self, key: &str, checked: Result<(), Refusal>) -> Result<(), AdminError> {
        checked.map_err(|refusal| refusal.of(format!("{}.{key}", self.0)))
    }
}
