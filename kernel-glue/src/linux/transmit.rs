//! Putting queued frames on the wire: one system call for many where the port has one.

mod merge;

use super::buffer::LinuxBuf;
use super::edit::{self, Head};
use super::finish::Finisher;
use super::link_port::{LinkPort, Pass};
use super::memory::MemoryPort;
use super::ring::Vnet;
use super::seat::{Outward, Sender};
use super::uring::Uring;
use crate::link::Outward as Passed;
use frame::offload::{Offload, VNET_BYTES};
use frame::{DropCounts, DropReason, FrameBuf, TagEdit};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use std::io::IoSlice;
use std::sync::Arc;

/// Frames that a port queues before they are sent; a burst gives it no more than this.
pub(super) const QUEUE: usize = super::buffer::BURST;

/// From this many frames on, a ring round trip is cheaper than as many writes.
const WORTH_A_RING: usize = 4;

/// Where a port's frames go.
pub(super) enum Medium {
    /// A queue of a TAP device.
    Tap(Arc<OwnedFd>),
    /// The same, by which TCP segments go joined.
    Joining(Arc<OwnedFd>),
    /// A packet socket.
    Packet(Arc<OwnedFd>, Vnet),
    /// A host in this process.
    Memory(MemoryPort),
    /// The readers of an application face.
    Node(Outward),
}

impl Medium {
    /// Returns the same way out, by which TCP segments go joined if its kernel can cut them again.
    pub(super) fn joining(self) -> Self {
        match self {
            Self::Tap(fd) => Self::Joining(fd),
            same @ (Self::Joining(..) | Self::Packet(..) | Self::Memory(_) | Self::Node(_)) => same,
        }
    }
}

/// A frame waiting at a port.
#[derive(Clone, Copy)]
pub(super) struct Queued {
    /// Its place in the burst.
    pub(super) index: u8,
    pub(super) edit: TagEdit,
}

/// What became of the frames of a port.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) frames: u32,
    pub(super) bytes: u32,
    pub(super) drops: DropCounts,
    /// Set when the device is gone for good.
    pub(super) gone: Option<Errno>,
}

impl Tally {
    pub(super) fn sent(&mut self, bytes: usize) {
        self.frames += 1;
        self.bytes += bytes as u32;
    }

    /// Adds what became of others.
    pub(super) fn add(&mut self, other: &Self) {
        self.frames += other.frames;
        self.bytes += other.bytes;
        other.drops.nonzero().for_each(|(why, frames)| self.drops.add(why, frames));
    }

    fn refused(&mut self, errno: Errno, frames: usize) {
        if is_gone(errno) {
            self.gone = Some(errno);
        }
        self.drops.add(reason(errno), frames as u64);
    }
}

/// Whether an error says that the device has been removed.
pub(super) fn is_gone(errno: Errno) -> bool {
    matches!(errno, Errno::BADFD | Errno::NODEV | Errno::NXIO | Errno::BADF)
}

pub(super) fn reason(errno: Errno) -> DropReason {
    match errno {
        Errno::AGAIN | Errno::NOBUFS | Errno::NOMEM => DropReason::QueueFull,
        // A TAP that is down answers EIO.
        Errno::NETDOWN | Errno::IO => DropReason::PortDown,
        Errno::MSGSIZE => DropReason::TooBig,
        Errno::INVAL => DropReason::Offload,
        _ => DropReason::TransmitError,
    }
}

/// A worker's means to send: scratch for rewritten heads, message headers, a ring for batched writes.
pub(super) struct Transmitter {
    heads: Box<[Head; QUEUE]>,
    messages: Box<[libc::mmsghdr; QUEUE]>,
    /// `None` where the system has or allows none, and where it does not pay.
    uring: Option<Uring>,
    finisher: Finisher,
    seats: Sender,
    joined: merge::Head,
}

/// A frame in one or two pieces, its virtio-net header first; the former is empty if it leaves as it came.
pub(super) type Pieces<'f> = [IoSlice<'f>; 2];

