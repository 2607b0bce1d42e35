//! Packets that programs write.

use super::super::buffer::{Arena, BURST, Burst, LARGE_BYTES, Room};
use super::super::link_port::Pass;
use super::super::transmit::EMPTY_MESSAGE;
use super::super::worker::Look;
use super::{Common, FaceSource, Seat, book, socket};
use crate::link::Inward;
use frame::HEADER_BYTES;
use frame::offload::{Offload, VNET_BYTES};
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
        let mut link = seat.common.link.as_ref().map(|link| link.begin());
        let mut intake = Intake { common: &seat.common, header, packets: 0, bytes: 0, empty: 0 };
        for (slot, message) in slots.into_iter().zip(self.messages.iter()).take(count) {
            let whole = message.msg_hdr.msg_flags & libc::MSG_TRUNC == 0;
            intake.take(slot, whole.then_some(message.msg_len as usize), link.as_mut(), burst);
        }
        // Others may have the link while the socket is asked.
        drop(link);
        let over = intake.empty > 0 && socket::is_hung_up(seat.as_fd()) && !socket::has_bytes(seat.as_fd());
        if !over {
            burst.malformed += intake.empty;
        }
        seat.received(burst, intake.packets, intake.bytes);
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
    /// Packets that were taken.
    packets: u64,
    /// Their bytes.
    bytes: u64,
    /// Packets of no bytes since the last that had some: a closed socket gives as many as are asked for.
    empty: u32,
}

impl Intake<'_> {
    fn take<'a>(
        &mut self,
        slot: &'a mut [u8],
        bytes: Option<usize>,
        link: Option<&mut Pass<'_>>,
        burst: &mut Burst<'a>,
    ) {
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
            Ok((offload, packet_bytes)) => {
                self.packets += 1;
                self.bytes += packet_bytes as u64;
                // A batch is no longer than a burst.
                let _ = store(slot, PACKET_AT, packet_bytes, &offload, link, burst);
            }
            Err(PacketError::Long(_)) => burst.too_big += 1,
            Err(PacketError::Offload) => burst.unknown_offload += 1,
            Err(_) => burst.malformed += 1,
        }
    }

    /// Returns the state of a packet, and the packet's bytes.
    fn accept(&self, slot: &[u8], bytes: usize) -> Result<(Offload, usize), PacketError> {
        let start = PACKET_AT - self.header.bytes();
        let written = slot.get(start..start + bytes).unwrap_or_default();
        let (offload, packet) = self.header.strip(written)?;
        check_write(self.common.kind, packet, &offload, self.common.mtu_bytes())?;
        Ok((offload, packet.len()))
    }
}

impl FaceSource {
    /// Takes a burst of what a program wrote.
    pub(in super::super) fn receive<'a>(&self, arena: &'a mut Arena, burst: &mut Burst<'a>) -> Look {
        let mut taken: heapless::Vec<(&'a mut [u8], usize), BURST> = heapless::Vec::new();
        let look = self.fill(arena, &mut taken);
        // Only then: a face may have writers to answer, while others want the link.
        let mut link = self.common.link.as_ref().map(|link| link.begin());
        let (mut packets, mut sum_bytes) = (0, 0);
        for (slot, bytes) in taken {
            let header = slot.get(PACKET_AT - VNET_BYTES..).and_then(|stored| stored.first_chunk());
            let Some(offload) = header.and_then(Offload::from_vnet) else {
                burst.unknown_offload += 1;
                continue;
            };
            packets += 1;
            sum_bytes += bytes as u64;
            // No more are taken than a burst has room for.
            let _ = store(slot, PACKET_AT, bytes, &offload, link.as_mut(), burst);
        }
        book(&self.common.from_app, burst, packets, sum_bytes);
        look
    }

    /// Takes packets into slots, each behind room for what may come before it, and with it the packet's bytes.
    fn fill<'a>(&self, arena: &'a mut Arena, taken: &mut heapless::Vec<(&'a mut [u8], usize), BURST>) -> Look {
        for slot in arena.slots() {
            let stored = slot.get_mut(PACKET_AT - VNET_BYTES..).and_then(|room| self.face.take(room));
            let Some(bytes) = stored.and_then(|bytes| bytes.checked_sub(VNET_BYTES)) else {
                return Look::Empty;
            };
            // There is a place for each slot.
            let _ = taken.push((slot, bytes));
            if bytes > LARGE_BYTES {
                break;
            }
        }
        Look::More
    }
}

/// Adds to a burst what a packet that begins `at` a place in its slot is to the port: a frame, if there is a link.
fn store<'a>(
    slot: &'a mut [u8],
    at: usize,
    bytes: usize,
    offload: &Offload,
    link: Option<&mut Pass<'_>>,
    burst: &mut Burst<'a>,
) -> Room {
    match link {
        None => burst.push(with_state(slot, at, at + bytes, offload), None),
        Some(link) => match link.inward(slot.get_mut(at..at + bytes).unwrap_or_default(), offload) {
            Inward::Frame(header) => {
                let start = at - HEADER_BYTES;
                if let Some(room) = slot.get_mut(start..).and_then(|room| room.first_chunk_mut()) {
                    *room = header;
                }
                burst.push(with_state(slot, start, at + bytes, &offload.shifted(HEADER_BYTES as i16)), None)
            }
            Inward::Return => {
                burst.push_packet(with_state(slot, at, at + bytes, offload));
                Room::More
            }
            Inward::Kept => Room::More,
            Inward::Drop(why) => {
                burst.refuse(why);
                Room::More
            }
        },
    }
}

/// Puts the state of a frame or packet before it.
fn with_state<'a>(slot: &'a mut [u8], start: usize, end: usize, offload: &Offload) -> &'a [u8] {
    let stored = slot.get_mut(start - VNET_BYTES..end).unwrap_or_default();
    if let Some(room) = stored.first_chunk_mut() {
        *room = offload.to_vnet();
    }
    stored
}

/// Where in a slot a packet begins: behind the longest header, and behind state and Ethernet header.
const PACKET_AT: usize = max(HeaderBytes::MAX, VNET_BYTES + HEADER_BYTES);

const fn max(one: usize, other: usize) -> usize {
    if one > other { one } else { other }
}

/// Packets of a batch that may be super-frames: half a megabyte of them. A guess.
const BURST_OF_LARGE: usize = 8;
