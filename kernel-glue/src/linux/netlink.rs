//! Interfaces as the kernel administers them: rtnetlink, one request at a time.

mod address;
mod change;
mod link;
mod monitor;
mod scene;

pub use address::HostAddress;
pub use change::Up;
pub use link::{Link, LinkKind};
pub use monitor::{Changed, LinkMonitor};

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, NetlinkDeserializable, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::AddressMessage;
use netlink_packet_route::link::LinkMessage;
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use std::io;

/// A socket for requests, in the network namespace of the thread that opened it.
pub struct Netlink {
    socket: Socket,
    sequence: u32,
}

impl Netlink {
    /// Opens the socket.
    ///
    /// # Errors
    /// The kernel's.
    pub fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        // Says more than a number where the kernel can; old ones cannot.
        drop(socket.set_ext_ack(true));
        Ok(Self { socket, sequence: 0 })
    }

    /// Lists the interfaces of the namespace.
    ///
    /// # Errors
    /// The kernel's.
    pub fn links(&mut self) -> io::Result<Vec<Link>> {
        let mut links = Vec::new();
        self.dump(RouteNetlinkMessage::GetLink(LinkMessage::default()), |message| {
            if let RouteNetlinkMessage::NewLink(link) = message {
                links.push(Link::of(&link));
            }
        })?;
        Ok(links)
    }

    /// Returns one interface.
    ///
    /// # Errors
    /// The kernel's: `ENODEV` if there is none of that index.
    pub fn link(&mut self, index: u32) -> io::Result<Link> {
        let mut message = LinkMessage::default();
        message.header.index = index;
        let mut found = None;
        self.send(RouteNetlinkMessage::GetLink(message), NLM_F_REQUEST | NLM_F_ACK)?;
        self.receive(|message| {
            if let RouteNetlinkMessage::NewLink(link) = message {
                found = Some(Link::of(&link));
            }
        })?;
        found.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Lists addresses, each with the index of its interface.
    ///
    /// # Errors
    /// The kernel's.
    pub fn addresses(&mut self) -> io::Result<Vec<HostAddress>> {
        let mut addresses = Vec::new();
        self.dump(RouteNetlinkMessage::GetAddress(AddressMessage::default()), |message| {
            if let RouteNetlinkMessage::NewAddress(address) = message {
                addresses.extend(HostAddress::read(&address));
            }
        })?;
        Ok(addresses)
    }

    /// Sends a request and waits for its acknowledgement.
    fn ask(&mut self, request: RouteNetlinkMessage, flags: u16) -> io::Result<()> {
        self.send(request, NLM_F_REQUEST | NLM_F_ACK | flags)?;
        self.receive(|_| {})
    }

    fn dump(&mut self, request: RouteNetlinkMessage, take: impl FnMut(RouteNetlinkMessage)) -> io::Result<()> {
        self.send(request, NLM_F_REQUEST | NLM_F_DUMP)?;
        self.receive(take)
    }

    fn send(&mut self, request: RouteNetlinkMessage, flags: u16) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut header = NetlinkHeader::default();
        (header.flags, header.sequence_number) = (flags, self.sequence);
        let mut message = NetlinkMessage::new(header, NetlinkPayload::from(request));
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        self.socket.send(&bytes, 0).map(drop)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the payload is another crate's and open")]
    /// Reads messages up to the one that ends the answer to the last request.
    fn receive(&mut self, mut take: impl FnMut(RouteNetlinkMessage)) -> io::Result<()> {
        loop {
            let (datagram, _) = self.socket.recv_from_full()?;
            for message in messages::<RouteNetlinkMessage>(&datagram) {
                let message = message?;
                if message.header.sequence_number != self.sequence {
                    continue;
                }
                match message.payload {
                    NetlinkPayload::InnerMessage(inner) => take(inner),
                    NetlinkPayload::Done(_) => return Ok(()),
                    NetlinkPayload::Error(error) => {
                        return if error.code.is_none() { Ok(()) } else { Err(error.to_io()) };
                    }
                    _ => {}
                }
            }
        }
    }
}

impl std::fmt::Debug for Netlink {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Netlink").field("sequence", &self.sequence).finish_non_exhaustive()
    }
}

/// Splits a datagram into its messages.
fn messages<I: NetlinkDeserializable>(mut bytes: &[u8]) -> impl Iterator<Item = io::Result<NetlinkMessage<I>>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let message = NetlinkMessage::deserialize(bytes).map_err(io::Error::other);
        // Messages are padded to four bytes; one that cannot be read ends the datagram.
        let length =
            message.as_ref().map_or(bytes.len(), |message| (message.header.length as usize).next_multiple_of(4));
        bytes = bytes.get(length.max(1)..).unwrap_or_default();
        Some(message)
    })
}

#[cfg(test)]
mod tests;
