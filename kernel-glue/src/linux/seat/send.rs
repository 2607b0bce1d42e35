//! Packets that programs read.

use super::super::face::Face;
use super::super::finish::Finisher;
use super::super::link_port::LinkPort;
use super::super::transmit::{EMPTY_MESSAGE, Pieces, QUEUE, Tally, reason, send_many, used};
use super::{Common, Seat, Service, socket};
use frame::offload::{Offload, VNET_BYTES};
use frame::{DropCounts, DropReason};
use rustix::fd::AsFd;
use rustix::io::Errno;
use std::io::IoSlice;
use std::sync::Arc;
use tap::{Cut, Header, HeaderBytes, Kind, flow};

/// The readers of a node, as one worker sends to them.
pub(in super::super) struct Outward {
    pub(super) common: Arc<Common>,
    pub(super) face: Option<Arc<dyn Face>>,
    pub(super) seats: Vec<Arc<Seat>>,
}

/// A worker's means to send to seats.
pub(in super::super) struct Sender {
    headers: Box<[HeaderBytes; QUEUE]>,
    messages: Box<[libc::mmsghdr; QUEUE]>,
}

/// A packet on its way out.
#[derive(Clone, Copy)]
struct Outgoing<'p, 'f> {
    pieces: &'p Pieces<'f>,
    flow: u32,
}

type Batch<'p, 'f> = heapless::Vec<Outgoing<'p, 'f>, QUEUE>;

impl Outward {
    /// Counts frames of the port that are no packets for the application.
    pub(in super::super) fn refuse(&self, drops: &DropCounts) {
        self.common.to_app.drop_all(drops);
    }

    /// Returns what makes packets of the port's frames.
    pub(in super::super) fn link(&self) -> Option<&Arc<LinkPort>> {
        self.common.link.as_ref()
    }

    /// Returns how many may get a packet.
    fn readers(&self) -> u32 {
        let seats = self.seats.len() as u32;
        seats + self.face.as_ref().map_or(0, |face| if seats == 0 { 1 } else { face.readers() })
    }
}

impl Sender {
    pub(in super::super) fn new() -> Self {
        let none = Header::None.write(&[], Kind::Tap, Cut::Whole, &Offload::default());
        Self { headers: Box::new([none; QUEUE]), messages: Box::new([EMPTY_MESSAGE; QUEUE]) }
    }

    /// Gives each packet to one reader, chosen by its flow. `heads` are the packets' first bytes.
    pub(in super::super) fn send<'h>(
        &mut self,
        outward: &Outward,
        pieces: &[Pieces<'_>],
        heads: impl Iterator<Item = &'h [u8]>,
        finisher: &mut Finisher,
        tally: &mut Tally,
    ) {
        let kind = outward.common.kind;
        let readers = outward.readers();
        let choose = |head| if readers > 1 || outward.face.is_some() { flow(kind, head) } else { 0 };
        let batch: Batch<'_, '_> =
            pieces.iter().zip(heads).map(|(pieces, head)| Outgoing { pieces, flow: choose(head) }).collect();
        let mut sum = Tally::default();
        for (number, seat) in (0..).zip(&outward.seats) {
            let own = batch.iter().filter(|packet| packet.flow % readers == number);
            self.send_to_seat(seat, own, finisher, &mut sum);
        }
        let rest = batch.iter().filter(|packet| packet.flow % readers.max(1) >= outward.seats.len() as u32);
        for packet in rest {
            match &outward.face {
                Some(face) => give(&**face, kind, packet, finisher, &mut sum),
                None => sum.drops.add(DropReason::PortDown, 1),
            }
        }
        outward.common.to_app.pass(sum.frames.into(), sum.bytes.into());
        outward.common.to_app.drop_all(&sum.drops);
        tally.add(&sum);
    }

    fn send_to_seat<'p, 'f: 'p>(
        &mut self,
        seat: &Seat,
        packets: impl Iterator<Item = &'p Outgoing<'p, 'f>>,
        finisher: &mut Finisher,
        sum: &mut Tally,
    ) {
        // Held to the end of the batch, so that nothing follows the word that it is over.
        let terms = seat.lock_terms();
        if terms.service == Service::Ended {
            sum.drops.add(DropReason::PortDown, packets.count() as u64);
            return;
        }
        let mut delivery = Delivery::new(seat, &mut *self.messages);
        let mut batch = Messages::new();
        let mut rooms = self.headers.iter_mut();
        for Outgoing { pieces, .. } in packets {
            let Some(offload) = state(pieces) else {
                delivery.tally.drops.add(DropReason::Offload, 1);
                continue;
            };
            if (offload.needs_checksum || offload.is_gso()) && !terms.takes(&offload) {
                delivery.flush(&mut batch);
                delivery.finish(terms.header, used(pieces), finisher);
            } else if let Some(room) = rooms.next() {
                // There is room for all of a batch.
                let _ = batch.push(Message::new(terms.header, seat.common.kind, &offload, pieces, room));
            }
        }
        delivery.flush(&mut batch);
        seat.to_app.pass(delivery.tally.frames.into(), delivery.tally.bytes.into());
        seat.to_app.drop_all(&delivery.tally.drops);
        sum.add(&delivery.tally);
    }
}

