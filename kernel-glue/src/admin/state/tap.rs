//! A device that applications open: `tapN`, which carries Ethernet frames, and `tunN`, which carries IP packets.

use super::super::limits::{DEFAULT_MTU_BYTES, DEFAULT_NODE_MODE, DEFAULT_QUEUE_PACKETS};
use super::super::octal;
use super::super::request::{Carrier, InetAddress};
use super::{LinkState, is, text};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use frame::Mac;
use serde::{Deserialize, Serialize};

/// A tap or tun as the operator wants it.
///
/// The keys of a link stand among the others. Serde does not promise that unknown ones are refused beside `flatten`; a
/// test of the state holds it to that.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct TapState {
    /// The operator's note; empty for none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// `up` or `down`, if the operator said either; else the first open brings the interface up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub up: Option<bool>,
    /// Its MTU: payload bytes after the Ethernet header and any VLAN tag. A tap has its bridge's while it is a member.
    #[serde(rename = "mtu", skip_serializing_if = "is::<DEFAULT_MTU_BYTES, _>")]
    pub mtu_bytes: u32,
    /// The MAC address of its interface; `None` for one that the platform derives and keeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ether: Option<Mac>,
    /// The host's addresses on it.
    #[serde(with = "text::inet", skip_serializing_if = "Vec::is_empty")]
    pub inet: Vec<InetAddress>,
    /// The user whose node it is, by number.
    #[serde(skip_serializing_if = "is::<0, _>")]
    pub owner: u32,
    /// The group whose node it is, by number; `None` for root's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<u32>,
    /// The permissions of its node.
    #[serde(with = "octal", skip_serializing_if = "is_default_mode")]
    pub mode: u16,
    /// Whether several may have it open, each with a share of the flows.
    #[serde(rename = "multiqueue", skip_serializing_if = "is::<0, _>")]
    pub multi_queue: bool,
    /// What decides whether the medium is there.
    #[serde(skip_serializing_if = "is_auto")]
    pub carrier: Carrier,
    /// Packets that wait for the application at most.
    #[serde(rename = "queue", skip_serializing_if = "is_default_queue")]
    pub queue_packets: u16,
    /// What a tun is as a link; a tap has the default.
    #[serde(flatten)]
    pub link: Box<LinkState>,
    /// Whether it lives only as long as somebody has it open. Such a device is never in a file.
    #[serde(skip)]
    pub transient: bool,
}

impl Default for TapState {
    fn default() -> Self {
        Self {
            description: String::new(),
            up: None,
            mtu_bytes: DEFAULT_MTU_BYTES,
            ether: None,
            inet: Vec::new(),
            owner: 0,
            group: None,
            mode: DEFAULT_NODE_MODE,
            multi_queue: false,
            carrier: Carrier::Auto,
            queue_packets: DEFAULT_QUEUE_PACKETS,
            link: Box::default(),
            transient: false,
        }
    }
}

fn is_auto(carrier: &Carrier) -> bool {
    *carrier == Carrier::Auto
}

fn is_default_mode(mode: &u16) -> bool {
    *mode == DEFAULT_NODE_MODE
}

fn is_default_queue(packets: &u16) -> bool {
    *packets == DEFAULT_QUEUE_PACKETS
}
