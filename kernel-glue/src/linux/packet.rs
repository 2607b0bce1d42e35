//! Packet sockets: ports on network interfaces that the kernel keeps.

pub(super) mod option;

use super::buffer::{Arena, Burst};
use super::error::{Action, DeviceError};
use super::name::Interface;
use super::ring::{BLOCK_BYTES, BLOCKS, Ring, SLOT_BYTES, SLOTS, Vnet, offload_without_header};
use super::transmit::Medium;
use super::worker::Look;
use frame::offload::VNET_BYTES;
use option::{Buffer, bind, set};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, socket_with};
use std::sync::Arc;

/// One worker's socket on an interface, with its receive ring.
pub(crate) struct PacketSocket {
    pub(crate) fd: Arc<OwnedFd>,
    pub(super) ring: Ring,
    pub(super) vnet: Vnet,
    told: Told,
}

/// Whether receiving a frame brought the error that the socket tells once, after its interface went down.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Told {
    Nothing,
    Error,
}

/// How the interface's frames reach the workers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Sharing {
    /// One worker gets them all.
    Alone,
    /// Flows are spread over the sockets of this group.
    Group(u16),
}

impl PacketSocket {
    /// Opens the interface in the network namespace of the calling thread, in promiscuous mode.
    ///
    /// Promiscuous mode ends with the descriptor.
    ///
    /// # Errors
    /// `EPERM` without CAP_NET_RAW, `ENODEV` if the interface is gone, `ENOMEM` if the ring cannot be had.
    pub(crate) fn open(interface: Interface, sharing: Sharing) -> Result<Self, DeviceError> {
        Self::open_with(interface, sharing, Vnet::Present)
            .or_else(|_| Self::open_with(interface, sharing, Vnet::Absent))
    }

    pub(super) fn open_with(interface: Interface, sharing: Sharing, vnet: Vnet) -> Result<Self, DeviceError> {
        let Interface { name, index } = interface;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let fd =
            socket_with(AddressFamily::PACKET, SocketType::RAW, flags, None).map_err(Action::OpenPacket.on(name))?;
        prepare(fd.as_fd(), vnet).map_err(Action::SetOption.on(name))?;
        make_ring(fd.as_fd()).map_err(Action::MakeRing.on(name))?;
        // SAFETY: the ring was made in the line above, and the socket is nobody else's.
        let ring = unsafe { Ring::map(fd.as_fd(), vnet) }.map_err(Action::MapRing.on(name))?;
        bind(fd.as_fd(), index).map_err(Action::Bind.on(name))?;
        enter_promiscuous(fd.as_fd(), index).map_err(Action::Promiscuous.on(name))?;
        match sharing {
            Sharing::Alone => {}
            Sharing::Group(group) => join(fd.as_fd(), group).map_err(Action::Fanout.on(name))?,
        }
        Ok(Self { fd: Arc::new(fd), ring, vnet, told: Told::Nothing })
    }

    /// Returns what is sent through.
    pub(super) fn medium(&self) -> Medium {
        Medium::Packet(self.fd.clone(), self.vnet)
    }

    /// Returns whether the interface was removed.
    pub(super) fn is_removed(&self) -> bool {
        option::bound_interface(self.fd.as_fd()).is_none()
    }

    /// Takes a burst, and tells how many frames the kernel dropped for want of slots.
    pub(super) fn take<'a>(&'a mut self, arena: &'a mut Arena, burst: &mut Burst<'a>) -> (Look, u32) {
        let mut slots = arena.slots();
        let (fd, told) = (self.fd.as_fd(), &mut self.told);
        let taken = self.ring.take(burst, |status| receive(fd, slots.next()?, self.vnet, status, told));
        let lost = if taken.losing { option::take_kernel_drops(fd).unwrap_or(0) } else { 0 };
        let look = if taken.more {
            Look::More
        } else if *told == Told::Error || burst.frames().is_empty() {
            examine(fd, core::mem::replace(told, Told::Nothing))
        } else {
            Look::Empty
        };
        (look, lost)
    }
}

/// Receives a frame that is too large for the ring.
fn receive<'a>(fd: BorrowedFd<'_>, slot: &'a mut [u8], vnet: Vnet, status: u32, told: &mut Told) -> Option<&'a [u8]> {
    match vnet {
        Vnet::Present => {
            let bytes = recv(fd, &mut *slot, told)?;
            slot.get(..bytes)
        }
        Vnet::Absent => {
            let (header, frame) = slot.split_at_mut_checked(VNET_BYTES)?;
            let bytes = recv(fd, &mut *frame, told)?;
            let state = offload_without_header(status, frame.get(..bytes)?)?;
            header.copy_from_slice(&state.to_vnet());
            slot.get(..VNET_BYTES + bytes)
        }
    }
}

