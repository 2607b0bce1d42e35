//! Which interfaces may become ports.

use super::super::facts::{Facts, SystemInterface, SystemKind};
use super::super::limits::{MAX_MEMBERS, MAX_MTU_BYTES, MIN_MTU_BYTES};
use super::super::name::Name;
use super::super::state::{Role, State};
use super::interface::inet_word;
use super::{Draft, Errno, InterfaceKind, Platform, Refusal, format, limits, refuse};
use core::net::IpAddr;

/// An interface that may become a port, with the MTUs it takes.
pub(super) struct Candidate {
    /// Its MTU; `None` for one that keeps its own, whatever the bridge's.
    pub(super) mtu_bytes: Option<u32>,
    /// Whether the host has addresses on it, and keeps them.
    pub(super) host_address: bool,
    range: (u32, u32),
}

impl Candidate {
    /// Checks that the interface can carry a bridge's MTU.
    pub(super) fn fits(&self, interface: &str, bridge: &str, mtu_bytes: Option<u32>) -> Result<(), Refusal> {
        let (least, most) = self.range;
        let Some(mtu_bytes) = mtu_bytes else { return Ok(()) };
        if (least..=most).contains(&mtu_bytes) {
            return Ok(());
        }
        let near = mtu_bytes.clamp(least, most);
        let detail = format!(
            "{bridge} has MTU {mtu_bytes} and {interface} takes {least}..{most}; change it first: ifconfig {bridge} mtu {near}"
        );
        refuse(Errno::Invalid, detail)
    }
}

/// Returns the MTUs that an interface takes, `None` for one that is not there.
pub(super) fn mtu_range(state: &State, interface: &str, facts: &dyn Facts) -> Option<(u32, u32)> {
    if state.kind_of(interface).is_some() {
        return Some((MIN_MTU_BYTES, MAX_MTU_BYTES));
    }
    facts.interface(interface).map(|found| range_of(&found))
}

