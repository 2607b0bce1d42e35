//! Requests: when neighbours are asked for, asked, and given up (RFC 4861 §7.2.2, §7.3.3; RFC 1122 §2.3.2.1).

use super::Neighbours;
use crate::address::Key;
use crate::cache::{Id, MAX_NEIGHBOURS, Phase};
use crate::counters::Count;
use crate::emit::{Arp, Discovery, Icmp, NeighbourFrame, group_mac, solicited_node};
use core::net::IpAddr;
use frame::{Instant, Mac};

/// What rate a question is within.
#[derive(Clone, Copy)]
enum Limit {
    None,
    Requests,
    Confirmations,
}

impl<P> Neighbours<P> {
    /// Does what is due for a neighbour; afterwards nothing is, at this moment.
    pub(super) fn on_due(&mut self, id: Id, now: Instant) -> Option<NeighbourFrame> {
        let settings = self.settings;
        let entry = self.cache.get(id)?;
        let (address, source) = (entry.key.address(), entry.asker);
        let asker = self.identity.speaker(source.address(), address);
        let (limit, next, to) = match entry.phase {
            Phase::Incomplete { asked } => {
                // The first was granted when somebody was to be asked at all.
                let limit = if asked > 0 { Limit::Requests } else { Limit::None };
                let more = asked < settings.multicast_requests;
                (limit, more.then_some(Phase::Incomplete { asked: asked.saturating_add(1) }), None)
            }
            Phase::Delay { mac } => (Limit::Confirmations, Some(Phase::Probe { mac, asked: 1 }), Some(mac)),
            Phase::Probe { mac, asked } => {
                let more = asked < settings.unicast_requests;
                let next = more.then_some(Phase::Probe { mac, asked: asked.saturating_add(1) });
                (Limit::Confirmations, next, Some(mac))
            }
            Phase::Reachable { .. } | Phase::Stale { .. } | Phase::Static { .. } => {
                self.cache.set_due(id, None);
                return None;
            }
        };
        let (Some(next), Some(asker)) = (next, asker) else {
            self.counters.count(Count::Lost);
            self.forget(id);
            return None;
        };
        let granted = self.grant(limit, source, now);
        if !granted {
            self.counters.count(Count::RequestsLimited);
            if let Some(later) = self.turn(limit) {
                self.cache.set_due(id, Some(later));
                return None;
            }
            // It never will be; then it is given up as though it had been asked.
        }
        self.cache.set_due(id, Some(now.plus(settings.retransmit)));
        let entry = self.cache.get_mut(id)?;
        entry.phase = next;
        if to.is_none() {
            entry.updated = now;
        }
        granted.then(|| self.question(asker, address, to)).flatten()
    }

    /// Takes a question for a packet from a source, if it may be asked.
    fn grant(&mut self, limit: Limit, source: Key, now: Instant) -> bool {
        match limit {
            Limit::None => true,
            Limit::Requests => {
                let granted = self.requests.grant(source, &self.settings, now);
                if let Some(granted) = granted {
                    self.requests.spend(source, granted);
                }
                granted.is_some()
            }
            Limit::Confirmations => self.confirmations.take(self.settings.confirmations, now),
        }
    }

    /// Returns when a question that may not be asked is tried again; `None` is never.
    fn turn(&mut self, limit: Limit) -> Option<Instant> {
        match limit {
            Limit::None => None,
            Limit::Requests => self.requests.turn(&self.settings),
            Limit::Confirmations => {
                self.confirming.next(self.confirmations, self.settings.confirmations, MAX_NEIGHBOURS)
            }
        }
    }

    /// Asks everybody, or the neighbour itself, for an address.
    fn question(&mut self, asker: IpAddr, target: IpAddr, to: Option<Mac>) -> Option<NeighbourFrame> {
        let mac = self.identity.mac;
        let frame = match (asker, target) {
            (IpAddr::V4(asker), IpAddr::V4(target)) => {
                self.counters.count(Count::AskedArp);
                Arp::question((mac, asker), target, to.unwrap_or(Mac::BROADCAST)).frame()
            }
            (IpAddr::V6(source), IpAddr::V6(target)) => {
                self.counters.count(Count::AskedNd);
                let group = solicited_node(target);
                let (destination, ether_dst) = to.map_or((group, group_mac(group)), |to| (target, to));
                Icmp { what: Discovery::Solicitation, mac, target, source, destination, ether_dst }.frame()
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return None,
        };
        Some(frame)
    }
}
