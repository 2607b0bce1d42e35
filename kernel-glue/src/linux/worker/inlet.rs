//! Where a worker's frames come from.

use super::super::buffer::{Arena, Burst, Room};
use super::super::memory::MemoryPort;
use super::super::packet::PacketSocket;
use super::super::transmit::is_gone;
use frame::PortId;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use std::sync::Arc;

/// A port as a worker listens to it.
pub(super) struct Inlet {
    /// Place of its bridge.
    pub(super) bridge: usize,
    pub(super) port: PortId,
    pub(super) source: Source,
    /// Whether its device is gone.
    pub(super) failed: bool,
}

/// What frames are read from.
pub(in super::super) enum Source {
    /// A queue of a TAP device.
    Tap(Arc<OwnedFd>),
    /// A packet socket with its ring.
    Packet(PacketSocket),
    /// A host in this process.
    Memory(MemoryPort),
}

/// What a look at a source brought.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in super::super) enum Look {
    /// Nothing is left for this turn.
    Empty,
    /// More may wait.
    More,
    /// The device is gone.
    Failed(Errno),
}

impl Source {
    /// Takes a burst, and tells how many frames the kernel dropped for want of room.
    pub(super) fn receive<'a>(&'a mut self, arena: &'a mut Arena, burst: &mut Burst<'a>) -> (Look, u32) {
        match self {
            Self::Tap(fd) => (read_tap(fd.as_fd(), arena, burst), 0),
            Self::Packet(socket) => socket.take(burst),
            Self::Memory(port) => (take_from_memory(port, arena, burst), 0),
        }
    }

    /// Gives back what the burst has borrowed from the kernel.
    pub(super) fn release(&mut self) {
        match self {
            Self::Tap(_) | Self::Memory(_) => {}
            Self::Packet(socket) => socket.ring.release(),
        }
    }
}

impl AsFd for Source {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tap(fd) => fd.as_fd(),
            Self::Packet(socket) => socket.fd.as_fd(),
            Self::Memory(port) => port.as_fd(),
        }
    }
}

fn read_tap<'a>(fd: BorrowedFd<'_>, arena: &'a mut Arena, burst: &mut Burst<'a>) -> Look {
    for slot in arena.slots() {
        let bytes = match rustix::io::read(fd, &mut *slot) {
            Ok(bytes) if bytes == slot.len() => {
                burst.truncated += 1;
                continue;
            }
            Ok(bytes) => bytes,
            Err(Errno::INTR) => continue,
            Err(errno) if is_gone(errno) => return Look::Failed(errno),
            Err(_) => return Look::Empty,
        };
        let stored: &'a [u8] = slot;
        if burst.push(stored.get(..bytes).unwrap_or_default(), None) == Room::Full {
            break;
        }
    }
    Look::More
}

fn take_from_memory<'a>(port: &MemoryPort, arena: &'a mut Arena, burst: &mut Burst<'a>) -> Look {
    for slot in arena.slots() {
        let Some(bytes) = port.take(slot) else {
            return Look::Empty;
        };
        let stored: &'a [u8] = slot;
        if burst.push(stored.get(..bytes).unwrap_or_default(), None) == Room::Full {
            break;
        }
    }
    Look::More
}