/// Takes the frame that belongs to a slot, `None` if it is larger than `memory`.
///
/// The socket tells an error before any frame, once. The frame must be taken all the same, or the slots after this one
/// would get each the frame before theirs.
fn recv(fd: BorrowedFd<'_>, memory: &mut [u8], told: &mut Told) -> Option<usize> {
    let bytes = match rustix::net::recv(fd, &mut *memory, RecvFlags::DONTWAIT) {
        Ok((bytes, _)) => bytes,
        Err(_) => {
            *told = Told::Error;
            rustix::net::recv(fd, &mut *memory, RecvFlags::DONTWAIT).ok()?.0
        }
    };
    // What fills the memory may have been cut.
    (bytes < memory.len()).then_some(bytes)
}

/// Finds out why the socket woke us without a frame. Asking for the error clears it, else it would wake us again.
fn examine(fd: BorrowedFd<'_>, told: Told) -> Look {
    let error = matches!(rustix::net::sockopt::socket_error(fd), Ok(Err(_)));
    match told {
        Told::Nothing if !error => Look::Empty,
        Told::Nothing | Told::Error if option::bound_interface(fd).is_none() => Look::Failed(Errno::NODEV),
        Told::Nothing | Told::Error => Look::Down,
    }
}

/// Opens an interface for sending alone: nothing is received there, and it stays out of promiscuous mode.
///
/// # Errors
/// As [`PacketSocket::open`].
pub(crate) fn open_mirror(interface: Interface) -> Result<Medium, DeviceError> {
    open_mirror_with(interface, Vnet::Present).or_else(|_| open_mirror_with(interface, Vnet::Absent))
}

fn open_mirror_with(Interface { name, index }: Interface, vnet: Vnet) -> Result<Medium, DeviceError> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let fd = socket_with(AddressFamily::PACKET, SocketType::RAW, flags, None).map_err(Action::OpenPacket.on(name))?;
    let option = Action::SetOption.on(name);
    if vnet == Vnet::Present {
        set(fd.as_fd(), libc::PACKET_VNET_HDR, &ON).map_err(&option)?;
    }
    option::set_buffer(fd.as_fd(), Buffer::Send, BUFFER_BYTES).map_err(&option)?;
    option::bind_without_receiving(fd.as_fd(), index).map_err(Action::Bind.on(name))?;
    Ok(Medium::Packet(Arc::new(fd), vnet))
}

fn prepare(fd: BorrowedFd<'_>, vnet: Vnet) -> Result<(), Errno> {
    set(fd, libc::PACKET_VERSION, &(libc::tpacket_versions::TPACKET_V2 as libc::c_int))?;
    if vnet == Vnet::Present {
        set(fd, libc::PACKET_VNET_HDR, &ON)?;
    }
    // Before Linux 4.20 there is no such option: what this socket sends would come back, so it must not be used.
    set(fd, libc::PACKET_IGNORE_OUTGOING, &ON)?;
    set(fd, libc::PACKET_COPY_THRESH, &ON)?;
    option::set_buffer(fd, Buffer::Receive, BUFFER_BYTES)?;
    option::set_buffer(fd, Buffer::Send, BUFFER_BYTES)
}

fn make_ring(fd: BorrowedFd<'_>) -> Result<(), Errno> {
    let request = libc::tpacket_req {
        tp_block_size: BLOCK_BYTES as u32,
        tp_block_nr: BLOCKS as u32,
        tp_frame_size: SLOT_BYTES as u32,
        tp_frame_nr: SLOTS as u32,
    };
    set(fd, libc::PACKET_RX_RING, &request)
}

fn enter_promiscuous(fd: BorrowedFd<'_>, index: u32) -> Result<(), Errno> {
    let request = libc::packet_mreq {
        mr_ifindex: index.cast_signed(),
        mr_type: libc::PACKET_MR_PROMISC as u16,
        mr_alen: 0,
        mr_address: [0; 8],
    };
    set(fd, libc::PACKET_ADD_MEMBERSHIP, &request)
}

/// Spreads flows by their hash, so that each keeps its order.
fn join(fd: BorrowedFd<'_>, group: u16) -> Result<(), Errno> {
    set(fd, libc::PACKET_FANOUT, &(u32::from(group) | libc::PACKET_FANOUT_HASH << 16))
}

/// Some 60 super-frames each way; more only lets queues grow.
const BUFFER_BYTES: libc::c_int = 4 << 20;
const ON: libc::c_int = 1;

#[cfg(test)]
mod tests;
