//! The resolver: where packets to a neighbour go, and who makes room when there are too many.

use super::Neighbours;
use super::allow::Answers;
use crate::address::{Key, is_station};
use crate::cache::{Entry, Id, Phase};
use crate::counters::Count;
use crate::held::Fate;
use core::net::IpAddr;
use frame::named;
use frame::{Instant, Mac};

/// How many neighbours are asked for at a time, so that no scan fills the table with nobody.
pub const MAX_INCOMPLETE: usize = 256;

/// Where a packet goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Resolution {
    /// There.
    Known(Mac),
    /// It waits: [`Neighbours::hold`] keeps it.
    Pending,
    /// Nowhere.
    Refused(Unresolvable),
}

named! {
    /// Why nobody is asked for an address.
    Unresolvable {
        /// No station can have it.
        NotStation = "not-a-station",
        /// The link has no address of this family that it may ask by.
        NoSource = "no-source",
        /// Too many neighbours are asked for already.
        Full = "neighbours-full",
        /// Too many were asked for within this second.
        Limited = "neighbours-limited",
    }
}

/// Who may make room, the first first.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Rank {
    /// Nobody but itself has said that it is there.
    Claimed,
    /// It answered once, or is used.
    InDoubt,
    /// Packets wait for it.
    Incomplete,
    /// It answered a short while ago.
    Reachable,
}

impl<P> Neighbours<P> {
    /// Returns who is at an address of the link, and sees to it that somebody is asked.
    ///
    /// `source` is the packet's; it is named as who asks if the link stands for it, and else the first single
    /// address that it does stand for.
    #[inline]
    pub fn resolve(&mut self, next_hop: IpAddr, source: IpAddr, now: Instant) -> Resolution {
        let key = Key::new(next_hop);
        match self.cache.lookup(key).map(|entry| entry.phase) {
            Some(Phase::Static { mac } | Phase::Delay { mac } | Phase::Probe { mac, .. }) => Resolution::Known(mac),
            Some(Phase::Reachable { mac, until }) if until > now => Resolution::Known(mac),
            Some(Phase::Reachable { .. } | Phase::Stale { .. } | Phase::Incomplete { .. }) | None => {
                self.resolve_slowly(next_hop, source, now)
            }
        }
    }

    fn resolve_slowly(&mut self, next_hop: IpAddr, source: IpAddr, now: Instant) -> Resolution {
        self.now = now;
        let key = Key::new(next_hop);
        if let Some((id, phase)) = self.known(key, now) {
            let Some(mac) = phase.mac() else { return Resolution::Pending };
            // RFC 4861 §7.3.3: the first packet to a stale neighbour.
            if let Some(entry) = self.cache.get_mut(id) {
                entry.phase = Phase::Delay { mac };
                entry.asker = Key::new(source);
            }
            self.cache.set_due(id, Some(now.plus(self.settings.delay)));
            return Resolution::Known(mac);
        }
        if !is_station(next_hop) {
            return Resolution::Refused(Unresolvable::NotStation);
        }
        if self.identity.speaker(source, next_hop).is_none() {
            return Resolution::Refused(Unresolvable::NoSource);
        }
        let asker = Key::new(source);
        let Some(granted) = self.requests.grant(asker, &self.settings, now) else {
            self.counters.count(Count::RequestsLimited);
            return Resolution::Refused(Unresolvable::Limited);
        };
        let share = Answers::share_of_neighbour(&self.settings);
        let entry = Entry::new(key, Phase::Incomplete { asked: 0 }, asker, share, now);
        let room = self.make_room_to_ask(now);
        let Some(id) = room.then(|| self.cache.insert(entry)).flatten() else {
            self.counters.count(Count::Full);
            return Resolution::Refused(Unresolvable::Full);
        };
        self.requests.spend(asker, granted);
        self.cache.set_due(id, Some(now));
        Resolution::Pending
    }

    /// Keeps a packet until its neighbour is found, after [`Resolution::Pending`]. Gives back what falls out for it:
    /// the oldest packet for the same neighbour (RFC 4861 §7.2.2), or the packet itself where there is no room.
    pub fn hold(&mut self, next_hop: IpAddr, packet: P) -> Option<P> {
        let id = self.cache.find(Key::new(next_hop));
        let falls_out = match id.and_then(|id| self.cache.get_mut(id)) {
            Some(entry) if entry.phase.mac().is_none() => self.held.keep(&mut entry.held, packet),
            Some(_) | None => Some(packet),
        };
        if falls_out.is_some() {
            self.counters.count(Count::HeldDropped);
        }
        falls_out
    }

    /// Forgets a neighbour; packets that wait for it come back.
    pub(super) fn forget(&mut self, id: Id) {
        let Some(entry) = self.cache.remove(id) else { return };
        for _ in &entry.held {
            self.counters.count(Count::HeldUnreachable);
        }
        self.held.settle(entry.held, Fate::Unreachable);
    }

    /// Makes room for a neighbour that is to be asked for.
    fn make_room_to_ask(&mut self, now: Instant) -> bool {
        let asked_for = self.cache.iter().filter(|(_, entry)| entry.phase.mac().is_none()).count();
        if asked_for >= MAX_INCOMPLETE {
            return self.evict(Rank::Incomplete, Rank::Incomplete, now);
        }
        !self.cache.is_full() || self.evict_any(now)
    }

    /// Makes room for who only asked: at the cost of nobody but others like it.
    pub(super) fn evict_claimed(&mut self, now: Instant) -> bool {
        self.evict(Rank::Claimed, Rank::Claimed, now)
    }

    pub(super) fn evict_any(&mut self, now: Instant) -> bool {
        self.evict(Rank::Claimed, Rank::Reachable, now)
    }

    /// Removes the one of the lowest rank that was not heard of for the longest time. Who is asked for stays until
    /// it may be asked again (RFC 1122 §2.3.2.1), so that nobody is asked for more often by being evicted.
    fn evict(&mut self, from: Rank, to: Rank, now: Instant) -> bool {
        let candidates = self.cache.iter().filter_map(|(id, entry)| {
            let rank = match entry.phase {
                Phase::Static { .. } => return None,
                Phase::Stale { .. } => Rank::Claimed,
                Phase::Reachable { until, .. } if until > now => Rank::Reachable,
                Phase::Reachable { .. } | Phase::Delay { .. } | Phase::Probe { .. } => Rank::InDoubt,
                Phase::Incomplete { .. } => Rank::Incomplete,
            };
            (from <= rank && rank <= to).then_some((rank, entry.updated, id))
        });
        let Some((rank, updated, id)) = candidates.min_by_key(|&(rank, updated, _)| (rank, updated)) else {
            return false;
        };
        if rank == Rank::Incomplete && now.since(updated) < self.settings.retransmit {
            return false;
        }
        self.counters.count(Count::Evicted);
        self.forget(id);
        true
    }
}
