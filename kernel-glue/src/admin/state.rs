//! What the operator asked for, and nothing that a restart should forget.
//!
//! A [`State`] is also the configuration file, written by the daemon or by hand. A key is named like its verb and is
//! left out at its default; a key that is not known is refused.
//!
//! ```toml
//! [bridge.bridge0]
//! up = true
//! inet = ["192.168.30.1/24"]
//! vlanfilter = true
//!
//! [[bridge.bridge0.member]]
//! interface = "eth1"
//! tagged = "20,100-199"
//!
//! [[bridge.bridge0.member]]
//! interface = "vport0"
//! untagged = 20
//!
//! [[bridge.bridge0.static]]
//! address = "00:01:02:03:04:05"
//! interface = "eth1"
//! vlan = 20
//!
//! [vport.vport0]
//! up = true
//!
//! [tap.tap0]
//! owner = 1000
//! mode = "660"
//!
//! [tun.tun0]
//! inet = ["10.8.0.2/32 destination 10.8.0.1"]
//! mss = "auto"
//! ```

mod bridge;
mod link;
mod member;
mod tap;
pub(super) mod text;
mod validate;
mod vport;

pub use bridge::BridgeState;
pub use link::{LinkState, Side, StandsFor};
pub use member::{MemberState, SpanState, StaticAddress};
pub use tap::TapState;
pub use vport::VportState;

use super::facts::Facts;
use super::limits::{DEFAULT_MTU_BYTES, MAX_MTU_BYTES, MIN_MTU_BYTES};
use super::report::InterfaceKind;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;
use frame::PortId;
use serde::{Deserialize, Serialize};

/// Every interface that the operator created, with its settings.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Bridges by name, `bridge0`.
    #[serde(default, rename = "bridge", skip_serializing_if = "BTreeMap::is_empty")]
    pub bridges: BTreeMap<String, Box<BridgeState>>,
    /// Vports by name, `vport0`.
    #[serde(default, rename = "vport", skip_serializing_if = "BTreeMap::is_empty")]
    pub vports: BTreeMap<String, VportState>,
    /// Taps by name, `tap0`.
    #[serde(default, rename = "tap", skip_serializing_if = "BTreeMap::is_empty")]
    pub taps: BTreeMap<String, TapState>,
    /// Tuns by name, `tun0`.
    #[serde(default, rename = "tun", skip_serializing_if = "BTreeMap::is_empty")]
    pub tuns: BTreeMap<String, TapState>,
}

/// How an interface belongs to a bridge.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// It forwards.
    Member,
    /// It mirrors.
    Span,
}

impl State {
    /// Returns what one of our interfaces is; `None` for one that is not ours.
    pub fn kind_of(&self, interface: &str) -> Option<InterfaceKind> {
        let is = |found: bool, kind| found.then_some(kind);
        is(self.bridges.contains_key(interface), InterfaceKind::Bridge)
            .or_else(|| is(self.vports.contains_key(interface), InterfaceKind::Vport))
            .or_else(|| is(self.taps.contains_key(interface), InterfaceKind::Tap))
            .or_else(|| is(self.tuns.contains_key(interface), InterfaceKind::Tun))
    }

    /// Iterates over all of our interfaces, kind by kind.
    pub fn interfaces(&self) -> impl Iterator<Item = (&str, InterfaceKind)> {
        let bridges = self.bridges.keys().map(|name| (name.as_str(), InterfaceKind::Bridge));
        let vports = self.vports.keys().map(|name| (name.as_str(), InterfaceKind::Vport));
        let taps = self.taps.keys().map(|name| (name.as_str(), InterfaceKind::Tap));
        bridges.chain(vports).chain(taps).chain(self.tuns.keys().map(|name| (name.as_str(), InterfaceKind::Tun)))
    }

    /// Returns a tap or tun.
    pub fn device(&self, name: &str) -> Option<&TapState> {
        self.taps.get(name).or_else(|| self.tuns.get(name))
    }

    pub(super) fn device_mut(&mut self, name: &str) -> Option<&mut TapState> {
        self.taps.get_mut(name).or_else(|| self.tuns.get_mut(name))
    }

    /// Iterates over taps, then tuns.
    pub fn devices(&self) -> impl Iterator<Item = (&str, &TapState)> {
        self.taps.iter().chain(&self.tuns).map(|(name, device)| (name.as_str(), device))
    }

    /// Returns the MTU of an interface of ours that takes its bridge's while it is a member. That of a tun is its
    /// tunnel's, whatever LAN it is on.
    pub(super) fn port_mtu_bytes(&self, interface: &str) -> Option<u32> {
        let vport = self.vports.get(interface).map(|vport| vport.mtu_bytes);
        vport.or_else(|| Some(self.taps.get(interface)?.mtu_bytes))
    }

    /// Returns the state as a file keeps it: without devices that live only as long as somebody has them open, and
    /// without what bridges say of those. What opened them has to open them again after a restart.
    pub fn saved(&self) -> Self {
        let mut saved = self.clone();
        for (name, _) in self.devices().filter(|(_, device)| device.transient) {
            saved.remove(name);
        }
        saved
    }

    /// Removes one of our interfaces; what is a port leaves its bridge by that.
    pub fn remove(&mut self, interface: &str) {
        let names: Vec<String> = self.bridges.keys().cloned().collect();
        for bridge in names {
            self.release(&bridge, interface);
        }
        self.bridges.remove(interface);
        self.vports.remove(interface);
        self.taps.remove(interface);
        self.tuns.remove(interface);
    }

