//! What a private network is built from: virtual cables between namespaces.

use super::Netlink;
use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{InfoData, InfoKind, InfoVeth, LinkAttribute, LinkInfo, LinkMessage};
use std::io;
use std::os::fd::{AsFd, AsRawFd};

impl Netlink {
    /// Makes a virtual cable: two interfaces, the second in another namespace.
    ///
    /// # Errors
    /// The kernel's.
    pub fn create_veth(&mut self, here: &str, there: &str, namespace: impl AsFd) -> io::Result<()> {
        let mut peer = LinkMessage::default();
        peer.attributes =
            vec![LinkAttribute::IfName(there.to_owned()), LinkAttribute::NetNsFd(namespace.as_fd().as_raw_fd())];
        let mut message = LinkMessage::default();
        message.attributes = vec![
            LinkAttribute::IfName(here.to_owned()),
            LinkAttribute::LinkInfo(vec![
                LinkInfo::Kind(InfoKind::Veth),
                LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(peer))),
            ]),
        ];
        self.ask(RouteNetlinkMessage::NewLink(message), NLM_F_CREATE | NLM_F_EXCL)
    }

    /// Moves an interface to another namespace.
    ///
    /// # Errors
    /// The kernel's.
    pub fn move_to(&mut self, index: u32, namespace: impl AsFd) -> io::Result<()> {
        self.set(index, LinkAttribute::NetNsFd(namespace.as_fd().as_raw_fd()))
    }
}
