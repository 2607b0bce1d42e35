//! What a state means to the system beneath.

use super::facts::Facts;
use super::plan::Step;
use super::request::{Carrier, InetAddress};
use super::state::{BridgeState, LinkState, State, TapState, VportState};
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use arp::Prefix;
use frame::{Mac, PortId};

/// What the system is to provide.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Picture {
    /// Interfaces that Trestle holds: host ports, vports, taps and tuns, by name.
    pub interfaces: BTreeMap<String, Interface>,
    /// Those of them that have a node, which applications open.
    pub devices: BTreeMap<String, Device>,
    /// Devices whose applications exchange packets with the host, for they are in no bridge.
    pub wires: BTreeSet<String>,
    /// Forwarding engines.
    pub bridges: BTreeSet<String>,
    /// What is attached to which port.
    pub ports: BTreeMap<(String, PortId), Attached>,
    /// Member interfaces of others, and the MTU that they must have.
    pub borrowed: BTreeMap<String, Mtu>,
}

/// An interface that Trestle holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Interface {
    /// Its MAC address.
    pub mac: Mac,
    /// Payload bytes after the Ethernet header and any VLAN tag.
    pub mtu_bytes: u32,
    /// Whether it is up.
    pub admin: AdminStatus,
    /// What the operator noted.
    pub description: String,
    /// The host's addresses on it.
    pub addresses: BTreeSet<InetAddress>,
}

/// What a device is beside its interface.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Device {
    /// Frames or packets.
    pub kind: tap::Kind,
    /// Who may open the node, as of a file.
    pub owner: u32,
    /// Whose group may open it.
    pub group: Option<u32>,
    /// Permissions, as of a file.
    pub mode: u16,
    /// Whether several may have it open.
    pub multi_queue: bool,
    /// What decides whether its medium is there.
    pub carrier: Carrier,
    /// Packets that wait for an application at most.
    pub queue_packets: u16,
    /// When it ends.
    pub life: Life,
    /// Set for a tun.
    pub link: Option<Box<LinkWish>>,
}

/// What the link of a tun is to do.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LinkWish {
    /// What the operator said.
    pub state: LinkState,
    /// Networks on its bridge, where the operator has said nothing about them: those of the host's addresses there.
    pub bridge_networks: Vec<Prefix>,
    /// The MTU of its bridge, if it is a member.
    pub bridge_mtu_bytes: Option<u32>,
}

/// How long a device is there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Life {
    /// Until it is destroyed.
    Persistent,
    /// As long as somebody has it open.
    Transient,
}

/// `up` or `down`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AdminStatus {
    /// `up`.
    Up,
    /// `down`.
    Down,
}

impl AdminStatus {
    fn of(up: bool) -> Self {
        if up { Self::Up } else { Self::Down }
    }

    fn opposite(self) -> Self {
        match self {
            Self::Up => Self::Down,
            Self::Down => Self::Up,
        }
    }
}

/// What carries the frames of a port.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Attached {
    /// An interface that Trestle holds.
    Own(String),
    /// The application of a device that Trestle holds.
    Application(String),
    /// An interface of somebody else.
    Foreign(String),
    /// An interface of somebody else on which the host keeps its addresses.
    Shared(String),
    /// An interface of somebody else that only gets copies. The host may use it.
    Mirror(String),
}

impl Attached {
    /// Returns the same for an interface that was renamed.
    pub fn renamed(&self, from: &str, to: &str) -> Self {
        match self {
            Self::Foreign(name) if name == from => Self::Foreign(to.to_owned()),
            Self::Shared(name) if name == from => Self::Shared(to.to_owned()),
            Self::Mirror(name) if name == from => Self::Mirror(to.to_owned()),
            Self::Own(_) | Self::Application(_) | Self::Foreign(_) | Self::Shared(_) | Self::Mirror(_) => self.clone(),
        }
    }

    /// Returns the interface's name.
    pub fn interface(&self) -> &str {
        match self {
            Self::Own(name)
            | Self::Application(name)
            | Self::Foreign(name)
            | Self::Shared(name)
            | Self::Mirror(name) => name,
        }
    }
}

/// MTUs of a borrowed interface: payload bytes after the Ethernet header and any VLAN tag.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Mtu {
    /// While it is a member.
    pub member: u32,
    /// Before, and again afterwards.
    pub before: u32,
}

impl LinkWish {
    fn of(state: &State, name: &str, device: &TapState) -> Self {
        let bridge = state.bridge_of(name).and_then(|(bridge, _)| state.bridges.get(bridge));
        let inet = bridge.map(|bridge| bridge.inet.as_slice()).unwrap_or_default();
        Self {
            state: (*device.link).clone(),
            bridge_networks: inet.iter().filter_map(|one| Prefix::new(one.address, one.prefix)).collect(),
            bridge_mtu_bytes: bridge.map(|bridge| bridge.mtu_bytes()),
        }
    }
}

impl Picture {
    /// Draws a state. Members that the system does not have are left out until it has them.
    ///
    /// `mac` derives the address of an interface that the operator gave none; `opened` says which devices were opened:
    /// by that they come up, unless the operator said otherwise.
    pub fn of(state: &State, facts: &dyn Facts, mac: &dyn Fn(&str) -> Mac, opened: &dyn Fn(&str) -> bool) -> Self {
        let mut picture = Self::default();
        for (name, bridge) in &state.bridges {
            picture.draw_bridge(state, facts, name, bridge, bridge.ether.unwrap_or_else(|| mac(name)));
        }
        for (name, vport) in &state.vports {
            picture.draw_vport(state, name, vport, vport.ether.unwrap_or_else(|| mac(name)));
        }
        for (kind, devices) in [(tap::Kind::Tap, &state.taps), (tap::Kind::Tun, &state.tuns)] {
            for (name, device) in devices {
                picture.draw_device(state, kind, name, device);
                let admin = AdminStatus::of(device.up.unwrap_or_else(|| opened(name)));
                picture.draw_application(state, name, device, device.ether.unwrap_or_else(|| mac(name)), admin);
            }
        }
        picture
    }

