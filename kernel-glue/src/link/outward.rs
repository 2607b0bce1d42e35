//! From Ethernet to the application.

use super::cut::Uncut;
use super::{Link, Place};
use arp::{Ignored, Received};
use frame::offload::Offload;
use frame::{DropReason, EtherType, Frame, HEAD_BYTES, Instant, Mac};
use ppp_shim::shim::{Packet, Stripped, strip};
use ppp_shim::{mss, path_mtu};

/// What becomes of a frame that is for the link.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Outward<'f> {
    /// The application gets this packet.
    Packet {
        /// Its bytes, where they lie in the frame.
        packet: &'f [u8],
        /// The work that is left to do on it.
        offload: Offload,
    },
    /// It was for the link itself, or is on its way in another form.
    Kept,
}

impl Link {
    /// Decides what a frame is to the application.
    ///
    /// The frame is `rest` behind `head`, which is empty or ends in the header or a tag: what it carries is in `rest`.
    ///
    /// # Errors
    /// Why it is dropped.
    #[inline]
    pub fn outward<'f>(
        &mut self,
        head: &[u8],
        rest: &'f [u8],
        offload: &Offload,
        now: Instant,
    ) -> Result<Outward<'f>, DropReason> {
        let mut room = [0; VIEW_BYTES];
        let bytes = head.len() + rest.len();
        let view = if head.is_empty() { rest } else { joined(head, rest, &mut room) };
        let link = Frame::parse(view, None).map_err(|_| DropReason::Malformed)?;
        if link.dst != self.config.peer_mac && !link.dst.is_group() {
            return Err(DropReason::OtherHost);
        }
        let inside = |start: usize, bytes: usize| -> Option<&'f [u8]> {
            let start = start.checked_sub(head.len())?;
            rest.get(start..start + bytes)
        };
        let found = match strip(view, bytes, None, offload)? {
            Stripped::Packet(found) => found,
            Stripped::Arp { start } => {
                let message = inside(start, bytes.saturating_sub(start)).ok_or(DropReason::Malformed)?;
                self.hear(link.src, EtherType::ARP, message, now)?;
                return Ok(Outward::Kept);
            }
            Stripped::MaybeNeighbour(found) => {
                let message = inside(found.start, found.bytes).ok_or(DropReason::Malformed)?;
                self.hear(link.src, EtherType::IPV6, message, now)?;
                return Ok(Outward::Kept);
            }
        };
        let packet = inside(found.start, found.bytes).ok_or(DropReason::Malformed)?;
        // A frame's start is where the state counts from, and 65,535 bytes are the most there are.
        let offload = offload.shifted(-(found.start as i16));
        if self.take_lease(link.src, &found, packet, &offload, now) {
            return Ok(Outward::Kept);
        }
        // Nobody is told of what went to all (RFC 1122 §3.2.2).
        let sender = Some(link.src).filter(|_| !link.dst.is_group());
        self.pass(sender, &found, packet, offload, now)
    }

    fn hear(&mut self, from: Mac, ether_type: EtherType, message: &[u8], now: Instant) -> Result<(), DropReason> {
        let message = match arp::parse(from, ether_type, message) {
            Ok(Some(message)) => message,
            // More headers before it than anybody sends.
            Ok(None) => return Err(DropReason::BadNeighbour),
            Err(why) => {
                self.neighbours.count_refused(why);
                return Err(DropReason::BadNeighbour);
            }
        };
        self.stirred = true;
        match self.neighbours.receive(from, &message, now) {
            Received::Ignored(Ignored::Spoofed) => Err(DropReason::BadNeighbour),
            Received::Answered | Received::Learned | Received::Conflict | Received::Ignored(_) => Ok(()),
        }
    }

    #[inline]
    fn pass<'f>(
        &mut self,
        sender: Option<Mac>,
        found: &Packet,
        packet: &'f [u8],
        offload: Offload,
        now: Instant,
    ) -> Result<Outward<'f>, DropReason> {
        if let Place::Lan { .. } = self.config.place
            && path_mtu::exceeds(packet, packet.len(), &offload, self.config.mtu_bytes)
        {
            return self.cut_or_tell(sender, found, packet, &offload, now);
        }
        match self.config.mss {
            Some(sizes) if mss::is_syn(packet) => self.clamp(packet, offload, sizes.of(found.version)),
            Some(_) | None => Ok(Outward::Packet { packet, offload }),
        }
    }

    /// Sends a copy on, for what the sender's frame holds may be others' as well.
    fn clamp<'f>(&mut self, packet: &'f [u8], offload: Offload, mss_bytes: u16) -> Result<Outward<'f>, DropReason> {
        let mut clamped = mss::Clamped::Left;
        let slot = self.slab.keep(offload, |room| {
            let room = room.get_mut(..packet.len())?;
            room.copy_from_slice(packet);
            clamped = mss::clamp(room, &offload, mss_bytes);
            Some(packet.len())
        });
        if clamped != mss::Clamped::Lowered {
            slot.into_iter().for_each(|slot| self.slab.give_back(slot));
            return Ok(Outward::Packet { packet, offload });
        }
        self.counters.clamped += 1;
        slot.into_iter().for_each(|slot| self.give(slot));
        Ok(Outward::Kept)
    }

    /// Does what a router does with a packet that the next link does not take: cuts it, or tells its sender.
    fn cut_or_tell<'f>(
        &mut self,
        sender: Option<Mac>,
        found: &Packet,
        packet: &[u8],
        offload: &Offload,
        now: Instant,
    ) -> Result<Outward<'f>, DropReason> {
        let mtu_bytes = self.config.mtu_bytes;
        match self.cut(packet, offload, mtu_bytes, Self::give) {
            Ok(()) => Ok(Outward::Kept),
            Err(Uncut::Failed(why)) => Err(why),
            Err(Uncut::Forbidden) => {
                sender.into_iter().for_each(|sender| self.tell_station(sender, found, packet, now));
                Err(DropReason::TooBig)
            }
        }
    }
}

/// What is looked at of a frame in two pieces.
const VIEW_BYTES: usize = 4 * HEAD_BYTES;

fn joined<'v>(head: &[u8], rest: &[u8], room: &'v mut [u8; VIEW_BYTES]) -> &'v [u8] {
    let bytes = room.len().min(head.len() + rest.len());
    for (to, from) in room.iter_mut().zip(head.iter().chain(rest)) {
        *to = *from;
    }
    room.get(..bytes).unwrap_or_default()
}