    /// Takes a port out of a bridge and returns its number. When all members that are left are tuns, none has the
    /// bridge's MTU, and the next one that is added decides it.
    pub(super) fn release(&mut self, bridge: &str, interface: &str) -> Option<PortId> {
        let Self { bridges, tuns, .. } = self;
        let bridge = bridges.get_mut(bridge)?;
        let had_its_mtu = bridge.role_of(interface) == Some(Role::Member) && !tuns.contains_key(interface);
        let port = bridge.release(interface);
        if had_its_mtu && bridge.members.iter().all(|member| tuns.contains_key(&member.interface)) {
            bridge.mtu_bytes = None;
        }
        port
    }

    /// Returns the bridge to which an interface belongs, and how.
    pub fn bridge_of(&self, interface: &str) -> Option<(&str, Role)> {
        self.bridges.iter().find_map(|(name, bridge)| Some((name.as_str(), bridge.role_of(interface)?)))
    }

    /// Returns where the Ethernet side of a tun is.
    pub fn side_of(&self, tun: &str) -> Side {
        if self.bridge_of(tun).is_some() { Side::Lan } else { Side::Host }
    }

    /// Returns which of our interfaces has an inet address. A link-local one is nobody's: each link has its own.
    pub(super) fn owner_of(&self, address: IpAddr) -> Option<&str> {
        if matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local()) {
            return None;
        }
        let bridges = self.bridges.iter().map(|(name, bridge)| (name, &bridge.inet));
        let bridges = bridges.map(|(name, inet)| (name.as_str(), inet));
        let vports = self.vports.iter().map(|(name, vport)| (name.as_str(), &vport.inet));
        let mut all = bridges.chain(vports).chain(self.devices().map(|(name, device)| (name, &device.inet)));
        all.find(|(_, inet)| inet.iter().any(|there| there.address == address)).map(|(name, _)| name)
    }

    /// Returns the MTU that one of our interfaces has: payload bytes after the Ethernet header and any VLAN tag. A
    /// vport or tap has its bridge's while it is a member; a tun keeps its own.
    pub fn mtu_bytes(&self, interface: &str) -> Option<u32> {
        if let Some(bridge) = self.bridges.get(interface) {
            return Some(bridge.mtu_bytes());
        }
        if let Some(tun) = self.tuns.get(interface) {
            return Some(tun.mtu_bytes);
        }
        let own = self.port_mtu_bytes(interface)?;
        match self.bridge_of(interface) {
            Some((name, Role::Member)) => Some(self.bridges.get(name).map_or(own, |bridge| bridge.mtu_bytes())),
            Some((_, Role::Span)) | None => Some(own),
        }
    }

    /// Decides what a file left open: a bridge without an MTU takes that of its first member that is there.
    pub fn settle(&mut self, facts: &dyn Facts) {
        let Self { bridges, vports, taps, tuns } = self;
        for bridge in bridges.values_mut().filter(|bridge| bridge.mtu_bytes.is_none()) {
            let vport = |name: &str| vports.get(name).map(|vport| vport.mtu_bytes);
            let own = |name: &str| vport(name).or_else(|| Some(taps.get(name)?.mtu_bytes));
            let system = |name: &str| facts.interface(name).map(|found| found.mtu_bytes);
            bridge.mtu_bytes = bridge
                .members
                .iter()
                .filter(|member| !tuns.contains_key(&member.interface))
                .find_map(|member| own(&member.interface).or_else(|| system(&member.interface)))
                .map(|bytes| bytes.clamp(MIN_MTU_BYTES, MAX_MTU_BYTES));
        }
        let names: Vec<String> = self.bridges.keys().cloned().collect();
        names.iter().for_each(|name| self.remember_mtus(name, facts));
    }

    /// Notes the MTU of each member of a bridge that is the system's own and is about to get another.
    pub(super) fn remember_mtus(&mut self, bridge: &str, facts: &dyn Facts) {
        let Self { bridges, vports, taps, tuns } = self;
        let Some(bridge) = bridges.get_mut(bridge) else { return };
        let mtu_bytes = bridge.mtu_bytes();
        let members = bridge.members.iter_mut().filter(|member| member.mtu_before.is_none());
        let is_own = |name: &str| vports.contains_key(name) || taps.contains_key(name) || tuns.contains_key(name);
        for member in members.filter(|member| !is_own(&member.interface)) {
            let present = facts.interface(&member.interface).map(|found| found.mtu_bytes);
            member.mtu_before = present.filter(|&present| present != mtu_bytes);
        }
    }

    /// Follows the system's renaming of a member or span port. Returns whether there was one of that name.
    ///
    /// One that takes the name of ours, which it can while ours is in another network namespace, stays in the state
    /// under its old name: two could not be told apart, nor could every kind be a port.
    pub fn rename(&mut self, from: &str, to: &str) -> bool {
        if self.kind_of(to).is_some() {
            return false;
        }
        let mut renamed = false;
        for bridge in self.bridges.values_mut() {
            let members = bridge.members.iter_mut().map(|member| &mut member.interface);
            let spans = bridge.spans.iter_mut().map(|span| &mut span.interface);
            let statics = bridge.statics.iter_mut().map(|one| &mut one.interface);
            for interface in members.chain(spans).chain(statics).filter(|interface| *interface == from) {
                *interface = to.into();
                renamed = true;
            }
        }
        renamed
    }
}

/// Returns whether a number or switch has the value `N`, its default, so that it need not be written.
fn is<const N: u32, T: Copy + Into<u32>>(value: &T) -> bool {
    (*value).into() == N
}

const fn yes() -> bool {
    true
}

const fn default_mtu_bytes() -> u32 {
    DEFAULT_MTU_BYTES
}

#[cfg(test)]
mod tests;