    // Each in a frame of its own: the stacks of a kernel are small.
    #[inline(never)]
    fn draw_bridge(&mut self, state: &State, facts: &dyn Facts, name: &str, bridge: &BridgeState, mac: Mac) {
        self.bridges.insert(name.to_owned());
        let host = Interface {
            mac,
            mtu_bytes: bridge.mtu_bytes(),
            admin: AdminStatus::of(bridge.up),
            description: bridge.description.clone(),
            addresses: set(&bridge.inet),
        };
        self.interfaces.insert(name.to_owned(), host);
        self.ports.insert((name.to_owned(), PortId::HOST), Attached::Own(name.to_owned()));
        for (interface, port) in bridge.ports() {
            self.attach(state, facts, name, interface, port);
        }
    }

    #[inline(never)]
    fn draw_vport(&mut self, state: &State, name: &str, vport: &VportState, mac: Mac) {
        let interface = Interface {
            mac,
            mtu_bytes: state.mtu_bytes(name).unwrap_or(vport.mtu_bytes),
            admin: AdminStatus::of(vport.up),
            description: vport.description.clone(),
            addresses: set(&vport.inet),
        };
        self.interfaces.insert(name.to_owned(), interface);
    }

    #[inline(never)]
    fn draw_application(&mut self, state: &State, name: &str, device: &TapState, mac: Mac, admin: AdminStatus) {
        let interface = Interface {
            mac,
            mtu_bytes: state.mtu_bytes(name).unwrap_or(device.mtu_bytes),
            admin,
            description: device.description.clone(),
            addresses: set(&device.inet),
        };
        self.interfaces.insert(name.to_owned(), interface);
    }

    #[inline(never)]
    fn draw_device(&mut self, state: &State, kind: tap::Kind, name: &str, device: &TapState) {
        let link = (kind == tap::Kind::Tun).then(|| Box::new(LinkWish::of(state, name, device)));
        self.devices.insert(name.to_owned(), Device::of(kind, device, link));
        if state.bridge_of(name).is_none() {
            self.wires.insert(name.to_owned());
        }
    }

    #[inline(never)]
    fn attach(&mut self, state: &State, facts: &dyn Facts, bridge: &str, interface: &str, port: PortId) {
        let key = (bridge.to_owned(), port);
        if state.vports.contains_key(interface) {
            self.ports.insert(key, Attached::Own(interface.to_owned()));
            return;
        }
        if state.device(interface).is_some() {
            self.ports.insert(key, Attached::Application(interface.to_owned()));
            return;
        }
        let Some(found) = facts.interface(interface) else { return };
        let member = state.bridges.get(bridge).and_then(|bridge| Some((bridge.mtu_bytes(), bridge.member(interface)?)));
        let Some((mtu_bytes, member)) = member else {
            self.ports.insert(key, Attached::Mirror(interface.to_owned()));
            return;
        };
        let kind = if member.host_address { Attached::Shared } else { Attached::Foreign };
        self.ports.insert(key, kind(interface.to_owned()));
        let before = member.mtu_before.unwrap_or(found.mtu_bytes);
        self.borrowed.insert(interface.to_owned(), Mtu { member: mtu_bytes, before });
    }
}

/// Returns addresses as a set. They are entered one by one: to sort all first takes a stack that a kernel has not.
fn set(inet: &[InetAddress]) -> BTreeSet<InetAddress> {
    let mut set = BTreeSet::new();
    for &one in inet {
        set.insert(one);
    }
    set
}

impl Picture {
    /// Forgets an interface that the system took away, so that the next plan makes or attaches it again.
    pub fn forget(&mut self, interface: &str) {
        self.interfaces.remove(interface);
        self.devices.remove(interface);
        self.wires.remove(interface);
        self.borrowed.remove(interface);
        self.ports.retain(|_, what| what.interface() != interface);
    }

    /// Renames a borrowed interface.
    pub fn rename(&mut self, from: &str, to: &str) {
        if let Some(mtu) = self.borrowed.remove(from) {
            self.borrowed.insert(to.to_owned(), mtu);
        }
        for what in self.ports.values_mut() {
            *what = what.renamed(from, to);
        }
    }

    /// Takes out what a step should have brought in and did not.
    pub fn leave_out(&mut self, step: &Step) {
        match step {
            Step::Attach { bridge, port, .. } => {
                self.ports.remove(&(bridge.clone(), *port));
            }
            Step::CreateInterface { name, .. } | Step::CreateDevice { name, .. } => self.forget(name),
            Step::Join { device } => {
                self.wires.remove(device);
            }
            Step::AddEngine { bridge } => {
                self.bridges.remove(bridge);
                self.ports.retain(|(of, _), _| of != bridge);
            }
            Step::AddAddress { interface, address } => {
                if let Some(own) = self.interfaces.get_mut(interface) {
                    own.addresses.remove(address);
                }
            }
            Step::SetMtu { interface, .. } => {
                self.borrowed.remove(interface);
            }
            Step::SetAdmin { interface, status } => {
                if let Some(own) = self.interfaces.get_mut(interface) {
                    own.admin = status.opposite();
                }
            }
            Step::Detach { .. }
            | Step::DeleteAddress { .. }
            | Step::SetMac { .. }
            | Step::SetDescription { .. }
            | Step::ConfigureDevice { .. }
            | Step::Part { .. }
            | Step::RemoveEngine { .. }
            | Step::DestroyInterface { .. } => {}
        }
    }
}
