//! What belongs to a bridge: members, span ports and the addresses set on them.

use super::super::request::{MemberFlag, StormClass};
use super::{is, text, yes};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use bridge::Suppress;
use frame::{Mac, PortId, Tpid, Vid, VidSet};
use serde::{Deserialize, Serialize};

/// A member as the operator wants it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MemberState {
    /// The interface.
    pub interface: String,
    /// Its number on the bridge, kept over a restart; a file may leave it out.
    #[serde(default = "text::port::unnumbered", with = "text::port")]
    pub port: PortId,
    /// Sources are entered into the address table.
    #[serde(default = "yes", skip_serializing_if = "is::<1, _>")]
    pub learn: bool,
    /// Frames to unknown unicast addresses are sent here.
    #[serde(default = "yes", skip_serializing_if = "is::<1, _>")]
    pub discover: bool,
    /// Addresses learned here neither age nor move.
    #[serde(default, skip_serializing_if = "is::<0, _>")]
    pub sticky: bool,
    /// Nothing is forwarded between two private members.
    #[serde(default, skip_serializing_if = "is::<0, _>")]
    pub private: bool,
    /// Only registered sources may send.
    #[serde(default, skip_serializing_if = "is::<0, _>")]
    pub locked: bool,
    /// A second VLAN tag is accepted.
    #[serde(default, skip_serializing_if = "is::<0, _>")]
    pub qinq: bool,
    /// The host keeps its addresses on the interface, and what is for its own MAC address.
    #[serde(default, rename = "hostaddr", skip_serializing_if = "is::<0, _>")]
    pub host_address: bool,
    /// Where requests for known neighbours are answered instead of flooded.
    #[serde(default, with = "text::suppress", skip_serializing_if = "Suppress::is_off")]
    pub suppress: Suppress,
    /// Groups 1..=31 of which no two members may share one, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protected: Vec<u8>,
    /// Addresses that may be learned here; 0 for no limit.
    #[serde(default, rename = "maxaddr", skip_serializing_if = "is::<0, _>")]
    pub max_addresses: u32,
    /// Spanning tree port priority, a multiple of 16.
    #[serde(default = "default_priority", skip_serializing_if = "is::<128, _>")]
    pub priority: u8,
    /// Spanning tree path cost; 0 for one that follows the link's speed.
    #[serde(default, rename = "pathcost", skip_serializing_if = "is::<0, _>")]
    pub path_cost: u32,
    /// The PVID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untagged: Option<Vid>,
    /// VLANs that pass tagged.
    #[serde(default, skip_serializing_if = "VidSet::is_empty")]
    pub tagged: VidSet,
    /// Tag protocol of tags that the bridge inserts.
    #[serde(default, rename = "vlanproto", skip_serializing_if = "text::is_dot1q")]
    pub vlan_protocol: Tpid,
    /// Rates, in frames a second, over which a class is dropped.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub storm: BTreeMap<StormClass, u32>,
    /// The MTU that the interface had before the bridge gave it its own, and gets back when it leaves.
    #[serde(default, rename = "mtubefore", skip_serializing_if = "Option::is_none")]
    pub mtu_before: Option<u32>,
}

impl MemberState {
    /// Returns a member with every setting at its default.
    pub fn new(interface: String, port: PortId) -> Self {
        Self {
            interface,
            port,
            learn: true,
            discover: true,
            sticky: false,
            private: false,
            locked: false,
            qinq: false,
            host_address: false,
            suppress: Suppress::default(),
            protected: Vec::new(),
            max_addresses: 0,
            priority: default_priority(),
            path_cost: 0,
            untagged: None,
            tagged: VidSet::EMPTY,
            vlan_protocol: Tpid::Dot1q,
            storm: BTreeMap::new(),
            mtu_before: None,
        }
    }

    /// Lists the flags that are set, in the order of their bits. While spanning tree is not available, it finds out
    /// edges and links by itself, and takes part nowhere.
    pub fn flags(&self) -> Vec<MemberFlag> {
        let set = |&flag: &MemberFlag| match flag {
            MemberFlag::Learn => self.learn,
            MemberFlag::Discover => self.discover,
            MemberFlag::Stp | MemberFlag::Edge | MemberFlag::Ptp => false,
            MemberFlag::Sticky => self.sticky,
            MemberFlag::Autoedge | MemberFlag::Autoptp => true,
            MemberFlag::Private => self.private,
            MemberFlag::Locked => self.locked,
            MemberFlag::Qinq => self.qinq,
            MemberFlag::HostAddress => self.host_address,
        };
        BY_BIT.into_iter().filter(set).collect()
    }
}

/// A span port.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SpanState {
    /// The interface.
    pub interface: String,
    /// Its number on the bridge, kept over a restart; a file may leave it out.
    #[serde(default = "text::port::unnumbered", with = "text::port")]
    pub port: PortId,
}

/// An address that the operator set.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StaticAddress {
    /// The station.
    pub address: Mac,
    /// The member behind which it is.
    pub interface: String,
    /// Its VLAN; `None` outside any.
    #[serde(default, rename = "vlan", skip_serializing_if = "Option::is_none")]
    pub vid: Option<Vid>,
}

impl StaticAddress {
    /// Returns the VLAN's number as tables and output write it, 0 outside any.
    pub fn vlan(&self) -> u16 {
        self.vid.map_or(0, Vid::get)
    }
}

const BY_BIT: [MemberFlag; 12] = [
    MemberFlag::Learn,
    MemberFlag::Discover,
    MemberFlag::Stp,
    MemberFlag::Sticky,
    MemberFlag::Edge,
    MemberFlag::Autoedge,
    MemberFlag::Ptp,
    MemberFlag::Autoptp,
    MemberFlag::Private,
    MemberFlag::Locked,
    MemberFlag::Qinq,
    MemberFlag::HostAddress,
];

/// The middle of the range (802.1D-2004 Table 17-2).
const fn default_priority() -> u8 {
    128
}
