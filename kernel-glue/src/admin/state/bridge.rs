//! A bridge: its interface, its table, its VLANs, its spanning tree values, its ports.

use super::super::limits::{DEFAULT_MTU_BYTES, MAX_MEMBERS};
use super::super::request::{InetAddress, StpProtocol};
use super::{MemberState, Role, SpanState, StaticAddress, is, text};
use alloc::string::String;
use alloc::vec::Vec;
use frame::{Mac, PortId, PortSet, Vid};
use serde::{Deserialize, Deserializer, Serialize};

/// A bridge as the operator wants it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(remote = "Self", default, deny_unknown_fields)]
pub struct BridgeState {
    /// The operator's note; empty for none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Whether the bridge forwards and the host's interface is up.
    #[serde(skip_serializing_if = "is::<0, _>")]
    pub up: bool,
    /// Payload bytes after the Ethernet header and any VLAN tag; `None` until a member or the operator sets it.
    #[serde(rename = "mtu", skip_serializing_if = "Option::is_none")]
    pub mtu_bytes: Option<u32>,
    /// Its MAC address; `None` for one that the platform derives and keeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ether: Option<Mac>,
    /// The host's addresses on it.
    #[serde(with = "text::inet", skip_serializing_if = "Vec::is_empty")]
    pub inet: Vec<InetAddress>,
    /// Addresses that the table holds at most.
    #[serde(rename = "maxaddr", skip_serializing_if = "is::<2000, _>")]
    pub max_addresses: u32,
    /// Seconds that a learned address lives; 0 for ever.
    #[serde(skip_serializing_if = "is::<1200, _>")]
    pub timeout: u32,
    /// Whether VLANs are filtered.
    #[serde(rename = "vlanfilter", skip_serializing_if = "is::<0, _>")]
    pub vlan_filter: bool,
    /// PVID of members added afterwards.
    #[serde(rename = "defuntagged", skip_serializing_if = "Option::is_none")]
    pub default_untagged: Option<Vid>,
    /// Whether members added afterwards accept a second tag.
    #[serde(rename = "defqinq", skip_serializing_if = "is::<0, _>")]
    pub default_qinq: bool,
    /// PVID of the host's own port.
    #[serde(rename = "hostuntagged", skip_serializing_if = "Option::is_none")]
    pub host_untagged: Option<Vid>,
    /// Spanning tree priority, a multiple of 4096.
    #[serde(skip_serializing_if = "is::<32768, _>")]
    pub priority: u16,
    /// Seconds between hellos.
    #[serde(rename = "hellotime", skip_serializing_if = "is::<2, _>")]
    pub hello_time: u8,
    /// Seconds in each of listening and learning.
    #[serde(rename = "fwddelay", skip_serializing_if = "is::<15, _>")]
    pub forward_delay: u8,
    /// Seconds that information lives.
    #[serde(rename = "maxage", skip_serializing_if = "is::<20, _>")]
    pub max_age: u8,
    /// BPDUs a second at most.
    #[serde(rename = "holdcnt", skip_serializing_if = "is::<6, _>")]
    pub hold_count: u8,
    /// Which spanning tree protocol would be spoken.
    #[serde(rename = "proto", skip_serializing_if = "is_rstp")]
    pub protocol: StpProtocol,
    /// Members in the order in which they were added.
    #[serde(rename = "member", skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberState>,
    /// Span ports in the order in which they were added.
    #[serde(rename = "span", skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<SpanState>,
    /// Addresses that the operator set, in that order.
    #[serde(rename = "static", skip_serializing_if = "Vec::is_empty")]
    pub statics: Vec<StaticAddress>,
}

impl Default for BridgeState {
    fn default() -> Self {
        Self {
            description: String::new(),
            up: false,
            mtu_bytes: None,
            ether: None,
            inet: Vec::new(),
            max_addresses: 2000,
            timeout: 1200,
            vlan_filter: false,
            default_untagged: None,
            default_qinq: false,
            host_untagged: None,
            priority: 32768,
            hello_time: 2,
            forward_delay: 15,
            max_age: 20,
            hold_count: 6,
            protocol: StpProtocol::Rstp,
            members: Vec::new(),
            spans: Vec::new(),
            statics: Vec::new(),
        }
    }
}

impl BridgeState {
    /// Returns the MTU: payload bytes after the Ethernet header and any VLAN tag.
    pub fn mtu_bytes(&self) -> u32 {
        self.mtu_bytes.unwrap_or(DEFAULT_MTU_BYTES)
    }

    /// Returns the member of that interface.
    pub fn member(&self, interface: &str) -> Option<&MemberState> {
        self.members.iter().find(|member| member.interface == interface)
    }

    /// Returns how an interface belongs to this bridge.
    pub fn role_of(&self, interface: &str) -> Option<Role> {
        if self.member(interface).is_some() {
            return Some(Role::Member);
        }
        self.spans.iter().any(|span| span.interface == interface).then_some(Role::Span)
    }

    /// Returns the interface that has a port number.
    pub fn interface_of(&self, port: PortId) -> Option<&str> {
        self.ports().find(|&(_, number)| number == port).map(|(interface, _)| interface)
    }

    /// Iterates over members, then span ports, in the order in which each were added.
    pub fn ports(&self) -> impl Iterator<Item = (&str, PortId)> + '_ {
        let members = self.members.iter().map(|member| (member.interface.as_str(), member.port));
        members.chain(self.spans.iter().map(|span| (span.interface.as_str(), span.port)))
    }

    /// Returns the lowest port number that is free.
    pub(in super::super) fn free_port(&self) -> Option<PortId> {
        let taken: PortSet = self.ports().map(|(_, port)| port).collect();
        lowest_free(&taken)
    }

    /// Removes a port with all that was set on it and returns its number. A bridge whose last member left takes the
    /// MTU of its next first member.
    pub(in super::super) fn release(&mut self, interface: &str) -> Option<PortId> {
        let port = self.ports().find(|&(name, _)| name == interface)?.1;
        let was_member = self.member(interface).is_some();
        self.members.retain(|member| member.interface != interface);
        self.spans.retain(|span| span.interface != interface);
        self.statics.retain(|one| one.interface != interface);
        if was_member && self.members.is_empty() {
            self.mtu_bytes = None;
        }
        Some(port)
    }

    /// Numbers the ports that a file left without a number; one that finds none free stays without.
    fn number_ports(&mut self) {
        let mut taken: PortSet = self.ports().map(|(_, port)| port).collect();
        let ports = self.members.iter_mut().map(|member| &mut member.port);
        for port in ports.chain(self.spans.iter_mut().map(|span| &mut span.port)) {
            if *port == text::port::unnumbered()
                && let Some(free) = lowest_free(&taken)
            {
                taken.insert(free);
                *port = free;
            }
        }
    }
}

impl<'de> Deserialize<'de> for BridgeState {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut bridge = Self::deserialize(from)?;
        bridge.number_ports();
        Ok(bridge)
    }
}

impl Serialize for BridgeState {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, to)
    }
}

fn lowest_free(taken: &PortSet) -> Option<PortId> {
    (1..=MAX_MEMBERS).find_map(|number| PortId::new(number as u16).filter(|&port| !taken.contains(port)))
}

fn is_rstp(protocol: &StpProtocol) -> bool {
    *protocol == StpProtocol::Rstp
}
