//! Requests: when neighbours are asked for, asked, and given up (RFC 4861 §7.2.2, §7.3.3; RFC 1122 §2.3.2.1).

use super::Neighbours;
use crate::cache::{Id, Phase};
use crate::counters::Count;
use crate::emit::{Arp, Discovery, Icmp, NeighbourFrame, group_mac, solicited_node};
use core::net::IpAddr;
use frame::{Instant, Mac};

impl<P> Neighbours<P> {
    /// Does what is due for a neighbour; afterwards nothing is, at this moment.
    pub(super) fn on_due(&mut self, id: Id, now: Instant) -> Option<NeighbourFrame> {
        let settings = self.settings;
        let entry = self.cache.get(id)?;
        let (address, asker) = (entry.key.address(), entry.asker.address());
        let asker = self.identity.speaker(asker, address);
        let (limit, next, to) = match entry.phase {
            Phase::Incomplete { asked } => {
                // The first was granted when somebody was to be asked at all.
                let limit = (asked > 0).then_some((&mut self.requests, settings.requests));
                let more = asked < settings.multicast_requests;
                (limit, more.then_some(Phase::Incomplete { asked: asked.saturating_add(1) }), None)
            }
            Phase::Delay { mac } => {
                let limit = Some((&mut self.confirmations, settings.confirmations));
                (limit, Some(Phase::Probe { mac, asked: 1 }), Some(mac))
            }
            Phase::Probe { mac, asked } => {
                let limit = Some((&mut self.confirmations, settings.confirmations));
                let more = asked < settings.unicast_requests;
                (limit, more.then_some(Phase::Probe { mac, asked: asked.saturating_add(1) }), Some(mac))
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
        let mut granted = true;
        if let Some((bucket, rate)) = limit
            && !bucket.take(rate, now)
        {
            self.counters.count(Count::RequestsLimited);
            if let Some(later) = bucket.next(rate) {
                self.cache.set_due(id, Some(later));
                return None;
            }
            // It never will be; then it is given up as though it had been asked.
            granted = false;
        }
        self.cache.set_due(id, Some(now.plus(settings.retransmit)));
        let entry = self.cache.get_mut(id)?;
        entry.phase = next;
        if to.is_none() {
            entry.updated = now;
        }
        granted.then(|| self.question(asker, address, to)).flatten()
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
