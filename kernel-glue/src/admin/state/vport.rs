//! A port whose other side is an interface of the system.

use super::super::limits::DEFAULT_MTU_BYTES;
use super::super::request::InetAddress;
use super::{default_mtu_bytes, is, text};
use alloc::string::String;
use alloc::vec::Vec;
use frame::Mac;
use serde::{Deserialize, Serialize};

/// A vport as the operator wants it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct VportState {
    /// The operator's note; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Whether the interface is up.
    #[serde(default, skip_serializing_if = "is::<0, _>")]
    pub up: bool,
    /// Its MTU while it is no member: payload bytes after the Ethernet header and any VLAN tag.
    #[serde(default = "default_mtu_bytes", rename = "mtu", skip_serializing_if = "is::<DEFAULT_MTU_BYTES, _>")]
    pub mtu_bytes: u32,
    /// Its MAC address; `None` for one that the platform derives and keeps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ether: Option<Mac>,
    /// The host's addresses on it.
    #[serde(default, with = "text::inet", skip_serializing_if = "Vec::is_empty")]
    pub inet: Vec<InetAddress>,
}

impl Default for VportState {
    fn default() -> Self {
        Self { description: String::new(), up: false, mtu_bytes: DEFAULT_MTU_BYTES, ether: None, inet: Vec::new() }
    }
}
