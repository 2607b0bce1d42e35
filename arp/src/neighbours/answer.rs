//! The responder: who asks for an address that the link stands for is told the link's MAC.

use super::learn::{Evidence, Lesson};
use super::{Neighbours, Received};
use crate::address::Key;
use crate::counters::{Count, Ignored};
use crate::emit::{ALL_NODES, Arp, Discovery, Icmp, NeighbourFrame, group_mac};
use crate::message::{AdvertisementFlags, Operation};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use frame::{Instant, Mac};

/// A message to be sent, as soon as somebody fetches it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reply {
    /// To who asked for a target.
    Arp { to: (Mac, Ipv4Addr), target: Ipv4Addr },
    /// The same.
    Advertisement { to: (Mac, Ipv6Addr), target: Ipv6Addr },
    /// To all: this address is the link's.
    Announcement(IpAddr),
}

impl Reply {
    pub(super) fn frame(self, mac: Mac) -> NeighbourFrame {
        match self {
            Self::Arp { to, target } => {
                Arp { operation: Operation::Reply, from: (mac, target), to, ether_dst: to.0 }.frame()
            }
            // RFC 4861 §7.2.4 and §7.2.8 have a proxy clear the override flag, so that the node itself prevails if it
            // is on the link after all. Here it never is: the link is its interface. And only with the flag does a
            // host take another MAC for it at once.
            Self::Advertisement { to: (ether_dst, destination), target } => {
                let flags = AdvertisementFlags::SOLICITED | AdvertisementFlags::OVERRIDE;
                let what = Discovery::Advertisement(flags);
                Icmp { what, mac, target, source: target, destination, ether_dst }.frame()
            }
            Self::Announcement(IpAddr::V4(address)) => Arp::question((mac, address), address, Mac::BROADCAST).frame(),
            // RFC 4861 §7.2.6.
            Self::Announcement(IpAddr::V6(address)) => {
                let what = Discovery::Advertisement(AdvertisementFlags::OVERRIDE);
                let (destination, ether_dst) = (ALL_NODES, group_mac(ALL_NODES));
                Icmp { what, mac, target: address, source: address, destination, ether_dst }.frame()
            }
        }
    }
}

impl<P> Neighbours<P> {
    pub(super) fn on_arp(
        &mut self,
        operation: Operation,
        (sender_mac, sender): (Mac, Ipv4Addr),
        (target_mac, target): (Mac, Ipv4Addr),
        now: Instant,
    ) -> Received {
        if sender_mac == self.identity.mac {
            return Received::Ignored(Ignored::Echo);
        }
        // On a wire to the host a probe is not answered: it is the host that makes sure of its own address.
        if sender == Ipv4Addr::UNSPECIFIED {
            self.on_probe(target.into(), sender_mac, now);
            return Received::Ignored(Ignored::Probe);
        }
        if let Some(received) = self.check_claim(sender.into(), sender_mac, now) {
            return received;
        }
        let announcement = sender == target;
        match operation {
            Operation::Request if !announcement && self.identity.stands_for(target.into()) => {
                self.learn(sender.into(), sender_mac, Evidence::Asked, now);
                self.answer(sender_mac, Reply::Arp { to: (sender_mac, sender), target }, now)
            }
            Operation::Request => match self.learn(sender.into(), sender_mac, Evidence::Heard, now) {
                Lesson::Learned => Received::Learned,
                Lesson::Static => Received::Ignored(Ignored::Static),
                Lesson::Unchanged | Lesson::Nobody if announcement => Received::Ignored(Ignored::Announcement),
                Lesson::Unchanged | Lesson::Nobody => Received::Ignored(Ignored::NotOurs),
            },
            Operation::Reply => {
                let to_us = target_mac == self.identity.mac && !announcement;
                let evidence = if to_us { Evidence::Answer } else { Evidence::Heard };
                match self.learn(sender.into(), sender_mac, evidence, now) {
                    Lesson::Learned => Received::Learned,
                    Lesson::Static => Received::Ignored(Ignored::Static),
                    Lesson::Unchanged => Received::Ignored(Ignored::Unchanged),
                    Lesson::Nobody if announcement => Received::Ignored(Ignored::Announcement),
                    Lesson::Nobody if to_us => Received::Ignored(Ignored::Unsolicited),
                    Lesson::Nobody => Received::Ignored(Ignored::NotOurs),
                }
            }
        }
    }

    pub(super) fn on_solicitation(
        &mut self,
        ether_src: Mac,
        source: Ipv6Addr,
        source_mac: Option<Mac>,
        target: Ipv6Addr,
        now: Instant,
    ) -> Received {
        if ether_src == self.identity.mac {
            return Received::Ignored(Ignored::Echo);
        }
        if source.is_unspecified() {
            self.on_probe(target.into(), ether_src, now);
            return Received::Ignored(Ignored::DuplicateDetection);
        }
        if let Some(received) = self.check_claim(source.into(), ether_src, now) {
            return received;
        }
        // RFC 4861 §7.2.3: what is not for this node is discarded, with what it tells of its sender.
        if !self.identity.stands_for(target.into()) {
            return Received::Ignored(Ignored::NotOurs);
        }
        if let Some(mac) = source_mac {
            self.learn(source.into(), mac, Evidence::Asked, now);
        }
        self.answer(ether_src, Reply::Advertisement { to: (ether_src, source), target }, now)
    }

    /// Answers, if there has not been too much of it.
    pub(super) fn answer(&mut self, sender: Mac, reply: Reply, now: Instant) -> Received {
        let neighbour = match reply {
            Reply::Arp { to: (_, address), .. } => self.cache.find_mut(Key::new(address.into())),
            Reply::Advertisement { to: (_, address), .. } => self.cache.find_mut(Key::new(address.into())),
            Reply::Announcement(_) => None,
        };
        if self.replies.is_full()
            || !self.answers.take(sender, neighbour, &self.settings, now)
            || self.replies.push_back(reply).is_err()
        {
            return Received::Ignored(Ignored::Limited);
        }
        self.counters.count(match reply {
            Reply::Arp { .. } => Count::AnsweredArp,
            Reply::Advertisement { .. } => Count::AnsweredNd,
            Reply::Announcement(_) => Count::Defended,
        });
        Received::Answered
    }
}
