//! From the application to Ethernet.

use super::cut::Uncut;
use super::{Link, Place};
use arp::Resolution;
use core::net::IpAddr;
use frame::offload::Offload;
use frame::{DropReason, HEADER_BYTES, Instant, Mac};
use ppp_shim::shim::{Destination, Kind, classify, header};
use ppp_shim::{mss, path_mtu};

/// What becomes of a packet that an application sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub enum Inward {
    /// It leaves behind this Ethernet header.
    Frame([u8; HEADER_BYTES]),
    /// It is for the application itself, as one of many peers behind it.
    Return,
    /// A copy waits until somebody says where it is to go, or is on its way in another form.
    Kept,
    /// It is dropped.
    Drop(DropReason),
}

impl Link {
    /// Decides where a packet goes that an application sent. Its maximum segment size may be lowered in place.
    #[inline]
    pub fn inward(&mut self, packet: &mut [u8], offload: &Offload, now: Instant) -> Inward {
        let kind = match classify(packet) {
            Ok(kind) => kind,
            Err(why) => return Inward::Drop(why),
        };
        if let Some(sizes) = self.config.mss
            && mss::clamp(packet, offload, sizes.of(kind.version)) == mss::Clamped::Lowered
        {
            self.counters.clamped += 1;
        }
        match self.config.place {
            Place::Host(mac) => Inward::Frame(self.framed(&kind, mac)),
            Place::Lan { mtu_bytes } => self.across_lan(packet, &kind, offload, mtu_bytes, now),
        }
    }

    /// Returns the header of a packet whose next hop has an address.
    #[inline]
    fn framed(&self, kind: &Kind, unicast: Mac) -> [u8; HEADER_BYTES] {
        let dst = match kind.destination {
            Destination::Unicast(_) => unicast,
            Destination::Multicast(mac) => mac,
            Destination::Broadcast => Mac::BROADCAST,
        };
        header(dst, self.config.peer_mac, kind.version)
    }

    fn across_lan(&mut self, packet: &[u8], kind: &Kind, offload: &Offload, mtu_bytes: u32, now: Instant) -> Inward {
        if !self.may_send_from(kind.source) {
            return Inward::Drop(DropReason::BadSource);
        }
        let destination = match kind.destination {
            Destination::Multicast(_) | Destination::Broadcast => {
                return Inward::Frame(self.framed(kind, Mac::BROADCAST));
            }
            Destination::Unicast(to) if self.is_broadcast(to) => {
                return Inward::Frame(self.framed(kind, Mac::BROADCAST));
            }
            Destination::Unicast(to) => to,
        };
        if self.neighbours.identity().stands_for(destination) {
            self.counters.returned += 1;
            return Inward::Return;
        }
        let next_hop = self.next_hop(destination);
        if path_mtu::exceeds(packet, packet.len(), offload, mtu_bytes) {
            let send = |link: &mut Self, slot| link.send_by(slot, next_hop, kind.source, kind.version, now);
            return match self.cut(packet, offload, mtu_bytes, send) {
                Ok(()) => Inward::Kept,
                Err(Uncut::Failed(why)) => Inward::Drop(why),
                Err(Uncut::Forbidden) => {
                    self.tell_application(packet, kind.source, mtu_bytes, destination, now);
                    Inward::Drop(DropReason::TooBig)
                }
            };
        }
        match self.neighbours.resolve(next_hop, kind.source, now) {
            Resolution::Known(mac) => Inward::Frame(self.framed(kind, mac)),
            Resolution::Pending => self.hold(next_hop, packet, offload),
            Resolution::Refused(_) => Inward::Drop(DropReason::Unresolved),
        }
    }

    /// A station sends from its own addresses, those of the link alone, and none that it has not yet.
    fn may_send_from(&self, source: IpAddr) -> bool {
        let local = match source {
            IpAddr::V4(v4) => v4.is_unspecified() || v4.is_link_local(),
            IpAddr::V6(v6) => v6.is_unspecified() || v6.is_unicast_link_local(),
        };
        local || self.neighbours.identity().stands_for(source)
    }

    fn hold(&mut self, next_hop: IpAddr, packet: &[u8], offload: &Offload) -> Inward {
        self.stirred = true;
        let Some(slot) = self.slab.copy(packet, *offload) else {
            return Inward::Drop(DropReason::NoBuffer);
        };
        // What falls out is counted there.
        if let Some(fallen) = self.neighbours.hold(next_hop, slot) {
            self.slab.give_back(fallen);
        }
        Inward::Kept
    }
}
