//! Conflicts: somebody else claims an address that the link stands for (RFC 5227 §2.4), or is about to.

use super::answer::Reply;
use super::{Neighbours, Received};
use crate::counters::{Count, Ignored};
use core::net::IpAddr;
use core::time::Duration;
use frame::{Instant, Mac};
use heapless::Vec;

/// How many addresses are defended within one interval. A guess; more are claimed by who storms.
const MAX_DEFENDED: usize = 16;

/// When addresses were defended last.
#[derive(Clone, Debug, Default)]
pub(super) struct Defences(Vec<(IpAddr, Instant), MAX_DEFENDED>);

impl Defences {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns whether an address may be defended, and takes it that it is.
    fn take(&mut self, address: IpAddr, interval: Duration, now: Instant) -> bool {
        self.0.retain(|&(_, at)| now.since(at) < interval);
        !self.0.iter().any(|&(defended, _)| defended == address) && self.0.push((address, now)).is_ok()
    }
}

impl<P> Neighbours<P> {
    /// Looks at who claims an address; `None` if that is nothing to object to.
    pub(super) fn check_claim(&mut self, address: IpAddr, mac: Mac, now: Instant) -> Option<Received> {
        if self.contest(address, mac) {
            return Some(Received::Conflict);
        }
        if self.identity.host == Some(mac) {
            return None;
        }
        if self.identity.host.is_some() && self.identity.own.contains(&address) {
            return Some(Received::Ignored(Ignored::Spoofed));
        }
        // Where everything is stood for, nothing that others claim is in conflict with it.
        if !self.identity.names(address) {
            return None;
        }
        self.counters.count(Count::Conflicts);
        self.defend(address, now);
        Some(Received::Conflict)
    }

    /// Somebody asks whether an address is free. A station among others that is listed to have the address says so to
    /// all each time (RFC 5227 §2.1.1, RFC 4861 §7.2.4), as often as it answers: to be silent is to say that it is free.
    pub(super) fn on_probe(&mut self, address: IpAddr, mac: Mac, now: Instant) {
        if self.contest(address, mac) {
            return;
        }
        if self.identity.host.is_none() && self.identity.names(address) {
            self.answer(mac, Reply::Announcement(address), now);
        }
    }

    /// Announces an address once in an interval, and gives it up never (RFC 5227 §2.4 (c)).
    fn defend(&mut self, address: IpAddr, now: Instant) {
        if !self.replies.is_full() && self.defences.take(address, self.settings.defend_interval, now) {
            let _ = self.replies.push_back(Reply::Announcement(address));
            self.counters.count(Count::Defended);
        }
    }
}