impl Transmitter {
    /// Must be called by the thread that will send.
    pub(super) fn new() -> Self {
        Self::with(Uring::new(QUEUE).ok().and_then(|mut ring| ring.pays().then_some(ring)))
    }

    fn with(uring: Option<Uring>) -> Self {
        Self {
            heads: Box::new([[0; size_of::<Head>()]; QUEUE]),
            messages: Box::new([EMPTY_MESSAGE; QUEUE]),
            uring,
            finisher: Finisher::new(),
            seats: Sender::new(),
            joined: [0; size_of::<merge::Head>()],
        }
    }

    /// Sends the queued frames of a burst.
    pub(super) fn transmit(&mut self, medium: &Medium, frames: &[LinuxBuf<'_>], queued: &[Queued], tally: &mut Tally) {
        let mut pieces: [Pieces<'_>; QUEUE] = [[IoSlice::new(&[]); 2]; QUEUE];
        let mut count = 0;
        for ((queued, room), pieces) in queued.iter().zip(self.heads.iter_mut()).zip(&mut pieces) {
            if let Some(frame) = frames.get(usize::from(queued.index)) {
                let out = edit::apply(frame, queued.edit, room);
                *pieces = [IoSlice::new(out.head), IoSlice::new(out.rest)];
                count += 1;
            }
        }
        let pieces = pieces.get(..count).unwrap_or_default();
        match medium {
            Medium::Tap(fd) => write_to_tap(fd.as_fd(), self.uring.as_mut(), pieces, tally),
            Medium::Joining(fd) => write_joined(fd.as_fd(), self.uring.as_mut(), &mut self.joined, pieces, tally),
            Medium::Packet(fd, Vnet::Present) => send_packets(fd.as_fd(), &mut *self.messages, pieces, tally),
            Medium::Packet(fd, Vnet::Absent) => {
                finish(&mut self.finisher, pieces, tally, |frame| send_finished(fd.as_fd(), frame).map_err(reason))
            }
            Medium::Memory(port) => finish(&mut self.finisher, pieces, tally, |frame| port.give(frame)),
            Medium::Node(outward) => match outward.link() {
                Some(link) => {
                    let mut rooms = [[0; VNET_BYTES]; QUEUE];
                    let mut refused = Tally::default();
                    let packets = strip(link, pieces, &mut rooms, &mut refused);
                    outward.refuse(&refused.drops);
                    tally.add(&refused);
                    self.seats.send(outward, &packets, packets.iter().map(rest), &mut self.finisher, tally);
                }
                None => {
                    let head = |queued: &Queued| frames.get(usize::from(queued.index)).map_or(&[][..], FrameBuf::head);
                    self.seats.send(outward, pieces, queued.iter().map(head), &mut self.finisher, tally);
                }
            },
        }
    }

    /// Gives the readers of an application face packets, each behind its virtio-net header.
    pub(super) fn give(&mut self, outward: &Outward, packets: &[&[u8]], tally: &mut Tally) {
        let pieces: Stripped<'_> = packets.iter().map(|stored| [IoSlice::new(&[]), IoSlice::new(stored)]).collect();
        let heads = packets.iter().map(|stored| stored.get(VNET_BYTES..).unwrap_or_default());
        self.seats.send(outward, &pieces, heads, &mut self.finisher, tally);
    }
}

type Stripped<'f> = heapless::Vec<Pieces<'f>, QUEUE>;

/// Makes packets of frames: the state before each is written anew, the packet stays where it is.
fn strip<'f>(
    link: &LinkPort,
    pieces: &'f [Pieces<'_>],
    rooms: &'f mut [[u8; VNET_BYTES]; QUEUE],
    tally: &mut Tally,
) -> Stripped<'f> {
    let mut pass = link.begin();
    let mut packets = Stripped::new();
    for (pieces, room) in pieces.iter().zip(rooms) {
        match strip_one(&mut pass, pieces, room) {
            Ok(Some(packet)) => {
                // As many as there are rooms.
                let _ = packets.push([IoSlice::new(room), IoSlice::new(packet)]);
            }
            Ok(None) => {}
            Err(why) => tally.drops.add(why, 1),
        }
    }
    packets
}

