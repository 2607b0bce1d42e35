//! One interface, as far as bridging cares.
#![expect(clippy::wildcard_enum_match_arm, reason = "rtnetlink says more than a bridge cares about")]

use frame::Mac;
use netlink_packet_route::link::{LinkAttribute, LinkFlags, LinkInfo, LinkLayerType, LinkMessage};

/// An interface of the kernel.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Link {
    /// Its number, which stays when its name changes.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// What it carries.
    pub kind: LinkKind,
    /// The driver's name for its kind, `tun`, `veth`, `bridge`; empty for hardware.
    pub driver: String,
    /// Its MAC address; zero if it has none.
    pub mac: Mac,
    /// Payload bytes after the Ethernet header.
    pub mtu_bytes: u32,
    /// The least MTU that it takes.
    pub min_mtu_bytes: u32,
    /// The greatest MTU that it takes; 0 where it names none.
    pub max_mtu_bytes: u32,
    /// Whether the operator wants it up.
    pub up: bool,
    /// Whether it is up and has carrier.
    pub running: bool,
    /// The index of the kernel bridge, bond or the like to which it belongs.
    pub master: Option<u32>,
    /// The index of the interface on which it is stacked, as a VLAN is.
    pub lower: Option<u32>,
    /// How many users want it promiscuous.
    pub promiscuity: u32,
}

/// What an interface carries.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum LinkKind {
    /// Ethernet frames.
    Ethernet,
    /// The loopback.
    Loopback,
    /// Packets without an Ethernet header.
    #[default]
    Packets,
}

impl Link {
    pub(super) fn of(message: &LinkMessage) -> Self {
        let header = &message.header;
        let mut link = Self {
            index: header.index,
            kind: match header.link_layer_type {
                LinkLayerType::Ether => LinkKind::Ethernet,
                LinkLayerType::Loopback => LinkKind::Loopback,
                _ => LinkKind::Packets,
            },
            up: header.flags.contains(LinkFlags::Up),
            running: header.flags.contains(LinkFlags::Up | LinkFlags::Running),
            ..Self::default()
        };
        for attribute in &message.attributes {
            link.take(attribute);
        }
        link
    }

    fn take(&mut self, attribute: &LinkAttribute) {
        match attribute {
            LinkAttribute::IfName(name) => self.name.clone_from(name),
            LinkAttribute::Address(bytes) => {
                self.mac = bytes.first_chunk().copied().map_or(Mac::ZERO, Mac);
            }
            LinkAttribute::Mtu(bytes) => self.mtu_bytes = *bytes,
            LinkAttribute::MinMtu(bytes) => self.min_mtu_bytes = *bytes,
            LinkAttribute::MaxMtu(bytes) => self.max_mtu_bytes = *bytes,
            LinkAttribute::Controller(index) => self.master = Some(*index),
            LinkAttribute::Link(index) if *index != 0 => self.lower = Some(*index),
            LinkAttribute::Promiscuity(users) => self.promiscuity = *users,
            LinkAttribute::LinkInfo(infos) => {
                for info in infos {
                    if let LinkInfo::Kind(kind) = info {
                        self.driver = kind.to_string();
                    }
                }
            }
            _ => {}
        }
    }
}