impl Draft<'_> {
    /// Checks that an interface may become a port of the change's bridge, in the order in which FreeBSD checks.
    pub(super) fn admit(&mut self, interface: &str, role: Role) -> Result<Candidate, Refusal> {
        let ports = self.bridge()?.ports().count();
        self.require_unclaimed(interface, role)?;
        let candidate = match self.state.kind_of(interface) {
            // Addresses of what is ours are the host's, on the far side of the port.
            Some(_) => {
                let mtu_bytes = self.state.port_mtu_bytes(interface);
                Candidate { mtu_bytes, host_address: false, range: (MIN_MTU_BYTES, MAX_MTU_BYTES) }
            }
            None => self.admit_system(interface, role)?,
        };
        if ports >= MAX_MEMBERS {
            let detail = format!("{} has {ports} members and span ports, which is the most", self.name);
            return refuse(Errno::NoSpace, detail);
        }
        Ok(candidate)
    }

    fn require_unclaimed(&self, interface: &str, role: Role) -> Result<(), Refusal> {
        let name = &self.name;
        if self.state.bridges.contains_key(interface) {
            let detail =
                format!("{interface} is a bridge, which can not be a member; add its members to {name} instead");
            return refuse(Errno::Invalid, detail);
        }
        if role == Role::Span && self.state.tuns.contains_key(interface) {
            return refuse(Errno::Invalid, limits::no_mirror(interface));
        }
        let Some((owner, claim)) = self.state.bridge_of(interface) else { return Ok(()) };
        let (errno, what, verb) = match (claim, owner == name) {
            (Role::Member, true) => (Errno::Exists, "already a member", "deletem"),
            (Role::Member, false) => (Errno::Busy, "a member", "deletem"),
            (Role::Span, _) => (Errno::Busy, "a span port", "-span"),
        };
        let remedy = match (claim, role, owner == name) {
            (Role::Member, Role::Member, true) => "",
            _ => &format!("; remove it there first: ifconfig {owner} {verb} {interface}"),
        };
        refuse(errno, format!("{interface} is {what} of {owner}{remedy}"))
    }

    fn admit_system(&self, interface: &str, role: Role) -> Result<Candidate, Refusal> {
        let Some(found) = self.facts.interface(interface) else {
            let remedy = match Name::parse(interface) {
                Ok(Name::Unit(InterfaceKind::Vport | InterfaceKind::Tap | InterfaceKind::Tun, _)) => {
                    format!("create it first: ifconfig {interface} create")
                }
                Ok(_) | Err(_) => format!("{} lists what there is", self.platform().lists()),
            };
            return refuse(Errno::NotFound, format!("there is no interface {interface}; {remedy}"));
        };
        self.require_kind(interface, &found)?;
        if let Some(master) = &found.master {
            let detail = format!("{interface} belongs to {master}; release it first: ip link set {interface} nomaster");
            return refuse(Errno::Busy, detail);
        }
        let host_address = match (self.platform(), role) {
            (_, Role::Span) => false,
            (Platform::Haiku, Role::Member) => found.addresses.iter().any(is_routed),
            (Platform::Linux, Role::Member) => {
                self.require_no_address(interface, &found)?;
                false
            }
        };
        Ok(Candidate { mtu_bytes: Some(found.mtu_bytes), host_address, range: range_of(&found) })
    }

    fn require_kind(&self, interface: &str, found: &SystemInterface) -> Result<(), Refusal> {
        let detail = match &found.kind {
            SystemKind::Ethernet => return Ok(()),
            SystemKind::VlanOn(parent) => return self.require_not_on_bridge(interface, parent),
            SystemKind::Loopback => format!("{interface} is the loopback; a member carries Ethernet frames"),
            SystemKind::PointToPoint => {
                format!("{interface} is point-to-point and carries no Ethernet frames; route to it instead")
            }
            SystemKind::Bridge => {
                format!("{interface} is a bridge of the system; add its members to {} instead", self.name)
            }
            SystemKind::Other => format!("{interface} is not an Ethernet interface"),
        };
        refuse(Errno::Invalid, detail)
    }

    /// Follows VLANs upon VLANs down to what carries them.
    fn require_not_on_bridge(&self, interface: &str, parent: &str) -> Result<(), Refusal> {
        // Linux nests devices at most 8 deep (`MAX_NEST_DEV`); the bound only stops facts that run in a circle.
        let mut carrier = alloc::string::String::from(parent);
        for _ in 0..8 {
            if self.state.bridges.contains_key(&carrier) {
                let removes = self.platform().removes(interface);
                let detail =
                    format!("{interface} is a VLAN of {carrier}, so its frames would come back; remove it: {removes}");
                return refuse(Errno::Invalid, detail);
            }
            match self.facts.interface(&carrier).map(|found| found.kind) {
                Some(SystemKind::VlanOn(next)) => carrier = next,
                Some(_) | None => break,
            }
        }
        Ok(())
    }

    /// A member belongs to the bridge whole; an address on it would answer for half of the host. FreeBSD 16 refuses
    /// likewise. A link-local address stays: the system makes one by itself.
    fn require_no_address(&self, interface: &str, found: &SystemInterface) -> Result<(), Refusal> {
        let Some(address) = found.addresses.iter().find(|address| is_routed(address)) else { return Ok(()) };
        let (family, name) = (inet_word(*address), &self.name);
        let detail = format!(
            "{interface} has the address {address}; move it to the bridge: ip addr flush dev {interface}, then ifconfig {name} {family} {address}/N"
        );
        refuse(Errno::Invalid, detail)
    }
}

/// Returns whether an address is one that the operator, or a server on the LAN, gave the host.
fn is_routed(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => true,
        IpAddr::V6(v6) => !v6.is_unicast_link_local(),
    }
}

fn range_of(found: &SystemInterface) -> (u32, u32) {
    let most = if found.max_mtu_bytes == 0 { MAX_MTU_BYTES } else { found.max_mtu_bytes.min(MAX_MTU_BYTES) };
    (found.min_mtu_bytes.clamp(MIN_MTU_BYTES, most), most)
}
