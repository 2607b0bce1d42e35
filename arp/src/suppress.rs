//! Answering at a bridge's port what would be flooded: who has an address whose station is known.
//!
//! A bridge shows [`learn`] what stations say of themselves, and [`answer`] what they ask everybody. The answer is the
//! one that the station itself would give, from its own address, so that switches on the way learn nothing wrong.
//!
//! Answered are ordinary questions only. A probe (RFC 5227 §2.1.1) and duplicate address detection (RFC 4862 §5.4) ask
//! whether an address is free, which only its station can say at that moment; an announcement (RFC 5227 §2.3) is for
//! everybody. RFC 9161 has probes answered as well, but there a control plane withdraws what is not so any more. Nor is
//! what goes to one station answered: who sends it wants to hear from that station.

use crate::address::is_station;
use crate::bindings::{Binding, Bindings, Learned, Role, Source};
use crate::emit::{Arp, Discovery, Icmp, NeighbourFrame};
use crate::message::{AdvertisementFlags, Message, Operation};
use core::net::IpAddr;
use frame::{Instant, Mac, PortId};

/// Where a bridge has seen a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// The port that it came in on.
    pub port: PortId,
    /// The VLAN that it is in, 0 for none.
    pub vid: u16,
}

/// Learns who its sender is from a message, if it says that.
///
/// An advertisement that does not override what is known is an anycast address's or another proxy's (RFC 4861 §7.2.4,
/// §7.2.8): several stations answer for it, and none is learned.
pub fn learn(bindings: &mut Bindings, message: &Message, place: Place, now: Instant) -> Option<Learned> {
    let (address, mac, source, role) = match *message {
        Message::Arp { sender_mac, sender, .. } => (IpAddr::V4(sender), sender_mac, Source::Arp, Role::Unknown),
        Message::Solicitation { source, source_mac, .. } => (source.into(), source_mac?, Source::Nd, Role::Unknown),
        Message::Advertisement { flags, .. } if !flags.contains(AdvertisementFlags::OVERRIDE) => return None,
        Message::Advertisement { target, flags, target_mac, .. } => {
            let role = if flags.contains(AdvertisementFlags::ROUTER) { Role::Router } else { Role::Host };
            (target.into(), target_mac?, Source::Nd, role)
        }
    };
    let Place { port, vid } = place;
    is_station(address).then(|| bindings.learn(Binding { address, vid, mac, port, source, role, updated: now }))
}

/// Returns the answer to a question that was asked of everybody in a VLAN, 0 outside any, if the station is known.
///
/// `reaches` says whether a frame from the asker to a station would reach it alone; only then is it answered.
pub fn answer(
    bindings: &Bindings,
    question: &Message,
    vid: u16,
    now: Instant,
    reaches: impl FnOnce(Mac) -> bool,
) -> Option<NeighbourFrame> {
    match *question {
        Message::Arp { operation: Operation::Request, sender_mac, sender, target, .. } => {
            if sender.is_unspecified() || sender == target {
                return None;
            }
            let mac = bindings.get(target.into(), vid, now)?.mac;
            let from = (mac, target);
            let reply = Arp { operation: Operation::Reply, from, to: (sender_mac, sender), ether_dst: sender_mac };
            reaches(mac).then(|| reply.frame())
        }
        Message::Solicitation { source, target, source_mac: Some(ether_dst), .. } if source != target => {
            let &Binding { mac, role, .. } = bindings.get(target.into(), vid, now)?;
            let router = match role {
                Role::Unknown => return None,
                Role::Host => AdvertisementFlags::empty(),
                Role::Router => AdvertisementFlags::ROUTER,
            };
            let flags = AdvertisementFlags::SOLICITED | AdvertisementFlags::OVERRIDE | router;
            let what = Discovery::Advertisement(flags);
            let reply = Icmp { what, mac, target, source: target, destination: source, ether_dst };
            reaches(mac).then(|| reply.frame())
        }
        Message::Arp { .. } | Message::Solicitation { .. } | Message::Advertisement { .. } => None,
    }
}

#[cfg(test)]
mod tests;