/// Gives a packet to a face, finished.
fn give(face: &dyn Face, kind: Kind, packet: &Outgoing<'_, '_>, finisher: &mut Finisher, tally: &mut Tally) {
    let pieces = used(packet.pieces);
    let deliver = |frame: &[u8]| {
        match face.give(packet.flow, frame) {
            Ok(()) => tally.sent(frame.len()),
            Err(why) => tally.drops.add(why, 1),
        }
        Ok(())
    };
    let finished = match kind {
        Kind::Tap => finisher.finish(pieces, deliver),
        Kind::Tun => finisher.finish_packet(pieces, deliver),
    };
    if let Err(why) = finished {
        tally.drops.add(why, 1);
    }
}

/// A packet as a program will read it: its header, and its bytes in one or two pieces.
struct Message<'p> {
    pieces: [IoSlice<'p>; 3],
    /// The first that is used.
    start: u8,
    bytes: usize,
}

type Messages<'p> = heapless::Vec<Message<'p>, QUEUE>;

impl<'p> Message<'p> {
    #[inline]
    fn new(header: Header, kind: Kind, offload: &Offload, pieces: &'p Pieces<'_>, room: &'p mut HeaderBytes) -> Self {
        let [head, rest] = pieces;
        // The state is in the first piece that there is; where it is all of that, the packet is the other.
        let (first, second): (&[u8], &[u8]) = match head.get(VNET_BYTES..) {
            None => (rest.get(VNET_BYTES..).unwrap_or_default(), &[]),
            Some([]) => (rest, &[]),
            Some(head) => (head, rest),
        };
        let bytes = first.len() + second.len();
        *room = header.write(first, kind, Cut::Whole, offload);
        let start = u8::from(room.is_empty());
        Self { pieces: [IoSlice::new(room), IoSlice::new(first), IoSlice::new(second)], start, bytes }
    }

    #[inline]
    fn used(&self) -> &[IoSlice<'p>] {
        let end = if self.pieces.last().is_some_and(|last| last.is_empty()) { 2 } else { 3 };
        self.pieces.get(self.start.into()..end).unwrap_or_default()
    }
}

/// Returns the offload state of a packet, `None` if it is of no kind that is defined.
fn state(pieces: &Pieces<'_>) -> Option<Offload> {
    used(pieces).first()?.first_chunk::<VNET_BYTES>().and_then(Offload::from_vnet)
}

/// Packets on their way to one seat.
struct Delivery<'s> {
    seat: &'s Seat,
    messages: &'s mut [libc::mmsghdr],
    tally: Tally,
    /// Why this seat takes nothing more in this burst.
    refused: Option<DropReason>,
}

impl<'s> Delivery<'s> {
    fn new(seat: &'s Seat, messages: &'s mut [libc::mmsghdr]) -> Self {
        Self { seat, messages, tally: Tally::default(), refused: None }
    }

    /// Sends what is there, in order.
    fn flush(&mut self, batch: &mut Messages<'_>) {
        let mut left: &[Message<'_>] = batch;
        while let Some((_, others)) = left.split_first() {
            if let Some(why) = self.refused {
                self.tally.drops.add(why, left.len() as u64);
                break;
            }
            match send_many(self.seat.as_fd(), self.messages, left.iter().map(Message::used)) {
                Ok(sent) => {
                    left.iter().take(sent).for_each(|message| self.tally.sent(message.bytes));
                    left = left.get(sent.max(1)..).unwrap_or_default();
                }
                Err(errno) => {
                    if self.refuse(errno) == Blame::Packet {
                        self.tally.drops.add(reason(errno), 1);
                        left = others;
                    }
                }
            }
        }
        batch.clear();
    }

    /// Sends the packets that a packet with work left stands for.
    fn finish(&mut self, header: Header, pieces: &[IoSlice<'_>], finisher: &mut Finisher) {
        let kind = self.seat.common.kind;
        let deliver = |frame: &[u8]| {
            let before = header.write(frame, kind, Cut::Whole, &Offload::default());
            self.send_one(&[IoSlice::new(&before), IoSlice::new(frame)], frame.len());
            // What is left is counted packet by packet.
            Ok(())
        };
        let finished = match kind {
            Kind::Tap => finisher.finish(pieces, deliver),
            Kind::Tun => finisher.finish_packet(pieces, deliver),
        };
        if let Err(why) = finished {
            self.tally.drops.add(why, 1);
        }
    }

    fn send_one(&mut self, pieces: &[IoSlice<'_>; 2], bytes: usize) {
        while self.refused.is_none() {
            match send_many(self.seat.as_fd(), self.messages, core::iter::once(used(pieces))) {
                Ok(_) => return self.tally.sent(bytes),
                Err(errno) => {
                    if self.refuse(errno) == Blame::Packet {
                        return self.tally.drops.add(reason(errno), 1);
                    }
                }
            }
        }
        self.refused.iter().for_each(|&why| self.tally.drops.add(why, 1));
    }

    /// Finds out from an error what becomes of the other packets.
    fn refuse(&mut self, errno: Errno) -> Blame {
        match errno {
            Errno::MSGSIZE => return Blame::Packet,
            // The second is said once, when a datagram socket's other end was put in place of another.
            Errno::INTR | Errno::CONNRESET => {}
            Errno::PIPE | Errno::CONNREFUSED | Errno::NOTCONN => {
                // A datagram socket says so to those who send only; this wakes the worker that reads.
                socket::hang_up(self.seat.as_fd());
                self.refused = Some(DropReason::PortDown);
            }
            errno => self.refused = Some(reason(errno)),
        }
        Blame::Seat
    }
}

/// Whom an error concerns.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Blame {
    /// One packet; the next may pass.
    Packet,
    /// All of them, or none if the call may be repeated.
    Seat,
}
