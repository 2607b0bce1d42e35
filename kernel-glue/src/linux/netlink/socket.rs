//! Asking the kernel, and what it refuses.

use super::AdminState;
use crate::linux::name::InterfaceName;
use core::fmt;
use frame::Mac;
use netlink_packet_core::{NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};
use rustix::io::Errno;
use std::net::IpAddr;

/// A request that failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{ask}: {errno}")]
pub struct NetlinkError {
    pub(super) ask: Ask,
    /// What the system said.
    pub errno: Errno,
}

impl NetlinkError {
    /// Whether the interface that was asked for does not exist.
    pub fn is_no_such_device(&self) -> bool {
        self.errno == Errno::NODEV
    }
}

/// What is asked of the kernel.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ask {
    Open,
    Watch,
    Links,
    Link(InterfaceName),
    Addresses,
    SetState(InterfaceName, AdminState),
    SetMtu(InterfaceName, u32),
    SetMac(InterfaceName, Mac),
    SetAlias(InterfaceName),
    Rename(InterfaceName),
    AddAddress(InterfaceName, IpAddr),
    RemoveAddress(InterfaceName, IpAddr),
}

impl fmt::Display for Ask {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => out.write_str("open netlink socket"),
            Self::Watch => out.write_str("watch interfaces"),
            Self::Links => out.write_str("list interfaces"),
            Self::Link(name) => write!(out, "{name}: look up interface"),
            Self::Addresses => out.write_str("list addresses"),
            Self::SetState(name, AdminState::Up) => write!(out, "{name}: take up"),
            Self::SetState(name, AdminState::Down) => write!(out, "{name}: take down"),
            Self::SetMtu(name, bytes) => write!(out, "{name}: set mtu {bytes}"),
            Self::SetMac(name, mac) => write!(out, "{name}: set address {mac}"),
            Self::SetAlias(name) => write!(out, "{name}: set description"),
            Self::Rename(name) => write!(out, "{name}: rename"),
            Self::AddAddress(name, ip) => write!(out, "{name}: add address {ip}"),
            Self::RemoveAddress(name, ip) => write!(out, "{name}: remove address {ip}"),
        }
    }
}

impl Ask {
    pub(super) fn failed(self, error: &std::io::Error) -> NetlinkError {
        NetlinkError { ask: self, errno: Errno::from_io_error(error).unwrap_or(Errno::IO) }
    }
}

/// A socket for one request at a time.
#[derive(Debug)]
pub(super) struct Requests {
    socket: Socket,
    sequence: u32,
    received: Box<[u8]>,
}

/// Whether an answer is complete.
enum Progress {
    More,
    Complete,
}

impl Requests {
    pub(super) fn open() -> Result<Self, NetlinkError> {
        let open = || {
            let mut socket = Socket::new(NETLINK_ROUTE)?;
            socket.bind_auto()?;
            socket.connect(&SocketAddr::new(0, 0))?;
            Ok(socket)
        };
        let socket = open().map_err(|error: std::io::Error| Ask::Open.failed(&error))?;
        Ok(Self { socket, sequence: 0, received: vec![0; RECEIVE_BYTES].into() })
    }

    /// Sends a request and hands over every message of the answer.
    pub(super) fn ask(
        &mut self,
        ask: Ask,
        message: RouteNetlinkMessage,
        flags: u16,
        mut take: impl FnMut(RouteNetlinkMessage),
    ) -> Result<(), NetlinkError> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut header = NetlinkHeader::default();
        header.flags = flags;
        header.sequence_number = self.sequence;
        let mut request = NetlinkMessage::new(header, NetlinkPayload::from(message));
        request.finalize();
        let mut bytes = vec![0; request.buffer_len()];
        request.serialize(&mut bytes);
        self.socket.send(&bytes, 0).map_err(|error| ask.failed(&error))?;
        loop {
            let count = match self.socket.recv(&mut &mut *self.received, 0) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                received => received.map_err(|error| ask.failed(&error))?,
            };
            let datagram = self.received.get(..count).unwrap_or_default();
            match read_datagram(datagram, self.sequence, &mut take) {
                Ok(Progress::More) => {}
                Ok(Progress::Complete) => return Ok(()),
                Err(errno) => return Err(NetlinkError { ask, errno }),
            }
        }
    }
}

fn read_datagram(
    datagram: &[u8],
    sequence: u32,
    take: &mut impl FnMut(RouteNetlinkMessage),
) -> Result<Progress, Errno> {
    for message in messages(datagram).filter(|message| message.header.sequence_number == sequence) {
        let parts = message.header.flags & netlink_packet_core::NLM_F_MULTIPART != 0;
        #[expect(clippy::wildcard_enum_match_arm, reason = "the kernel's messages are open-ended")]
        match message.payload {
            NetlinkPayload::Done(done) if done.code < 0 => return Err(Errno::from_raw_os_error(-done.code)),
            NetlinkPayload::Done(_) => return Ok(Progress::Complete),
            NetlinkPayload::Error(error) => match error.code {
                None => return Ok(Progress::Complete),
                Some(code) => return Err(Errno::from_raw_os_error(code.get().wrapping_neg())),
            },
            NetlinkPayload::InnerMessage(inner) => {
                take(inner);
                if !parts {
                    return Ok(Progress::Complete);
                }
            }
            _ => {}
        }
    }
    Ok(Progress::More)
}

/// Returns the messages of a datagram. One that cannot be decoded is passed over: it is of no kind asked for, or has
/// an attribute that the decoder does not know, and the others are still wanted.
pub(super) fn messages(datagram: &[u8]) -> impl Iterator<Item = NetlinkMessage<RouteNetlinkMessage>> + '_ {
    let mut left = datagram;
    core::iter::from_fn(move || {
        loop {
            let length = left.first_chunk::<4>().map(|bytes| u32::from_ne_bytes(*bytes) as usize)?;
            let message = left.get(..length).filter(|message| message.len() >= HEADER_BYTES)?;
            // Messages start at multiples of four (RFC 3549 §2.3.2).
            left = left.get(length.next_multiple_of(4)..).unwrap_or_default();
            if let Ok(message) = NetlinkMessage::deserialize(message) {
                return Some(message);
            }
        }
    })
}

/// `struct nlmsghdr`.
const HEADER_BYTES: usize = 16;
/// The kernel fills up to 32 KiB of what the reader offers.
pub(super) const RECEIVE_BYTES: usize = 64 * 1024;