fn strip_one<'f>(
    pass: &mut Pass<'_>,
    [head, rest]: &'f Pieces<'_>,
    room: &mut [u8; VNET_BYTES],
) -> Result<Option<&'f [u8]>, DropReason> {
    let first: &[u8] = if head.is_empty() { rest } else { head };
    let (state, behind) = first.split_first_chunk::<VNET_BYTES>().ok_or(DropReason::Malformed)?;
    let offload = Offload::from_vnet(state).ok_or(DropReason::Offload)?;
    let (head, rest): (&[u8], &[u8]) = if head.is_empty() { (&[], behind) } else { (behind, rest) };
    match pass.outward(head, rest, &offload)? {
        Passed::Packet { packet, offload } => {
            *room = offload.to_vnet();
            Ok(Some(packet))
        }
        Passed::Kept => Ok(None),
    }
}

fn rest<'p>([_, rest]: &'p Pieces<'_>) -> &'p [u8] {
    rest
}

/// Sends frames through a port that carries no offload state.
fn finish(
    finisher: &mut Finisher,
    pieces: &[Pieces<'_>],
    tally: &mut Tally,
    mut deliver: impl FnMut(&[u8]) -> Result<(), DropReason>,
) {
    for pieces in pieces {
        match finisher.finish(used(pieces), &mut deliver) {
            Ok(()) => tally.sent(frame_bytes(pieces)),
            Err(why) => tally.drops.add(why, 1),
        }
    }
}

fn write_to_tap(fd: BorrowedFd<'_>, uring: Option<&mut Uring>, pieces: &[Pieces<'_>], tally: &mut Tally) {
    if let Some(uring) = uring.filter(|_| pieces.len() >= WORTH_A_RING) {
        let mut messages: [&[IoSlice<'_>]; QUEUE] = [&[]; QUEUE];
        for (message, pieces) in messages.iter_mut().zip(pieces) {
            *message = used(pieces);
        }
        let messages = messages.get(..pieces.len()).unwrap_or_default();
        let done = |number, result| settle(pieces.get(number), result, tally);
        if uring.write_all(fd, messages, done).is_some() {
            return;
        }
    }
    for pieces in pieces {
        let result = match used(pieces) {
            [piece] => rustix::io::write(fd, piece),
            both => rustix::io::writev(fd, both),
        };
        settle(Some(pieces), result, tally);
    }
}

/// Writes frames, TCP segments that follow each other as one.
fn write_joined(
    fd: BorrowedFd<'_>,
    mut uring: Option<&mut Uring>,
    head: &mut merge::Head,
    mut pieces: &[Pieces<'_>],
    tally: &mut Tally,
) {
    let mut single = 0;
    while let Some(first) = pieces.get(single) {
        let others = pieces.get(single + 1..).unwrap_or_default();
        let run = segment(first).and_then(|first| merge::Run::gather(first, others.iter().map_while(segment)));
        let Some(run) = run else {
            single += 1;
            continue;
        };
        let (before, rest) = pieces.split_at(single);
        let (joined, after) = rest.split_at(run.segments.min(rest.len()));
        write_to_tap(fd, uring.as_deref_mut(), before, tally);
        if write_run(fd, &run, joined.iter().filter_map(segment), head).is_ok() {
            joined.iter().for_each(|pieces| tally.sent(frame_bytes(pieces)));
        } else {
            write_to_tap(fd, uring.as_deref_mut(), joined, tally);
        }
        (pieces, single) = (after, 0);
    }
    write_to_tap(fd, uring, pieces, tally);
}

/// Finds a TCP segment in a frame that leaves as it came.
fn segment<'p>([head, rest]: &'p Pieces<'_>) -> Option<merge::Segment<'p>> {
    if head.is_empty() { merge::Segment::parse(rest) } else { None }
}

fn write_run<'f>(
    fd: BorrowedFd<'_>,
    run: &merge::Run<'f>,
    segments: impl Iterator<Item = merge::Segment<'f>>,
    head: &mut merge::Head,
) -> Result<usize, Errno> {
    let head = run.head(head).ok_or(Errno::INVAL)?;
    let mut whole = heapless::Vec::<IoSlice<'_>, { QUEUE + 1 }>::new();
    whole.extend([IoSlice::new(head)]);
    whole.extend(segments.map(|segment| IoSlice::new(segment.payload())));
    rustix::io::writev(fd, &whole)
}

fn send_packets(fd: BorrowedFd<'_>, messages: &mut [libc::mmsghdr], mut pieces: &[Pieces<'_>], tally: &mut Tally) {
    while let Some((first, others)) = pieces.split_first() {
        match send_many(fd, messages, pieces.iter().map(used)) {
            Ok(sent) => {
                for pieces in pieces.iter().take(sent) {
                    tally.sent(frame_bytes(pieces));
                }
                pieces = pieces.get(sent.max(1)..).unwrap_or_default();
            }
            Err(Errno::INTR) => {}
            // A queueing discipline that drops one frame (ENOBUFS) may take the next, of another flow.
            Err(errno @ (Errno::MSGSIZE | Errno::INVAL | Errno::NOBUFS)) => {
                settle(Some(first), Err(errno), tally);
                pieces = others;
            }
            // What refuses one frame for want of room or of a link refuses the rest as well.
            Err(errno) => return tally.refused(errno, pieces.len()),
        }
    }
}

/// Sends messages, each in pieces, as many as the socket takes; an error concerns the first.
pub(super) fn send_many<'p>(
    fd: BorrowedFd<'_>,
    messages: &mut [libc::mmsghdr],
    contents: impl Iterator<Item = &'p [IoSlice<'p>]>,
) -> Result<usize, Errno> {
    let mut count = 0;
    for (message, pieces) in messages.iter_mut().zip(contents) {
        message.msg_hdr.msg_iov = pieces.as_ptr().cast_mut().cast();
        message.msg_hdr.msg_iovlen = pieces.len();
        count += 1;
    }
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: the first `count` messages were pointed at pieces that outlive the call, and have no other pointers;
    // an `IoSlice` is an `iovec`, and the kernel only reads what it points to.
    let sent = unsafe { libc::sendmmsg(fd.as_raw_fd(), messages.as_mut_ptr(), count, flags) };
    usize::try_from(sent).map_err(|_| super::tap::last_errno())
}

