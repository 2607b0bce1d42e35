//! Probes: whether an address is free, before the link uses it (RFC 5227 §2.1.1, RFC 4862 §5.4).

use super::Neighbours;
use crate::Settings;
use crate::address::is_station;
use crate::counters::Count;
use crate::emit::{Arp, Discovery, Icmp, NeighbourFrame, group_mac, solicited_node};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::time::Duration;
use frame::{Instant, Mac, SplitMix};
use heapless::{Deque, Vec};

/// How many addresses are probed for at a time: those of a lease, of both families, and its successor.
pub const MAX_PROBED: usize = 4;

/// What came of a probe.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event {
    /// Nobody has the address; it may be put into the scope, and announced.
    Claimed(IpAddr),
    /// Somebody has it, or wants it.
    Conflict {
        /// The address.
        address: IpAddr,
        /// Who.
        mac: Mac,
    },
}

/// An address that is probed for.
#[derive(Clone, Copy, Debug)]
struct Probed {
    address: IpAddr,
    sent: u8,
    /// When the next probe goes, or, behind the last, when the address is free.
    at: Instant,
}

/// All of them, and what came of others.
#[derive(Clone, Debug)]
pub(super) struct Probing {
    probed: Vec<Probed, MAX_PROBED>,
    events: Deque<Event, MAX_PROBED>,
    random: SplitMix,
}

impl Probing {
    pub(super) fn new(seed: u64) -> Self {
        Self { probed: Vec::new(), events: Deque::new(), random: SplitMix::new(seed) }
    }

    pub(super) fn clear(&mut self) {
        self.probed.clear();
        self.events.clear();
    }

    pub(super) fn at(&self) -> Option<Instant> {
        self.probed.iter().map(|probed| probed.at).min()
    }

    /// Ends a probe.
    fn end(&mut self, address: IpAddr, event: Event) {
        self.probed.retain(|probed| probed.address != address);
        // An event that nobody fetched makes room: it speaks of an address that was asked for long before.
        if self.events.is_full() {
            self.events.pop_front();
        }
        let _ = self.events.push_back(event);
    }

    /// Returns a time in a range.
    fn between(&mut self, least: Duration, most: Duration) -> Duration {
        least + self.random.up_to(most.saturating_sub(least))
    }
}

/// How many messages ask whether an address is free.
fn probes(settings: &Settings, address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => settings.probes,
        IpAddr::V6(_) => settings.detections,
    }
}

impl<P> Neighbours<P> {
    /// Asks whether an address is free; [`poll_event`](Self::poll_event) says so, after some seconds. `false`: no
    /// station can have the address, or too many are probed for.
    pub fn probe(&mut self, address: IpAddr, now: Instant) -> bool {
        if !is_station(address) {
            return false;
        }
        if self.probing.probed.iter().any(|probed| probed.address == address) {
            return true;
        }
        // All stations that start at once shall not ask at once.
        let at = now.plus(self.probing.between(Duration::ZERO, self.settings.probe_wait));
        self.probing.probed.push(Probed { address, sent: 0, at }).is_ok()
    }

    /// Gives up to know whether an address is free.
    pub fn stop_probe(&mut self, address: IpAddr) {
        self.probing.probed.retain(|probed| probed.address != address);
    }

    /// Returns what came of a probe; after [`poll`](Self::poll) and [`receive`](Self::receive) there may be one.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.probing.events.pop_front()
    }

    /// Looks at who claims an address, or probes for it as well: both mean that it is not free. Returns whether it
    /// was probed for.
    pub(super) fn contest(&mut self, address: IpAddr, mac: Mac) -> bool {
        let contested = self.probing.probed.iter().any(|probed| probed.address == address);
        if contested {
            self.counters.count(Count::Conflicts);
            self.probing.end(address, Event::Conflict { address, mac });
        }
        contested
    }

    pub(super) fn next_probe(&mut self, now: Instant) -> Option<NeighbourFrame> {
        let settings = &self.settings;
        loop {
            let due = self.probing.probed.iter().position(|probed| probed.at <= now)?;
            let &Probed { address, sent, .. } = self.probing.probed.get(due)?;
            let number = probes(settings, address);
            if sent >= number {
                self.probing.end(address, Event::Claimed(address));
                continue;
            }
            let wait = match address {
                IpAddr::V4(_) if sent + 1 < number => self.probing.between(settings.probe_min, settings.probe_max),
                IpAddr::V4(_) => settings.announce_wait,
                IpAddr::V6(_) => settings.retransmit,
            };
            if let Some(probed) = self.probing.probed.get_mut(due) {
                probed.sent = sent + 1;
                probed.at = now.plus(wait);
            }
            self.counters.count(Count::Probed);
            return Some(frame(self.identity.mac, address));
        }
    }
}

fn frame(mac: Mac, address: IpAddr) -> NeighbourFrame {
    match address {
        IpAddr::V4(target) => Arp::question((mac, Ipv4Addr::UNSPECIFIED), target, Mac::BROADCAST).frame(),
        IpAddr::V6(target) => {
            let destination = solicited_node(target);
            let (source, ether_dst) = (Ipv6Addr::UNSPECIFIED, group_mac(destination));
            Icmp { what: Discovery::Solicitation, mac, target, source, destination, ether_dst }.frame()
        }
    }
}
