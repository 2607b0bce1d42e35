//! What messages tell of their senders (RFC 826; RFC 4861 §7.2.3, §7.2.5).

use super::allow::Answers;
use super::{Neighbours, Received};
use crate::address::{Key, is_station};
use crate::cache::{Entry, Id, Phase};
use crate::counters::{Count, Ignored};
use crate::held::Fate;
use crate::message::AdvertisementFlags;
use core::net::{IpAddr, Ipv6Addr};
use frame::{Instant, Mac};

/// How much is to be made of it that a station names its addresses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Evidence {
    /// It answers the link.
    Answer,
    /// It asks the link for something, and will send packets to it.
    Asked,
    /// It was heard.
    Heard,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Lesson {
    /// It is known, and it was not known so.
    Learned,
    /// It was known so.
    Unchanged,
    /// An operator said otherwise.
    Static,
    /// It is not known, and it is not for this to make it known.
    Nobody,
}

impl<P> Neighbours<P> {
    /// Takes what an ARP message or a solicitation tells.
    ///
    /// ARP has no way to say that an answer is one; where the link has asked, it takes it so.
    pub(super) fn learn(&mut self, address: IpAddr, mac: Mac, evidence: Evidence, now: Instant) -> Lesson {
        let key = Key::new(address);
        let Some((id, phase)) = self.known(key, now) else {
            return match evidence {
                Evidence::Asked => self.make_acquaintance(address, mac, now),
                Evidence::Answer | Evidence::Heard => Lesson::Nobody,
            };
        };
        let reachable = Phase::Reachable { mac, until: now.plus(self.settings.reachable) };
        let asked = match phase {
            Phase::Static { mac: set } if set == mac => return Lesson::Unchanged,
            Phase::Static { .. } => return Lesson::Static,
            Phase::Incomplete { .. } | Phase::Probe { .. } => true,
            Phase::Reachable { .. } | Phase::Stale { .. } | Phase::Delay { .. } => false,
        };
        if asked && evidence == Evidence::Answer {
            self.accept(id, reachable, now)
        } else if phase.mac() != Some(mac) {
            self.accept(id, Phase::Stale { mac }, now)
        } else {
            if let Some(entry) = self.cache.get_mut(id) {
                entry.updated = now;
            }
            Lesson::Unchanged
        }
    }

    /// Takes an advertisement (RFC 4861 §7.2.5).
    pub(super) fn on_advertisement(
        &mut self,
        ether_src: Mac,
        target: Ipv6Addr,
        flags: AdvertisementFlags,
        target_mac: Option<Mac>,
        now: Instant,
    ) -> Received {
        if ether_src == self.identity.mac {
            return Received::Ignored(Ignored::Echo);
        }
        if let Some(received) = self.check_claim(target.into(), ether_src, now) {
            return received;
        }
        let solicited = flags.contains(AdvertisementFlags::SOLICITED);
        let Some((id, phase)) = self.known(Key::new(target.into()), now) else {
            return Received::Ignored(if solicited { Ignored::Unsolicited } else { Ignored::Announcement });
        };
        // The cached address stands in for an option that is left out.
        let Some(mac) = target_mac.or(phase.mac()) else { return Received::Ignored(Ignored::Unchanged) };
        let same = phase.mac() == Some(mac);
        let lesson = match phase {
            Phase::Static { .. } if same => Lesson::Unchanged,
            Phase::Static { .. } => Lesson::Static,
            Phase::Incomplete { .. }
            | Phase::Reachable { .. }
            | Phase::Stale { .. }
            | Phase::Delay { .. }
            | Phase::Probe { .. } => {
                let replaces = same || phase.mac().is_none() || flags.contains(AdvertisementFlags::OVERRIDE);
                match (replaces, solicited, phase) {
                    // Condition I: it may not override; what it contradicts is in doubt, but it did answer.
                    (false, _, Phase::Reachable { mac: cached, .. }) => {
                        self.accept(id, Phase::Reachable { mac: cached, until: now }, now)
                    }
                    (false, ..) => Lesson::Unchanged,
                    // Condition II.
                    (true, true, _) => {
                        self.accept(id, Phase::Reachable { mac, until: now.plus(self.settings.reachable) }, now)
                    }
                    (true, false, _) if !same => self.accept(id, Phase::Stale { mac }, now),
                    (true, false, _) => Lesson::Unchanged,
                }
            }
        };
        match lesson {
            Lesson::Learned => Received::Learned,
            Lesson::Static => Received::Ignored(Ignored::Static),
            Lesson::Unchanged | Lesson::Nobody => Received::Ignored(Ignored::Unchanged),
        }
    }

    pub(super) fn known(&self, key: Key, now: Instant) -> Option<(Id, Phase)> {
        let id = self.cache.find(key)?;
        Some((id, self.cache.get(id)?.phase.at(now)))
    }

    /// Moves a neighbour that is known into another state, in which nothing is due; packets that wait go to it.
    fn accept(&mut self, id: Id, phase: Phase, now: Instant) -> Lesson {
        let Some(entry) = self.cache.get_mut(id) else { return Lesson::Nobody };
        let before = core::mem::replace(&mut entry.phase, phase);
        entry.updated = now;
        let held = core::mem::take(&mut entry.held);
        self.cache.set_due(id, None);
        if let Some(mac) = phase.mac() {
            self.held.settle(held, Fate::Release(mac));
        }
        match before.mac() {
            None => self.counters.count(Count::Found),
            Some(mac) if phase.mac() != Some(mac) => self.counters.count(Count::Moved),
            Some(_) => {}
        }
        Lesson::Learned
    }

    /// Makes a neighbour of somebody who asks: it is as good as stale, for it has not answered (RFC 4861 §7.2.3).
    fn make_acquaintance(&mut self, address: IpAddr, mac: Mac, now: Instant) -> Lesson {
        if !is_station(address) {
            return Lesson::Nobody;
        }
        if !self.learning.take(self.settings.learning, now) {
            self.counters.count(Count::LearningLimited);
            return Lesson::Nobody;
        }
        if self.cache.is_full() && !self.evict_claimed(now) {
            self.counters.count(Count::Full);
            return Lesson::Nobody;
        }
        let key = Key::new(address);
        let share = Answers::share_of_neighbour(&self.settings);
        self.cache.insert(Entry::new(key, Phase::Stale { mac }, key, share, now));
        self.counters.count(Count::Learned);
        Lesson::Learned
    }

    /// Sets a neighbour as an operator says.
    pub(super) fn fix(&mut self, address: IpAddr, mac: Mac, now: Instant) -> bool {
        let (key, phase) = (Key::new(address), Phase::Static { mac });
        if !is_station(address) || mac.is_group() || mac == Mac::ZERO {
            return false;
        }
        if let Some(id) = self.cache.find(key) {
            self.accept(id, phase, now);
            return true;
        }
        if self.cache.is_full() && !self.evict_any(now) {
            self.counters.count(Count::Full);
            return false;
        }
        let share = Answers::share_of_neighbour(&self.settings);
        self.cache.insert(Entry::new(key, phase, key, share, now)).is_some()
    }
}
