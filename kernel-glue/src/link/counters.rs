//! What a link has done, and whom it knows.

use super::leasing::Leasing;
use alloc::vec::Vec;
use arp::{Neighbour, Neighbours};
use frame::Instant;
use ppp_shim::dhcp::Lease;

/// What happened beside packets that passed, and drops, which the port counts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct LinkCounters {
    /// Packets of the application that went back to it.
    pub returned: u64,
    /// TCP connections whose maximum segment size was lowered.
    pub clamped: u64,
    /// IPv4 packets that were cut into fragments.
    pub cut: u64,
    /// Senders that were told that a packet is too big.
    pub too_big: u64,
    /// Packets whose next hop nobody answered for.
    pub unresolved: u64,
    /// Applications that were told so.
    pub unreachable: u64,
    /// Errors that were not sent, for there were too many.
    pub errors_limited: u64,
}

impl LinkCounters {
    /// Iterates over all of them by the names shown to operators.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        [
            ("returned", self.returned),
            ("mss-lowered", self.clamped),
            ("cut", self.cut),
            ("too-big-told", self.too_big),
            ("unresolved", self.unresolved),
            ("unreachable-told", self.unreachable),
            ("errors-limited", self.errors_limited),
        ]
        .into_iter()
    }
}

/// What a link tells operators.
#[derive(Clone, Debug)]
pub struct LinkReport {
    /// Whom it knows on a bridge.
    pub neighbours: Vec<Neighbour>,
    /// What it leases, if anything.
    pub lease: Option<Lease>,
    /// What it and its neighbours have counted, by name.
    pub counters: Vec<(&'static str, u64)>,
}

impl LinkReport {
    pub(super) fn of<P>(neighbours: &Neighbours<P>, leasing: &Leasing, counters: &LinkCounters, now: Instant) -> Self {
        Self {
            neighbours: neighbours.iter(now).collect(),
            lease: leasing.lease().cloned(),
            counters: counters.iter().chain(neighbours.counters().iter()).chain(leasing.counters()).collect(),
        }
    }
}
