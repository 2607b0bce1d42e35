//! Where a worker's frames come from.

use super::super::buffer::{Arena, Burst, Room};
use super::super::memory::MemoryPort;
use super::super::packet::PacketSocket;
use super::super::seat::{FaceSource, Receiver, Seat};
use super::super::transmit::is_gone;
use core::time::Duration;
use frame::{Instant, PortId};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use std::sync::Arc;

/// A port as a worker listens to it.
pub(super) struct Inlet {
    /// Place of its bridge.
    pub(super) bridge: usize,
    pub(super) port: PortId,
    pub(super) source: Source,
    pub(super) state: State,
}

/// How a worker listens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    /// Until the kernel says that there is something.
    Idle,
    /// It has its turn in every pass.
    Ready,
    /// The link went down, perhaps because the interface is being removed.
    Suspect(Suspicion),
    /// Its frames found no room at the other end of their wire. Until then they wait where they are: what would be
    /// thrown away here costs its reader the time that it needs.
    Resting(Instant),
    /// The device is gone.
    Failed,
}

/// When to look whether an interface that went down is gone.
///
/// The kernel wakes a packet socket when the interface goes down, and not when it is removed a moment later.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Suspicion {
    pub(super) at: Instant,
    wait: Duration,
}

impl Suspicion {
    pub(super) fn new(now: Instant) -> Self {
        Self { at: now.plus(FIRST_WAIT), wait: FIRST_WAIT }
    }

    /// Returns when to look next, `None` if the interface is just down.
    pub(super) fn next(self, now: Instant) -> Option<Self> {
        let wait = self.wait * 2;
        (wait <= LAST_WAIT).then(|| Self { at: now.plus(wait), wait })
    }
}

/// What frames are read from.
pub(in super::super) enum Source {
    /// A queue of a TAP device.
    Tap(Arc<OwnedFd>),
    /// A packet socket with its ring.
    Packet(PacketSocket),
    /// A host in this process.
    Memory(MemoryPort),
    /// A program.
    Seat(Arc<Seat>),
    /// Programs that this process serves.
    Face(FaceSource),
}

/// What a look at a source brought.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in super::super) enum Look {
    /// Nothing is left for this turn.
    Empty,
    /// More may wait.
    More,
    /// What came found no room where it was to go.
    NoRoom,
    /// Nothing will come while the link is down.
    Down,
    /// The device is gone.
    Failed(Errno),
    /// The program has closed its end.
    Closed,
}

impl Source {
    /// Takes a burst, and tells how many frames the kernel dropped for want of room.
    pub(super) fn receive<'a>(
        &'a mut self,
        receiver: &mut Receiver,
        arena: &'a mut Arena,
        burst: &mut Burst<'a>,
    ) -> (Look, u32) {
        match self {
            Self::Tap(fd) => (read_tap(fd.as_fd(), arena, burst), 0),
            Self::Packet(socket) => socket.take(arena, burst),
            Self::Memory(port) => (take(|slot| port.take(slot), arena, burst), 0),
            Self::Seat(seat) => (receiver.receive(seat, arena, burst), 0),
            Self::Face(face) => (face.receive(arena, burst), 0),
        }
    }

    /// Gives back what the burst has borrowed from the kernel.
    pub(super) fn release(&mut self) {
        match self {
            Self::Tap(_) | Self::Memory(_) | Self::Seat(_) | Self::Face(_) => {}
            Self::Packet(socket) => socket.ring.release(),
        }
    }

    /// Returns whether another source reads the same descriptor.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.as_fd().as_raw_fd() == other.as_fd().as_raw_fd()
    }

    /// Returns whether the interface of a packet socket was removed.
    pub(super) fn is_removed(&self) -> bool {
        match self {
            Self::Tap(_) | Self::Memory(_) | Self::Seat(_) | Self::Face(_) => false,
            Self::Packet(socket) => socket.is_removed(),
        }
    }
}

impl AsFd for Source {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tap(fd) => fd.as_fd(),
            Self::Packet(socket) => socket.fd.as_fd(),
            Self::Memory(port) => port.as_fd(),
            Self::Seat(seat) => seat.as_fd(),
            Self::Face(source) => source.face.bell(),
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
            Err(Errno::AGAIN) => return Look::Empty,
            Err(errno) if is_gone(errno) => return Look::Failed(errno),
            // Whatever else goes wrong has cost the frame: it cannot be described by a virtio-net header (EINVAL).
            Err(_) => {
                burst.unknown_offload += 1;
                continue;
            }
        };
        let stored: &'a [u8] = slot;
        if burst.push(stored.get(..bytes).unwrap_or_default(), None) == Room::Full {
            break;
        }
    }
    Look::More
}

fn take<'a>(mut next: impl FnMut(&mut [u8]) -> Option<usize>, arena: &'a mut Arena, burst: &mut Burst<'a>) -> Look {
    for slot in arena.slots() {
        let Some(bytes) = next(slot) else {
            return Look::Empty;
        };
        let stored: &'a [u8] = slot;
        if burst.push(stored.get(..bytes).unwrap_or_default(), None) == Room::Full {
            break;
        }
    }
    Look::More
}

/// The kernel removes an interface within milliseconds of taking it down, or within a second if it must wait for the
/// end of others' use.
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LAST_WAIT: Duration = Duration::from_secs(2);
