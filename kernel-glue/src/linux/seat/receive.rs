//! Packets that programs write.

use super::super::buffer::{Arena, BURST, Burst};
use super::super::transmit::EMPTY_MESSAGE;
use super::super::worker::Look;
use super::{Common, Seat, socket};
use frame::offload::VNET_BYTES;
use rustix::fd::AsFd;
use rustix::io::Errno;
use tap::{Header, HeaderBytes, PacketError, check_write};

/// A worker's means to receive a batch by one call.
pub(in super::super) struct Receiver {
    messages: Box<[libc::mmsghdr; BURST]>,
    pieces: Box<[libc::iovec; BURST]>,
}

type Slots<'a> = heapless::Vec<&'a mut [u8], BURST>;

impl Receiver {
    pub(in super::super) fn new() -> Self {
        let nothing = libc::iovec { iov_base: core::ptr::null_mut(), iov_len: 0 };
        Self { messages: Box::new([EMPTY_MESSAGE; BURST]), pieces: Box::new([nothing; BURST]) }
    }

    /// Takes a burst of what a program wrote.
    pub(in super::super) fn receive<'a>(&mut self, seat: &Seat, arena: &'a mut Arena, burst: &mut Burst<'a>) -> Look {
        let header = seat.terms().header;
        // Super-frames would push each other out of the cache.
        let most = if header.vnet().is_some() { BURST_OF_LARGE } else { BURST };
        let mut slots: Slots<'a> = arena.slots().take(most).collect();
        let count = match self.fill(seat, header, &mut slots) {
            Ok(count) => count,
            Err(Errno::AGAIN) if socket::is_hung_up(seat.as_fd()) => return Look::Closed,
            Err(Errno::AGAIN) => return Look::Empty,
            // Said once, before what the other end wrote: it closed with packets of ours unread.
            Err(Errno::INTR | Errno::CONNRESET) => return Look::More,
            Err(_) => return Look::Closed,
        };
        let mut intake = Intake { common: &seat.common, header, bytes: 0, empty: 0 };
        for (slot, message) in slots.into_iter().zip(self.messages.iter()).take(count) {
            let whole = message.msg_hdr.msg_flags & libc::MSG_TRUNC == 0;
            intake.take(slot, whole.then_some(message.msg_len as usize), burst);
        }
        let over = intake.empty > 0 && socket::is_hung_up(seat.as_fd()) && !socket::has_bytes(seat.as_fd());
        if !over {
            burst.malformed += intake.empty;
        }
        seat.received(burst, intake.bytes);
        match over {
            true => Look::Closed,
            false if count == most => Look::More,
            false => Look::Empty,
        }
    }

    /// Receives into the slots, each packet behind room for its virtio-net header, and returns how many came.
    fn fill(&mut self, seat: &Seat, header: Header, slots: &mut Slots<'_>) -> Result<usize, Errno> {
        let start = PACKET_AT - header.bytes();
        for ((slot, piece), message) in slots.iter_mut().zip(self.pieces.iter_mut()).zip(self.messages.iter_mut()) {
            let room = slot.get_mut(start..).unwrap_or_default();
            *piece = libc::iovec { iov_base: room.as_mut_ptr().cast(), iov_len: room.len() };
            message.msg_hdr.msg_iov = piece;
            message.msg_hdr.msg_iovlen = 1;
        }
        let messages = self.messages.get_mut(..slots.len()).unwrap_or_default();
        // SAFETY: each message has one piece, a part of a slot that `slots` borrows exclusively.
        unsafe { socket::receive_many(seat.as_fd(), messages) }
    }
}

/// What becomes of the packets of a batch.
struct Intake<'s> {
    common: &'s Common,
    header: Header,
    /// Of packets that were taken.
    bytes: u64,
    /// Packets of no bytes since the last that had some: a closed socket gives as many as are asked for.
    empty: u32,
}

impl Intake<'_> {
    fn take<'a>(&mut self, slot: &'a mut [u8], bytes: Option<usize>, burst: &mut Burst<'a>) {
        let Some(bytes) = bytes else {
            burst.truncated += 1;
            return;
        };
        if bytes == 0 {
            self.empty += 1;
            return;
        }
        burst.malformed += core::mem::take(&mut self.empty);
        match self.accept(slot, bytes) {
            Ok(packet_bytes) => {
                let stored: &'a [u8] = slot;
                // A batch is no longer than a burst.
                let _ = burst.push(stored.get(VNET_AT..PACKET_AT + packet_bytes).unwrap_or_default(), None);
                self.bytes += packet_bytes as u64;
            }
            Err(PacketError::Long(_)) => burst.too_big += 1,
            Err(PacketError::Offload) => burst.unknown_offload += 1,
            Err(_) => burst.malformed += 1,
        }
    }

    /// Puts the state of a packet where ports expect it, and returns the packet's bytes.
    fn accept(&self, slot: &mut [u8], bytes: usize) -> Result<usize, PacketError> {
        let start = PACKET_AT - self.header.bytes();
        let written = slot.get(start..start + bytes).unwrap_or_default();
        let (offload, packet) = self.header.strip(written)?;
        check_write(self.common.kind, packet, &offload, self.common.mtu_bytes())?;
        let packet_bytes = packet.len();
        if let Some(room) = slot.get_mut(VNET_AT..PACKET_AT) {
            room.copy_from_slice(&offload.to_vnet());
        }
        Ok(packet_bytes)
    }
}

/// Where in a slot a packet begins: behind the longest header.
const PACKET_AT: usize = HeaderBytes::MAX;
const VNET_AT: usize = PACKET_AT - VNET_BYTES;
/// Packets of a batch that may be super-frames: half a megabyte of them. A guess.
const BURST_OF_LARGE: usize = 8;
