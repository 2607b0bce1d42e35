//! What happens to interfaces, as it happens.

use super::link::Link;
use super::socket::{Ask, NetlinkError, RECEIVE_BYTES, messages};
use netlink_packet_core::NetlinkPayload;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};
use rustix::fd::{AsFd, BorrowedFd};
use std::collections::VecDeque;

/// A socket on which the kernel tells of interfaces.
#[derive(Debug)]
pub struct Monitor {
    socket: Socket,
    received: Box<[u8]>,
    waiting: VecDeque<LinkEvent>,
}

/// What happened to an interface.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LinkEvent {
    /// It is there, or something about it changed, its name perhaps.
    Changed(Link),
    /// It is gone from this namespace.
    Removed {
        /// Its number.
        index: u32,
        /// Its name.
        name: String,
    },
    /// The kernel had more to tell than there was room: list the interfaces.
    Resync,
}

impl Monitor {
    /// Opens the socket, in the network namespace of the calling thread.
    ///
    /// # Errors
    /// [`NetlinkError`] if the kernel grants no socket.
    pub fn open() -> Result<Self, NetlinkError> {
        let open = || {
            let mut socket = Socket::new(NETLINK_ROUTE)?;
            socket.bind(&SocketAddr::new(0, LINK_GROUP))?;
            socket.set_non_blocking(true)?;
            Ok(socket)
        };
        let socket = open().map_err(|error: std::io::Error| Ask::Watch.failed(&error))?;
        Ok(Self { socket, received: vec![0; RECEIVE_BYTES].into(), waiting: VecDeque::new() })
    }

    /// Returns the next event, `None` when there is none for the moment.
    ///
    /// # Errors
    /// [`NetlinkError`] if the socket fails for good.
    pub fn poll_event(&mut self) -> Result<Option<LinkEvent>, NetlinkError> {
        while self.waiting.is_empty() {
            match self.socket.recv(&mut &mut *self.received, 0) {
                Ok(count) => {
                    let datagram = self.received.get(..count).unwrap_or_default();
                    self.waiting.extend(messages(datagram).filter_map(|message| event(message.payload)));
                }
                Err(error) => match error.raw_os_error() {
                    Some(libc::EAGAIN) => return Ok(None),
                    Some(libc::EINTR) => {}
                    Some(libc::ENOBUFS) => self.waiting.push_back(LinkEvent::Resync),
                    _ => return Err(Ask::Watch.failed(&error)),
                },
            }
        }
        Ok(self.waiting.pop_front())
    }
}

impl AsFd for Monitor {
    /// Returns a descriptor that is readable when the kernel has something to tell.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn event(payload: NetlinkPayload<RouteNetlinkMessage>) -> Option<LinkEvent> {
    let NetlinkPayload::InnerMessage(message) = payload else {
        return None;
    };
    #[expect(clippy::wildcard_enum_match_arm, reason = "the kernel's messages are open-ended")]
    match message {
        RouteNetlinkMessage::NewLink(message) => Link::read(&message).map(LinkEvent::Changed),
        RouteNetlinkMessage::DelLink(message) => {
            // The kernel's bridge tells with the same message that a port has left it.
            let bridge_port = message.header.interface_family == netlink_packet_route::AddressFamily::Bridge;
            let gone = |link: Link| LinkEvent::Removed { index: link.index, name: link.name };
            Link::read(&message).filter(|_| !bridge_port).map(gone)
        }
        _ => None,
    }
}

/// `RTMGRP_LINK`, as a mask.
const LINK_GROUP: u32 = 1;
