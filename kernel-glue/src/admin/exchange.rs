//! What a client says to whoever administers the interfaces, and what it is answered: Varlink carries it on Linux, an
//! ioctl on Haiku.

use super::error::AdminError;
use super::report::{AddressEntry, InterfaceReport, NeighbourEntry};
use super::request::Change;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// What a client says.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// Apply one command line.
    Change(Change),
    /// Answer, and change nothing.
    Ask(Question),
}

/// What a client wants to know. Every user may.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// Report interfaces.
    Show(Which),
    /// List the address table of a bridge.
    Addresses(String),
    /// List who is known to have which IP address: by one bridge or tun, behind one member, or all.
    Neighbours(Option<String>),
}

/// Which interfaces to show.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Which {
    /// One, by name.
    Named(String),
    /// Those of a group.
    Group(String),
    /// All.
    All,
}

/// What a client is answered.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// The change is in force.
    Changed {
        /// The interface that a `create` without a unit made.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        created: Option<String>,
    },
    /// Interfaces.
    Interfaces(Vec<InterfaceReport>),
    /// An address table.
    Addresses(Vec<AddressEntry>),
    /// Who has which IP address.
    Neighbours(Vec<NeighbourEntry>),
    /// The change, or the question, was refused; nothing changed.
    Refused(AdminError),
}

#[cfg(test)]
mod tests;
