//! What a state means to the system beneath.

use super::plan::Step;
use frame::{Mac, PortId};
use kernel_glue::admin::{Facts, InetAddress, State};
use std::collections::{BTreeMap, BTreeSet};

/// What the system is to provide.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Picture {
    /// Interfaces that Trestle holds: host ports and vports, by name.
    pub(crate) interfaces: BTreeMap<String, Interface>,
    /// Forwarding engines.
    pub(crate) bridges: BTreeSet<String>,
    /// What is attached to which port.
    pub(crate) ports: BTreeMap<(String, PortId), Attached>,
    /// Member interfaces of others, and the MTU that they must have.
    pub(crate) borrowed: BTreeMap<String, Mtu>,
}

/// An interface that Trestle holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Interface {
    pub(crate) mac: Mac,
    pub(crate) mtu_bytes: u32,
    pub(crate) admin: AdminStatus,
    pub(crate) description: String,
    pub(crate) addresses: BTreeSet<InetAddress>,
}

/// `up` or `down`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum AdminStatus {
    Up,
    Down,
}

impl AdminStatus {
    fn of(up: bool) -> Self {
        if up { Self::Up } else { Self::Down }
    }
}

/// What carries the frames of a port.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Attached {
    /// An interface that Trestle holds.
    Own(String),
    /// An interface of somebody else.
    Foreign(String),
}

impl Attached {
    /// Returns the interface's name.
    pub(crate) fn interface(&self) -> &str {
        match self {
            Self::Own(name) | Self::Foreign(name) => name,
        }
    }
}

/// MTUs of a borrowed interface: payload bytes after the Ethernet header and any VLAN tag.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Mtu {
    /// While it is a member.
    pub(crate) member: u32,
    /// Before, and again afterwards.
    pub(crate) before: u32,
}

impl Picture {
    /// Draws a state. Members that the system does not have are left out until it has them.
    ///
    /// `mac` derives the address of an interface that the operator gave none.
    pub(crate) fn of(state: &State, facts: &dyn Facts, mac: &dyn Fn(&str) -> Mac) -> Self {
        let mut picture = Self::default();
        for (name, bridge) in &state.bridges {
            picture.bridges.insert(name.clone());
            let host = Interface {
                mac: bridge.ether.unwrap_or_else(|| mac(name)),
                mtu_bytes: bridge.mtu_bytes(),
                admin: AdminStatus::of(bridge.up),
                description: bridge.description.clone(),
                addresses: bridge.inet.iter().copied().collect(),
            };
            picture.interfaces.insert(name.clone(), host);
            picture.ports.insert((name.clone(), PortId::HOST), Attached::Own(name.clone()));
            for (interface, port) in bridge.ports() {
                picture.attach(state, facts, name, interface, port);
            }
        }
        for (name, vport) in &state.vports {
            let interface = Interface {
                mac: vport.ether.unwrap_or_else(|| mac(name)),
                mtu_bytes: state.mtu_bytes(name).unwrap_or(vport.mtu_bytes),
                admin: AdminStatus::of(vport.up),
                description: vport.description.clone(),
                addresses: vport.inet.iter().copied().collect(),
            };
            picture.interfaces.insert(name.clone(), interface);
        }
        picture
    }

    fn attach(&mut self, state: &State, facts: &dyn Facts, bridge: &str, interface: &str, port: PortId) {
        let key = (bridge.to_owned(), port);
        if state.vports.contains_key(interface) {
            self.ports.insert(key, Attached::Own(interface.to_owned()));
            return;
        }
        let Some(found) = facts.interface(interface) else { return };
        self.ports.insert(key, Attached::Foreign(interface.to_owned()));
        let member = state.bridges.get(bridge).and_then(|bridge| Some((bridge.mtu_bytes(), bridge.member(interface)?)));
        if let Some((mtu_bytes, member)) = member {
            let before = member.mtu_before.unwrap_or(found.mtu_bytes);
            self.borrowed.insert(interface.to_owned(), Mtu { member: mtu_bytes, before });
        }
    }
}

impl Picture {
    /// Forgets an interface that the system took away, so that the next plan makes or attaches it again.
    pub(crate) fn forget(&mut self, interface: &str) {
        self.interfaces.remove(interface);
        self.borrowed.remove(interface);
        self.ports.retain(|_, what| what.interface() != interface);
    }

    /// Renames a borrowed interface.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        if let Some(mtu) = self.borrowed.remove(from) {
            self.borrowed.insert(to.to_owned(), mtu);
        }
        for what in self.ports.values_mut() {
            if *what == Attached::Foreign(from.to_owned()) {
                *what = Attached::Foreign(to.to_owned());
            }
        }
    }

    /// Takes out what a step should have brought in and did not.
    pub(crate) fn leave_out(&mut self, step: &Step) {
        match step {
            Step::Attach { bridge, port, .. } => {
                self.ports.remove(&(bridge.clone(), *port));
            }
            Step::CreateInterface { name, .. } => self.forget(name),
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
            Step::Detach { .. }
            | Step::DeleteAddress { .. }
            | Step::SetMac { .. }
            | Step::SetDescription { .. }
            | Step::SetAdmin { .. }
            | Step::RemoveEngine { .. }
            | Step::DestroyInterface { .. } => {}
        }
    }
}
