//! What makes an interface a tap or tun.

use super::super::octal;
use super::super::request::Carrier;
use super::Counts;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// A tap or tun: its node, who has it open, and what waits.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TapReport {
    /// The path by which applications open it; empty if no nodes are served.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub node: String,
    /// The user whose node it is, by number.
    pub owner: u32,
    /// The group whose node it is, by number; `None` for root's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<u32>,
    /// The permissions of the node, octal in text.
    #[serde(with = "octal")]
    pub mode: u16,
    /// Whether several may have it open.
    pub multi_queue: bool,
    /// Whether it stays when nobody has it open.
    pub persistent: bool,
    /// What decides whether the medium is there.
    pub carrier: Carrier,
    /// Whether the medium is there.
    pub active: bool,
    /// Who has it open.
    pub opens: Vec<OpenReport>,
    /// Packets that wait for the application.
    pub queued: u32,
    /// Packets that wait for it at most.
    pub queue_packets: u16,
    /// Its traffic; received is what the application wrote.
    pub counts: Counts,
}

/// One open of a tap or tun.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct OpenReport {
    /// The process that opened it.
    pub pid: u32,
    /// The name of its program; empty if it can not be known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub program: String,
    /// By what packets pass.
    pub by: OpenBy,
    /// What precedes each packet: `none`, `packet information`, `address family`, `virtio-net 10`.
    pub header: String,
}

/// By what an application reads and writes packets.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpenBy {
    /// A socket that it was given in place of the node.
    Socket,
    /// The node itself.
    Node,
}
