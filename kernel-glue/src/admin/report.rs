//! What is shown of interfaces: the content of `ifconfig`, `ifconfig -v` and their JSON.
//!
//! Frames are Ethernet frames; bytes count the Ethernet header and any tag, and no frame check sequence.

mod neighbour;
mod tap;
mod tun;

pub use neighbour::{NeighbourEntry, NeighbourKind, NeighbourState};
pub use tap::{OpenBy, OpenReport, TapReport};
pub use tun::{LeaseReport, TunReport};

use super::request::{InetAddress, MemberFlag, StormClass, StpProtocol};
use super::state::text;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use bridge::Suppress;
use frame::{Mac, Tpid, Vid, VidSet};
use serde::{Deserialize, Serialize};

/// What an interface is to Trestle.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InterfaceKind {
    /// `bridgeN`.
    Bridge,
    /// `vportN`.
    Vport,
    /// `tapN`.
    Tap,
    /// `tunN`.
    Tun,
}

impl InterfaceKind {
    /// Returns the interface group, with which every name of the kind begins.
    pub const fn group(self) -> &'static str {
        match self {
            Self::Bridge => "bridge",
            Self::Vport => "vport",
            Self::Tap => "tap",
            Self::Tun => "tun",
        }
    }
}

/// The flags of the first line, with FreeBSD's values.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InterfaceFlag {
    /// 0x1.
    Up,
    /// 0x2.
    Broadcast,
    /// 0x40.
    Running,
    /// 0x100.
    Promisc,
    /// 0x800: does not hear its own transmissions.
    Simplex,
    /// 0x8000.
    Multicast,
    /// 0x1000000: the medium is there.
    LowerUp,
}

/// Traffic of a port or an interface, as the bridge sees it: received is what enters the bridge.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Counts {
    /// Frames that entered.
    pub rx_frames: u64,
    /// Bytes that entered.
    pub rx_bytes: u64,
    /// Frames that left.
    pub tx_frames: u64,
    /// Bytes that left.
    pub tx_bytes: u64,
    /// Frames that entered and were answered instead of flooded.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub suppressed: u64,
    /// Frames dropped, by the name of the reason; only what is not zero.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub drops: BTreeMap<String, u64>,
}

/// One interface.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct InterfaceReport {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: InterfaceKind,
    /// Flags that are set, ascending.
    pub flags: Vec<InterfaceFlag>,
    /// Payload bytes after the Ethernet header and any VLAN tag.
    pub mtu: u32,
    /// Its own MAC address; [`Mac::ZERO`] while it is not known.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ether: Mac,
    /// The operator's note; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// IPv4 and IPv6 addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<InetAddress>,
    /// Interface groups.
    pub groups: Vec<String>,
    /// The bridge of which it is a member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_of: Option<String>,
    /// Whether the interface was moved to another network namespace, where only its name and traffic can be seen.
    #[serde(default)]
    pub elsewhere: bool,
    /// Set for a bridge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bridge: Option<Box<BridgeReport>>,
    /// Set for a tap or tun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tap: Option<Box<TapReport>>,
    /// Set for a tun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tun: Option<Box<TunReport>>,
}

fn is_nothing(count: &u64) -> bool {
    *count == 0
}

fn is_zero(address: &Mac) -> bool {
    *address == Mac::ZERO
}

/// What makes an interface a bridge.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct BridgeReport {
    /// Spanning tree priority.
    pub priority: u16,
    /// Seconds between hellos.
    pub hello_time: u8,
    /// Seconds in each of listening and learning.
    pub forward_delay: u8,
    /// Seconds that information lives.
    pub max_age: u8,
    /// BPDUs a second at most.
    pub hold_count: u8,
    /// Which spanning tree protocol would be spoken.
    pub protocol: StpProtocol,
    /// Addresses that the table holds at most.
    pub max_addresses: u32,
    /// Seconds that a learned address lives; 0 for ever.
    pub timeout: u32,
    /// Whether VLANs are filtered.
    pub vlan_filter: bool,
    /// Whether members added afterwards accept a second tag.
    pub default_qinq: bool,
    /// PVID of members added afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_untagged: Option<Vid>,
    /// Members, newest first, then span ports.
    pub members: Vec<MemberReport>,
    /// The host's own port.
    pub host: Counts,
    /// PVID of the host's own port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_untagged: Option<Vid>,
    /// Sums over all ports.
    pub total: Counts,
    /// The address table.
    pub table: TableReport,
}

/// The address table in numbers since the bridge was made.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct TableReport {
    /// Addresses in the table.
    pub addresses: u64,
    /// Addresses entered.
    pub learned: u64,
    /// Addresses that changed their port.
    pub moved: u64,
    /// Addresses that aged out.
    pub expired: u64,
    /// Addresses that gave way to others in a full table.
    pub evicted: u64,
    /// Addresses that found no place.
    pub refused: u64,
    /// Moves that were not logged, for their number.
    pub events_lost: u64,
}

/// One member or span port.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct MemberReport {
    /// The interface.
    pub interface: String,
    /// Its port number on the bridge, from 1.
    pub port: u16,
    /// Whether it only mirrors.
    pub span: bool,
    /// Flags that are set, in the order of their bits.
    pub flags: Vec<MemberFlag>,
    /// Where requests for known neighbours are answered instead of flooded: `all`, `20,30-40`, `untagged,20`.
    #[serde(default, with = "text::suppress", skip_serializing_if = "Suppress::is_off")]
    pub suppress: Suppress,
    /// Groups 1..=31 of which no two members may share one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protected: Vec<u8>,
    /// Addresses that may be learned here; 0 for no limit.
    pub max_addresses: u32,
    /// Addresses that are in the table for this port.
    pub addresses: u64,
    /// Spanning tree port priority.
    pub priority: u8,
    /// Spanning tree path cost.
    pub path_cost: u32,
    /// Tag protocol of tags that the bridge inserts.
    pub vlan_protocol: Tpid,
    /// The PVID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untagged: Option<Vid>,
    /// VLANs that pass tagged.
    #[serde(default, skip_serializing_if = "VidSet::is_empty")]
    pub tagged: VidSet,
    /// Rates, in frames a second, over which a class is dropped.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub storm: BTreeMap<StormClass, u32>,
    /// Why it forwards nothing at the moment: `link down`, `interface removed`; empty when it does.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub trouble: String,
    /// Its traffic.
    pub counts: Counts,
}

/// One line of `addr`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct AddressEntry {
    /// The station.
    pub address: Mac,
    /// Its VLAN, 0 outside any.
    pub vlan: u16,
    /// The member behind which it is.
    pub interface: String,
    /// Seconds until it ages out; 0 for one that does not.
    pub seconds: u32,
    /// Why it is in the table.
    pub kind: AddressKind,
}

/// Why an address is in the table.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AddressKind {
    /// Learned, and ages.
    Dynamic,
    /// Set by an operator.
    Static,
    /// Learned on a sticky port.
    Sticky,
}
