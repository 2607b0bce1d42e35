//! What is shown of neighbours: the content of `trestle neighbours` and its JSON.

use alloc::string::String;
use arp::Prefix;
use frame::Mac;
use serde::{Deserialize, Serialize};

/// One line of `trestle neighbours`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct NeighbourEntry {
    /// The bridge or tun that knows it.
    pub interface: String,
    /// The member behind which the station is; none for the host itself, and what is not of a bridge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// The VLAN, 0 outside any.
    pub vlan: u16,
    /// The IP address, or the network that is answered for.
    #[serde(with = "text")]
    pub address: Prefix,
    /// The station; none while nobody has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<Mac>,
    /// What kind of knowledge it is.
    pub kind: NeighbourKind,
    /// How it came to be known, or how sure it is.
    pub state: NeighbourState,
    /// Seconds since it was known last.
    #[serde(rename = "age_s")]
    pub age_seconds: u32,
}

/// What kind of knowledge of an address there is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NeighbourKind {
    /// A bridge has seen who has it.
    Binding,
    /// A tun has asked for it, to send there.
    Neighbour,
    /// A tun answers for it.
    Answered,
}

/// How an address came to be known, or how sure that is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NeighbourState {
    /// Seen in ARP.
    Arp,
    /// Seen in neighbour discovery.
    Nd,
    /// Given by a DHCP server.
    Dhcp,
    /// Set by the operator.
    Static,
    /// Asked for, and not answered yet (RFC 4861 §7.3.2, as the next four).
    Incomplete,
    /// Confirmed lately.
    Reachable,
    /// Confirmed longer ago.
    Stale,
    /// In use, and about to be asked for again.
    Delay,
    /// Being asked for again.
    Probe,
    /// Stood for.
    Answered,
}

impl NeighbourState {
    /// Returns the word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Arp => "arp",
            Self::Nd => "nd",
            Self::Dhcp => "dhcp",
            Self::Static => "static",
            Self::Incomplete => "incomplete",
            Self::Reachable => "reachable",
            Self::Stale => "stale",
            Self::Delay => "delay",
            Self::Probe => "probe",
            Self::Answered => "answered",
        }
    }
}

/// Addresses and networks as they are written.
mod text {
    use super::{Prefix, String};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(prefix: &Prefix, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(prefix)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Prefix, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}