fn send_finished(fd: BorrowedFd<'_>, frame: &[u8]) -> Result<(), Errno> {
    rustix::net::send(fd, frame, rustix::net::SendFlags::DONTWAIT).map(drop)
}

fn settle(pieces: Option<&Pieces<'_>>, result: Result<usize, Errno>, tally: &mut Tally) {
    match result {
        Ok(_) => tally.sent(pieces.map_or(0, frame_bytes)),
        Err(errno) => tally.refused(errno, 1),
    }
}

/// Leaves out a head that is not there.
#[inline]
pub(super) fn used<'p, 'f>(pieces: &'p Pieces<'f>) -> &'p [IoSlice<'f>] {
    match pieces {
        [head, rest] if head.is_empty() => core::slice::from_ref(rest),
        both => both,
    }
}

fn frame_bytes([head, rest]: &Pieces<'_>) -> usize {
    (head.len() + rest.len()).saturating_sub(VNET_BYTES)
}

/// A message without an address, control data or pieces.
pub(super) const EMPTY_MESSAGE: libc::mmsghdr = libc::mmsghdr {
    msg_hdr: libc::msghdr {
        msg_name: core::ptr::null_mut(),
        msg_namelen: 0,
        msg_iov: core::ptr::null_mut(),
        msg_iovlen: 0,
        msg_control: core::ptr::null_mut(),
        msg_controllen: 0,
        msg_flags: 0,
    },
    msg_len: 0,
};

#[cfg(test)]
mod tests;
