//! Interfaces as the kernel describes them.

use bitflags::bitflags;
use frame::Mac;
use netlink_packet_route::link::{LinkAttribute, LinkFlags as WireFlags, LinkInfo, LinkMessage};

/// A network interface.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Link {
    /// Its number, which it keeps when renamed.
    pub index: u32,
    /// Its name; other programs may give names that [`InterfaceName`](crate::linux::InterfaceName) refuses.
    pub name: String,
    /// Its hardware type (`ARPHRD_ETHER` and others).
    pub arp_type: u16,
    /// Its state.
    pub flags: LinkFlags,
    /// Bytes that may follow the Ethernet header.
    pub mtu_bytes: u32,
    /// Its hardware address, if it has one of Ethernet's length.
    pub mac: Option<Mac>,
    /// The interface that it is enslaved to: a kernel bridge, a bond.
    pub master: Option<u32>,
    /// The kind of a software interface: `veth`, `tun`, `bridge`.
    pub kind: Option<String>,
    /// The operator's note.
    pub alias: Option<String>,
}

bitflags! {
    /// The state of an interface, with the values of `linux/if.h`.
    #[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
    pub struct LinkFlags: u32 {
        /// Taken up by the administrator.
        const UP = 1;
        /// Has a broadcast address.
        const BROADCAST = 1 << 1;
        /// Is the loopback.
        const LOOPBACK = 1 << 3;
        /// Up, and the medium can be used.
        const RUNNING = 1 << 6;
        /// Takes every frame.
        const PROMISC = 1 << 8;
        /// Can send to groups.
        const MULTICAST = 1 << 12;
        /// The medium is there.
        const LOWER_UP = 1 << 16;
    }
}

impl Link {
    /// Whether the interface carries Ethernet frames.
    ///
    /// Loopback says so too, of a kind of its own.
    pub const fn is_ethernet(&self) -> bool {
        self.arp_type == libc::ARPHRD_ETHER
    }

    /// Reads a message; `None` if it has no name, as those of the kernel's bridge about its ports may.
    pub(super) fn read(message: &LinkMessage) -> Option<Self> {
        let mut link = Self {
            index: message.header.index,
            name: String::new(),
            arp_type: u16::from(message.header.link_layer_type),
            flags: LinkFlags::from_bits_truncate(WireFlags::bits(&message.header.flags)),
            mtu_bytes: 0,
            mac: None,
            master: None,
            kind: None,
            alias: None,
        };
        for attribute in &message.attributes {
            #[expect(clippy::wildcard_enum_match_arm, reason = "the kernel's attributes are open-ended")]
            match attribute {
                LinkAttribute::IfName(name) => link.name.clone_from(name),
                LinkAttribute::Mtu(bytes) => link.mtu_bytes = *bytes,
                LinkAttribute::Address(octets) => link.mac = octets.as_slice().try_into().ok().map(Mac),
                LinkAttribute::Controller(index) => link.master = Some(*index),
                LinkAttribute::IfAlias(alias) => link.alias = Some(alias.clone()),
                LinkAttribute::LinkInfo(infos) => link.kind = kind(infos),
                _ => {}
            }
        }
        (!link.name.is_empty()).then_some(link)
    }
}

fn kind(infos: &[LinkInfo]) -> Option<String> {
    infos.iter().find_map(|info| if let LinkInfo::Kind(kind) = info { Some(kind.to_string()) } else { None })
}
